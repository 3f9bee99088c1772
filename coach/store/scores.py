"""What was made of a call's turns, in and out of its tables: questions, cues, measures, scorecards, summaries."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, insert, select

from coach.store import rows, schema
from coach.types import Call, Scorecard

_TABLES = (
    schema.questions,
    schema.cues,
    schema.measures,
    schema.scorecards,
    schema.scores,
    schema.exemplars,
    schema.summaries,
    schema.suggestions,
)


def insert_scores(connection: Connection, key: int, call: Call) -> None:
    """All of it for a call that has none yet. Suggestions come later, when all calls of a run are stored."""
    for table, new in (
        (schema.questions, rows.question_rows(call.questions)),
        (schema.cues, rows.cue_rows(call.cues)),
        (schema.measures, rows.score_rows(call.measures)),
        (schema.scorecards, rows.scorecard_rows(call.scorecards)),
        (schema.scores, [row for at, card in enumerate(call.scorecards) for row in rows.criterion_rows(at, card)]),
        (schema.exemplars, rows.exemplar_rows(call.exemplars)),
        (schema.summaries, rows.summary_rows(call.summary)),
    ):
        if new:
            connection.execute(insert(table), [{"call_key": key, **row} for row in new])


def delete_scores(connection: Connection, key: int) -> None:
    for table in _TABLES:
        connection.execute(delete(table).where(table.c.call_key == key))


def load_scores(connection: Connection, key: int, *, embeddings: bool) -> dict[str, Any]:
    """As keyword arguments of `Call`; exemplars only with `embeddings`."""
    by_card = {
        card: tuple(rows.criterion_of(row) for row in group)
        for card, group in groupby(_rows(connection, schema.scores, key, "card"), key=lambda row: row.card)
    }
    return {
        "questions": tuple(rows.question_of(row) for row in _rows(connection, schema.questions, key)),
        "cues": tuple(rows.cue_of(row) for row in _rows(connection, schema.cues, key)),
        "measures": tuple(rows.score_of(row) for row in _rows(connection, schema.measures, key)),
        "scorecards": tuple(
            Scorecard(row.rubric, row.rubric_sha256, row.value, by_card.get(row.position, ()))
            for row in _rows(connection, schema.scorecards, key)
        ),
        "exemplars": tuple(rows.exemplar_of(row) for row in _rows(connection, schema.exemplars, key))
        if embeddings
        else (),
        "summary": tuple(rows.sentence_of(row) for row in _rows(connection, schema.summaries, key)),
    }


def _rows(connection: Connection, table: Table, key: int, *before: str) -> Sequence[Row[Any]]:
    order = [table.c[name] for name in (*before, "position")]
    return connection.execute(select(table).where(table.c.call_key == key).order_by(*order)).all()
