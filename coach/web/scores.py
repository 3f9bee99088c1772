"""The scorecard as the call page shows it: the figures at the top, the lines with their evidence, the counts."""

from collections.abc import Sequence
from dataclasses import dataclass

from coach.types import FORMS, FUNCTIONS, Evidence, Form, Function, Score, Turn
from coach.web import formats
from coach.web.transcript import QuestionView
from coach.web.wording import name_score

TIMES = "\N{MULTIPLICATION SIGN}"
SHOWN_EVIDENCE = 4
"""Links per line; the rest is one click away in a folded list."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the few numbers at the top. `share` is 0..1 where a bar makes sense."""

    name: str
    value: str
    detail: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A link into the transcript. `turn` is None when it leads to a time only."""

    turn: int | None
    time_s: float | None
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ScoreView:
    figure: Figure
    explanation: str
    evidence: tuple[Moment, ...]
    more: tuple[Moment, ...]
    form: Form | None = None
    function: Function | None = None
    """Set when the line counts the questions of one form or one function."""


@dataclass(frozen=True, slots=True)
class CardView:
    rubric: str
    scores: tuple[ScoreView, ...]
    counts: tuple[ScoreView, ...]
    """The lines that only count questions of a kind, which are shown close together."""


def view_scores(rubric: str, scores: Sequence[Score], turns: Sequence[Turn]) -> CardView:
    """The scorecard's lines, in its own order."""
    views = [_view_score(score, turns) for score in scores]
    return CardView(
        rubric,
        tuple(view for view in views if view.form is None and view.function is None),
        tuple(view for view in views if view.form is not None or view.function is not None),
    )


def figures_of(turns: Sequence[Turn], questions: Sequence[QuestionView], scores: Sequence[Score]) -> tuple[Figure, ...]:
    """Questions asked, how many of them open, how often impact was asked, and the agent's talk share if known.

    Nothing where no turn is known to be the agent's: the questions are not known either.
    """
    if not any(turn.role == "agent" for turn in turns):
        return ()
    asked = len(questions)
    opened = sum(question.form == "open" for question in questions)
    impact = sum(question.function == "impact" for question in questions)
    share = opened / asked if asked else None
    talk = next((score.value for score in scores if score.name == "talk_share"), None)
    figures = [
        Figure("Questions", str(asked), "asked by the agent"),
        Figure("Open", formats.percent(share), f"{opened} of {asked}" if asked else "no questions", share),
        Figure("Impact asked", f"{impact}{TIMES}" if impact else "never", "what it means to the customer"),
    ]
    if talk is not None:
        figures.append(Figure("Agent talks", formats.percent(talk), "of the time anybody speaks", talk))
    return tuple(figures)


def _view_score(score: Score, turns: Sequence[Turn]) -> ScoreView:
    value, share = formats.number(score.value), None
    if score.unit == "share":
        value, share = formats.percent(score.value), score.value
    elif score.unit == "s":
        value = formats.stretch(score.value)
    # The talk share is of seconds, which its explanation gives; "30 of 55" alone would be taken for questions.
    counted = bool(score.of) and score.n is not None and score.name != "talk_share"
    kind = score.name.removesuffix("_questions") if score.unit == "count" else ""
    moments = tuple(_moment(one, turns) for one in score.evidence if 0 <= one.turn < len(turns))
    return ScoreView(
        figure=Figure(name_score(score.name), value, f"{score.n} of {score.of}" if counted else "", share),
        explanation=score.explanation,
        evidence=moments[:SHOWN_EVIDENCE],
        more=moments[SHOWN_EVIDENCE:],
        form=next((form for form in FORMS if form == kind), None),
        function=next((function for function in FUNCTIONS if function == kind), None),
    )


def _moment(evidence: Evidence, turns: Sequence[Turn]) -> Moment:
    time_s = evidence.time_s if evidence.time_s is not None else turns[evidence.turn].start
    label = f"turn {evidence.turn + 1}" if time_s is None else formats.clock(time_s)
    return Moment(evidence.turn, time_s, label, evidence.text or turns[evidence.turn].text)
