"""Recognisers behind one interface: windows of sound in, segments with window times out."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from coach.config import TranscribeConfig
from coach.errors import ConfigError, ModelError
from coach.types import Word
from ingest.weights import WhisperWeights, ctranslate2_folder, resolve_whisper


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


class Engine(Protocol):
    """A loaded recogniser."""

    name: str
    model: str

    def transcribe(self, windows: Sequence[np.ndarray], *, languages: Sequence[str | None]) -> list[list[RawSegment]]:
        """Per window what is said in it, in order; [] for silence.

        `windows`: float32, 16 kHz, at most 30 s each. `languages`: one code a window; None leaves it to the model.
        """
        ...

    def detect_languages(self, windows: Sequence[np.ndarray]) -> list[dict[str, float]]:
        """Per window the probability of every language the model knows."""
        ...


class FasterWhisperEngine:
    """faster-whisper (CTranslate2), batched, greedy; int8 on a CPU, float16 on CUDA."""

    name = "faster-whisper"

    def __init__(self, weights: WhisperWeights, *, device: str = "cpu", batch_size: int = 16) -> None:
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
        self._batch_size = batch_size
        self._model = faster_whisper.WhisperModel(
            str(folder),
            device=kind,
            device_index=int(index or 0),
            compute_type="float16" if kind == "cuda" else "int8",
            local_files_only=True,
        )
        self._pipeline = BatchedInferencePipeline(self._model)

    def transcribe(self, windows: Sequence[np.ndarray], *, languages: Sequence[str | None]) -> list[list[RawSegment]]:
        heard: list[list[RawSegment]] = [[] for _ in windows]
        for language in sorted({language or "" for language in languages}):
            chosen = [i for i, own in enumerate(languages) if (own or "") == language and len(windows[i])]
            for at in range(0, len(chosen), self._batch_size):
                self._transcribe_batch(windows, chosen[at : at + self._batch_size], language or None, heard)
        return heard

    def detect_languages(self, windows: Sequence[np.ndarray]) -> list[dict[str, float]]:
        if not self._model.model.is_multilingual:
            return [{"en": 1.0} for _ in windows]
        return [dict(self._model.detect_language(audio=window)[2]) for window in windows]

    def _transcribe_batch(
        self, windows: Sequence[np.ndarray], chosen: Sequence[int], language: str | None, heard: list[list[RawSegment]]
    ) -> None:
        """Lays the windows end to end, since the pipeline takes one sound and the clips in it."""
        edges = np.cumsum([0, *(len(windows[i]) for i in chosen)]) / 16_000
        clips = [{"start": start, "end": end} for start, end in pairwise(edges.tolist())]
        segments, _ = self._pipeline.transcribe(
            np.concatenate([windows[i] for i in chosen]),
            language=language,
            clip_timestamps=clips,
            batch_size=self._batch_size,
            beam_size=1,
            without_timestamps=False,
            word_timestamps=True,  # without them a segment cannot be split rightly where a pause was left out
        )
        for segment in segments:
            # `seek` is the clip's start in frames of 10 ms, cut off: the clip whose start is closest.
            clip = int(np.argmin(np.abs(edges[:-1] - segment.seek / 100)))
            offset, length = float(edges[clip]), float(edges[clip + 1] - edges[clip])
            start, end = (min(max(time - offset, 0.0), length) for time in (segment.start, segment.end))
            words = tuple(Word(word.word, word.start - offset, word.end - offset) for word in segment.words or ())
            if segment.text.strip():
                heard[chosen[clip]].append(
                    RawSegment(
                        start,
                        max(start, end),
                        segment.text,
                        segment.avg_logprob,
                        segment.no_speech_prob,
                        segment.compression_ratio,
                        words,
                    )
                )


def choose_device(device: str) -> str:
    """The device named; "auto" is CUDA if there is one, else the CPU. ConfigError for one that is not here."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise ConfigError(f"transcribe.device: {device!r} is no device; write auto, cpu, cuda or cuda:1.") from None
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise ConfigError(f"transcribe.device: there is no {device} on this machine; write auto or cpu.")
    return device


def load_engine(config: TranscribeConfig) -> Engine:
    """The configured recogniser, loaded.

    Raises ModelError when its weights or package are missing, ConfigError for a language that Whisper does not know.
    """
    from whisper.tokenizer import LANGUAGES

    from ingest.whisper import WhisperEngine

    if config.language is not None and config.language not in LANGUAGES:
        raise ConfigError(f"{config.language!r} is no language code that Whisper knows; en, de, fr ... are.")

    device = choose_device(config.device)
    weights = resolve_whisper(
        config.model,
        device=device,
        cache_dir=Path(config.cache_dir).expanduser() if config.cache_dir else None,
        allow_download=config.allow_download,
    )
    if config.engine == "faster-whisper":
        return FasterWhisperEngine(weights, device=device, batch_size=config.batch_size)
    return WhisperEngine(weights, device=device, batch_size=config.batch_size)
