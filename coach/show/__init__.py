"""A call in the terminal: its metadata and summary, what to practise, transcript, scorecards, what happened."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from coach.measures import RANGES, Range, chain
from coach.practice import practice_of
from coach.show.heading import print_heading
from coach.show.practice import print_practice
from coach.show.scores import print_measures, print_scorecards
from coach.show.summary import print_summary
from coach.show.transcript import print_turns
from coach.show.words import clock, printable
from coach.types import Call, Suggestion

if TYPE_CHECKING:
    from coach.store import Review

__all__ = ["clock", "printable", "render"]


def render(
    call: Call,
    console: Console,
    suggestions: Sequence[Suggestion] = (),
    reviews: Sequence["Review"] = (),
    ranges: Mapping[str, Range] = RANGES,
) -> None:
    """Prints the call, with its own suggestions and reviews; `ranges` by the name of the measure.

    Needs no colour and no more than 80 columns; every mark is also written as text. Transcripts and metadata are
    hostile: nothing in them is read as rich markup, as an emoji code, as a link or as a terminal's escape sequence.
    """
    practice = practice_of(call, suggestions)
    print_heading(call, console)
    print_summary(call, console)
    if call.scored_by or call.cues or suggestions:
        print_practice(call, practice, chain(call.turns, call.questions, call.cues), console)
    missed = {cue for one in practice.openings for cue in (one.moment.cue, *one.moment.others)}
    print_turns(call, missed, console)
    print_scorecards(call, reviews, console)
    print_measures(call, ranges, console)
