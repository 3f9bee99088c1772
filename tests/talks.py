"""Invented calls written as lines, for tests of what is made of them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from coach.measures import measure
from coach.types import Call, Cue, Metadata, Question, Score, Turn

ROLES: dict[str, Any] = {"A": "agent", "C": "customer", "?": "unknown"}
_LINE = re.compile(r"(?P<who>[AC?]) (?:(?P<start>[\d.]+)-(?P<end>[\d.]+) |@(?P<at>\d+) )?(?P<text>[^<]*)(?P<marks>.*)")
_MARK = re.compile(r"<([^>]+)>")
_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Talk:
    """A call's turns with what was found in them."""

    turns: tuple[Turn, ...]
    questions: tuple[Question, ...]
    cues: tuple[Cue, ...]

    def scores(self, duration_s: float | None = None) -> dict[str, Score]:
        return {score.name: score for score in measure(self.turns, self.questions, self.cues, duration_s)}

    def call(self, duration_s: float | None = None) -> Call:
        measures = measure(self.turns, self.questions, self.cues, duration_s)
        return Call(
            "c",
            Metadata(),
            self.turns,
            None,
            "c",
            duration_s,
            questions=self.questions,
            cues=self.cues,
            measures=measures,
        )


def talk(*lines: str) -> Talk:
    """One turn a line: who (A, C or ?), when ("0-2.5" in seconds, or "@60", seconds after noon), what, and its marks.

    A mark of two words, `<open impact>`, is a question of that form and function, one of one word a cue, of
    probability 0.9 unless `<leaving=0.4>` says another. Marks stand in the order in which they are said; each is
    given the whole turn's words and a place of its own.
    """
    turns: list[Turn] = []
    questions: list[Question] = []
    cues: list[Cue] = []
    for index, line in enumerate(lines):
        match = _LINE.fullmatch(line)
        assert match, line
        start, end = (None if match[name] is None else float(match[name]) for name in ("start", "end"))
        at = None if match["at"] is None else _NOON + timedelta(seconds=int(match["at"]))
        turn = Turn(ROLES[match["who"]], match["text"].strip(), start, end, at=at)
        turns.append(turn)
        for place, mark in enumerate(_MARK.findall(match["marks"])):
            form, _, function = mark.rpartition(" ")
            if form:
                questions.append(Question(index, place, place + 1, start, turn.text, form, function, 0.9, 0.9, False))
            else:
                tracker, _, score = mark.partition("=")
                cues.append(Cue(tracker, index, place, place + 1, start, turn.text, float(score or 0.9)))
    return Talk(tuple(turns), tuple(questions), tuple(cues))
