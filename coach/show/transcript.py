"""The transcript in the terminal, the agent's questions and everybody's cues named under their turns."""

from collections.abc import Collection, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coach.show.words import clock, plain_name, printable, shortened
from coach.types import LIKELY_CUE, Call, Cue, Question, Turn

LINE = 58
"""Characters of a name and a quote that fit beside times and roles into 80 columns."""
MIN_QUOTE = 16
_ROLE_STYLES = {"agent": "bold cyan", "customer": "bold magenta", "unknown": "bold yellow"}
_FORM_STYLES = {"open": "bold green", "closed": "yellow"}


def print_turns(call: Call, missed: Collection[Cue], console: Console) -> None:
    """Prints all turns; `missed` are the cues that nobody took up."""
    console.print()
    if not call.turns:
        console.print(Text("Nothing was said.", style="dim"))
        return
    asked: dict[int, list[Question]] = {}
    for question in sorted(call.questions, key=lambda question: question.start_char):
        asked.setdefault(question.turn, []).append(question)
    said: dict[int, list[Cue]] = {}
    for cue in sorted(call.cues, key=lambda cue: cue.start_char):
        said.setdefault(cue.turn, []).append(cue)
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
        for line in _cue_lines(said.get(index, []), missed):
            transcript.add_row("", "", line)
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
        label.append(f'  "{shortened(printable(question.text))}"', style="dim")
    return label


def _cue_lines(cues: Sequence[Cue], missed: Collection[Cue]) -> Iterator[Text]:
    """A line for each cue, and one for all that are likelier wrong than right."""
    for cue in cues:
        if cue.score >= LIKELY_CUE:
            yield _cue_label(cue, cue in missed)
    if unsure := [f"{plain_name(cue.tracker)} {cue.score:.0%}" for cue in cues if cue.score < LIKELY_CUE]:
        yield Text(f"* unsure: {', '.join(unsure)}", style="dim")


def _cue_label(cue: Cue, missed: bool) -> Text:
    nobody = ", not taken up" if missed else ""
    label = Text(f"* {plain_name(cue.tracker)}, {cue.score:.0%}{nobody}", style="yellow" if missed else "cyan")
    room = max(MIN_QUOTE, LINE - len(label))
    return label.append(f'  "{shortened(printable(cue.text), room)}"', style="dim")
