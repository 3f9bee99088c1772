"""How a measure is written down: one `Score` with its value, one sentence and its evidence."""

from collections.abc import Iterable, Sequence

from coach.types import Cue, Evidence, Question, Score

NO_AGENT = "no turn is known to be the agent's"
ONE_SIDED = "it needs both the agent's and the customer's side"
NO_TIMES = "the turns have no times"
NO_QUESTIONS = "the agent asked no questions"


def absent(name: str, unit: str, why: str, *, of: int | None = None) -> Score:
    """The measure does not apply, because of `why`."""
    return Score(name, None, unit, f"Does not apply: {why}.", n=None if of is None else 0, of=of)


def share(name: str, n: int, of: int, explanation: str, evidence: tuple[Evidence, ...] = ()) -> Score:
    """`n` of `of`, which is not 0."""
    return Score(name, n / of, "share", explanation, n=n, of=of, evidence=evidence)


def cite(found: Iterable[Question | Cue]) -> tuple[Evidence, ...]:
    """The questions or cues as evidence, in their order."""
    return tuple(Evidence(one.turn, one.time_s, one.text) for one in found)


def counted(n: int, singular: str, plural: str | None = None) -> str:
    """ "1 question", "3 questions", "no questions"."""
    words = singular if n == 1 else plural or f"{singular}s"
    return f"{n or 'no'} {words}"


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle. `values` is not empty."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
