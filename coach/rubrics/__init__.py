"""What a good call does: rubrics as data, applied to one call with evidence, compared with what people say."""

from coach.rubrics.agreement import Agreement, agree, calibrate
from coach.rubrics.rubric import Criterion, Judged, Rubric, Section, load_rubric, load_rubrics, shipped_rubrics
from coach.rubrics.scorecard import apply

__all__ = [
    "Agreement",
    "Criterion",
    "Judged",
    "Rubric",
    "Section",
    "agree",
    "apply",
    "calibrate",
    "load_rubric",
    "load_rubrics",
    "shipped_rubrics",
]
