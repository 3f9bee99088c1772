"""A rubric applied to one call."""

from collections.abc import Mapping, Sequence

from coach.measures.figures import NO_AGENT
from coach.measures.speech import speaks
from coach.rubrics.criteria import Judgement, Outcome, come_out
from coach.rubrics.criterion import Answers, Criterion
from coach.rubrics.rubric import Rubric, Section
from coach.types import Call, Score, Scorecard

_NO_JUDGEMENTS: Mapping[str, Judgement] = {}


def apply(rubric: Rubric, call: Call, judgements: Mapping[str, Judgement] = _NO_JUDGEMENTS) -> Scorecard:
    """The scorecard of a call that has its questions, cues and measures; `judgements` by the name of the criterion.

    A section's value is the weighted mean of its criteria that apply, the scorecard's that of its sections in which one
    does. A fatal criterion that came out as 0 makes it 0. Nothing applies to a call without an agent's words: None.
    """
    known = speaks(call.turns, "agent")
    scores: list[Score] = []
    parts: list[tuple[float, float]] = []
    for section in rubric.sections:
        found = [_score(criterion, section, rubric, call, judgements, known) for criterion in section.criteria]
        scores.extend(found)
        value = _mean([(score.value, score.weight) for score in found if score.value is not None and score.weight])
        if value is not None and section.weight:
            parts.append((value, section.weight))
    total = _mean(parts)
    if total is not None and any(score.fatal and score.value == 0.0 for score in scores):
        total = 0.0
    return Scorecard(rubric.name, rubric.sha256, total, tuple(scores))


def _score(
    criterion: Criterion,
    section: Section,
    rubric: Rubric,
    call: Call,
    judgements: Mapping[str, Judgement],
    known: bool,
) -> Score:
    outcome = come_out(criterion, call, judgements) if known else Outcome(None, f"Does not apply: {NO_AGENT}.")
    told = _instruction(criterion.answers, outcome.value)
    return Score(
        name=criterion.name,
        value=outcome.value,
        unit="share",
        explanation=" ".join(part for part in (criterion.sentence, outcome.found, told) if part),
        n=outcome.n,
        of=outcome.of,
        evidence=outcome.evidence,
        section=section.title,
        weight=criterion.weight if rubric.counts(criterion) else None,
        fatal=criterion.fatal,
    )


def _instruction(answers: Answers, value: float | None) -> str:
    """What the rubric says to an agent for whom the criterion came out like this."""
    if value is None:
        return answers.not_applicable
    if value >= 1.0:
        return answers.met
    return answers.not_met if value <= 0.0 else answers.partly or answers.not_met


def _mean(weighed: Sequence[tuple[float, float]]) -> float | None:
    total = sum(weight for _, weight in weighed)
    return sum(value * weight for value, weight in weighed) / total if total else None
