"""`python -m evals asr`: what the recognisers make of all clips: words, inventions, coverage, speed and turn starts.

WER is jiwer's after whisper's EnglishTextNormalizer, over all words of all recordings that have a reference together.
RTFx is seconds of recording (both channels of a call count once) per second of wall time, from decoded sound to
segments; loading is not counted. A turn's start is compared where its first words begin a transcribed turn; where they
do not, it counts as joined to another. With --nonspeech, also the accepted words a minute where nobody speaks; with
--cut, how many of that many recordings are flagged once the last 40 % of their bytes are gone.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from coach.config import InboxConfig, TranscribeConfig
from coach.errors import InputError
from evals.asr_scores import Report, invented, measure
from evals.nonspeech import nonspeech
from evals.recognisers import RECOGNISERS, Heard, recognise
from evals.recordings import DEMO_CALLS, TrueCall, compose, read_manifest
from ingest.audio import decode
from ingest.turns import build_turns

KEPT_SHARE = 0.6  # of a recording that is cut


def main(argv: Sequence[str]) -> int:
    args = _parser().parse_args(argv)
    config = TranscribeConfig(model=args.model, device=args.device, batch_size=args.batch_size)
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        calls = read_manifest(args.manifest, Path(folder), only=args.only, unreferenced=not args.compose)
        if args.compose:
            calls = compose(calls, args.seed)
        calls = calls[: max(1, round(args.share * len(calls)))]
        silent = list(nonspeech(args.music)) if args.nonspeech else []
        for engine in args.engine:
            heard = recognise(engine, calls, config)
            report = measure(engine, heard.model, calls, heard.transcripts, heard.wall_s)
            words = invented(silent, recognise(engine, silent, config).transcripts) if silent else {}
            reports.append((report, words))
            if args.texts:
                _print_texts(calls, heard)
    cut = count_flagged(args.manifest, args.cut) if args.cut else None
    _print_reports(reports, cut, as_json=args.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals asr", description="WER, inventions, coverage, turn times.")
    parser.add_argument("--manifest", type=Path, default=DEMO_CALLS, help="recordings with a reference")
    parser.add_argument("--only", default="", help="of a JSON list, the entries whose kind contains this")
    parser.add_argument("--engine", nargs="+", default=["whisper"], choices=RECOGNISERS)
    parser.add_argument("--model", help="name or path; default as configured by default")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch-size", type=int, default=TranscribeConfig.batch_size)
    parser.add_argument("--compose", action="store_true", help="make two-channel calls of the clips first")
    parser.add_argument("--seed", type=int, default=7, help="of the composition")
    parser.add_argument("--share", type=float, default=1.0, help="of the recordings, for a quick look")
    parser.add_argument("--nonspeech", action="store_true", help="also sound in which nobody speaks")
    parser.add_argument("--music", type=Path, help="for --nonspeech: folder of music, as asterisk-moh-opsound-wav has")
    parser.add_argument("--cut", type=int, default=0, help="cut that many recordings and count those flagged")
    parser.add_argument("--texts", action="store_true", help="print the turns as well")
    parser.add_argument("--json", action="store_true")
    return parser


def count_flagged(manifest: Path, count: int) -> tuple[int, int]:
    """How many of at most `count` recordings beside a manifest are flagged when cut short, and how many were cut."""
    folders = (manifest.parent, manifest.parent / "calls")
    files = [file for folder in folders for file in sorted(folder.glob("*")) if file.suffix in (".wav", ".ogg")][:count]
    flagged = 0
    with tempfile.TemporaryDirectory() as folder:
        for i, file in enumerate(files):
            cut = Path(folder) / f"{i}{file.suffix}"
            content = file.read_bytes()
            cut.write_bytes(content[: round(KEPT_SHARE * len(content))])
            try:
                flagged += "truncated" in decode(cut, Path(folder) / f"{i}.pcm", InboxConfig()).flags
            except InputError:
                continue  # set aside is not flagged
    return flagged, len(files)


def _print_texts(calls: Sequence[TrueCall], heard: Heard) -> None:
    for call, transcript in zip(calls, heard.transcripts, strict=True):
        print(f"\n{call.name} {' '.join((*call.flags, *transcript.flags))}")
        for turn in build_turns(transcript.segments):
            print(f"{turn.start:8.2f} {turn.end:8.2f}  {turn.role:9} {turn.text}")
        for segment in transcript.segments:
            if segment.dropped:
                print(f"{segment.start:8.2f} {segment.end:8.2f}  dropped ({segment.dropped}): {segment.text}")


def _print_reports(
    reports: Sequence[tuple[Report, dict[str, float]]], cut: tuple[int, int] | None, *, as_json: bool
) -> None:
    if as_json:
        for report, words in reports:
            shown = asdict(report) | {"rtfx": report.rtfx, "invented_words_per_minute": words, "cut_and_flagged": cut}
            print(json.dumps(shown))
        return
    print(f"\n{'engine':22} {'model':10} {'WER':>6} {'words':>6} {'RTFx':>6} {'turn starts: median':>20} {'95 %':>6}"
          f" {'bias':>6} {'joined':>9} {'dropped':>8} {'covered':>8} {'lost':>6} {'truncated':>9}")  # fmt: skip
    for report, _ in reports:
        times = [report.start_error_median_s, report.start_error_p95_s, report.start_bias_s]
        median, p95, bias = ("-" if value is None else f"{value:.2f} s" for value in times)
        rtfx = "-" if report.rtfx is None else f"{report.rtfx:.1f}"
        covered = "-" if report.coverage is None else f"{report.coverage:.1%}"
        print(
            f"{report.engine:22} {report.model:10} {report.wer:6.2%} {report.words:6} {rtfx:>6} {median:>20}"
            f" {p95:>6} {bias:>6} {report.joined:4}/{report.turns:<4} {report.dropped:8} {covered:>8}"
            f" {report.lost_s:4.1f} s {report.truncated:9}"
        )
    for report, words in reports:
        for name, rate in words.items():
            print(f"{report.engine:22} {name:40} {rate:6.2f} words a minute accepted where nobody speaks")
    if cut:
        print(f"{cut[0]} of {cut[1]} recordings that were cut short are flagged as truncated")
    first = reports[0][0]
    print(f"{first.recordings} recordings, {first.audio_s:.0f} s; {os.cpu_count()} processor cores")
