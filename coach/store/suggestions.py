"""What could have been asked instead, and the pool of colleagues' questions it is taken from.

A colleague's question is stored as a place, not as words: it is read where it stands, so that it changes and goes with
its own call.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, func, insert, or_, select, update

from coach.errors import StoreError
from coach.store.records import ExemplarPool, StoredExemplar
from coach.store.schema import calls, cues, exemplars, suggestions, turns
from coach.types import LIKELY_CUE, Suggestion

WELL_CSAT = 4.0
"""On a scale to 5: a call at least so satisfying went well."""


def replace_all(connection: Connection, call_id: str, new: Sequence[tuple[Suggestion, StoredExemplar | None]]) -> None:
    """The call's suggestions, each with the exemplar it quotes; StoreError (unknown_call) when the call is gone."""
    key = connection.scalar(select(calls.c.key).where(calls.c.id == call_id))
    if key is None:
        raise StoreError(f"There is no call {call_id!r}.", code="unknown_call")
    connection.execute(delete(suggestions).where(suggestions.c.call_key == key))
    connection.execute(update(calls).where(calls.c.key == key).values(suggested=True))
    rows = [_row(key, at, *pair) for at, pair in enumerate(new)]
    if rows:
        connection.execute(insert(suggestions), rows)


def look_again(connection: Connection, keys: Sequence[int]) -> None:
    """Marks the calls that quote one of these calls, which are about to go and take the quotations with them."""
    quoting = select(suggestions.c.call_key).where(suggestions.c.source_key.in_(keys))
    connection.execute(update(calls).where(calls.c.key.in_(quoting)).values(suggested=False))


def of_call(connection: Connection, call_id: str) -> list[Suggestion]:
    """In their order; those whose source changed since so that their words are gone are left out."""
    source = calls.alias()
    query = (
        select(suggestions, source.c.id.label("source_call"), turns.c.text.label("source_text"))
        .join(calls, calls.c.key == suggestions.c.call_key)
        .outerjoin(source, source.c.key == suggestions.c.source_key)
        .outerjoin(
            turns, (turns.c.call_key == suggestions.c.source_key) & (turns.c.position == suggestions.c.source_turn)
        )
        .where(calls.c.id == call_id)
        .order_by(suggestions.c.position)
    )
    found = []
    for row in connection.execute(query):
        text = row.text
        if row.source_key is not None:
            text = (row.source_text or "")[row.source_start_char : row.source_end_char]
        if text:
            found.append(
                Suggestion(
                    turn=row.turn,
                    start_char=row.start_char,
                    reason=row.reason,
                    function=row.function,
                    kind=row.kind,
                    text=text,
                    source=row.source,
                    source_call=row.source_call,
                    source_turn=row.source_turn,
                    source_time_s=row.source_time_s,
                    similarity=row.similarity,
                )
            )
    return found


def pool(connection: Connection, *, limit: int) -> ExemplarPool:
    """The newest `limit` exemplars of calls that went well: resolved, kept, satisfied where that is known."""
    well = (
        or_(calls.c.resolved.is_(None), calls.c.resolved),
        or_(calls.c.churned.is_(None), ~calls.c.churned),
        or_(calls.c.csat.is_(None), calls.c.csat >= WELL_CSAT),
        ~select(cues.c.position)
        .where(cues.c.call_key == calls.c.key, cues.c.tracker == "leaving", cues.c.score >= LIKELY_CUE)
        .exists(),
    )
    length = func.length(exemplars.c.prev_embedding)
    query = (
        select(exemplars, calls.c.id.label("call"), calls.c.agent, turns.c.text, turns.c.start_s, turns.c.end_s)
        .join(calls, calls.c.key == exemplars.c.call_key)
        .join(turns, (turns.c.call_key == exemplars.c.call_key) & (turns.c.position == exemplars.c.turn))
        .where(*well, length > 0)
        .order_by(exemplars.c.call_key.desc(), exemplars.c.position)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    entries = tuple(_exemplar(row) for row in rows)
    if not entries:
        return ExemplarPool((), np.zeros((0, 0), dtype=np.float32))
    flat = np.frombuffer(b"".join(row.prev_embedding for row in rows), dtype="<f4").astype(np.float32)
    return ExemplarPool(entries, flat.reshape(len(entries), -1))


def _exemplar(row: Any) -> StoredExemplar:
    time_s = row.start_s
    if row.start_s is not None and row.end_s is not None and row.text:
        time_s = row.start_s + (row.end_s - row.start_s) * row.start_char / len(row.text)
    return StoredExemplar(
        key=row.call_key,
        call=row.call,
        agent=row.agent,
        turn=row.turn,
        start_char=row.start_char,
        end_char=row.end_char,
        time_s=time_s,
        function=row.function,
        text=row.text[row.start_char : row.end_char],
    )


def _row(key: int, at: int, one: Suggestion, source: StoredExemplar | None) -> dict[str, Any]:
    return {
        "call_key": key,
        "position": at,
        "turn": one.turn,
        "start_char": one.start_char,
        "reason": one.reason,
        "function": one.function,
        "kind": one.kind,
        "text": one.text if source is None else None,
        "source": one.source,
        "source_key": None if source is None else source.key,
        "source_turn": None if source is None else source.turn,
        "source_start_char": None if source is None else source.start_char,
        "source_end_char": None if source is None else source.end_char,
        "source_time_s": one.source_time_s,
        "similarity": one.similarity,
    }
