"""Finds speech in channels, by Silero's voice activity detector."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

SAMPLE_RATE = 16_000
FRAME_SAMPLES = 512  # 32 ms, fixed by the model
CONTEXT_SAMPLES = 64  # of the frame before, which the model wants to see too
FRAMES_AT_ONCE = 2048  # through the network, of all channels: bounds what is held in memory of long recordings
CHANNELS_AT_ONCE = 32  # in larger batches the recurrent layer takes no less time a frame

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

    def __init__(self, *, device: str = "cpu") -> None:
        """Raises ModelError when the model's package is missing or another version."""
        import torch

        from ingest.silero import load_network

        self._network = load_network(device=device)
        threads = torch.get_num_threads()
        try:
            import silero_vad  # sets torch to one thread when imported (silero-vad 6.2, model.py)
        finally:
            torch.set_num_threads(threads)
        self._to_spans = silero_vad.get_speech_timestamps_from_probs

    def detect(self, samples: np.ndarray) -> list[Span]:
        """Where there is speech, in order, unpadded, none longer than 28 s; empty for silence and for no samples.

        `samples`: int16, 16 kHz, shape (n,), perhaps a memory map: it is read block by block.
        """
        return self.detect_all([samples])[0]

    def detect_all(self, channels: Sequence[np.ndarray]) -> list[list[Span]]:
        """As `detect`, for each of the channels in order, whatever their lengths; together they take less time."""
        found = self._all_probabilities(channels)
        return [self._spans(values, len(samples)) for values, samples in zip(found, channels, strict=True)]

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """The probability of speech in every 32 ms, float32, shape (ceil(n / 512),)."""
        return self._all_probabilities([samples])[0]

    def _spans(self, probabilities: np.ndarray, samples: int) -> list[Span]:
        found = self._to_spans(
            probabilities.tolist(),
            threshold=THRESHOLD,
            min_speech_duration_ms=MIN_SPEECH_MS,
            max_speech_duration_s=MAX_SPEECH_S,
            min_silence_duration_ms=MIN_PAUSE_MS,
            speech_pad_ms=0,
            audio_length_samples=samples,
        )
        return [Span(span["start"] / SAMPLE_RATE, span["end"] / SAMPLE_RATE) for span in found]

    def _all_probabilities(self, channels: Sequence[np.ndarray]) -> list[np.ndarray]:
        found = [np.empty(-(-len(samples) // FRAME_SAMPLES), dtype=np.float32) for samples in channels]
        longest_first = sorted(range(len(channels)), key=lambda i: -len(found[i]))
        for at in range(0, len(channels), CHANNELS_AT_ONCE):
            chosen = longest_first[at : at + CHANNELS_AT_ONCE]  # of like length: few end before the others
            self._fill([found[i] for i in chosen], [channels[i] for i in chosen])
        return found

    def _fill(self, found: Sequence[np.ndarray], channels: Sequence[np.ndarray]) -> None:
        """Writes the channels' probabilities into the arrays given for them, longest first."""
        step = FRAMES_AT_ONCE // len(channels)
        state = self._network.start(len(channels))
        for first in range(0, len(found[0]), step):
            going = sum(len(values) > first for values in found)
            state = (state[0][:, :going].contiguous(), state[1][:, :going].contiguous())
            frames = min(step, len(found[0]) - first)
            values, state = self._network(self._sound(channels[:going], first, frames), state)
            for into, of_channel in zip(found, values.cpu().numpy(), strict=False):
                part = into[first : first + frames]
                part[:] = of_channel[: len(part)]

    def _sound(self, channels: Sequence[np.ndarray], first: int, frames: int) -> "torch.Tensor":
        """The network's input from a frame on, shape (channels, 64 + 512 · frames); zeros outside a channel."""
        import torch

        start = first * FRAME_SAMPLES - CONTEXT_SAMPLES
        sound = np.zeros((len(channels), CONTEXT_SAMPLES + frames * FRAME_SAMPLES), dtype=np.float32)
        for row, samples in zip(sound, channels, strict=True):
            part = samples[max(0, start) : start + len(row)]
            row[max(0, -start) :][: len(part)] = part
        sound /= 32768.0
        return torch.from_numpy(sound).to(self._network.device)
