"""Finds speech in a channel, by Silero's voice activity detector from its package."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

SAMPLE_RATE = 16_000
FRAME_SAMPLES = 512  # 32 ms, fixed by the model
CONTEXT_SAMPLES = 64  # of the frame before, which the model wants to see too
BLOCK_FRAMES = 1024  # 33 s per call of the model: what is held in memory of a long recording
STATE_WIDTH = 128

THRESHOLD = 0.5
MIN_SPEECH_MS = 100  # short enough for "yes" and "no"
MIN_PAUSE_MS = 100
MAX_SPEECH_S = 28.0  # with its padding a span must fit a window


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the recording, in seconds from its start."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


class SpeechDetector:
    """Silero's model for 16 kHz. Holds no state between calls, so one detector serves any number of channels."""

    def __init__(self) -> None:
        import torch

        threads = torch.get_num_threads()
        try:
            import silero_vad  # sets torch to one thread when imported (silero-vad 6.2, model.py)
        finally:
            torch.set_num_threads(threads)
        self._session = silero_vad.load_silero_vad(sequence=True).session
        self._to_spans = silero_vad.get_speech_timestamps_from_probs

    def detect(self, samples: np.ndarray) -> list[Span]:
        """Where there is speech, in order, unpadded, none longer than 28 s; empty for silence and for no samples.

        `samples`: int16, 16 kHz, shape (n,), perhaps a memory map: it is read block by block.
        """
        found = self._to_spans(
            self.probabilities(samples).tolist(),
            threshold=THRESHOLD,
            min_speech_duration_ms=MIN_SPEECH_MS,
            max_speech_duration_s=MAX_SPEECH_S,
            min_silence_duration_ms=MIN_PAUSE_MS,
            speech_pad_ms=0,
            audio_length_samples=len(samples),
        )
        return [Span(span["start"] / SAMPLE_RATE, span["end"] / SAMPLE_RATE) for span in found]

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """The probability of speech in every 32 ms, float32, shape (ceil(n / 512),)."""
        hidden = np.zeros((1, 1, STATE_WIDTH), dtype=np.float32)
        cell = np.zeros_like(hidden)
        parts = [np.zeros(0, dtype=np.float32)]
        for frames in _blocks(samples):
            inputs = {"input": frames, "h": hidden, "c": cell}
            values, hidden, cell = self._session.run(["speech_probs", "hn", "cn"], inputs)
            parts.append(values.reshape(-1))
        return np.concatenate(parts)


def _blocks(samples: np.ndarray) -> Iterator[np.ndarray]:
    """The model's input, block by block: float32, shape (frames, 64 + 512), every frame after the end of the last."""
    context = np.zeros(CONTEXT_SAMPLES, dtype=np.float32)
    for at in range(0, len(samples), BLOCK_FRAMES * FRAME_SAMPLES):
        block = np.asarray(samples[at : at + BLOCK_FRAMES * FRAME_SAMPLES], dtype=np.float32) / 32768.0
        block = np.pad(block, (0, -len(block) % FRAME_SAMPLES)).reshape(-1, FRAME_SAMPLES)
        contexts = np.vstack([context, block[:-1, -CONTEXT_SAMPLES:]])
        context = block[-1, -CONTEXT_SAMPLES:]
        yield np.hstack([contexts, block])
