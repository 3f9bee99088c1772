"""`coach classify`: questions on stdin, labels on stdout."""

import json
import sys
from collections.abc import Iterable, Iterator

import click


@click.command("classify")
def classify_command() -> None:
    """Label questions by form and function: {"id","prev","text"} a line in, the labels a line out, in order."""
    from coach.questions import QuestionClassifier, classify_lines

    classifier = QuestionClassifier.load()
    for record in classify_lines(_lines(sys.stdin.buffer), classifier):
        click.echo(json.dumps(record, ensure_ascii=False))


def _lines(stream: Iterable[bytes]) -> Iterator[str]:
    """The lines as text; a UnicodeDecodeError at a bad one is told by `classify_lines`, after the good ones."""
    for number, line in enumerate(stream, start=1):
        yield line.decode("utf-8-sig" if number == 1 else "utf-8")
