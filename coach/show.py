"""A call in the terminal: what is known of it, the transcript with the agent's questions marked, the scorecard."""

import unicodedata
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from coach.swap import told_roles
from coach.types import Call, Evidence, Question, Score, Turn

MAX_EVIDENCE = 6
"""Times listed for one score; the rest is counted."""

_ROLE_STYLES = {"agent": "bold cyan", "customer": "bold magenta", "unknown": "bold yellow"}
_FORM_STYLES = {"open": "bold green", "closed": "yellow"}
_KEPT_CONTROLS = str.maketrans("\t\r\n", "   ")
_MISSING = "\N{EN DASH}"


def render(call: Call, console: Console) -> None:
    """Prints the call. Needs no colour and no more than 80 columns; every mark is also written as text.

    Transcripts and metadata are hostile: nothing in them is read as rich markup, as an emoji code, as a link or as a
    terminal's escape sequence.
    """
    _print_heading(call, console)
    _print_turns(call, console)
    _print_measures(call, console)


def printable(text: str) -> str:
    """The text without control, direction-changing and unassigned characters; line ends and tabs become spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        for char in text.translate(_KEPT_CONTROLS)
        if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co")
    )


def clock(seconds: float | None) -> str:
    """mm:ss, from an hour on h:mm:ss; seconds are cut, not rounded. An en dash for None."""
    if seconds is None:
        return _MISSING
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes:02d}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _print_heading(call: Call, console: Console) -> None:
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


def _print_turns(call: Call, console: Console) -> None:
    console.print()
    if not call.turns:
        console.print(Text("Nothing was said.", style="dim"))
        return
    asked: dict[int, list[Question]] = {}
    for question in sorted(call.questions, key=lambda question: question.start_char):
        asked.setdefault(question.turn, []).append(question)
    transcript = Table.grid(padding=(0, 2, 0, 0))
    transcript.add_column(style="dim", justify="right", no_wrap=True)
    transcript.add_column(no_wrap=True)
    transcript.add_column(overflow="fold")
    for index, turn in enumerate(call.turns):
        at = clock(turn.start) if turn.at is None else f"{turn.at:%H:%M:%S}"
        questions = asked.get(index, [])
        transcript.add_row(Text(at), Text(turn.role, style=_ROLE_STYLES[turn.role]), _words(turn, questions))
        for question in questions:
            transcript.add_row("", "", _label(question))
    console.print(transcript)


def _words(turn: Turn, questions: Sequence[Question]) -> Text:
    """What was said, the questions in the colour of their form; before it who said it, where that is known by name."""
    line = Text()
    if turn.speaker:
        line.append(f"({printable(turn.speaker)}) ", style="dim")
    done = 0
    for question in questions:
        start = max(done, question.start_char)
        line.append(printable(turn.text[done:start]))
        line.append(printable(turn.text[start : question.end_char]), style=_FORM_STYLES.get(question.form, ""))
        done = max(start, question.end_char)
    line.append(printable(turn.text[done:]))
    return line


def _label(question: Question) -> Text:
    unsure = ", unsure" if question.unsure else ""
    label = Text(f"^ {question.form} question: {question.function}{unsure}", style=_FORM_STYLES.get(question.form, ""))
    if question.text:
        label.append(f'  "{_shortened(printable(question.text))}"', style="dim")
    return label


def _shortened(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."


def _print_measures(call: Call, console: Console) -> None:
    if not call.measures:
        return
    console.print()
    console.print(Text("What happened", style="bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("Score", overflow="fold")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Why, and where in the call", overflow="fold", ratio=1)
    for score in call.measures:
        table.add_row(Text(printable(score.name.replace("_", " "))), Text(_value(score)), _reason(score))
    console.print(table)


def _value(score: Score) -> str:
    if score.value is None:
        return _MISSING
    if score.unit == "share":
        return f"{score.value:.0%}"
    return f"{score.value:.0f} s" if score.unit == "s" else f"{score.value:g}"


def _reason(score: Score) -> Text:
    reason = Text(printable(score.explanation))
    if score.evidence:
        shown = ", ".join(_place(evidence) for evidence in score.evidence[:MAX_EVIDENCE])
        more = len(score.evidence) - MAX_EVIDENCE
        reason.append(f" [{shown}{f' and {more} more' if more > 0 else ''}]", style="dim")
    return reason


def _place(evidence: Evidence) -> str:
    """The evidence's time; of chat and mail, the turn counted from 1 as people do."""
    return f"turn {evidence.turn + 1}" if evidence.time_s is None else clock(evidence.time_s)
