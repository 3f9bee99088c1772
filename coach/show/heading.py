"""What is known of a call, above its transcript."""

from collections.abc import Iterator

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from coach.show.words import clock, printable
from coach.swap import told_roles
from coach.types import Call


def print_heading(call: Call, console: Console) -> None:
    console.print(Rule(Text(f"Call {printable(call.id)}", style="bold"), align="left", characters="-"))
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(call):
        facts.add_row(Text(printable(name)), Text(printable(value)))
    console.print(facts)
    if call.flags:
        console.print(Text(f"Flags: {printable(', '.join(call.flags))}", style="bold red"))


def _facts(call: Call) -> Iterator[tuple[str, str]]:
    metadata = call.metadata
    if metadata.started_at is not None:
        yield "Started", f"{metadata.started_at:%Y-%m-%d %H:%M} UTC"
    yield "Medium", metadata.medium
    if call.duration_s is not None:
        yield "Length", clock(call.duration_s)
    for name in ("agent", "team", "customer", "segment", "product", "queue"):
        value = getattr(metadata, name)
        if value is not None:
            yield name.capitalize(), value
    outcomes = (
        ("CSAT", None if metadata.csat is None else f"{metadata.csat:g}"),
        ("Resolved", _yes_no(metadata.resolved)),
        ("Churned", _yes_no(metadata.churned)),
        ("Sold", _yes_no(metadata.sold)),
        ("Handle time", None if metadata.handle_time_s is None else clock(metadata.handle_time_s)),
    )
    yield from ((name, value) for name, value in outcomes if value is not None)
    yield from metadata.extra.items()
    if (told := told_roles(call)) is not None:
        yield "Who is who", told
    yield "Source", call.source
    if call.engine or call.model:
        yield "Transcribed", " ".join(part for part in (call.engine, call.model) if part)


def _yes_no(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"
