"""`python -m evals asr-bench`: the speed of the recognisers, measured in turns, and the memory of a long recording.

All variants hear the same channels, from arrays in memory to segments, finding the speech included, loading not; one
after the other, round after round, so that a machine's moods meet all of them. faster-whisper is its own
BatchedInferencePipeline (beam 1, timestamps, its own detector of speech, a channel at a time) at its best batch size;
openai-whisper is its `transcribe`. Ours always places every word, so that its time stands against both of theirs. The
ratio of two variants is the median of the rounds' ratios; the slow ones, float32 and openai-whisper, run in the first
round only.

`--hours H` measures memory instead: one two-channel recording of that length, the calls repeated, in a memory map.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from coach.types import Role
from evals.recordings import DEMO_CALLS, TrueCall, read_corpus, read_manifest
from ingest.channels import Channel
from ingest.speech import SAMPLE_RATE, SpeechDetector
from ingest.transcribe import Transcriber
from ingest.weights import WhisperWeights, ctranslate2_folder, load_whisper, resolve_whisper
from ingest.whisper import WhisperEngine
from ingest.windows import pack

BATCHES = (8, 16, 32)
TRIED_CALLS = 2  # with which the best batch size is found
SIDES: tuple[Role, Role] = ("agent", "customer")

Run = Callable[[Sequence[TrueCall]], None]


def main(argv: Sequence[str]) -> int:
    args = _parser().parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        calls = _calls(args, Path(folder))
        if args.hours:
            report = measure_memory(calls, args.hours, Path(folder), resolve_whisper(args.model, device="cpu"))
        else:
            report = measure_speed(calls, args)
    print(json.dumps(report) if args.json else json.dumps(report, indent=1))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals asr-bench", description="Speed in turns; memory.")
    parser.add_argument("--corpus", type=Path, help="a folder made by asr-corpus; default: the demo calls")
    parser.add_argument("--share", type=float, default=1.0, help="of the corpus")
    parser.add_argument("--model", help="name or path")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="default: as many as torch takes")
    parser.add_argument(
        "--skip", nargs="*", default=[], choices=["float32", "openai-whisper"], help="peers to leave out"
    )
    parser.add_argument("--hours", type=float, default=0.0, help="measure memory over so many hours instead")
    parser.add_argument("--json", action="store_true")
    return parser


def _calls(args: argparse.Namespace, folder: Path) -> list[TrueCall]:
    if args.corpus is None:
        return read_manifest(DEMO_CALLS, folder)
    return read_corpus(args.corpus, part="test", share=args.share)


def measure_speed(calls: Sequence[TrueCall], args: argparse.Namespace) -> dict[str, Any]:
    """Medians of wall time per variant, ratios to faster-whisper int8, and the floor of our arithmetic."""
    weights = resolve_whisper(args.model, device="cpu")
    variants = _variants(weights, calls, args.skip)
    walls: dict[str, list[float]] = {name: [] for name in variants}
    for name in ("torch", "native"):
        variants[name](calls)  # the processor's code for every shape is made once
    for number in range(args.rounds):
        for name, run in variants.items():
            if number == 0 or ("float32" not in name and name != "openai-whisper"):
                walls[name].append(_timed(partial(run, calls)))
                print(f"{name}: {walls[name][-1]:.1f} s", file=sys.stderr, flush=True)
    audio_s = sum(call.duration_s for call in calls)
    return {
        "audio_s": round(audio_s, 1),
        "threads": torch.get_num_threads(),
        "wall_s": {name: round(median(times), 2) for name, times in walls.items()},
        "rtfx": {name: round(audio_s / median(times), 1) for name, times in walls.items()},
        "rounds": {name: [round(t, 2) for t in times] for name, times in walls.items()},
        "ratios": _ratios(walls),
        "floor": floor(calls, weights, walls),
    }


def _ratios(walls: dict[str, list[float]]) -> dict[str, float]:
    """How many times as fast as faster-whisper int8 ours is, with segment times and with word times."""
    return {
        f"{ours} to {peer}": round(median(b / a for a, b in zip(walls[ours], walls[peer], strict=False)), 2)
        for ours in ("torch", "native")
        for peer in walls
        if peer not in ("torch", "native")
    }


def _variants(weights: WhisperWeights, calls: Sequence[TrueCall], skip: Sequence[str]) -> dict[str, Run]:
    detector = SpeechDetector()
    variants: dict[str, Run] = {}
    for name in ("torch", "native"):
        variants[name] = _ours(Transcriber(WhisperEngine(weights, native=name == "native"), detector))
    for kind in sorted({"int8", "float32"} - set(skip), reverse=True):
        hear = _faster_whisper(weights, kind)
        tried = {size: _timed(partial(hear, calls[:TRIED_CALLS], size, False)) for size in BATCHES}
        batch = min(tried, key=lambda size: tried[size])
        for words, told in ((False, "segment"), (True, "word")):
            variants[f"faster-whisper {kind} batch {batch} {told} times"] = _at(hear, batch, words)
    if "openai-whisper" not in skip:
        variants["openai-whisper"] = _openai_whisper(weights)
    return variants


def _ours(transcriber: Transcriber) -> Run:
    def run(calls: Sequence[TrueCall]) -> None:
        transcriber.transcribe([call.channels for call in calls])

    return run


def _faster_whisper(weights: WhisperWeights, kind: str) -> Callable[[Sequence[TrueCall], int, bool], None]:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    folder, threads = str(ctranslate2_folder(weights)), torch.get_num_threads()
    model = WhisperModel(folder, device="cpu", compute_type=kind, cpu_threads=threads, local_files_only=True)
    pipeline = BatchedInferencePipeline(model)

    def hear(calls: Sequence[TrueCall], batch: int, words: bool) -> None:
        for sound in _sounds(calls):
            segments, _ = pipeline.transcribe(
                sound, language="en", beam_size=1, batch_size=batch, without_timestamps=False, word_timestamps=words
            )
            for _ in segments:
                pass

    return hear


def _at(hear: Callable[[Sequence[TrueCall], int, bool], None], batch: int, words: bool) -> Run:
    return lambda calls: hear(calls, batch, words)


def _openai_whisper(weights: WhisperWeights) -> Run:
    model = load_whisper(weights, "cpu")

    def run(calls: Sequence[TrueCall]) -> None:
        for sound in _sounds(calls):
            model.transcribe(sound, language="en", temperature=0.0, fp16=False)

    return run


def _sounds(calls: Sequence[TrueCall]) -> Iterator[np.ndarray]:
    for call in calls:
        for channel in call.channels:
            yield np.asarray(channel.samples, dtype=np.float32) / 32768.0


def _timed(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def floor(calls: Sequence[TrueCall], weights: WhisperWeights, walls: dict[str, list[float]]) -> dict[str, Any]:
    """What the encoder's and the sound's matrix products alone would take at this machine's bfloat16 speed.

    Formulas: docs/speed.md. The decoder's tokens, the detector and everything that is no product are not in it.
    """
    dims = load_whisper(weights, "cpu").dims
    detector = SpeechDetector()
    lengths = [
        window.duration_s
        for call in calls
        for channel in call.channels
        for window in pack(detector.detect(channel.samples), duration_s=len(channel.samples) / SAMPLE_RATE)
    ]
    state, layers = dims.n_audio_state, dims.n_audio_layer
    flops = 0.0
    for length in lengths:
        n = min(1500.0, 50 * (length + 1))
        flops += 2 * n * (2 * 3 * dims.n_mels * state + 3 * state * state + layers * 12 * state * state)
        flops += layers * 4 * n * n * state + dims.n_text_layer * 4 * n * state * dims.n_text_state
    speed = _product_speed(state)
    ours = {name: median(walls[name]) for name in ("torch", "native")}
    return {
        "windows": len(lengths),
        "gflop": round(flops / 1e9),
        "gflop_per_s": round(speed / 1e9),
        "floor_s": round(flops / speed, 2),
        "share_reached": {name: round(flops / speed / wall, 3) for name, wall in ours.items()},
    }


@torch.inference_mode()
def _product_speed(state: int) -> float:
    """FLOP/s of the encoder's widest layer over a full window, weights packed; the best of 20."""
    weight, bias = torch.randn(4 * state, state).bfloat16(), torch.zeros(4 * state).bfloat16()
    x = torch.randn(1500, state).bfloat16()
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, 16)
    best = min(_timed(lambda: torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")) for _ in range(20))
    return 2 * 1500 * state * 4 * state / best


def measure_memory(calls: Sequence[TrueCall], hours: float, folder: Path, weights: WhisperWeights) -> dict[str, Any]:
    """Peak memory over that of the loaded model, in GiB: all of it, and what is not pages of the mapped recording."""
    channels = tuple(_long_channel(calls, side, hours, folder / f"{side}.pcm") for side in (0, 1))
    transcriber = Transcriber(WhisperEngine(weights), SpeechDetector())
    transcriber.transcribe([[]])
    loaded = _resident()
    start = time.perf_counter()
    with _watched() as peaks:
        [transcript] = transcriber.transcribe([channels])
    return {
        "hours": hours,
        "wall_s": round(time.perf_counter() - start, 1),
        "segments": len(transcript.segments),
        "model_gib": round(sum(loaded) / 2**30, 2),
        "peak_over_model_gib": round((peaks["all"] - sum(loaded)) / 2**30, 2),
        "peak_over_model_without_mapped_gib": round((peaks["anonymous"] - loaded[0]) / 2**30, 2),
    }


def _long_channel(calls: Sequence[TrueCall], side: int, hours: float, file: Path) -> Channel:
    wanted = round(hours * 3600 * SAMPLE_RATE)
    with file.open("wb") as out:
        written = 0
        while written < wanted:
            for call in calls:
                samples = np.asarray(call.channels[side].samples)[: wanted - written]
                samples.astype("<i2").tofile(out)
                written += len(samples)
    return Channel(side, SIDES[side], np.memmap(file, dtype="<i2", mode="r", shape=(wanted,)))


def _resident() -> tuple[int, int]:
    """Bytes of this process that are its own, and that are pages of files (Linux)."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    own, mapped = (int(fields[name].split()[0]) * 1024 for name in ("RssAnon", "RssFile"))
    return own, mapped


@contextmanager
def _watched() -> Iterator[dict[str, int]]:
    peaks = {"all": 0, "anonymous": 0}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            own, mapped = _resident()
            peaks["all"], peaks["anonymous"] = max(peaks["all"], own + mapped), max(peaks["anonymous"], own)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()
