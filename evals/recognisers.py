"""The recognisers that are compared, each as its users run it, over whole calls.

"whisper" is Callcoach's own engine and "faster-whisper-engine" faster-whisper behind Callcoach's windows and guards,
both as `coach run` has them. "faster-whisper" is that package's own BatchedInferencePipeline in int8 at its defaults
(its own detector of speech, batch 16) but for beam 1, and "openai-whisper" that package's `transcribe` at temperature
0: a channel at a time, in English, nothing guarded.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from coach.config import TranscribeConfig
from coach.types import Segment, Word
from evals.recordings import TrueCall
from ingest.channels import Channel
from ingest.engines import choose_device, load_engine
from ingest.speech import SpeechDetector
from ingest.transcribe import CallTranscript, Transcriber
from ingest.weights import ctranslate2_folder, load_whisper, resolve_whisper

Recogniser = Literal["whisper", "faster-whisper-engine", "faster-whisper", "openai-whisper"]
RECOGNISERS: tuple[Recogniser, ...] = get_args(Recogniser)
FASTER_WHISPER_SETTINGS = {"language": "en", "beam_size": 1, "batch_size": 16}
WORD_TIMES = {"word_timestamps": True, "without_timestamps": False}
OPENAI_SETTINGS = {"language": "en", "temperature": 0.0}

Hear = Callable[[np.ndarray], list[Segment]]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one recogniser made of some calls."""

    recogniser: Recogniser
    model: str
    transcripts: tuple[CallTranscript, ...]
    wall_s: float | None
    """Seconds from decoded sound to segments; None where a part came from the cache."""


def recognise(
    recogniser: Recogniser,
    calls: Sequence[TrueCall],
    config: TranscribeConfig,
    *,
    word_times: bool = False,
    cache: Path | None = None,
) -> Heard:
    """The calls as that recogniser hears them, in order.

    `word_times` asks the other packages for word times, which they compute only then. `cache` is a folder where what
    these packages said is kept, by their version, model and settings and by the sound; our own is never kept.
    """
    if recogniser in ("whisper", "faster-whisper-engine"):
        engine: Literal["whisper", "faster-whisper"] = "whisper" if recogniser == "whisper" else "faster-whisper"
        loaded = load_engine(replace(config, engine=engine))
        transcriber = Transcriber(loaded, SpeechDetector())
        start = time.perf_counter()
        transcripts = transcriber.transcribe([call.channels for call in calls])
        return Heard(recogniser, loaded.model, tuple(transcripts), time.perf_counter() - start)
    return _recognise_theirs(recogniser, calls, config, word_times, cache)


def _recognise_theirs(
    recogniser: Recogniser, calls: Sequence[TrueCall], config: TranscribeConfig, word_times: bool, cache: Path | None
) -> Heard:
    """A recogniser that is not ours, loaded when the first channel is not in the cache."""
    faster = recogniser == "faster-whisper"
    settings: dict[str, Any] = dict(FASTER_WHISPER_SETTINGS if faster else OPENAI_SETTINGS)
    if word_times:
        settings |= WORD_TIMES if faster else {"word_timestamps": True}
    device = choose_device(config.device)
    weights = resolve_whisper(config.model, device=device)
    load = _load_faster_whisper if faster else _load_openai_whisper
    hear: Hear | None = None
    wall_s: float | None = 0.0
    key = [recogniser, version(recogniser), weights.name, device.partition(":")[0], settings]
    transcripts = []
    for call in calls:
        segments: list[Segment] = []
        for channel in call.channels:
            file = _cache_file(cache, key, channel.samples)
            if file is not None and file.is_file():
                said, wall_s = _read(file), None
            else:
                hear = hear or load(weights, device, settings)
                start = time.perf_counter()
                said = hear(np.asarray(channel.samples, dtype=np.float32) / 32768.0)
                wall_s = None if wall_s is None else wall_s + time.perf_counter() - start
                _write(file, said)
            segments += [_of(channel, segment) for segment in said]
        segments.sort(key=lambda segment: (segment.start, segment.end))
        transcripts.append(CallTranscript(tuple(segments), (), (), (), "en"))
    return Heard(recogniser, weights.name, tuple(transcripts), wall_s)


def _load_faster_whisper(weights: Any, device: str, settings: dict[str, Any]) -> Hear:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    kind, _, index = device.partition(":")
    model = WhisperModel(
        str(ctranslate2_folder(weights)),
        device=kind,
        device_index=int(index or 0),
        compute_type="float16" if kind == "cuda" else "int8",
        local_files_only=True,
    )
    pipeline = BatchedInferencePipeline(model)

    def hear(samples: np.ndarray) -> list[Segment]:
        segments, _ = pipeline.transcribe(samples, **settings)
        return [
            Segment(
                0,
                "unknown",
                float(segment.start),
                float(segment.end),
                segment.text,
                words=tuple(Word(word.word, float(word.start), float(word.end)) for word in segment.words or ()),
            )
            for segment in segments
        ]

    return hear


def _load_openai_whisper(weights: Any, device: str, settings: dict[str, Any]) -> Hear:
    model = load_whisper(weights, device)

    def hear(samples: np.ndarray) -> list[Segment]:
        heard = model.transcribe(samples, fp16=device.startswith("cuda"), **settings)
        return [
            Segment(
                0,
                "unknown",
                float(part["start"]),
                float(part["end"]),
                part["text"],
                words=tuple(
                    Word(word["word"], float(word["start"]), float(word["end"])) for word in part.get("words", ())
                ),
            )
            for part in heard["segments"]
        ]

    return hear


def _of(channel: Channel, segment: Segment) -> Segment:
    return Segment(channel.index, channel.role, segment.start, segment.end, segment.text, words=segment.words)


def _cache_file(cache: Path | None, key: Sequence[object], samples: np.ndarray) -> Path | None:
    if cache is None:
        return None
    drawn = hashlib.sha256(json.dumps(key).encode())
    drawn.update(np.ascontiguousarray(samples).tobytes())
    return cache / f"{key[0]}-{drawn.hexdigest()[:24]}.json"


def _read(file: Path) -> list[Segment]:
    rows = json.loads(file.read_text(encoding="utf-8"))
    return [
        Segment(0, "unknown", row["start"], row["end"], row["text"], words=tuple(Word(*word) for word in row["words"]))
        for row in rows
    ]


def _write(file: Path | None, segments: Sequence[Segment]) -> None:
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"start": s.start, "end": s.end, "text": s.text, "words": [list(asdict(word).values()) for word in s.words]}
        for s in segments
    ]
    partial = file.with_suffix(".part")
    partial.write_text(json.dumps(rows), encoding="utf-8")
    partial.replace(file)
