"""The kinds of criteria, as they are written in a rubric's file.

Every kind but `order`, `range` and `judged` arrives at an amount (a share or a number) and turns it into a value: 0 at
`zero_at` and below, 1 at `full_at` and beyond, on a straight line between them. `full_at` may be the smaller one: then
less is better.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from coach.types import Form, Function

STRICT = ConfigDict(extra="forbid")
"""Lists may become tuples; numbers and truths are strict one by one, or `weight = true` would count as 1."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
Sentence = Annotated[str, Field(min_length=1, pattern=r"\S")]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
Amount = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Turns = Annotated[int, Field(ge=1, strict=True)]
Truth = Annotated[bool, Field(strict=True)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Answers:
    """What the agent is told, by how the criterion came out. Empty: nothing."""

    met: str = ""
    partly: str = ""
    not_met: str = ""
    not_applicable: str = ""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Pick:
    """Which of a call's questions and cues are meant: those of any of the forms and functions, and of the trackers.

    With forms and functions a question needs one of each. Without both no question is meant.
    """

    forms: tuple[Form, ...] = ()
    functions: tuple[Function, ...] = ()
    trackers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Common:
    """What every criterion has."""

    name: Name
    sentence: Sentence
    """What a good agent does, in one sentence."""
    weight: Weight = 1.0
    """What it counts within its section."""
    fatal: Truth = False
    """Not met (0), it makes the whole scorecard 0."""
    answers: Answers = Answers()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Share(Common):
    """The share, of all questions, of those that are meant. Does not apply without questions."""

    kind: Literal["share"]
    forms: tuple[Form, ...] = ()
    functions: tuple[Function, ...] = ()
    zero_at: Amount = 0.0
    full_at: Amount


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Count(Common):
    """The number of the questions that are meant, in the whole call or in the agent's first or last turns."""

    kind: Literal["count"]
    forms: tuple[Form, ...] = ()
    functions: tuple[Function, ...] = ()
    zero_at: Amount = 0.0
    full_at: Amount = 1.0
    in_first: Turns | None = None
    in_last: Turns | None = None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CueCount(Common):
    """The number of cues of the trackers, in the whole call or in the agent's first or last turns.

    Wanted as it stands (`zero_at = 0, full_at = 1`); for what should not happen write `zero_at = 1, full_at = 0`.
    """

    kind: Literal["cue"]
    trackers: tuple[str, ...]
    zero_at: Amount = 0.0
    full_at: Amount = 1.0
    in_first: Turns | None = None
    in_last: Turns | None = None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FollowUp(Common):
    """The share of the moments with a cue of `after` that a meant question or cue follows, in `within` agent's turns.

    Does not apply where no such cue is found, or nothing of the agent comes after it.
    """

    kind: Literal["follow_up"]
    after: tuple[str, ...]
    forms: tuple[Form, ...] = ()
    functions: tuple[Function, ...] = ()
    trackers: tuple[str, ...] = ()
    within: Turns = 2
    zero_at: Amount = 0.0
    full_at: Amount = 1.0


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Order(Common):
    """Whether something of `first` comes before anything of `then`. Does not apply where nothing of `then` happens."""

    kind: Literal["order"]
    first: Pick
    then: Pick


@dataclass(frozen=True, kw_only=True, config=STRICT)
class InRange(Common):
    """Whether a measure lies from `low` to `high`; outside, the value falls to 0 over `margin` (0: at once).

    Without both bounds, the measure's benchmark range is taken. Does not apply where the measure is not known.
    """

    kind: Literal["range"]
    measure: str
    low: Amount | None = None
    high: Amount | None = None
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Judged(Common):
    """What an LLM judges. Only reported, with no weight, until people's reviews show that it can be trusted."""

    kind: Literal["judged"]
    question: Sentence
    """About the agent, answered by yes or no."""


Criterion = Share | Count | CueCount | FollowUp | Order | InRange | Judged
KINDS = ("share", "count", "cue", "follow_up", "order", "range", "judged")
