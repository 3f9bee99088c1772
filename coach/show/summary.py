"""A call's summary in the terminal, above everything that is made of it."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coach.show.words import clock, printable
from coach.summaries.parts import told_parts
from coach.types import Call


def print_summary(call: Call, console: Console) -> None:
    """Prints each sentence with its part and its place; nothing for a call without a summary."""
    parts = told_parts(call.summary, call.turns)
    if not parts:
        return
    console.print()
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(style="dim", justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for name, sentences in parts:
        for at, told in enumerate(sentences):
            place = f"turn {told.sentence.turns[0] + 1}" if told.time_s is None else clock(told.time_s)
            text = printable(told.sentence.text)
            words = Text(text if told.sentence.source else f'"{text}"')
            if told.is_open:
                words.append(" (still to be kept)", style="yellow")
            table.add_row("" if at else name, place, words)
    console.print(table)
    for source in dict.fromkeys(sentence.source for sentence in call.summary if sentence.source):
        console.print(Text(f"Without quotation marks: written by {printable(source)}.", style="dim"))
