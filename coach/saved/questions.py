"""Saving a question, asking all saved ones again, and reading what was answered to each until now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from coach.errors import CoachError, ConfigError, InputError, StoreError
from coach.redact import Redactor
from coach.saved.changes import Changes, changes, place_to_json
from coach.store import Filters, SavedAnswer, SavedCitation, SavedQuestion, Store, parse_where

if TYPE_CHECKING:
    from coach.answers import Answer

MAX_NAME = 80
"""Characters."""
ALL_ANSWERS = 1000
"""More than a store keeps of a question."""


class Ask(Protocol):
    """Answers questions.

    Saved ones are answered without an LLM, so that what changes from night to night comes from the calls and not from
    how a model understands or words it.
    """

    def __call__(self, question: str, where: Filters, before: Sequence[str], without: Sequence[str]) -> "Answer":
        """`before` are the earlier questions of the conversation; `without` names conditions that `question` states and
        that shall not hold."""


@dataclass(frozen=True, slots=True)
class History:
    """A saved question with its answers, newest first."""

    question: SavedQuestion
    answers: tuple[SavedAnswer, ...]

    @property
    def newest(self) -> SavedAnswer | None:
        return self.answers[0] if self.answers else None

    @property
    def changes(self) -> Changes | None:
        """From the answer before the newest; None until there are two."""
        return changes(self.answers[1], self.answers[0]) if len(self.answers) > 1 else None

    def to_json(self) -> dict[str, Any]:
        """The form `coach saved --json` prints."""
        question, changed = self.question, self.changes
        return {
            "name": question.name,
            "question": question.question,
            "before": list(question.before),
            "where": list(question.where),
            "without": list(question.without),
            "saved_at": None if question.saved_at is None else question.saved_at.isoformat(),
            "answers": [_answer_to_json(each) for each in self.answers],
            "changes": None if changed is None else changed.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Rerun:
    """What asking saved questions again came to."""

    asked: int
    changed: int
    """Questions of which a figure moved beyond chance, or that are answered now and were not, or the other way."""
    failures: tuple[str, ...]
    """A sentence for each that could not be answered."""


def save_question(store: Store, ask: Ask, saved: SavedQuestion) -> str:
    """Answers the question and saves it with this first answer; the name it bears.

    Card numbers are taken out of name and question, as out of all that is kept. InputError for a name that is empty,
    too long or taken, and for a condition with a card number, which would mean something else without it; ConfigError
    for what cannot be asked: nothing is saved then.
    """
    conditions = [*saved.where, *saved.without]
    if _redacted(conditions) != conditions:
        raise InputError(
            "A condition holds a card number, which is not kept; save it without that.", code="card_number"
        )
    name, question, *before = _redacted([" ".join(saved.name.split()), saved.question, *saved.before])
    if not 1 <= len(name) <= MAX_NAME:
        raise InputError(f"The name of a saved question has 1 to {MAX_NAME} characters.", code="bad_name")
    saved = replace(saved, name=name, question=question, before=tuple(before))
    first = _answer(ask, saved)
    store.save_question(saved)
    store.save_answer(name, first)
    return name


def rerun(store: Store, ask: Ask, names: Sequence[str] | None = None) -> Rerun:
    """Asks the saved questions of those names (None: all) again and keeps the answers.

    A question that cannot be answered leaves the others be. ConfigError for a name that nothing is saved under.
    """
    questions = store.saved_questions()
    if names is not None:
        questions = [_find(questions, name) for name in names]
    failures, changed = [], 0
    for question in questions:
        try:
            store.save_answer(question.name, _answer(ask, question))
        except StoreError:
            raise
        except CoachError as error:
            failures.append(f"The saved question {question.name!r} was not answered: {error}")
            continue
        changed += _tells(history(store, question, limit=2).changes)
    return Rerun(len(questions) - len(failures), changed, tuple(failures))


def histories(store: Store, limit: int = 2) -> list[History]:
    """All saved questions, each with its newest `limit` answers."""
    return [history(store, question, limit=limit) for question in store.saved_questions()]


def history_of(store: Store, name: str, limit: int = ALL_ANSWERS) -> History:
    """One saved question with its newest `limit` answers. ConfigError when nothing is saved under that name."""
    return history(store, _find(store.saved_questions(), name), limit=limit)


def history(store: Store, question: SavedQuestion, *, limit: int) -> History:
    return History(question, tuple(store.saved_answers(question.name, limit)))


def keep(answer: "Answer", at: datetime) -> SavedAnswer:
    """What is kept of an answer."""
    places = [SavedCitation(one.call, one.turn, one.start_char, one.end_char) for one in answer.citations]
    figures = tuple(figure.to_json() for figure in answer.figures)
    return SavedAnswer(at, answer.status, figures, answer.n_matching, answer.n_total, tuple(places))


def _answer(ask: Ask, saved: SavedQuestion) -> SavedAnswer:
    return keep(ask(saved.question, parse_where(saved.where), saved.before, saved.without), datetime.now(UTC))


def _find(questions: Sequence[SavedQuestion], name: str) -> SavedQuestion:
    for question in questions:
        if question.name == name:
            return question
    known = ", ".join(repr(question.name) for question in questions) or "none yet"
    raise ConfigError(f"There is no saved question {name!r}; saved are: {known}.")


def _tells(found: Changes | None) -> bool:
    return found is not None and (found.status_changed or any(one.beyond_chance for one in found.figures))


def _redacted(texts: Sequence[str]) -> list[str]:
    redactor = Redactor()
    return [redactor.redact([("agent", text)])[0].text for text in texts]


def _answer_to_json(answer: SavedAnswer) -> dict[str, Any]:
    return {
        "at": answer.at.isoformat(),
        "status": answer.status,
        "figures": [dict(figure) for figure in answer.figures],
        "n_matching": answer.n_matching,
        "n_total": answer.n_total,
        "citations": [place_to_json(one) for one in answer.citations],
    }
