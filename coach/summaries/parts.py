"""How a summary reads, wherever it is shown: its parts by name, and each sentence once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from coach.questions.find import time_at
from coach.types import SummaryPart, SummarySentence, Turn

PART_NAMES: Mapping[SummaryPart, str] = MappingProxyType(
    {
        "reason": "Why they are in touch",
        "impact": "What it does to them",
        "done": "What was done",
        "next_step": "Next step",
        "open_promise": "Still to be kept",
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence as it is shown."""

    sentence: SummarySentence
    time_s: float | None
    """When it is said, or its first turn begins where it is not quoted; None without times."""
    is_open: bool
    """Whether it promises what is still to be kept."""


def told_parts(summary: Sequence[SummarySentence], turns: Sequence[Turn]) -> list[tuple[str, list[Told]]]:
    """Each part's name and sentences, in their order; sentences that point outside the transcript are left out.

    What is already told as the next step or as done is not told again as an open promise, only marked.
    """
    inside = [one for one in summary if one.turns and all(0 <= turn < len(turns) for turn in one.turns)]
    promised = {(one.text, one.turns) for one in inside if one.part == "open_promise"}
    earlier = {(one.text, one.turns) for one in inside if one.part != "open_promise"}
    parts: dict[SummaryPart, list[Told]] = {}
    for one in inside:
        place = one.text, one.turns
        if one.part != "open_promise" or place not in earlier:
            parts.setdefault(one.part, []).append(Told(one, _time_of(one, turns), place in promised))
    return [(name, parts[part]) for part, name in PART_NAMES.items() if part in parts]


def _time_of(sentence: SummarySentence, turns: Sequence[Turn]) -> float | None:
    turn = turns[sentence.turns[0]]
    return time_at(turn, max(0, turn.text.find(sentence.text)))
