"""Passages and their embeddings, for search and for building an index."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, func, select

from coach.errors import StoreError
from coach.store.engine import in_parts
from coach.store.filters import Filters, conditions
from coach.store.records import StoredPassage
from coach.store.schema import calls, passages
from coach.types import Passage


def ids(connection: Connection, where: Filters) -> np.ndarray:
    """Ids of the passages of the calls that meet `where`: int64, shape (n,), rising."""
    query = select(passages.c.id)
    if where:
        query = query.join(calls, calls.c.key == passages.c.call_key).where(*conditions(where))
    # Sorted here: in order of id the database would walk past all embeddings, instead of a small index.
    return np.sort(np.fromiter(connection.scalars(query), dtype=np.int64))


def get(connection: Connection, wanted: Sequence[int]) -> dict[int, StoredPassage]:
    """Passages by id, in no order; ids that are gone are left out."""
    found: dict[int, StoredPassage] = {}
    for part in in_parts([int(each) for each in wanted]):
        query = (
            select(passages, calls.c.id.label("call"))
            .join(calls, calls.c.key == passages.c.call_key)
            .where(passages.c.id.in_(part))
        )
        for row in connection.execute(query):
            found[row.id] = StoredPassage(
                row.id, row.call, row.first_turn, row.last_turn, row.start_s, row.end_s, row.text
            )
    return found


def embeddings_after(connection: Connection, last: int, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """The next `batch` embeddings by id: ids int64 (n,), matrix float32 (n, dimension); n is 0 at the end."""
    query = select(passages.c.id, passages.c.embedding).where(passages.c.id > last).order_by(passages.c.id).limit(batch)
    rows = connection.execute(query).all()
    numbers = np.array([row.id for row in rows], dtype=np.int64)
    flat = np.frombuffer(b"".join(row.embedding for row in rows), dtype="<f4").astype(np.float32)
    return numbers, flat.reshape(len(rows), -1) if rows else flat.reshape(0, 0)


def check_dimension(connection: Connection, new: Sequence[Passage]) -> None:
    """StoreError unless the embeddings are all as long as those stored already."""
    lengths = {4 * passage.embedding.size for passage in new}
    stored = connection.scalar(select(func.length(passages.c.embedding)).limit(1))
    if stored is not None and lengths:
        lengths.add(stored)
    if len(lengths) > 1:
        shown = " and ".join(str(length // 4) for length in sorted(lengths))
        raise StoreError(f"Embeddings of {shown} numbers cannot be mixed in one store.", code="embedding_model")
