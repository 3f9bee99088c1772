"""`python -m evals asr`: word error rate, speed and turn times of the recognisers.

WER is jiwer's after whisper's EnglishTextNormalizer, over all words of all recordings together. RTFx is seconds of
recording (both channels of a call count once) per second of wall time, from decoded sound to segments; loading is not
counted. A turn's start is compared where its first words begin a transcribed turn; where they do not, it counts as
joined to another.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from coach.config import TranscribeConfig
from coach.types import Segment
from evals.asr_scores import Report, measure
from evals.recordings import DEMO_CALLS, TrueCall, compose, read_manifest
from ingest.engines import choose_device, load_engine
from ingest.speech import SpeechDetector
from ingest.transcribe import CallTranscript, Transcriber
from ingest.turns import build_turns
from ingest.weights import load_whisper, resolve_whisper

PLAIN = "openai-whisper"
"""Not one of our engines: its own `transcribe`, a channel at a time, for comparison."""


def main(argv: Sequence[str]) -> int:
    args = _parser().parse_args(argv)
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        calls = read_manifest(args.manifest, Path(folder), only=args.only)
        if args.compose:
            calls = compose(calls, args.seed)
        for engine in args.engine:
            transcripts, wall_s, model = _transcribe(engine, args, calls)
            reports.append(measure(engine, model, calls, transcripts, wall_s))
            if args.texts:
                _print_texts(calls, transcripts)
    _print_reports(reports, as_json=args.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals asr", description="WER, speed and turn times.")
    parser.add_argument("--manifest", type=Path, default=DEMO_CALLS, help="recordings with a reference")
    parser.add_argument("--only", default="", help="of a JSON list, the entries whose kind contains this")
    parser.add_argument("--engine", nargs="+", default=["whisper"], choices=["whisper", "faster-whisper", PLAIN])
    parser.add_argument("--model", help="name or path; default as configured by default")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch-size", type=int, default=TranscribeConfig.batch_size)
    parser.add_argument("--compose", action="store_true", help="make two-channel calls of the clips first")
    parser.add_argument("--seed", type=int, default=7, help="of the composition")
    parser.add_argument("--texts", action="store_true", help="print the turns as well")
    parser.add_argument("--json", action="store_true")
    return parser


def _transcribe(
    engine: str, args: argparse.Namespace, calls: Sequence[TrueCall]
) -> tuple[list[CallTranscript], float, str]:
    """The transcripts, seconds of wall time, and the model's name."""
    if engine == PLAIN:
        return _transcribe_plainly(args, calls)
    chosen: Literal["whisper", "faster-whisper"] = "faster-whisper" if engine == "faster-whisper" else "whisper"
    config = TranscribeConfig(engine=chosen, model=args.model, device=args.device, batch_size=args.batch_size)
    transcriber = Transcriber(load_engine(config), SpeechDetector())
    start = time.perf_counter()
    transcripts = transcriber.transcribe([call.channels for call in calls])
    return transcripts, time.perf_counter() - start, transcriber.engine.model


def _transcribe_plainly(args: argparse.Namespace, calls: Sequence[TrueCall]) -> tuple[list[CallTranscript], float, str]:
    device = choose_device(args.device)
    weights = resolve_whisper(args.model, device=device)
    model = load_whisper(weights, device)
    transcripts = []
    start = time.perf_counter()
    for call in calls:
        segments: list[Segment] = []
        for channel in call.channels:
            samples = channel.samples.astype("float32") / 32768.0
            heard = model.transcribe(samples, language="en", temperature=0.0, fp16=device.startswith("cuda"))
            segments += [
                Segment(channel.index, channel.role, part["start"], part["end"], part["text"])
                for part in heard["segments"]
            ]
        segments.sort(key=lambda segment: segment.start)
        transcripts.append(CallTranscript(tuple(segments), (), (), (), "en"))
    return transcripts, time.perf_counter() - start, weights.name


def _print_texts(calls: Sequence[TrueCall], transcripts: Sequence[CallTranscript]) -> None:
    for call, transcript in zip(calls, transcripts, strict=True):
        print(f"\n{call.name} {' '.join(transcript.flags)}")
        for turn in build_turns(transcript.segments):
            print(f"{turn.start:8.2f} {turn.end:8.2f}  {turn.role:9} {turn.text}")
        for segment in transcript.segments:
            if segment.dropped:
                print(f"{segment.start:8.2f} {segment.end:8.2f}  dropped ({segment.dropped}): {segment.text}")


def _print_reports(reports: Sequence[Report], *, as_json: bool) -> None:
    if as_json:
        for report in reports:
            print(json.dumps({**asdict(report), "rtfx": report.rtfx}))
        return
    print(f"\n{'engine':15} {'model':10} {'WER':>6} {'words':>6} {'RTFx':>6} {'turn starts: median':>20} {'95 %':>6}"
          f" {'bias':>6} {'joined':>9} {'dropped':>8} {'lost':>6}")  # fmt: skip
    for report in reports:
        times = [report.start_error_median_s, report.start_error_p95_s, report.start_bias_s]
        median, p95, bias = ("-" if value is None else f"{value:.2f} s" for value in times)
        print(
            f"{report.engine:15} {report.model:10} {report.wer:6.2%} {report.words:6} {report.rtfx:6.1f} {median:>20}"
            f" {p95:>6} {bias:>6} {report.joined:4}/{report.turns:<4} {report.dropped:8} {report.lost_s:4.1f} s"
        )
    first = reports[0]
    print(f"{first.recordings} recordings, {first.audio_s:.0f} s; {os.cpu_count()} processor cores")
