"""What the telephone does to sound: band, codecs, line noise. Everything is 8 kHz; nothing is delayed."""

import io
from pathlib import Path
from typing import Literal, get_args

import av
import numpy as np

from evals.datasets.demo_calls.generate import RATE, mu_law, telephone_band

Codec = Literal["g711", "opus", "amr"]
Noise = Literal["pink", "hum", "babble"]
CODECS: tuple[Codec, ...] = get_args(Codec)
NOISES: tuple[Noise, ...] = get_args(Noise)

FRAME = RATE // 50  # 20 ms, which AMR and Opus code at once
AMR_DELAY = 40  # samples of look-ahead in AMR's encoder (3GPP TS 26.090, 5 ms), seen in the decoded sound
BIT_RATES = {"opus": 8_000, "amr": 7_950}  # bit/s a channel: what mobile networks and thrifty recorders use
HUM_HZ = 50.0
HUM_HARMONICS = 30  # a mains hum's upper partials are what the telephone band lets through
BABBLERS = 6  # voices that make a babble in which none is understood


def transmit(samples: np.ndarray, codec: Codec) -> np.ndarray:
    """One channel's int16 samples as the other end hears them: through the codec, then mu-law. Same length."""
    if codec == "opus":
        samples = _round_trip(samples, "libopus", "ogg", {"application": "voip"})
    elif codec == "amr":
        samples = _round_trip(samples, "libopencore_amrnb", "amr", {})[AMR_DELAY:]
    return mu_law(samples)


def _round_trip(samples: np.ndarray, codec: str, container: str, options: dict[str, str]) -> np.ndarray:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=RATE, layout="mono", options=options)
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = BIT_RATES["opus" if container == "ogg" else "amr"]
        padded = np.pad(samples, (0, -len(samples) % FRAME + FRAME))
        for at in range(0, len(padded), FRAME):
            frame = av.AudioFrame.from_ndarray(padded[None, at : at + FRAME], format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, at
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    file.seek(0)
    return np.pad(read_sound(file), (0, len(samples) + AMR_DELAY))[: len(samples) + AMR_DELAY * (container == "amr")]


def read_sound(file: "io.BytesIO | str | Path") -> np.ndarray:
    """The sound of a file as int16 at 8 kHz, mixed to one channel."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(file, "r") as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([np.zeros(0, dtype=np.int16), *(frame.to_ndarray()[0] for frame in frames)])


def noise(kind: Noise, length: int, random: np.random.Generator, voices: np.ndarray | None = None) -> np.ndarray:
    """`length` samples of noise in the telephone band, of RMS 1. Babble is made of `voices`, others' speech (float)."""
    if kind == "pink":
        sound = pink(length, random)
    elif kind == "hum":
        sound = hum(length, random)
    elif voices is None or not len(voices):
        raise ValueError("babble needs voices to be made of")
    else:
        shifts = random.integers(0, len(voices), BABBLERS)
        sound = sum((np.resize(np.roll(voices, shift), length) for shift in shifts), np.zeros(length))
    sound = telephone_band(sound)
    return np.asarray(sound / (np.sqrt(np.mean(sound**2)) + 1e-12))


def pink(length: int, random: np.random.Generator) -> np.ndarray:
    """Noise of equal power an octave, as traffic and ventilation have it."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    return np.asarray(np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0)), length))


def hum(length: int, random: np.random.Generator) -> np.ndarray:
    """The mains and their harmonics, with some hiss."""
    time = np.arange(length) / RATE
    phases = random.uniform(0, 2 * np.pi, HUM_HARMONICS)
    partials = sum(
        (np.sin(2 * np.pi * HUM_HZ * k * time + phase) / k for k, phase in enumerate(phases, start=1)),
        np.zeros(length),
    )
    return np.asarray(partials + 0.02 * random.standard_normal(length))


def add_noise(samples: np.ndarray, sound: np.ndarray, snr_db: float) -> np.ndarray:
    """Float samples with noise of RMS 1 so far below their speech (the samples above 2 % of the peak)."""
    spoken = samples[np.abs(samples) > 0.02 * np.abs(samples).max(initial=0.0)]
    level = float(np.sqrt(np.mean(spoken**2))) if len(spoken) else 0.0
    return np.asarray(samples + sound * level * 10 ** (-snr_db / 20))
