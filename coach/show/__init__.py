"""A call in the terminal: what is known of it, the transcript with questions marked, what happened."""

from rich.console import Console

from coach.show.heading import print_heading
from coach.show.scores import print_measures
from coach.show.transcript import print_turns
from coach.show.words import clock, printable
from coach.types import Call

__all__ = ["clock", "printable", "render"]


def render(call: Call, console: Console) -> None:
    """Prints the call. Needs no colour and no more than 80 columns; every mark is also written as text.

    Transcripts and metadata are hostile: nothing in them is read as rich markup, as an emoji code, as a link or as a
    terminal's escape sequence.
    """
    print_heading(call, console)
    print_turns(call, console)
    print_measures(call, console)
