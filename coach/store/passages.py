"""Passages and their embeddings, for search and for building an index."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, and_, func, select

from coach.errors import StoreError
from coach.store.engine import in_parts
from coach.store.filters import SAID, Filter, Filters, conditions, holds, said
from coach.store.records import StoredPassage
from coach.store.schema import calls, passages
from coach.types import ROLES, Passage

_SHOWN = [column for column in passages.c if column.name != "embedding"]


def ids(connection: Connection, where: Filters) -> np.ndarray:
    """Ids of the passages that meet `where`: int64, shape (n,), rising.

    What a filter says of what was said (SAID) must hold of the passage itself: `cue=leaving` means passages in which
    that cue is said, `cue!=leaving` those in which it is not. The other filters must hold of its call.
    """
    of_calls = [each for each in where if each.key not in SAID]
    query = select(passages.c.id)
    if of_calls:
        query = query.join(calls, calls.c.key == passages.c.call_key).where(*conditions(of_calls))
    found = _rising(connection, query)
    for each in where:
        if each.key in SAID:
            found = found[np.isin(found, holding(connection, each), assume_unique=True, invert=not holds(each))]
    return found


def holding(connection: Connection, each: Filter) -> np.ndarray:
    """Ids of the passages that hold what a filter of SAID names, whether it wants them or all others: as `ids`."""
    if each.key == "role":
        said(each)  # refuses what is no role
        wanted = set(each.values or ROLES)
        sets = (" ".join(some) for n in range(1, len(ROLES) + 1) for some in combinations(ROLES, n))
        heard = [one for one in sets if wanted & set(one.split())]
        return _rising(connection, select(passages.c.id).where(passages.c.roles.in_(heard)))
    found = said(each).subquery()
    within = found.c.turn.between(passages.c.first_turn, passages.c.last_turn)
    query = select(passages.c.id).distinct().join(found, and_(found.c.call_key == passages.c.call_key, within))
    return _rising(connection, query)


def owners(connection: Connection) -> tuple[np.ndarray, np.ndarray]:
    """All passages by rising id, and the key of each one's call: both int64, shape (n,)."""
    rows = connection.execute(select(passages.c.id, passages.c.call_key)).all()
    both = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 2)
    both = both[np.argsort(both[:, 0])]
    return both[:, 0], both[:, 1]


def call_keys(connection: Connection, where: Filters) -> np.ndarray:
    """Keys of the calls that meet `where`: int64, shape (n,), in no order."""
    return np.array(connection.scalars(select(calls.c.key).where(*conditions(where))).all(), dtype=np.int64)


def call_ids(connection: Connection, keys: Sequence[int]) -> dict[int, str]:
    """The ids that people know, by the calls' keys; keys of calls that are gone are left out."""
    found: dict[int, str] = {}
    for part in in_parts([int(each) for each in keys]):
        rows = connection.execute(select(calls.c.key, calls.c.id).where(calls.c.key.in_(part)))
        found.update((row.key, row.id) for row in rows)
    return found


def get(connection: Connection, wanted: Sequence[int]) -> dict[int, StoredPassage]:
    """Passages by id, in no order; ids that are gone are left out."""
    found: dict[int, StoredPassage] = {}
    for part in in_parts([int(each) for each in wanted]):
        query = (
            select(*_SHOWN, calls.c.id.label("call"))
            .join(calls, calls.c.key == passages.c.call_key)
            .where(passages.c.id.in_(part))
        )
        for row in connection.execute(query):
            roles: tuple[Any, ...] = tuple(row.roles.split())
            found[row.id] = StoredPassage(
                row.id, row.call, row.first_turn, row.last_turn, row.start_s, row.end_s, row.text, roles
            )
    return found


def embeddings_after(connection: Connection, last: int, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """The next `batch` embeddings by id: ids int64 (n,), matrix float32 (n, dimension); n is 0 at the end."""
    query = select(passages.c.id, passages.c.embedding).where(passages.c.id > last).order_by(passages.c.id).limit(batch)
    rows = connection.execute(query).all()
    numbers = np.array([row.id for row in rows], dtype=np.int64)
    flat = np.frombuffer(b"".join(row.embedding for row in rows), dtype="<f4").astype(np.float32)
    return numbers, flat.reshape(len(rows), -1) if rows else flat.reshape(0, 0)


def _rising(connection: Connection, query: Select[Any]) -> np.ndarray:
    # Sorted here: in order of id the database would walk past all embeddings, instead of a small index.
    return np.sort(np.array(connection.scalars(query).all(), dtype=np.int64))  # all at once: a third of the time


def check_dimension(connection: Connection, new: Sequence[Passage]) -> None:
    """StoreError unless the embeddings are all as long as those stored already."""
    lengths = {4 * passage.embedding.size for passage in new}
    stored = connection.scalar(select(func.length(passages.c.embedding)).limit(1))
    if stored is not None and lengths:
        lengths.add(stored)
    if len(lengths) > 1:
        shown = " and ".join(str(length // 4) for length in sorted(lengths))
        raise StoreError(f"Embeddings of {shown} numbers cannot be mixed in one store.", code="embedding_model")
