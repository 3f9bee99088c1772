"""`coach transcribe`: files to text, without a store."""

import dataclasses
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.cli.options import config_option, read_config, tell_vocabulary
from coach.config import Config
from coach.errors import InputError

if TYPE_CHECKING:
    from ingest.pipeline import Decoded, Redacted

FILES_TOGETHER = 8
"""Files transcribed in shared batches; results appear after each so many."""


@click.command("transcribe")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--engine", type=click.Choice(["whisper", "faster-whisper"]), help="Default: as configured.")
@click.option("--model", help="Name or path of a Whisper model.")
@click.option("--language", help="Language code such as en, or auto to detect it.")
@click.option("--device", help="auto, cpu, cuda, cuda:1 ...")
@click.option("--raw", is_flag=True, help="Do not remove card numbers and security codes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line per file, in order.")
@config_option
@click.pass_context
def transcribe_command(
    ctx: click.Context,
    files: tuple[Path, ...],
    engine: str | None,
    model: str | None,
    language: str | None,
    device: str | None,
    raw: bool,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Transcribe FILES, in order, and print what was said. Touches no store."""
    from coach.redact import Redactor
    from ingest.models import load_diarizer, load_transcriber
    from ingest.pipeline import redact_segments
    from ingest.sides import tell_sides

    config = read_config(Path(), config_path)
    chosen = {"engine": engine, "model": model, "device": device}
    changes: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    if language is not None:
        changes["language"] = None if language == "auto" else language
    config = dataclasses.replace(config, transcribe=dataclasses.replace(config.transcribe, **changes))
    tell_vocabulary(config)
    transcriber = load_transcriber(config)
    diarizer = load_diarizer()
    redactor: Redactor | None = None if raw else Redactor(names=config.redact.names)
    failed = False
    with tempfile.TemporaryDirectory(prefix="callcoach-") as folder:
        for first in range(0, len(files), FILES_TOGETHER):
            group = [
                _decode(path, Path(folder) / str(first + offset), config)
                for offset, path in enumerate(files[first : first + FILES_TOGETHER])
            ]
            decoded = [item for item in group if not isinstance(item, InputError)]
            transcripts = iter(transcriber.transcribe([item.channels for item in decoded]))
            for path, item in zip(files[first:], group, strict=False):
                if isinstance(item, InputError):
                    failed = True
                    _print_failure(path, item, as_json)
                    continue
                transcript = next(transcripts)
                sides = tell_sides(item.channels, transcript, diarizer)
                flags = (*item.flags, *transcript.flags, *sides.flags)
                _print(path, item, flags, redact_segments(sides.segments, redactor), as_json)
                shutil.rmtree(item.folder)
    ctx.exit(1 if failed else 0)


def _decode(path: Path, folder: Path, config: Config) -> "Decoded | InputError":
    from coach.types import Metadata
    from ingest.inbox import Recording, Sides
    from ingest.pipeline import Job, decode_call

    side = Sides(config.inbox).of(path)
    try:
        changed_at = path.stat().st_mtime
    except OSError as error:
        return InputError(f"{path}: cannot be read ({error.strerror}).", code="unreadable")
    recording = Recording(
        (path,), "", "single" if side is None else "lone", None if side is None else side[1], path.name, changed_at
    )
    try:
        return decode_call(Job(recording, path.name, Metadata()), folder, config)
    except InputError as error:
        return error


def _print_failure(path: Path, error: InputError, as_json: bool) -> None:
    click.echo(f"coach: {error}", err=True)
    if as_json:
        click.echo(json.dumps({"file": str(path), "error": {"code": error.code, "message": str(error)}}))


def _print(path: Path, item: "Decoded", flags: tuple[str, ...], redacted: "Redacted", as_json: bool) -> None:
    if not as_json:
        click.echo(f"{path} ({', '.join((f'{item.duration_s:.1f} s', *flags))})")
        for segment in redacted.segments:
            if segment.dropped is None:
                who = (
                    segment.role if segment.role != "unknown" or segment.voice is None else f"voice {segment.voice + 1}"
                )
                click.echo(f"[{segment.start:8.2f} - {segment.end:8.2f}] {who}: {segment.text}")
        return
    channels = [
        {
            "channel": channel.index,
            "role": channel.role,
            "segments": [
                {
                    **({"role": segment.role, "voice": segment.voice} if channel.role == "unknown" else {}),
                    "start": round(segment.start, 2),
                    "end": round(segment.end, 2),
                    "text": segment.text,
                    "avg_logprob": segment.avg_logprob,
                    "no_speech_prob": segment.no_speech_prob,
                    "compression_ratio": segment.compression_ratio,
                    "words": [
                        {"start": round(word.start, 2), "end": round(word.end, 2), "text": word.text}
                        for word in segment.words
                    ],
                }
                for segment in redacted.segments
                if segment.channel == channel.index and segment.dropped is None
            ],
        }
        for channel in item.channels
    ]
    record = {"file": str(path), "duration": round(item.duration_s, 2), "flags": flags, "channels": channels}
    click.echo(json.dumps(record, ensure_ascii=False))
