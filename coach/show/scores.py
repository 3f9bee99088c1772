"""What happened in a call, in numbers, and its scorecards."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coach.show.words import MISSING, printable, reason
from coach.types import Call, Score


def print_measures(call: Call, console: Console) -> None:
    if not call.measures:
        return
    console.print()
    console.print(Text("What happened", style="bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("Score", overflow="fold")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Why, and where in the call", overflow="fold", ratio=1)
    for score in call.measures:
        table.add_row(Text(printable(score.name.replace("_", " "))), Text(_value(score)), reason(score))
    console.print(table)


def _value(score: Score) -> str:
    if score.value is None:
        return MISSING
    if score.unit == "share":
        return f"{score.value:.0%}"
    return f"{score.value:.0f} s" if score.unit == "s" else f"{score.value:g}"
