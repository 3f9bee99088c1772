"""Saved questions in the terminal: the list with what changed, and one question's history."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coach.figures import name_of, write_interval, write_value
from coach.places import place
from coach.saved import Changes, History, figure_of
from coach.show.words import printable, shortened
from coach.store import SavedAnswer

MAX_CHANGES = 3
"""Told of a question in the list; the rest is counted."""
NIGHTS = 14
"""Rows of a history."""
STATUSES = {"answered": "answered", "not_enough_evidence": "not enough evidence"}


def render_list(histories: Sequence[History], console: Console) -> None:
    """Prints a paragraph a question: its name, its words, its first figure, what changed since the run before."""
    for at, history in enumerate(histories):
        if at:
            console.print()
        question, newest = history.question, history.newest
        console.print(Text(printable(question.name), style="bold"))
        console.print(Text(f"  {printable(_asked(history))}"))
        if newest is None:
            console.print(Text("  not answered yet"))
            continue
        console.print(Text(f"  {newest.at:%Y-%m-%d}: {printable(_headline(newest))}"))
        console.print(Text(f"  {printable(what_changed(history.changes))}", style="dim"))


def render_history(history: History, console: Console) -> None:
    """Prints one question: its answers night by night, the newest beside the one before and beside the oldest."""
    console.print(Text(printable(history.question.name), style="bold"))
    console.print(Text(printable(_asked(history))))
    if history.newest is None:
        console.print("It has not been answered yet.")
        return
    _print_nights(history, console)
    if history.changes is not None:
        _print_changes(history.changes, console)


def what_changed(changes: Changes | None) -> str:
    """One line: "since 2026-08-30: 23 % → 31 %, +8 points, within chance; 2 new quotes"."""
    if changes is None:
        return "asked once, so there is nothing to compare with yet"
    words = list(changes.words)
    if not words:
        return f"nothing changed since {changes.since:%Y-%m-%d}"
    more = f"; {len(words) - MAX_CHANGES} more changes" if len(words) > MAX_CHANGES else ""
    return f"since {changes.since:%Y-%m-%d}: {'; '.join(words[:MAX_CHANGES])}{more}"


def _asked(history: History) -> str:
    question = history.question
    where = f" ({'; '.join(question.where)})" if question.where else ""
    return " / ".join((*question.before, question.question)) + where


def _headline(answer: SavedAnswer) -> str:
    """The first figure, or why there is none."""
    if answer.status != "answered":
        return STATUSES.get(answer.status, answer.status)
    if not answer.figures:
        return f"answered, from {answer.n_matching} of {answer.n_total} contacts"
    first = figure_of(answer.figures[0])
    group = "" if first.group is None else f" ({first.group})"
    return f"{write_value(first)}, {first.label}{group}: {first.n} of {first.N}"


def _print_nights(history: History, console: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for head in ("asked", "", "95 % interval", "n of N", "quotes"):
        table.add_column(head, header_style="dim", overflow="fold")
    for answer in history.answers[:NIGHTS]:
        figure = figure_of(answer.figures[0]) if answer.figures else None
        said = STATUSES.get(answer.status, answer.status) if figure is None else write_value(figure)
        interval = "" if figure is None else write_interval(figure) or ""
        basis = f"{answer.n_matching} of {answer.n_total}" if figure is None else f"{figure.n} of {figure.N}"
        table.add_row(f"{answer.at:%Y-%m-%d %H:%M}", said, interval, basis, str(len(answer.citations)))
    console.print()
    newest = history.answers[0]
    if newest.figures:
        console.print(Text(printable(figure_of(newest.figures[0]).label)))
    console.print(table)
    if len(history.answers) > NIGHTS:
        console.print(Text(f"and {len(history.answers) - NIGHTS} earlier ones", style="dim"))


def _print_changes(changes: Changes, console: Console) -> None:
    console.print(Text(f"\nSince {changes.since:%Y-%m-%d %H:%M} UTC", style="bold"))
    if changes.status_changed:
        before, now = (STATUSES.get(status, status) for status in (changes.status_before, changes.status))
        console.print(f"Then {before}, now {now}.")
    for figure in changes.figures:
        console.print(Text(f"- {printable(name_of(figure.figure))}: {figure.words}"))
    for head, places in (("New quotes", changes.new), ("No longer cited", changes.gone)):
        if places:
            console.print(Text(head))
            for one in places:
                console.print(
                    Text(f"- {printable(place(one.call, one.start))}: “{printable(shortened(one.quote, 200))}”")
                )
    if not changes.words:
        console.print("Nothing changed.")
