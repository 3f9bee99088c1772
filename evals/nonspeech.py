"""Sound in which nobody speaks, as a telephone line carries it: silence, tones, noises, and music on hold."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from evals.datasets.demo_calls.generate import RATE, mu_law, telephone_band
from evals.recordings import TrueCall, at_16_khz
from evals.telephone import hum, pink, read_sound
from ingest.channels import Channel

LENGTH_S = 60.0
MUSIC_S = 120.0  # of each piece
NOISE_DBFS, TONE_DBFS = -30.0, -20.0
DTMF_HZ = {
    key: (row, column)
    for row, keys in zip((697, 770, 852, 941), ("123", "456", "789", "*0#"), strict=True)
    for key, column in zip(keys, (1209, 1336, 1477), strict=True)
}
"""ITU-T Q.23."""
TONES = {
    "dial tone": ((350, 440), 1.0, 0.0),
    "ring-back": ((440, 480), 2.0, 4.0),
    "busy tone": ((480, 620), 0.5, 0.5),
    "congestion": ((480, 620), 0.25, 0.25),
}
"""Frequencies in Hz, seconds on and seconds off: the North American plan (ITU-T E.180 supplement 2)."""


def nonspeech(music: Path | None = None, length_s: float = LENGTH_S) -> Iterator[TrueCall]:
    """One channel each, int16 at 16 kHz, without a word; `music` is a folder of recordings, two minutes of each."""
    random = np.random.default_rng(11)
    length = round(length_s * RATE)
    yield _call("digital silence", np.zeros(length))
    yield _call("line noise", _at(random.standard_normal(length), -62.0))
    for name, (frequencies, on_s, off_s) in TONES.items():
        yield _call(name, _at(tone(frequencies, on_s, off_s, length), TONE_DBFS))
    yield _call("DTMF", _at(dialled(random, length), TONE_DBFS))
    yield _call("white noise", _at(random.standard_normal(length), NOISE_DBFS))
    yield _call("pink noise", _at(pink(length, random), NOISE_DBFS))
    yield _call("hum", _at(hum(length, random), NOISE_DBFS))
    yield _call("street", _at(street(length, random), NOISE_DBFS))
    for file in sorted(music.glob("*.wav")) if music else ():
        sound = read_sound(file)[: round(MUSIC_S * RATE)]
        yield _call(f"music: {file.stem}", sound / 32768)


def tone(frequencies: tuple[int, ...], on_s: float, off_s: float, length: int) -> np.ndarray:
    """A signalling tone in its cadence, of peak 1."""
    time = np.arange(length) / RATE
    sound = sum((np.sin(2 * np.pi * hz * time) for hz in frequencies), np.zeros(length))
    return np.asarray(sound * (time % (on_s + off_s) < on_s) / len(frequencies))


def dialled(random: np.random.Generator, length: int) -> np.ndarray:
    """Keys pressed for 100 ms every 250 ms, eleven at a time."""
    sound = np.zeros(length)
    for press, at in enumerate(range(0, length - RATE, RATE // 4)):
        if press % 16 < 11:
            key = str(random.choice(list(DTMF_HZ)))
            sound[at : at + RATE // 10] = tone(DTMF_HZ[key], 1.0, 0.0, RATE // 10)
    return sound


def street(length: int, random: np.random.Generator) -> np.ndarray:
    """Passing engines, some horns and bangs over pink noise; nobody in earshot."""
    time = np.arange(length) / RATE
    sound = pink(length, random) / 3
    engine = sum((np.sin(2 * np.pi * 85.0 * k * time + k) / k for k in range(1, 25)), np.zeros(length))
    engine = engine * (1 + 0.2 * np.sin(2 * np.pi * 11 * time))
    for at in np.arange(2.0, time[-1], 7.0):
        sound += np.exp(-(((time - at) / 1.5) ** 2)) * (engine + random.standard_normal(length))
    for at in np.arange(5.0, time[-1], 19.0):
        sound += 1.5 * tone((410, 510), 1.0, 0.0, length) * ((time > at) & (time < at + 0.6))
        sound += 3 * random.standard_normal(length) * np.exp(-30 * np.maximum(time - at - 8, 0)) * (time > at + 8)
    return sound


def _at(sound: np.ndarray, dbfs: float) -> np.ndarray:
    """The sound in the telephone band at that RMS level."""
    banded = telephone_band(sound)
    return np.asarray(banded / (banded.std() + 1e-12) * 10 ** (dbfs / 20))


def _call(name: str, sound: np.ndarray) -> TrueCall:
    """Through G.711."""
    sent = mu_law(np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16))
    return TrueCall(name, (Channel(0, "unknown", at_16_khz(sent, RATE)),), (), "nonspeech")
