"""Sound files as the tests make them, and what decoding them gives."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from coach.config import InboxConfig
from coach.errors import InputError
from ingest.audio import Audio, decode

RATE = 16_000
Write = Callable[..., Path]


def wav_header(
    data_bytes: int, *, rate: int = 8000, channels: int = 1, codec: int = 1, bits: int = 16, riff: int | None = None
) -> bytes:
    align = channels * bits // 8
    fmt = struct.pack("<IHHIIHH", 16, codec, channels, rate, (rate * align) & 0xFFFFFFFF, align, bits)
    riff = min(36 + data_bytes, 0xFFFFFFFF) if riff is None else riff
    return b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + fmt + b"data" + struct.pack("<I", data_bytes)


def tone(hz: float, seconds: float, rate: int = 8000, level: float = 8000) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype("<i2")


def wav(*channels: np.ndarray, rate: int = 8000) -> bytes:
    data = np.stack(channels, axis=1).tobytes()
    return wav_header(len(data), rate=rate, channels=len(channels)) + data


def dominant_hz(samples: np.ndarray, rate: int = RATE) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * rate / len(samples))


def write_with_av(path: Path, container: str, codec: str, rate: int, channels: list[np.ndarray], fmt: str) -> Path:
    """A compressed file of int16 channels made by libav itself."""
    layout = {1: "mono", 2: "stereo"}[len(channels)]
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.stack(channels, axis=1).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        frame.pts = 0
        resampler = av.AudioResampler(format=fmt, layout=layout, rate=rate)
        for ready in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(ready))
        out.mux(stream.encode(None))
    return path


def refused(path: Path, tmp_path: Path, config: InboxConfig | None = None) -> InputError:
    """The error that decoding `path` ends with, after checking that it names the file and leaves nothing behind."""
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    with pytest.raises(InputError) as raised:
        decode(path, out / "x", config or InboxConfig())
    assert list(out.iterdir()) == []
    message = str(raised.value)
    assert path.name in message
    assert message.endswith(".")
    assert "\n" not in message
    return raised.value


def code_of(path: Path, tmp_path: Path) -> str:
    """The code that decoding `path` is refused with; empty when it decodes."""
    try:
        decode(path, tmp_path / "pcm", InboxConfig()).delete()
    except InputError as error:
        return error.code
    return ""


def decoded(path: Path, tmp_path: Path, **config: Any) -> Audio:
    return decode(path, tmp_path / "pcm", InboxConfig(**config))
