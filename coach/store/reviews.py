"""What people said of scores. A person's score stands beside the machine's, never over it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from coach.store.calls import unknown
from coach.store.records import Review
from coach.store.schema import calls, reviews, scorecards, scores


def add(connection: Connection, review: Review) -> None:
    """Notes one person's score of one criterion, beside any earlier one. InputError for an unknown call."""
    if connection.scalar(select(calls.c.key).where(calls.c.id == review.call)) is None:
        raise unknown(review.call)
    row = {
        "call": review.call,
        "rubric": review.rubric,
        "criterion": review.criterion,
        "value": review.value,
        "person": review.person,
        "note": review.note,
        "at": review.at or datetime.now(UTC),
    }
    connection.execute(insert(reviews).values(row))


def of_call(connection: Connection, call_id: str) -> list[Review]:
    """Oldest first."""
    query = select(reviews).where(reviews.c.call == call_id).order_by(reviews.c.id)
    return [_review(row) for row in connection.execute(query)]


def beside_machine(connection: Connection, rubric: str) -> dict[str, list[tuple[float, float]]]:
    """(machine's, person's) values by criterion of `rubric`: of each person and call the latest review.

    Only where both gave a value, and only of scorecards as they stand now.
    """
    joined = (
        select(reviews, scores.c.value.label("machine"))
        .join(calls, calls.c.id == reviews.c.call)
        .join(scorecards, (scorecards.c.call_key == calls.c.key) & (scorecards.c.rubric == reviews.c.rubric))
        .join(
            scores,
            (scores.c.call_key == calls.c.key)
            & (scores.c.card == scorecards.c.position)
            & (scores.c.name == reviews.c.criterion),
        )
        .where(reviews.c.rubric == rubric)
        .order_by(reviews.c.id)
    )
    latest: dict[tuple[str, str, str], tuple[float | None, float | None]] = {}
    for row in connection.execute(joined):
        latest[row.criterion, row.call, row.person] = (row.machine, row.value)
    found: dict[str, list[tuple[float, float]]] = {}
    for (criterion, _, _), (machine, person) in latest.items():
        if machine is not None and person is not None:
            found.setdefault(criterion, []).append((machine, person))
    return found


def forget(connection: Connection, call_id: str) -> None:
    connection.execute(delete(reviews).where(reviews.c.call == call_id))


def _review(row: Row[Any]) -> Review:
    return Review(
        call=row.call,
        rubric=row.rubric,
        criterion=row.criterion,
        value=row.value,
        person=row.person,
        note=row.note,
        at=row.at,
    )
