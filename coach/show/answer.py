"""An answer in the terminal: statement, figures, quotes and where to listen, what speaks against it, its limits."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coach.answers import Answer, Citation
from coach.counts.figure import Figure
from coach.figures import arrange, name_of, shared_label, write_basis, write_interval, write_value
from coach.show.words import printable

BAR_WIDTH = 20
"""Characters of the longest bar."""
_ROLES = {"agent": "agent", "customer": "customer", "unknown": "speaker"}


def render_answer(answer: Answer, console: Console) -> None:
    """Prints the answer. Needs no colour and no more than 80 columns; what was said in calls stays text."""
    console.print(Text(printable(answer.statement), style="bold"))
    print_figures(answer.figures, console)
    if answer.citations:
        _head("Said there", console)
        for number, citation in enumerate(answer.citations, 1):
            _print_citation(citation, console, f"[{number}] ")
    if answer.counter_examples:
        _head("What speaks against it", console)
        for example in answer.counter_examples:
            _print_citation(example.citation, console, "- ", printable(example.why))
    if answer.themes:
        _head("What comes up", console)
        for theme in answer.themes:
            console.print(Text(f"- {printable(theme.name)}: {_figure(theme.figure)}"))
            _print_citation(theme.citation, console, "  ")
    if answer.caveats:
        _head("Mind", console)
        for caveat in answer.caveats:
            console.print(Text(f"- {printable(caveat)}"))
    _print_understood(answer, console)
    if answer.citations or answer.counter_examples or answer.themes:
        console.print(Text("Read a call: coach show CALL. Hear it: coach serve, then its page.", style="dim"))


def print_figures(figures: Sequence[Figure], console: Console) -> None:
    """Prints a row each, with bars where several are to be compared; nothing for none."""
    if not figures:
        return
    arranged = arrange(figures)
    longest = max((one.value for one in arranged.rows if one.value is not None), default=0.0)
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for head, side in (("", "left"), ("", "right"), ("n of N", "right"), ("95 % interval", "left")):
        table.add_column(head, justify=side, overflow="fold", header_style="dim")  # type: ignore[arg-type]
    if arranged.rows:
        table.add_column("")
    for figure in arranged.heads:
        table.add_row(*_cells(figure, figure.label))
    if arranged.heads and arranged.rows:
        table.add_section()
    for figure in arranged.rows:
        table.add_row(*_cells(figure, name_of(figure)), bar(figure.value, longest, console.encoding))
    for figure in arranged.differences:
        table.add_row(*_cells(figure, figure.label))
    console.print()
    if (label := shared_label(arranged.rows)) and not arranged.heads:
        console.print(Text(printable(label)))
    console.print(table)


def bar(value: float | None, longest: float, encoding: str) -> str:
    """A row of marks, BAR_WIDTH for the longest value; empty for nothing known and for 0."""
    if value is None or longest <= 0:
        return ""
    mark = "\N{BLACK RECTANGLE}" if encoding.lower().startswith("utf") else "#"
    return mark * round(BAR_WIDTH * max(0.0, value) / longest)


def _cells(figure: Figure, name: str) -> tuple[Text | str, ...]:
    return Text(printable(name)), Text(write_value(figure), style="bold"), write_basis(figure), _interval(figure)


def _figure(figure: Figure) -> str:
    interval = write_interval(figure)
    return f"{write_value(figure)}, {write_basis(figure)}" + (f", 95 % interval {interval}" if interval else "")


def _interval(figure: Figure) -> str:
    return write_interval(figure) or ""


def _print_citation(citation: Citation, console: Console, mark: str, why: str = "") -> None:
    lead = " " * len(mark)
    where = f"{_ROLES[citation.role]}, {printable(citation.place)}" + (f": {why}" if why else "")
    console.print(Text(f"{mark}“{printable(citation.quote)}”"))
    console.print(Text(f"{lead}{where}", style="dim"))


def _print_understood(answer: Answer, console: Console) -> None:
    _head("How it was understood", console)
    for line in answer.understood:
        console.print(Text(f"- {printable(line)}"))
    console.print(Text(f"Searched: {printable(str(answer.searched))}"))
    if answer.source:
        console.print(Text(f"Worded by {printable(answer.source)}"))


def _head(words: str, console: Console) -> None:
    console.print(Text(f"\n{words}", style="bold"))
