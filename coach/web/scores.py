"""What happened in a call as its page shows it: the figures at the top, the measures with evidence and ranges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coach.measures import Range
from coach.types import FORMS, FUNCTIONS, Evidence, Form, Function, Score, Turn
from coach.web import formats
from coach.web.transcript import QuestionView
from coach.web.wording import name_score

TIMES = "\N{MULTIPLICATION SIGN}"
TENTHS_BELOW_S = 10
"""Pauses are told apart by tenths of a second, monologues are not."""
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
class RangeView:
    """Where a measure usually lies."""

    words: str
    holds: bool
    source: str


@dataclass(frozen=True, slots=True)
class ScoreView:
    figure: Figure
    explanation: str
    evidence: tuple[Moment, ...]
    more: tuple[Moment, ...]
    range: RangeView | None = None
    form: Form | None = None
    function: Function | None = None
    """Set when the line counts the questions of one form or one function."""


@dataclass(frozen=True, slots=True)
class MeasuresView:
    scores: tuple[ScoreView, ...]
    counts: tuple[ScoreView, ...]
    """The lines that only count questions of a kind, which are shown close together, each with its share."""
    absent: tuple[str, ...]
    """The names of what does not apply to this call."""


def view_measures(scores: Sequence[Score], turns: Sequence[Turn], ranges: Mapping[str, Range]) -> MeasuresView:
    """What happened in the call, in numbers, in their own order; `ranges` by the name of the measure."""
    shares = {score.name: score for score in scores if _kind_of(score, "_share") in FUNCTIONS}
    known = [score for score in scores if score.value is not None and score.name not in shares]
    views = [_view_score(score, turns, ranges, shares) for score in known]
    return MeasuresView(
        tuple(view for view in views if view.form is None and view.function is None),
        tuple(view for view in views if view.form is not None or view.function is not None),
        tuple(name_score(score.name) for score in scores if score.value is None and score.name not in shares),
    )


def _kind_of(score: Score, ending: str) -> str:
    """The form or function whose questions a measure is about; "" when it is about something else."""
    kind = score.name.removesuffix(ending)
    return kind if kind != score.name and kind in (*FORMS, *FUNCTIONS) else ""


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


def write_value(value: float | None, unit: str) -> str:
    """A measure's value in its unit."""
    if value is None or unit == "count":
        return formats.number(value)
    if unit == "share":
        return formats.percent(value)
    if unit == "s":
        return f"{value:.1f} s" if value < TENTHS_BELOW_S and value % 1 else formats.stretch(value)
    return f"{formats.number(value)} {_RATES.get(unit, '')}".strip()


_RATES = {"per_minute": "a minute", "per_10_minutes": "in 10 min"}


def _view_score(
    score: Score, turns: Sequence[Turn], ranges: Mapping[str, Range], shares: Mapping[str, Score]
) -> ScoreView:
    # The talk share is of seconds, which its explanation gives; "30 of 55" alone would be taken for questions.
    counted = bool(score.of) and score.n is not None and score.name != "talk_share"
    kind = _kind_of(score, "_questions") if score.unit == "count" else ""
    detail = f"{score.n} of {score.of}" if counted else ""
    if (share := shares.get(f"{kind}_share")) is not None and share.value is not None:
        detail = formats.percent(share.value)
    shown, more = moments_of(score.evidence, turns)
    return ScoreView(
        figure=Figure(
            name_score(score.name),
            write_value(score.value, score.unit),
            detail,
            score.value if score.unit == "share" else None,
        ),
        explanation=score.explanation,
        evidence=shown,
        more=more,
        range=_view_range(score, ranges.get(score.name)),
        form=next((form for form in FORMS if form == kind), None),
        function=next((function for function in FUNCTIONS if function == kind), None),
    )


def _view_range(score: Score, usual: Range | None) -> RangeView | None:
    if usual is None or score.value is None:
        return None
    low, high = (None if bound is None else write_value(bound, score.unit) for bound in (usual.low, usual.high))
    words = f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}"
    return RangeView(words, usual.holds(score.value), usual.source)


def moments_of(evidence: Sequence[Evidence], turns: Sequence[Turn]) -> tuple[tuple[Moment, ...], tuple[Moment, ...]]:
    """Links to the evidence, those that are shown and those folded away; what lies outside the call is left out."""
    moments = tuple(
        name_moment(turns, one.turn, one.time_s, one.text or turns[one.turn].text)
        for one in evidence
        if 0 <= one.turn < len(turns)
    )
    return moments[:SHOWN_EVIDENCE], moments[SHOWN_EVIDENCE:]


def name_moment(turns: Sequence[Turn], turn: int, time_s: float | None, text: str) -> Moment:
    """A link to a turn, named by the time of what is meant, else by the turn's own, else by its number from 1."""
    time_s = time_s if time_s is not None else turns[turn].start
    return Moment(turn, time_s, f"turn {turn + 1}" if time_s is None else formats.clock(time_s), text)
