"""`python -m evals asr-times --corpus OUT`: whether turns and words are heard when they are said.

On the calls of `asr-corpus`: turn starts against the onset of each turn's sound (the first 10 ms above -40 dB of its
peak), word starts against the synthesisers' alignments and the onsets of single recorded words, the order of turns,
and what becomes of turns that overlap. Asked: turn starts within .2 s (median) and .6 s (95th percentile), words
within .15 s (median), at least 99 % of neighbouring turns in order.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coach.config import TranscribeConfig
from evals.recognisers import RECOGNISERS, recognise
from evals.recordings import Kind, read_corpus
from evals.word_times import Times, measure_times, spread_of

KINDS: tuple[Kind, ...] = ("real", "synthetic", "words")


def main(argv: Sequence[str]) -> int:
    args = _parser().parse_args(argv)
    calls = read_corpus(args.corpus, part=args.part.replace("all", ""), kinds=KINDS, share=args.share)
    config = TranscribeConfig(model=args.model, device=args.device)
    for name in args.engine:
        heard = recognise(name, calls, config, word_times=True, cache=args.corpus / "heard")
        report: dict[str, Any] = {"engine": name, "model": heard.model, "part": args.part, "share": args.share}
        for kind in KINDS:
            own = [i for i, call in enumerate(calls) if call.kind == kind]
            if own:
                found = measure_times([calls[i] for i in own], [heard.transcripts[i] for i in own])
                report[kind] = described(found)
        found = measure_times(calls, heard.transcripts)
        report["together"] = described(found)
        print(json.dumps(report) if args.json else "\n".join(_lines(report)))
        for error, call, start, text in sorted(found.late_turns, key=lambda turn: -abs(turn[0]))[: args.worst]:
            print(f"{error:+6.2f} s  {call} at {start:.2f} s: {text}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals asr-times", description="Times of turns and words.")
    parser.add_argument("--corpus", type=Path, required=True, help="folder that asr-corpus built")
    parser.add_argument("--part", default="test", choices=["tuning", "test", "all"])
    parser.add_argument("--share", type=float, default=1.0, help="of the calls, for a quick look")
    parser.add_argument("--engine", nargs="+", default=["whisper"], choices=RECOGNISERS)
    parser.add_argument("--model", help="name or path; default as configured by default")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--worst", type=int, default=0, help="print that many turns with the worst starts")
    parser.add_argument("--json", action="store_true")
    return parser


def described(found: Times) -> dict[str, Any]:
    """The figures asked for; shares are None where there is nothing to share."""
    return {
        "turn_starts_s": spread_of(found.turn_starts),
        "turn_starts_in_overlaps_s": spread_of(found.overlapped_starts),
        "turns_joined": found.joined,
        "word_starts_s": spread_of(found.word_starts),
        "word_starts_in_overlaps_s": spread_of(found.overlapped_words),
        "order": _share(found.in_order, found.ordered),
        "overlaps_with_both_sides_kept": _share(found.both_kept, found.overlaps),
        "words_heard_in_overlaps": _share(found.overlapped_heard, found.overlapped_total),
        "words_heard_elsewhere": _share(found.clear_heard, found.clear_total),
    }


def _share(n: int, of: int) -> dict[str, Any]:
    return {"n": n, "of": of, "share": round(n / of, 4) if of else None}


def _lines(report: dict[str, Any]) -> list[str]:
    lines = [f"\n{report['engine']}, {report['model']}, {report['part']} part"]
    for kind in (*KINDS, "together"):
        for name, value in report.get(kind, {}).items():
            if isinstance(value, int):
                shown = str(value)
            elif "share" in value:
                shown = "-" if value["share"] is None else f"{value['share']:.2%} ({value['n']} of {value['of']})"
            elif value["n"]:
                shown = f"median {value['median']:.2f} s, 95 % {value['p95']:.2f} s, bias {value['bias']:+.2f} s"
                shown += f" (n = {value['n']})"
            else:
                shown = "-"
            lines.append(f"{kind:10} {name.replace('_', ' '):32} {shown}")
    return lines
