"""`python -m evals asr-accuracy --corpus OUT`: is our recogniser as accurate as faster-whisper's batched int8?

WER on the calls of `asr-corpus` by kind and telephone, and the difference of every recogniser to the last one named
with its 95 % interval (see evals/comparison.py). Asked: a difference of at most .3 points whose upper bound is at most
.8. On the real call that has no reference, the recognisers' WER against each other. What the other packages say is
kept in OUT/heard.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import permutations
from pathlib import Path
from typing import Any

import jiwer

from coach.config import TranscribeConfig
from evals.comparison import NORMALISER, Errors, comparable, compare, count_errors, heard_text, wer
from evals.recognisers import RECOGNISERS, recognise
from evals.recordings import TrueCall, read_corpus
from ingest.transcribe import CallTranscript

ASKED_DIFFERENCE, ASKED_UPPER = 0.003, 0.008
KINDS = ("real", "synthetic")


def main(argv: Sequence[str]) -> int:
    args = _parser().parse_args(argv)
    calls = read_corpus(args.corpus, part=args.part.replace("all", ""), share=args.share)
    real_call = read_corpus(args.corpus, kinds=("unreferenced",), reference="unreferenced.jsonl")
    config = TranscribeConfig(model=args.model, device=args.device)
    errors: dict[str, list[Errors]] = {}
    unreferenced: dict[str, list[str]] = {}
    for name in args.engine:
        heard = recognise(name, [*calls, *real_call], config, cache=args.corpus / "heard")
        said = heard.transcripts[: len(calls)]
        errors[name] = [count_errors(call, own) for call, own in zip(calls, said, strict=True)]
        unreferenced[name] = _texts(real_call, heard.transcripts[len(calls) :])
        if args.texts:
            _print_texts(calls, name, said)
    report = {
        "part": args.part,
        "share": args.share,
        "minutes": round(sum(call.duration_s for call in calls) / 60, 1),
        "normaliser": NORMALISER,
        "wer": {name: _by_kind(own) | _by_condition(calls, own) for name, own in errors.items()},
        "minus_" + args.engine[-1]: {
            name: _differences(errors[name], errors[args.engine[-1]]) for name in args.engine[:-1]
        },
        "unreferenced": _mutual(unreferenced),
    }
    _print(report, as_json=args.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals asr-accuracy", description="WER against faster-whisper's.")
    parser.add_argument("--corpus", type=Path, required=True, help="folder that asr-corpus built")
    parser.add_argument("--part", default="test", choices=["tuning", "test", "all"])
    parser.add_argument("--share", type=float, default=1.0, help="of the calls, for a quick look")
    parser.add_argument("--engine", nargs="+", default=["whisper", "faster-whisper"], choices=RECOGNISERS)
    parser.add_argument("--model", help="name or path; default as configured by default")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--texts", action="store_true", help="print what each made of every side")
    parser.add_argument("--json", action="store_true")
    return parser


def _by_kind(errors: Sequence[Errors]) -> dict[str, Any]:
    """WER and kinds of error, of each kind of call and together."""
    groups = {kind: [own for own in errors if own.kind == kind] for kind in KINDS} | {"together": list(errors)}
    return {
        kind: {
            "wer": round(wer(own), 4),
            "words": sum(call.words for call in own),
            "substitutions": sum(call.substitutions for call in own),
            "deletions": sum(call.deletions for call in own),
            "insertions": sum(call.insertions for call in own),
        }
        for kind, own in groups.items()
        if own
    }


def _by_condition(calls: Sequence[TrueCall], errors: Sequence[Errors]) -> dict[str, Any]:
    """WER by codec and by noise."""
    groups: dict[str, list[Errors]] = {}
    for call, own in zip(calls, errors, strict=True):
        codec, _, noise = call.condition.partition(" ")
        groups.setdefault(codec, []).append(own)
        groups.setdefault(noise.split(" ")[0] or "quiet", []).append(own)
    return {"condition": {name: round(wer(own), 4) for name, own in sorted(groups.items())}}


def _differences(errors: Sequence[Errors], others: Sequence[Errors]) -> dict[str, Any]:
    found = {}
    for kind in (*KINDS, "together"):
        chosen = [i for i, own in enumerate(errors) if kind in (own.kind, "together")]
        if chosen:
            result = compare([errors[i] for i in chosen], [others[i] for i in chosen])
            shown = {k: round(v, 5) if isinstance(v, float) else v for k, v in asdict(result).items()}
            found[kind] = {"difference": round(result.value, 5)} | shown
    return found


def _texts(calls: Sequence[TrueCall], transcripts: Sequence[CallTranscript]) -> list[str]:
    """Comparable text of every side."""
    return [
        comparable(heard_text(said, channel.role))
        for call, said in zip(calls, transcripts, strict=True)
        for channel in call.channels
    ]


def _mutual(texts: dict[str, list[str]]) -> dict[str, float]:
    """WER of each recogniser with each other one's text as the truth."""
    return {
        f"{one} against {other}": round(jiwer.process_words(texts[other], texts[one]).wer, 4)
        for one, other in permutations(texts, 2)
        if all(texts[other])
    }


def _print_texts(calls: Sequence[TrueCall], name: str, transcripts: Sequence[CallTranscript]) -> None:
    for call, said in zip(calls, transcripts, strict=True):
        for channel in call.channels:
            print(f"\n{call.name} {channel.role} ({call.condition})\n  true  {comparable(call.text_of(channel.role))}")
            print(f"  {name}  {comparable(heard_text(said, channel.role))}")


def _print(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report))
        return
    print(f"\n{report['part']} part, {report['minutes']} minutes; {report['normaliser']}", file=sys.stdout)
    for name, own in report["wer"].items():
        print(
            f"{name:22} " + "  ".join(f"{kind} {own[kind]['wer']:.2%}" for kind in (*KINDS, "together") if kind in own)
        )
        print(" " * 23 + "  ".join(f"{kind} {value:.2%}" for kind, value in own["condition"].items()))
    for key, rows in report.items():
        for name, differences in rows.items() if key.startswith("minus_") else ():
            for kind, found in differences.items():
                good = found["difference"] <= ASKED_DIFFERENCE and found["high"] <= ASKED_UPPER
                print(
                    f"{name} minus {key[6:]}, {kind}: {100 * found['difference']:+.2f} points (95 % interval "
                    f"{100 * found['low']:+.2f} to {100 * found['high']:+.2f}; {found['words']} words, "
                    f"{found['sources']} sources): {'as asked' if good else 'NOT as asked'}"
                )
    for pair, value in report["unreferenced"].items():
        print(f"real call without reference, {pair}: {value:.2%}")
