"""The transcript as the call page shows it: turns cut into plain text and questions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from coach.types import Call, Form, Function, Metadata, Question, Role, Turn
from coach.web import formats
from coach.web.timeline import position
from coach.web.wording import ROLE_NAMES


@dataclass(frozen=True, slots=True)
class QuestionView:
    number: int
    """From 1, in the order asked; its anchor is `q-<number>`."""
    turn: int
    start_char: int
    end_char: int
    time_s: float | None
    text: str
    form: Form
    function: Function
    unsure: bool
    form_score: float
    function_score: float
    x: float | None
    """Position on the timeline in per cent; None without times."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a turn's text: plain, or a question."""

    text: str
    question: QuestionView | None = None


@dataclass(frozen=True, slots=True)
class TurnView:
    index: int
    role: Role
    name: str
    when: str
    """m:ss; the time of day for chat and mail; "" when neither is known."""
    start: float | None
    end: float | None
    pieces: tuple[Piece, ...]
    asks: bool
    continues: bool
    """The same person goes on, so the name need not be repeated."""


def view_questions(call: Call, length_s: float | None) -> tuple[QuestionView, ...]:
    """The questions asked, in order. What asks nothing, or points outside the transcript, is left out."""
    real = [one for one in call.questions if one.form != "none" and 0 <= one.turn < len(call.turns)]
    ordered = sorted(real, key=lambda one: (one.turn, one.start_char))
    return tuple(_view_question(number, one, length_s) for number, one in enumerate(ordered, 1))


def _view_question(number: int, question: Question, length_s: float | None) -> QuestionView:
    timed = question.time_s is not None and length_s is not None
    return QuestionView(
        number=number,
        turn=question.turn,
        start_char=question.start_char,
        end_char=question.end_char,
        time_s=question.time_s,
        text=question.text,
        form=question.form,
        function=question.function,
        unsure=question.unsure,
        form_score=question.form_score,
        function_score=question.function_score,
        x=position(question.time_s or 0.0, length_s or 1.0) if timed else None,
    )


def view_turns(call: Call, questions: Iterable[QuestionView]) -> tuple[TurnView, ...]:
    """All turns, each with its questions marked."""
    asked: dict[int, list[QuestionView]] = {}
    for question in questions:
        asked.setdefault(question.turn, []).append(question)
    views: list[TurnView] = []
    for index, turn in enumerate(call.turns):
        name = speaker_name(turn, call.metadata)
        views.append(
            TurnView(
                index=index,
                role=turn.role,
                name=name,
                when=_when(turn.start, turn.at),
                start=turn.start,
                end=turn.end,
                pieces=cut(turn.text, asked.get(index, ())),
                asks=index in asked,
                continues=bool(views) and (views[-1].role, views[-1].name) == (turn.role, name),
            )
        )
    return tuple(views)


def speaker_name(turn: Turn, metadata: Metadata) -> str:
    """The name given in the transcript, else the agent's from the metadata, else the role."""
    if turn.speaker:
        return turn.speaker
    return metadata.agent if turn.role == "agent" and metadata.agent else ROLE_NAMES[turn.role]


def cut(text: str, questions: Sequence[QuestionView]) -> tuple[Piece, ...]:
    """`text` in pieces that joined give it back; one that overlaps an earlier one or lies outside stays plain."""
    pieces: list[Piece] = []
    done = 0
    for question in questions:
        start, end = question.start_char, question.end_char
        if not done <= start < end <= len(text):
            continue
        if start > done:
            pieces.append(Piece(text[done:start]))
        pieces.append(Piece(text[start:end], question))
        done = end
    if done < len(text) or not pieces:
        pieces.append(Piece(text[done:]))
    return tuple(pieces)


def _when(start: float | None, at: datetime | None) -> str:
    if start is not None:
        return formats.clock(start)
    return formats.minute(at) if at is not None else ""
