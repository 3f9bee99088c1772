"""Recognisers behind one interface: windows of sound in, segments with window times out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from coach.config import TranscribeConfig
from coach.errors import ConfigError, ModelError
from coach.types import Word
from ingest.vocabulary import NOTHING, Vocabulary, load_vocabulary
from ingest.weights import WhisperWeights, ctranslate2_folder, resolve_whisper

LOOKAHEAD = 64  # windows that faster-whisper's engine sorts by length
HARD_BEAMS = 5


@dataclass(frozen=True, slots=True)
class RawSegment:
    """What a recogniser heard, in seconds from the start of its window."""

    start: float
    end: float
    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    """Length of the text over its zlib-compressed length: high when it repeats itself."""
    words: tuple[Word, ...] = ()
    """In window time; empty from an engine that does not tell."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A window to be recognised."""

    key: object
    """Whatever tells the caller which window it is."""
    samples: np.ndarray
    """float32, 16 kHz, at most 30 s."""
    language: str | None
    """None means English."""
    hard: bool = False
    """Whether it came out badly before: worth more time."""


class Engine(Protocol):
    """A loaded recogniser."""

    name: str
    model: str
    vocabulary: Vocabulary
    """What it is told to expect."""

    def transcribe(self, sounds: Iterable[Sound]) -> Iterator[tuple[object, list[RawSegment]]]:
        """Every window's key and what is said in it, [] for silence, as soon as it is known, in any order.

        Windows are taken from `sounds` when there is room for them, never more than a few dozen ahead.
        """
        ...

    def detect_languages(self, windows: Sequence[np.ndarray]) -> list[dict[str, float]]:
        """Per window (float32, 16 kHz) the probability of every language the model knows."""
        ...


class FasterWhisperEngine:
    """faster-whisper (CTranslate2), batched, greedy; int8 on a CPU, float16 on CUDA."""

    name = "faster-whisper"

    def __init__(
        self,
        weights: WhisperWeights,
        *,
        device: str = "cpu",
        batch_size: int | None = None,
        vocabulary: Vocabulary = NOTHING,
    ) -> None:
        try:
            import faster_whisper
            from faster_whisper.transcribe import BatchedInferencePipeline
        except ImportError:
            raise ModelError("The faster-whisper engine needs: pip install faster-whisper.", code="no_engine") from None
        folder = ctranslate2_folder(weights)
        if not (folder / "tokenizer.json").is_file():  # faster-whisper would ask the hub for one
            raise ModelError(f"{folder} has no tokenizer.json, which faster-whisper needs.", code="no_weights")
        kind, _, index = device.partition(":")
        self.model = weights.name
        self._batch_size = batch_size or 16
        self.vocabulary = vocabulary
        self._model = faster_whisper.WhisperModel(
            str(folder),
            device=kind,
            device_index=int(index or 0),
            compute_type="float16" if kind == "cuda" else "int8",
            local_files_only=True,
        )
        self._pipeline = BatchedInferencePipeline(self._model)

    def transcribe(self, sounds: Iterable[Sound]) -> Iterator[tuple[object, list[RawSegment]]]:
        waiting = iter(sounds)
        while ahead := list(islice(waiting, LOOKAHEAD)):
            yield from ((sound.key, []) for sound in ahead if not len(sound.samples))
            for language in sorted({sound.language or "" for sound in ahead}):
                chosen = [sound for sound in ahead if (sound.language or "") == language and len(sound.samples)]
                chosen.sort(key=lambda sound: -len(sound.samples))
                for at in range(0, len(chosen), self._batch_size):
                    yield from self._transcribe_batch(chosen[at : at + self._batch_size], language or None)

    def detect_languages(self, windows: Sequence[np.ndarray]) -> list[dict[str, float]]:
        if not self._model.model.is_multilingual:
            return [{"en": 1.0} for _ in windows]
        return [dict(self._model.detect_language(audio=window)[2]) for window in windows]

    def _transcribe_batch(
        self, sounds: Sequence[Sound], language: str | None
    ) -> Iterator[tuple[object, list[RawSegment]]]:
        """Lays the windows end to end, since the pipeline takes one sound and the clips in it."""
        edges = np.cumsum([0, *(len(sound.samples) for sound in sounds)]) / 16_000
        clips = [{"start": start, "end": end} for start, end in pairwise(edges.tolist())]
        segments, _ = self._pipeline.transcribe(
            np.concatenate([sound.samples for sound in sounds]),
            language=language,
            clip_timestamps=clips,
            batch_size=self._batch_size,
            beam_size=HARD_BEAMS if any(sound.hard for sound in sounds) else 1,
            initial_prompt=self.vocabulary.prompt or None,
            without_timestamps=False,
            word_timestamps=True,  # without them a segment cannot be split rightly where a pause was left out
        )
        heard: list[list[RawSegment]] = [[] for _ in sounds]
        for segment in segments:
            # `seek` is the clip's start in frames of 10 ms, cut off: the clip whose start is closest.
            clip = int(np.argmin(np.abs(edges[:-1] - segment.seek / 100)))
            if segment.text.strip():
                heard[clip].append(_raw(segment, float(edges[clip]), float(edges[clip + 1] - edges[clip])))
        yield from zip((sound.key for sound in sounds), heard, strict=True)


def _raw(segment: Any, offset: float, length: float) -> RawSegment:
    """faster-whisper's segment in the time of its clip."""
    start, end = (min(max(time - offset, 0.0), length) for time in (segment.start, segment.end))
    return RawSegment(
        start=start,
        end=max(start, end),
        text=segment.text,
        avg_logprob=segment.avg_logprob,
        no_speech_prob=segment.no_speech_prob,
        compression_ratio=segment.compression_ratio,
        words=tuple(Word(word.word, word.start - offset, word.end - offset) for word in segment.words or ()),
    )


def choose_devices(devices: str) -> tuple[str, ...]:
    """The devices named, with commas between; "auto" is every CUDA device here, else the CPU. ConfigError as below."""
    import torch

    if devices.strip() == "auto":
        return tuple(f"cuda:{index}" for index in range(torch.cuda.device_count())) or ("cpu",)
    return tuple(choose_device(device.strip()) for device in devices.split(","))


def choose_device(device: str) -> str:
    """The device named; "auto" is CUDA if there is one, else the CPU. ConfigError for one that is not here."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise ConfigError(
            f"transcribe.device: {device!r} is no device; write auto, cpu, cuda, cuda:1 or cuda:0,cuda:1."
        ) from None
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise ConfigError(f"transcribe.device: there is no {device} on this machine; write auto or cpu.")
    return device


def find_weights(config: TranscribeConfig, device: str) -> WhisperWeights:
    """The configured model's weights, or those that suit the device. ModelError when they are missing."""
    return resolve_whisper(
        config.model,
        device=device,
        cache_dir=Path(config.cache_dir).expanduser() if config.cache_dir else None,
        allow_download=config.allow_download,
    )


def load_engine(config: TranscribeConfig) -> Engine:
    """The configured recogniser, loaded.

    Raises ModelError when its weights or package are missing, ConfigError for a language that Whisper does not know.
    """
    from whisper.tokenizer import LANGUAGES

    from ingest.whisper import WhisperEngine

    if config.language is not None and config.language not in LANGUAGES:
        raise ConfigError(f"{config.language!r} is no language code that Whisper knows; en, de, fr ... are.")

    device = choose_device(config.device)
    weights = find_weights(config, device)
    vocabulary = load_vocabulary(config.vocabulary, multilingual=not weights.name.endswith(".en"))
    if config.engine == "faster-whisper":
        return FasterWhisperEngine(weights, device=device, batch_size=config.batch_size, vocabulary=vocabulary)
    engine = WhisperEngine(weights, device=device, rows=config.batch_size, vocabulary=vocabulary)
    if config.language is not None and config.language not in engine.languages:
        raise ConfigError(f"transcribe.language: the model {engine.model} does not know {config.language!r}.")
    return engine
