"""`coach run`: the main job."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from coach.cli.options import config_option, data_option, json_option, print_json, read_config, tell_vocabulary
from coach.cli.progress import run_reporter
from coach.errors import ConfigError

if TYPE_CHECKING:
    from ingest.outcome import RunSummary


@click.command("run")
@click.argument("inbox", type=click.Path(path_type=Path))
@data_option
@config_option
@click.option("--final", is_flag=True, help="Nothing more will come: a lone side becomes a one-sided call now.")
@click.option("--devices", help="One process on each: cuda:0,cuda:1 ... Default: as configured.")
@click.option("--limit", type=click.IntRange(min=1), help="Transcribe at most this many calls.")
@click.option("--until", metavar="HH:MM", help="Take no new calls after this hour (local time, the next one to come).")
@click.option("--retry-failed", is_flag=True, help="Try again what earlier runs set aside.")
@click.option("--redo", is_flag=True, help="Transcribe again what is already known.")
@json_option
@click.pass_context
def run_command(
    ctx: click.Context,
    inbox: Path,
    data_dir: Path,
    config_path: Path | None,
    final: bool,
    devices: str | None,
    limit: int | None,
    until: str | None,
    retry_failed: bool,
    redo: bool,
    as_json: bool,
) -> None:
    """Take in what lies in INBOX: recordings, chats, mails, ready transcripts. INBOX is never written to.

    Oldest first. SIGTERM or Ctrl-C ends the run after the calls in flight; started again it goes on where it was.
    """
    from ingest.batch import RunOptions, run
    from ingest.models import load_models, load_scorer

    if not inbox.is_dir():
        raise ConfigError(f"{inbox}: there is no such folder; name the folder that holds the recordings.")
    config = read_config(data_dir, config_path)
    if devices is not None:
        config = replace(config, transcribe=replace(config.transcribe, device=devices))
    tell_vocabulary(config)
    options = RunOptions(
        final, redo, retry_failed, limit, None if until is None else next_instant(until, datetime.now())
    )
    with stop_on_signal() as stop, run_reporter() as reporter:
        summary = run(
            inbox,
            data_dir,
            config,
            options,
            load_scorer=lambda store: load_scorer(config, store),
            load_models=lambda scorer: load_models(config, scorer),
            reporter=reporter,
            stop=stop,
        )
    if as_json:
        print_json(summary.to_json())
    else:
        _print_summary(summary, data_dir)
    ctx.exit(1 if summary.failures else 0)


def next_instant(text: str, now: datetime) -> datetime:
    """The next local time of day `text` (HH:MM) after `now`. Raises ConfigError for anything else."""
    try:
        hour = datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise ConfigError(f"--until {text!r} is not an hour; write it as HH:MM, such as 06:30.") from None
    instant = datetime.combine(now.date(), hour)
    return (instant if instant > now else instant + timedelta(days=1)).astimezone()


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], str | None]]:
    """Turns the first SIGTERM or SIGINT into a reason to stop; a second one ends the process as usual."""
    received: list[str] = []

    def note(number: int, _: FrameType | None) -> None:
        received_now = signal.Signals(number)
        received.append(f"{received_now.name} was received")
        signal.signal(received_now, before[received_now])
        click.echo(f"coach: {received_now.name}: ending after the calls in flight.", err=True)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: received[0] if received else None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_summary(summary: "RunSummary", data_dir: Path) -> None:
    speed = f", {summary.audio_s / summary.wall_s:.1f} x real time" if summary.done and summary.wall_s else ""
    click.echo(
        f"{_calls(summary.done)} transcribed ({summary.audio_s / 60:.1f} minutes of audio in "
        f"{summary.wall_s / 60:.1f} minutes{speed})"
    )
    for number, text in (
        (summary.imported, "chats, mails and ready transcripts taken in"),
        (summary.updated, "with changed metadata updated"),
        (summary.unchanged, "known already"),
        (summary.forgotten, "forgotten earlier, not taken in again"),
        (summary.waiting, "waiting (still being written, or for the other side)"),
        (summary.still_set_aside, "set aside by an earlier run (try again with --retry-failed)"),
        (summary.left, f"left for the next run: {summary.stopped}"),
        (summary.set_aside, "set aside in this run"),
        (summary.asked, f"saved questions asked again, {summary.changed} changed beyond chance (coach saved)"),
    ):
        if number:
            click.echo(f"{number:>5} {text}")
    for note in summary.notes:
        click.echo(f"      {note}")
    for failure in summary.failures:
        click.echo(f"      {failure.code}: {failure.message}")
    click.echo(f"Look at them: coach serve --data {data_dir}")


def _calls(number: int) -> str:
    return f"{number} call" if number == 1 else f"{number} calls"
