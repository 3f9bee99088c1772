"""What matters first in a call, in the terminal: what to practise, where to listen, and what to ask instead."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from coach.measures import Answer, Chain
from coach.practice import Opening, Practice, Rework, said_by
from coach.show.words import clock, plain_name, printable
from coach.types import Call, Suggestion

_KINDS = {"colleague": "a colleague asked", "rewrite": "in the words of this call", "bank": "from the bank"}


def print_practice(call: Call, practice: Practice, steps: Chain, console: Console) -> None:
    """Prints the headline, each missed moment and each question to open with its suggestions, and the chain."""
    console.print()
    headline = practice.headline or "Nothing stands out in this call."
    console.print(Text("Practise next: ", style="bold").append(headline))
    for opening in practice.openings:
        _print_opening(call, opening, console)
    for rework in practice.reworks:
        _print_rework(call, rework, console)
    for strength in practice.strengths:
        _print_strength(call, strength, console)
    console.print()
    console.print(Text("How far it got", style="bold"))
    for step in steps.steps:
        where = "" if step.turn is None else f", {_at(call, step.turn, step.time_s)}"
        mark, style = ("[ ]", "dim") if step.turn is None else ("[x]", "")
        console.print(Text(f"  {mark} {plain_name(step.name)}: {said_by(step)}{where}", style=style))


def _print_opening(call: Call, opening: Opening, console: Console) -> None:
    moment = opening.moment
    names = ", ".join(dict.fromkeys(plain_name(cue.tracker) for cue in (moment.cue, *moment.others)))
    said = Text(f"{_at(call, moment.cue.turn, moment.cue.time_s)}  ", style="dim")
    said.append(f'"{printable(moment.cue.text)}"', style="bold").append(f"  ({names}, not taken up)", style="yellow")
    reply = moment.agent_turns[0]
    missed = Text(opening.unasked).append(f' Instead, {_at(call, reply, None)}: "', style="dim")
    missed.append(printable(call.turns[reply].text), style="dim").append('"', style="dim")
    console.print()
    console.print(said)
    console.print(Padding(missed, (0, 0, 0, 7)))
    _print_suggestions(opening.suggestions, console)


def _print_rework(call: Call, rework: Rework, console: Console) -> None:
    question = rework.question
    text = call.turns[rework.turn].text if question is None else question.text
    said = Text(f"{_at(call, rework.turn, None if question is None else question.time_s)}  ", style="dim")
    said.append(f'"{printable(text)}"')
    if question is not None:
        unsure = ", unsure" if question.unsure else ""
        said.append(f"  ({question.form} question: {question.function}{unsure})", style="yellow")
    console.print()
    console.print(said)
    _print_suggestions(rework.suggestions, console)


def _print_strength(call: Call, strength: Answer, console: Console) -> None:
    question = strength.question
    said = Text(f"{_at(call, question.turn, question.time_s)}  ", style="dim")
    said.append(f'"{printable(question.text)}"').append(
        f"  ({question.form} question: {question.function})", style="green"
    )
    console.print()
    console.print(said)
    words = f"Drew out {strength.words} words, {len(strength.facts)} of them new facts."
    console.print(Padding(Text(words), (0, 0, 0, 7)))


def _print_suggestions(suggestions: Sequence[Suggestion], console: Console) -> None:
    for one in suggestions:
        line = Text("> ", style="green").append(printable(one.text), style="green")
        where = f", at {clock(one.source_time_s)}" if one.source_time_s is not None else ""
        line.append(f"  [{one.function}; {_KINDS[one.kind]}: {printable(one.source)}{where}]", style="dim")
        console.print(Padding(line, (0, 0, 0, 7)))


def _at(call: Call, turn: int, time_s: float | None) -> str:
    """The moment's time; of chat and mail, the turn counted from 1."""
    time_s = call.turns[turn].start if time_s is None else time_s
    return f"turn {turn + 1}" if time_s is None else clock(time_s)
