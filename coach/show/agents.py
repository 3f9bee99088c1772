"""Agents in the terminal: the list, and one agent's page. Needs no colour and no more than 80 columns."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coach.agents import MIN_CALLS, MIN_COLLEAGUES, AgentPage, Example, Range, Strength, ToPractise, Trend
from coach.intervals import Estimate
from coach.places import place
from coach.show.words import MISSING, printable
from coach.store import AgentSummary, ScoreKey

NOTE = "For coaching, not for employment decisions: agents take different calls, and scores err."


def render_agents(rows: Sequence[AgentSummary], n_unnamed: int, console: Console) -> None:
    """Prints a line an agent, by name and never by rank; `n_unnamed` calls name no agent."""
    rubrics = list(dict.fromkeys(rubric for row in rows for rubric in row.cards))
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("agent", overflow="fold")
    for head in ("calls", "questions", "open", "impact asked", *rubrics):
        table.add_column(Text(printable(head)), justify="right", overflow="fold")
    for row in rows:
        open_share = _percent(row.n_open / row.n_questions if row.n_questions else None)
        cards = (f"{_percent(row.cards[name][0])} ({row.cards[name][1]})" if name in row.cards else MISSING
                 for name in rubrics)  # fmt: skip
        asked = f"in {row.n_impact} of {row.n_asked}"
        table.add_row(Text(printable(row.agent)), str(row.n_calls), str(row.n_questions), open_share, asked, *cards)
    console.print(table)
    if n_unnamed:
        console.print(f"{n_unnamed} {'call names' if n_unnamed == 1 else 'calls name'} no agent.")
    console.print(NOTE)


def render_agent(page: AgentPage, console: Console) -> None:
    """Prints the page: strengths first, then what to practise, where to listen, and the trend."""
    heading = f"{printable(page.agent)}: {page.n_calls} {'call' if page.n_calls == 1 else 'calls'}"
    console.print(Text(heading, style="bold"))
    if page.too_few:
        console.print(f"Too few scored calls to conclude anything from them: it takes {MIN_CALLS}.")
    if page.strengths:
        console.print(Text("\nStrengths", style="bold"))
        for strength in page.strengths:
            console.print(Text(_strength(strength)))
    if page.practice is not None:
        console.print(Text("\nPractise next", style="bold"))
        for line in _practice(page.practice):
            console.print(Text(line))
    console.print(Text(f"\nTrend by {page.unit}, each with its 95 % interval", style="bold"))
    for trend in page.trends:
        _print_trend(trend, page, console)
    console.print(f"\n{NOTE}")


def _strength(strength: Strength) -> str:
    value = _estimate(strength.value)
    beside = _percent(strength.beside)
    reasons = {
        "colleagues": f"above the middle of colleagues, {beside}",
        "earlier": f"in the newer half of the calls; {beside} in the older half",
        "best": "nothing stands out beyond chance; this is met most often",
    }
    return f"+ {_name(strength.key)}: {value}; {reasons[strength.reason]}."


def _practice(practice: ToPractise) -> list[str]:
    lines = [f"> {_name(practice.key)}: {_estimate(practice.value)}."]
    if practice.reachable < 1:
        lines.append(f"  A quarter of the colleagues reach more than {_percent(practice.reachable)}.")
    if practice.instruction:
        lines.append(f"  {printable(practice.instruction)}")
    lines += _listen("where it was missed", practice.missed) + _listen("where it went well", practice.done)
    return lines


def _listen(what: str, example: Example | None) -> list[str]:
    return [] if example is None else [f"  Listen {what}: {printable(place(example.call, example.time_s))}"]


def _print_trend(trend: Trend, page: AgentPage, console: Console) -> None:
    console.print(Text(f"{_name(trend.key)}: {_estimate(trend.overall)}"))
    console.print(Text(f"  {_range(trend.colleagues)}"), style="dim")
    table = Table(box=None, padding=(0, 2, 0, 2), show_edge=False, show_header=False)
    for first, one in zip(page.periods, trend.periods, strict=True):
        table.add_row(f"{first:%Y-%m-%d}" if page.unit == "week" else f"{first:%Y-%m}", Text(_estimate(one)))
    console.print(table)


def _range(one: Range | None) -> str:
    if one is None:
        return f"No range of colleagues: it takes {MIN_COLLEAGUES} with {MIN_CALLS} such calls each."
    return f"The middle half of {one.colleagues} colleagues: {_percent(one.low)} to {_percent(one.high)}."


def _name(key: ScoreKey) -> str:
    rubric, name = (printable(part.replace("_", " ")) for part in key)
    return f"{name} ({rubric})" if rubric and name else rubric or name


def _estimate(one: Estimate) -> str:
    if one.value is None:
        return f"{MISSING} (in none of {one.of} calls)"
    interval = "" if one.low is None or one.high is None else f" [{_percent(one.low)}, {_percent(one.high)}]"
    return f"{_percent(one.value)}{interval}, {one.n} of {one.of} calls"


def _percent(share: float | None) -> str:
    return MISSING if share is None else f"{share:.0%}"
