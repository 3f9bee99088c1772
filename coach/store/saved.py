"""Questions that are asked again each night, and what was answered each time.

Of an answer only figures and places are kept, no words of a call: a quote is read where it stands, and goes with its
call. A figure of a group that bears a name (a customer's number) goes with the last call that bears it.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Text, delete, func, insert, or_, select, type_coerce, update

from coach.errors import InputError
from coach.store.records import SavedAnswer, SavedCitation, SavedQuestion
from coach.store.schema import call_extra, calls, saved_answers, saved_citations, saved_questions, turns

MAX_QUESTIONS = 100
"""Each is answered every night, which takes a second or so."""
MAX_ANSWERS = 400
"""Kept of a question, the newest: more than a year of nights."""

_NAMES = ("id", "call_id", "agent", "team", "customer", "segment", "product", "queue")


def add_question(connection: Connection, question: SavedQuestion) -> None:
    """InputError when the name is taken, or when there are MAX_QUESTIONS."""
    names = list(connection.scalars(select(saved_questions.c.name)))
    if question.name in names:
        raise InputError(
            f"There is a saved question {question.name!r} already; choose another name, or remove that one first.",
            code="name_taken",
        )
    if len(names) >= MAX_QUESTIONS:
        raise InputError(
            f"There are {MAX_QUESTIONS} saved questions, and each is asked every night; remove one first.",
            code="too_many_questions",
        )
    row = {
        "name": question.name,
        "question": question.question,
        "before": list(question.before),
        "conditions": {"where": list(question.where), "without": list(question.without)},
        "saved_at": question.saved_at or datetime.now(UTC),
    }
    connection.execute(insert(saved_questions).values(row))


def all_questions(connection: Connection) -> list[SavedQuestion]:
    """In the order in which they were saved."""
    return [
        SavedQuestion(
            row.name,
            row.question,
            tuple(row.before),
            tuple(row.conditions["where"]),
            tuple(row.conditions["without"]),
            row.saved_at,
        )
        for row in connection.execute(select(saved_questions).order_by(saved_questions.c.id))
    ]


def remove_question(connection: Connection, name: str) -> bool:
    """Deletes the question with all its answers; False when there is none of that name."""
    return connection.execute(delete(saved_questions).where(saved_questions.c.name == name)).rowcount > 0


def add_answer(connection: Connection, name: str, answer: SavedAnswer) -> bool:
    """Notes an answer and drops the oldest beyond MAX_ANSWERS; False when there is no question of that name.

    Citations of calls that are gone by now are left out.
    """
    question = connection.scalar(select(saved_questions.c.id).where(saved_questions.c.name == name))
    if question is None:
        return False
    row = {
        "question": question,
        "at": answer.at,
        "status": answer.status,
        "figures": [dict(figure) for figure in answer.figures],
        "n_matching": answer.n_matching,
        "n_total": answer.n_total,
    }
    key = connection.execute(insert(saved_answers).values(row).returning(saved_answers.c.id)).scalar_one()
    cited = {citation.call for citation in answer.citations}
    found = connection.execute(select(calls.c.id, calls.c.key).where(calls.c.id.in_(cited)))
    keys = {row.id: row.key for row in found}
    places = [
        {
            "answer": key,
            "position": position,
            "call_key": keys[citation.call],
            "turn": citation.turn,
            "start_char": citation.start_char,
            "end_char": citation.end_char,
        }
        for position, citation in enumerate(answer.citations)
        if citation.call in keys
    ]
    if places:
        connection.execute(insert(saved_citations), places)
    of_question = saved_answers.c.question == question
    newest = select(saved_answers.c.id).where(of_question).order_by(saved_answers.c.id.desc()).limit(MAX_ANSWERS)
    connection.execute(delete(saved_answers).where(of_question, saved_answers.c.id.not_in(newest)))
    return True


def answers(connection: Connection, name: str, *, limit: int) -> list[SavedAnswer]:
    """The question's newest `limit` answers, newest first; empty for an unknown name."""
    wanted = (
        select(saved_answers)
        .join(saved_questions, saved_questions.c.id == saved_answers.c.question)
        .where(saved_questions.c.name == name)
        .order_by(saved_answers.c.id.desc())
        .limit(limit)
    )
    found = connection.execute(wanted).all()
    cited = _citations(connection, [row.id for row in found])
    return [
        SavedAnswer(row.at, row.status, tuple(row.figures), row.n_matching, row.n_total, tuple(cited.get(row.id, ())))
        for row in found
    ]


def forget_names(connection: Connection, call: Row[Any]) -> None:
    """Takes out of all kept answers the figures that bear a name which no other call than `call` has."""
    words = [word for word in _own_names(connection, call) if word]
    if not words:
        return
    # A name is a group's own, or stands in a condition of a side: "12" is neither in "12:00" nor in a date.
    named = "|".join(map(re.escape, sorted(words)))
    pattern = re.compile(rf"(?:\A|[=,]|: | less | and | or |not )(?:{named})(?=\Z|,| and | or | less )")
    written = type_coerce(saved_answers.c.figures, Text)
    likely = or_(*(written.contains(_in_json(word), autoescape=True) for word in sorted(words)))
    for row in connection.execute(select(saved_answers.c.id, saved_answers.c.figures).where(likely)).all():
        left = [
            figure
            for figure in row.figures
            if not pattern.search(figure.get("group") or " ") and not pattern.search(f" {figure['label']}")
        ]
        connection.execute(update(saved_answers).where(saved_answers.c.id == row.id).values(figures=left))


def _own_names(connection: Connection, call: Row[Any]) -> Iterable[str]:
    """The call's own id, and what else no other call bears."""
    for name in _NAMES:
        value, column = getattr(call, name), calls.c[name]
        if value and connection.scalar(select(func.count()).where(column == value, calls.c.key != call.key)) == 0:
            yield value
    extra = select(call_extra.c.name, call_extra.c.value).where(call_extra.c.call_key == call.key)
    for row in connection.execute(extra).all():
        same = (call_extra.c.name == row.name) & (call_extra.c.value == row.value)
        if connection.scalar(select(func.count()).where(same, call_extra.c.call_key != call.key)) == 0:
            yield row.value


def _in_json(word: str) -> str:
    """As it stands within the text of a Json column."""
    return json.dumps(word, ensure_ascii=False)[1:-1]


def _citations(connection: Connection, answer_ids: list[int]) -> dict[int, list[SavedCitation]]:
    """By answer, in order, with the words that stand at each place now; places that are no longer are left out."""
    query = (
        select(saved_citations, calls.c.id, turns.c.role, turns.c.start_s, turns.c.end_s, turns.c.text)
        .join(calls, calls.c.key == saved_citations.c.call_key)
        .join(turns, (turns.c.call_key == calls.c.key) & (turns.c.position == saved_citations.c.turn))
        .where(saved_citations.c.answer.in_(answer_ids))
        .order_by(saved_citations.c.answer, saved_citations.c.position)
    )
    found: dict[int, list[SavedCitation]] = {}
    for row in connection.execute(query):
        if row.end_char > len(row.text):
            continue
        start = row.start_s
        if start is not None and row.end_s is not None:
            start += (row.end_s - start) * row.start_char / max(1, len(row.text))
        quote = row.text[row.start_char : row.end_char]
        one = SavedCitation(row.id, row.turn, row.start_char, row.end_char, row.role, quote, start)
        found.setdefault(row.answer, []).append(one)
    return found
