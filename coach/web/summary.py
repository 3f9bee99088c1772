"""A call's summary as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from coach.summaries.parts import Told, told_parts
from coach.types import SummarySentence, Turn
from coach.web.scores import Moment, name_moment


@dataclass(frozen=True, slots=True)
class SentenceView:
    """One sentence, with the turns it rests on; the first is where it is said."""

    text: str
    moments: tuple[Moment, ...]
    source: str
    """Prompt and model that wrote it; empty for the call's own words."""
    is_open: bool
    """Whether somebody still has to act on it."""


@dataclass(frozen=True, slots=True)
class PartView:
    name: str
    sentences: tuple[SentenceView, ...]


def view_summary(summary: Sequence[SummarySentence], turns: Sequence[Turn]) -> tuple[PartView, ...]:
    """The parts in their order; empty for a call without a summary."""
    return tuple(
        PartView(name, tuple(_view_sentence(told, turns) for told in sentences))
        for name, sentences in told_parts(summary, turns)
    )


def _view_sentence(told: Told, turns: Sequence[Turn]) -> SentenceView:
    sentence = told.sentence
    first, *others = sentence.turns
    moments = (
        name_moment(turns, first, told.time_s, sentence.text),
        *(name_moment(turns, turn, None, turns[turn].text) for turn in others),
    )
    return SentenceView(sentence.text, moments, sentence.source, told.is_open)
