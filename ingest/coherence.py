"""How much of one channel's sound is another's, delayed and changed on its way: what echo and copies have in common.

Two measures from signal processing: the delay is where the generalised cross-correlation with phase transform peaks
(Knapp and Carter, "The generalized correlation method for estimation of time delay", 1976); what a linear path
explains of a sound is its magnitude-squared coherence with the source (Carter, "Coherence and time delay estimation",
1987). Neither minds level, polarity, a room's response, or what somebody else says at the same time.
"""

from dataclasses import dataclass

import numpy as np

from ingest.speech import SAMPLE_RATE

RATE = SAMPLE_RATE // 2  # Hz: telephone speech has nothing above
MAX_DELAY_S = 0.6
FRAME = 512  # samples of a spectrum, 64 ms: longer than a room's response on the telephone
HOP = 256  # 32 ms
HOP_S = HOP / RATE
FRAMES_TOGETHER = 16  # averaged for one coherence, 0.5 s
BAND_HZ = (200, 3400)  # without mains hum
_LOW, _HIGH = (round(hz * FRAME / RATE) for hz in BAND_HZ)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Frame by frame (32 ms apart) how far one sound is made of another. All arrays have shape (frames,)."""

    share: np.ndarray
    """Of the sound's energy, what a linear path from the source explains: 0 to 1."""
    gain: np.ndarray
    """Amplitude of the explained part over the source's; 0 where nothing is explained."""
    power: np.ndarray
    """Of the sound, in no particular unit."""


def at_half_rate(samples: np.ndarray) -> np.ndarray:
    """int16 at 16 kHz as float32 in [-1, 1) at 8 kHz, shape (n // 2,)."""
    even = np.asarray(samples[: len(samples) // 2 * 2], dtype=np.float32).reshape(-1, 2)
    return np.asarray(even.mean(axis=1) / np.float32(32768))


class DelayFinder:
    """Adds up pairs of blocks and tells by which delays the second channel follows the first."""

    def __init__(self, block_s: float) -> None:
        self._size = 1 << round((block_s + MAX_DELAY_S) * RATE).bit_length()
        self._band = slice(*(round(hz * self._size / RATE) for hz in BAND_HZ))
        self._sum = np.zeros(self._size // 2 + 1, dtype=np.complex64)

    def add(self, source: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Takes in the same stretch of both, at 8 kHz and no longer than a block; returns what `include` takes."""
        cross = np.fft.rfft(other, self._size)[self._band] * np.fft.rfft(source, self._size)[self._band].conj()
        whitened = cross / (np.abs(cross) + 1e-12)
        self.include(whitened)
        return np.asarray(whitened)

    def include(self, whitened: np.ndarray) -> None:
        """Takes in a pair that another finder of the same block length was given."""
        self._sum[self._band] += whitened

    def peaks(self) -> list[tuple[float, float]]:
        """[(delay in s, prominence)]: the best delay to either side, within 0.6 s; the same one twice when it is 0.

        Prominence is the peak's height over the root mean square at all delays: about 4 to 5 by chance.
        """
        reach, slack = round(MAX_DELAY_S * RATE), RATE // 200  # 5 ms
        correlation = np.abs(np.roll(np.fft.irfft(self._sum), reach)[: 2 * reach + 1])
        spread = float(np.sqrt(np.mean(correlation**2))) or 1.0
        found = []
        for side in (slice(0, reach + slack), slice(reach - slack, None)):
            at = int(correlation[side].argmax()) + (side.start or 0)
            found.append(((at - reach) / RATE, float(correlation[at]) / spread))
        return found


def likeness(source: np.ndarray, sound: np.ndarray) -> Likeness:
    """How far `sound` is made of `source`: aligned stretches of one length at 8 kHz, float32.

    A frame's value is that of the half second around it. Sounds shorter than a frame have no frames.
    """
    a, b = _spectra(source), _spectra(sound)
    if not len(a):
        return Likeness(np.zeros(0), np.zeros(0), np.zeros(0))
    power_a, power_b = (_smooth(np.abs(spectrum) ** 2) for spectrum in (a, b))
    cross = np.abs(_smooth(a.conj() * b)) ** 2
    coherence = cross / np.maximum(power_a * power_b, 1e-20)
    chance = 1 / min(FRAMES_TOGETHER, len(a))  # what two unrelated sounds reach on average
    coherence = np.clip((coherence - chance) / (1 - chance), 0, 1) if chance < 1 else np.zeros_like(coherence)
    explained, from_source = (coherence * power_b).sum(axis=1), (coherence * power_a).sum(axis=1)
    power = power_b.sum(axis=1)
    share = explained / np.maximum(power, 1e-12)
    return Likeness(share, np.sqrt(explained / np.maximum(from_source, 1e-12)), power)


def _spectra(sound: np.ndarray) -> np.ndarray:
    """Complex spectra within the band, shape (frames, bins)."""
    if len(sound) < FRAME:
        return np.zeros((0, _HIGH - _LOW), dtype=np.complex64)
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
    return np.fft.rfft(frames * np.hanning(FRAME).astype(np.float32), axis=1)[:, _LOW:_HIGH]


def _smooth(values: np.ndarray) -> np.ndarray:
    """The mean over the half second around each frame, fewer frames at the edges; shape kept."""
    before = FRAMES_TOGETHER // 2
    total = np.concatenate(
        [np.zeros_like(values[:1]), np.cumsum(values, axis=0, dtype=np.promote_types(values.dtype, np.float64))]
    )
    first = np.maximum(np.arange(len(values)) - before, 0)
    last = np.minimum(np.arange(len(values)) + FRAMES_TOGETHER - before, len(values))
    return np.asarray((total[last] - total[first]) / (last - first)[:, None])
