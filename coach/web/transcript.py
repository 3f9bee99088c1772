"""The transcript as the call page shows it: turns cut into plain text and questions, with the cues in both."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from coach.types import LIKELY_CUE, Call, Cue, Form, Function, Metadata, Question, Role, Turn
from coach.web import formats
from coach.web.timeline import position
from coach.web.wording import ROLE_NAMES, name_cue


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
class CueView:
    name: str
    whose: str
    turn: int
    start_char: int
    end_char: int
    score: float
    unsure: bool
    """Likelier wrong than right."""
    missed: bool
    """The customer said it and nobody took it up."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text in no cue's sentence, in the sentences of unsure cues only, or in that of a cue that is sure."""

    text: str
    cue: Literal["none", "unsure", "sure"] = "none"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a turn's text, plain or a question, and the cues whose sentence ends in it."""

    runs: tuple[Run, ...]
    question: QuestionView | None = None
    cues: tuple[CueView, ...] = ()

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


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
    """The questions asked, in order."""
    ordered = sorted(call.questions, key=lambda one: (one.turn, one.start_char))
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


def view_cues(call: Call, missed: Collection[Cue]) -> tuple[CueView, ...]:
    """The cues, in the order in which their sentences end; of one sentence the surest first."""
    return tuple(
        CueView(
            name=name_cue(cue.tracker),
            whose=ROLE_NAMES[call.turns[cue.turn].role],
            turn=cue.turn,
            start_char=cue.start_char,
            end_char=cue.end_char,
            score=cue.score,
            unsure=cue.score < LIKELY_CUE,
            missed=cue in missed,
        )
        for cue in sorted(call.cues, key=lambda cue: (cue.turn, cue.end_char, -cue.score))
    )


def view_turns(call: Call, questions: Iterable[QuestionView], cues: Iterable[CueView] = ()) -> tuple[TurnView, ...]:
    """All turns, each with its questions and cues marked."""
    asked: dict[int, list[QuestionView]] = {}
    for question in questions:
        asked.setdefault(question.turn, []).append(question)
    said: dict[int, list[CueView]] = {}
    for cue in cues:
        said.setdefault(cue.turn, []).append(cue)
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
                pieces=cut(turn.text, asked.get(index, ()), said.get(index, ())),
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


def cut(text: str, questions: Sequence[QuestionView], cues: Sequence[CueView] = ()) -> tuple[Piece, ...]:
    """`text` in pieces that joined give it back.

    A question that overlaps an earlier one, and whatever lies outside the text, stays plain. Cues may overlap questions
    and each other; plain text is cut where a cue's sentence ends, so that its name can follow it there.
    """
    inside = [cue for cue in cues if 0 <= cue.start_char < cue.end_char <= len(text)]
    stops = sorted({cue.end_char for cue in inside})
    return tuple(
        Piece(_runs(text, start, end, inside), question, tuple(cue for cue in inside if start < cue.end_char <= end))
        for start, end, question in _stretches(text, questions, stops)
    )


def _stretches(
    text: str, questions: Sequence[QuestionView], stops: Sequence[int]
) -> Iterator[tuple[int, int, QuestionView | None]]:
    """The questions and what lies between them, from the first character to the last; nothing for ""."""
    done = 0
    for question in questions:
        start, end = question.start_char, question.end_char
        if done <= start < end <= len(text):
            yield from _plain(done, start, stops)
            yield start, end, question
            done = end
    yield from _plain(done, len(text), stops)


def _plain(start: int, end: int, stops: Sequence[int]) -> Iterator[tuple[int, int, None]]:
    for stop in (*(stop for stop in stops if start < stop < end), end):
        if start < stop:
            yield start, stop, None
        start = stop


def _runs(text: str, start: int, end: int, cues: Sequence[CueView]) -> tuple[Run, ...]:
    edges = {edge for cue in cues for edge in (cue.start_char, cue.end_char) if start < edge < end}
    bounds = [start, *sorted(edges), end]
    runs: list[Run] = []
    for left, right in pairwise(bounds):
        around = [cue for cue in cues if cue.start_char <= left and right <= cue.end_char]
        is_sure = any(not cue.unsure for cue in around)
        runs.append(Run(text[left:right], "sure" if is_sure else "unsure" if around else "none"))
    return tuple(runs)


def _when(start: float | None, at: datetime | None) -> str:
    if start is not None:
        return formats.clock(start)
    return formats.minute(at) if at is not None else ""
