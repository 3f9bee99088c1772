"""The scorecards of a call in the terminal, people's reviews beside them, and what happened in numbers."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coach.measures import Range
from coach.show.words import percent, plain_name, printable, reason, write_value
from coach.types import Call, Score, Scorecard
from coach.verdicts import latest_reviews, points_apart, section_share, stand, sum_up

if TYPE_CHECKING:
    from coach.store import Review

_MARKS = {"met": "[x]", "partly met": "[/]", "not met": "[ ]", "does not apply": " - "}
_STYLES = {"met": "green", "partly met": "yellow", "not met": "bold yellow", "does not apply": "dim"}


def print_scorecards(call: Call, reviews: Sequence["Review"], console: Console) -> None:
    """Prints each scorecard by section, of each person the latest review under what it is about."""
    latest = latest_reviews(reviews)
    for card in call.scorecards:
        own = [one for one in latest if one.rubric == card.rubric]
        console.print()
        heading = Text(f"Scorecard {plain_name(card.rubric)}: {percent(card.value)}", style="bold")
        console.print(heading.append(f"  {sum_up(card.scores)}", style="not bold dim"))
        if failed := [plain_name(score.name) for score in card.scores if score.fatal and score.value == 0]:
            console.print(Text(f"Fatal and not met, so the whole is 0: {', '.join(failed)}", style="bold red"))
        console.print(_card_table(card, own))
        names = {score.name for score in card.scores}
        for review in own:
            if review.criterion not in names:
                words = _review(review, None).append(f" (of {plain_name(review.criterion)}, no longer in this rubric)")
                console.print(words)


def _card_table(card: Scorecard, reviews: Sequence["Review"]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=24)
    table.add_column(overflow="fold", ratio=1)
    for section, group in groupby(card.scores, key=lambda score: score.section):
        scores = list(group)
        if section:
            table.add_row(
                "", Text(plain_name(section), style="bold"), Text(percent(section_share(scores)), style="dim")
            )
        for score in scores:
            standing = stand(score)
            table.add_row(
                Text(_MARKS[standing], style=_STYLES[standing]), Text(plain_name(score.name)), _verdict(score)
            )
            for review in reviews:
                if review.criterion == score.name:
                    table.add_row("", "", _review(review, score.value))
    return table


def _verdict(score: Score) -> Text:
    standing = stand(score)
    words = f"partly, {percent(score.value)}" if standing == "partly met" else standing
    marks = f"{', fatal' if score.fatal else ''}{'' if score.weight else ', only reported'}"
    return Text(f"{words}{marks}. ", style=_STYLES[standing]).append_text(_unstyled(reason(score)))


def _unstyled(text: Text) -> Text:
    return Text("").append_text(text)


def _review(review: "Review", machine: float | None) -> Text:
    value = "does not apply" if review.value is None else percent(review.value)
    points = points_apart(review.value, machine)
    beside = "" if points is None else f" ({points:+d} points)" if points else " (same as the machine)"
    note = f' "{printable(review.note)}"' if review.note else ""
    return Text(f"{printable(review.person)}: {value}{beside}{note}", style="cyan")


def print_measures(call: Call, ranges: Mapping[str, Range], console: Console) -> None:
    """Prints what could be measured, with the usual range where there is one; then what does not apply, by name."""
    if not call.measures:
        return
    console.print()
    title = Text("What happened", style="bold")
    console.print(title.append("  for coaching, not for employment decisions", style="not bold dim"))
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("Measure", overflow="fold")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Why, and where in the call", overflow="fold", ratio=1)
    known = [score for score in call.measures if score.value is not None]
    for score in known:
        usual = ranges.get(score.name)
        table.add_row(
            Text(plain_name(score.name)),
            Text(write_value(score.value, score.unit)),
            reason(score) if usual is None else reason(score).append_text(_usual(score, usual)),
        )
    console.print(table)
    _print_sources(known, ranges, console)
    if absent := [plain_name(score.name) for score in call.measures if score.value is None]:
        console.print(Text(f"Does not apply to this call: {', '.join(absent)}.", style="dim"))


def _usual(score: Score, usual: Range) -> Text:
    bounds = {name: write_value(bound, score.unit) for name, bound in (("low", usual.low), ("high", usual.high))}
    if usual.low is None:
        words = f"at most {bounds['high']}"
    else:
        words = f"at least {bounds['low']}" if usual.high is None else f"{bounds['low']} to {bounds['high']}"
    inside = score.value is not None and usual.holds(score.value)
    return Text(f" Usual: {words}{'' if inside else ' (outside)'}.", style="dim" if inside else "yellow")


def _print_sources(known: Sequence[Score], ranges: Mapping[str, Range], console: Console) -> None:
    for line in _sources(known, ranges):
        console.print(Text(line, style="dim"))


def _sources(known: Sequence[Score], ranges: Mapping[str, Range]) -> Iterator[str]:
    for score in known:
        if (usual := ranges.get(score.name)) is not None:
            yield f"Usual {plain_name(score.name)}: {printable(usual.source)}."
