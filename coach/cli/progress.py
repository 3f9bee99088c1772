"""How a run shows itself: a bar with the remaining time on a terminal, one JSON log line a call elsewhere."""

import json
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import click

if TYPE_CHECKING:
    from ingest.outcome import Outcome


class RunReporter(Protocol):
    """A `Reporter` of ingest that is a context manager too."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def begin(self, recordings: int, size_bytes: int) -> None: ...

    def stage(self, text: str) -> None: ...

    def settled(self, outcome: "Outcome", size_bytes: int) -> None: ...


def run_reporter() -> RunReporter:
    """The bar when stderr is a terminal, the log otherwise."""
    return TerminalReporter() if sys.stderr.isatty() else LogReporter()


class LogReporter:
    """Writes one JSON object a line to stderr: time, event, and for each call its name, status, code and speed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def begin(self, recordings: int, size_bytes: int) -> None:
        self._line(event="begin", recordings=recordings, bytes=size_bytes)

    def stage(self, text: str) -> None:
        self._line(event="stage", stage=text)

    def settled(self, outcome: "Outcome", size_bytes: int) -> None:
        if outcome.status in ("unchanged", "still_set_aside", "forgotten"):
            return
        self._line(
            event="call",
            file=outcome.name,
            status=outcome.status,
            call=outcome.call,
            code=outcome.code,
            message=outcome.message,
            audio_s=_rounded(outcome.audio_s),
            wall_s=_rounded(outcome.wall_s),
        )

    def _line(self, **fields: object) -> None:
        known = {name: value for name, value in fields.items() if value is not None}
        line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), **known}
        click.echo(json.dumps(line, ensure_ascii=False), err=True)


class TerminalReporter:
    """A rich progress bar over the bytes of the recordings to transcribe."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            SpinnerColumn,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task("starting", total=None)
        self._recordings = self._done = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, recordings: int, size_bytes: int) -> None:
        self._recordings = recordings
        self._progress.update(self._task, total=max(size_bytes, 1))

    def stage(self, text: str) -> None:
        self._progress.update(self._task, description=text)

    def settled(self, outcome: "Outcome", size_bytes: int) -> None:
        if outcome.status == "set_aside":
            self._progress.console.print(outcome.message, style="yellow", markup=False, highlight=False)
        if size_bytes:
            self._done += 1
            self._progress.update(
                self._task, advance=size_bytes, description=f"transcribing {self._done} of {self._recordings}"
            )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
