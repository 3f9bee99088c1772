"""Calls in and out of their tables. Functions take a connection; the caller owns the transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, insert, or_, select, update

from coach.errors import InputError
from coach.store import rows, schema, scores, suggestions
from coach.store.engine import in_parts
from coach.types import Call, Metadata, Turn

MAX_ID_LENGTH = 200


def save(connection: Connection, call: Call) -> bool:
    """Writes `call` in place of any call of the same id or of the same recording; whether passages changed."""
    check_id(call.id)
    removed = remove(connection, call.id, call.recording_sha256)
    new_call = insert(schema.calls).values(rows.call_row(call)).returning(schema.calls.c.key)
    key = connection.execute(new_call).scalar_one()
    for table, new in (
        (schema.call_extra, rows.extra_rows(call.metadata)),
        (schema.turns, rows.turn_rows(call.turns)),
        (schema.dropped, rows.dropped_rows(call.dropped)),
        (schema.passages, rows.passage_rows(call.passages, call.turns)),
    ):
        insert_rows(connection, table, key, new)
    scores.insert_scores(connection, key, call)
    return removed or bool(call.passages)


def replace_scores(connection: Connection, call: Call) -> bool:
    """Writes what was made of the stored call's turns anew, and nothing else; False when the call is gone."""
    key = connection.scalar(select(schema.calls.c.key).where(schema.calls.c.id == call.id))
    if key is None:
        return False
    scores.delete_scores(connection, key)
    connection.execute(update(schema.calls).where(schema.calls.c.key == key).values(rows.scored_columns(call)))
    scores.insert_scores(connection, key, call)
    return True


def remove(connection: Connection, call_id: str, recording_sha256: str | None) -> bool:
    """Deletes the call with that id, and the one of that recording; whether passages went with it."""
    table = schema.calls
    chosen = select(table.c.key).where(
        or_(table.c.id == call_id, table.c.recording_sha256 == recording_sha256)
        if recording_sha256 is not None
        else table.c.id == call_id
    )
    keys = list(connection.scalars(chosen))
    if not keys:
        return False
    suggestions.look_again(connection, keys)
    n_passages = connection.execute(delete(schema.passages).where(schema.passages.c.call_key.in_(keys))).rowcount
    connection.execute(delete(table).where(table.c.key.in_(keys)))
    return n_passages > 0


def load(connection: Connection, call_id: str, *, embeddings: bool) -> Call | None:
    """The call whole, its passages and exemplars only with `embeddings`; None when there is none of that id."""
    row = connection.execute(select(schema.calls).where(schema.calls.c.id == call_id)).one_or_none()
    if row is None:
        return None
    return Call(
        id=row.id,
        metadata=rows.metadata_of(row, extra_of(connection, [row.key]).get(row.key, {})),
        turns=tuple(
            Turn(role=r.role, text=r.text, start=r.start_s, end=r.end_s, speaker=r.speaker, at=r.at)
            for r in rows_of(connection, schema.turns, row.key)
        ),
        recording_sha256=row.recording_sha256,
        source=row.source,
        duration_s=row.duration_s,
        flags=tuple(row.flags),
        dropped=tuple(rows.segment_of(r) for r in rows_of(connection, schema.dropped, row.key)),
        role_confidence=row.role_confidence,
        swapped=row.swapped,
        engine=row.engine,
        model=row.model,
        language=row.language,
        audio=row.audio,
        scored_by=row.scored_by,
        **scores.load_scores(connection, row.key, embeddings=embeddings),
        passages=tuple(rows.passage_of(r) for r in rows_of(connection, schema.passages, row.key, "id"))
        if embeddings
        else (),
    )


def update_metadata(connection: Connection, call_id: str, metadata: Metadata) -> bool:
    """Replaces what is known of the call; False when it says what is stored already. InputError for an unknown id."""
    row = connection.execute(select(schema.calls).where(schema.calls.c.id == call_id)).one_or_none()
    if row is None:
        raise unknown(call_id)
    if rows.metadata_of(row, extra_of(connection, [row.key]).get(row.key, {})) == rows.as_stored(metadata):
        return False
    connection.execute(update(schema.calls).where(schema.calls.c.key == row.key).values(rows.metadata_row(metadata)))
    connection.execute(delete(schema.call_extra).where(schema.call_extra.c.call_key == row.key))
    insert_rows(connection, schema.call_extra, row.key, rows.extra_rows(metadata))
    return True


def extra_of(connection: Connection, keys: Sequence[int]) -> dict[int, dict[str, str]]:
    """The unknown columns of each call, by the call's key; calls without any are left out."""
    table = schema.call_extra
    found: dict[int, dict[str, str]] = {}
    for part in in_parts(keys):
        query = select(table).where(table.c.call_key.in_(part)).order_by(table.c.call_key, table.c.position)
        for row in connection.execute(query):
            found.setdefault(row.call_key, {})[row.name] = row.value
    return found


def check_id(call_id: str) -> None:
    """InputError unless the id can stand in a URL, a log line and an index of either database."""
    if not call_id or len(call_id) > MAX_ID_LENGTH or not call_id.isprintable():
        raise InputError(
            f"The call id {call_id[:40]!r} is empty, longer than {MAX_ID_LENGTH} characters or not printable.",
            code="bad_metadata",
        )


def unknown(call_id: str) -> InputError:
    return InputError(f"There is no call {call_id!r}.", code="unknown_call")


def insert_rows(connection: Connection, table: Table, key: int, new: list[dict[str, Any]]) -> None:
    if new:
        connection.execute(insert(table), [{"call_key": key, **row} for row in new])


def rows_of(connection: Connection, table: Table, key: int, order: str = "position") -> Sequence[Row[Any]]:
    return connection.execute(select(table).where(table.c.call_key == key).order_by(table.c[order])).all()
