"""What a recording says of its own length, whole and cut short."""

import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from coach.config import InboxConfig
from ingest.audio import decode
from ingest.claims import Claim, read_claim

RATE = 16_000
SECONDS = 8


def wav(claimed: int, held: int) -> io.BytesIO:
    fmt = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16_000, 2, 16)
    head = b"RIFF" + struct.pack("<I", min(36 + claimed, 0xFFFFFFFF)) + b"WAVEfmt " + fmt + b"data"
    return io.BytesIO(head + struct.pack("<I", claimed) + bytes(held))


def encoded(path: Path, container: str, codec: str, fmt: str, options: dict[str, str]) -> bytes:
    sound = np.random.default_rng(1).integers(-6000, 6000, SECONDS * RATE).astype("<i2")
    with av.open(str(path), "w", format=container, options=options) as out:
        stream = out.add_stream(codec, rate=RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        resampler = av.AudioResampler(format=fmt, layout="mono", rate=RATE)
        for at in range(0, len(sound), RATE):
            frame = av.AudioFrame.from_ndarray(sound[at : at + RATE].reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, at
            for ready in resampler.resample(frame):
                out.mux(stream.encode(ready))
        out.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize("claimed", [0, 0xFFFFFFFF, 0xFFFFFFDB, 0x7FFFF000, 0x7FFFFFFF, 0x80000000])
def test_size_that_a_streaming_recorder_leaves_is_no_claim(claimed: int) -> None:
    assert read_claim(wav(claimed, 32_000), "wav") == Claim()


def test_wav_claims_what_its_header_says() -> None:
    assert read_claim(wav(64_000, 32_000), "wav") == Claim(4.0)
    assert read_claim(wav(32_000, 32_000), "wav") == Claim(2.0)
    assert read_claim(wav(3_000_000_000, 32_000), "wav").duration_s == 187_500


@pytest.mark.parametrize(
    ("container", "muxer", "codec", "fmt", "options"),
    [
        ("mp3", "mp3", "libmp3lame", "s16p", {"write_xing": "0"}),
        ("ogg", "ogg", "libopus", "s16", {}),
        ("mov", "mp4", "aac", "fltp", {"movflags": "+faststart"}),
        ("mov", "mp4", "aac", "fltp", {"movflags": "frag_keyframe+empty_moov", "frag_duration": "2000000"}),
        ("caf", "caf", "pcm_alaw", "s16", {}),
        ("w64", "w64", "pcm_s16le", "s16", {}),
    ],
    ids=["mp3 without a tag", "ogg", "mp4", "mp4 in fragments", "caf", "w64"],
)
def test_cut_file_is_told_from_a_whole_one(
    container: str, muxer: str, codec: str, fmt: str, options: dict[str, str], tmp_path: Path
) -> None:
    data = encoded(tmp_path / "a", muxer, codec, fmt, options)
    assert not read_claim(io.BytesIO(data), container).cut
    for share in (0.3, 0.61, 0.97):
        assert read_claim(io.BytesIO(data[: int(len(data) * share)]), container).cut, share


def test_tag_behind_the_last_mp3_frame_is_no_cut(tmp_path: Path) -> None:
    data = encoded(tmp_path / "a", "mp3", "libmp3lame", "s16p", {"write_xing": "0"})
    assert not read_claim(io.BytesIO(data + b"TAG" + bytes(125)), "mp3").cut


@pytest.mark.parametrize("container", ["wav", "mp3", "ogg", "mov", "caf", "w64", "flac"])
def test_nonsense_claims_nothing_and_ends(container: str) -> None:
    for data in (b"", b"\0" * 100, b"\xff" * 5000, b"OggS", bytes(range(256)) * 20):
        assert read_claim(io.BytesIO(data), container).duration_s is None


def test_cut_ogg_is_used_and_flagged(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    data = encoded(path, "ogg", "libopus", "s16", {})
    path.write_bytes(data[: len(data) // 2])
    audio = decode(path, tmp_path / "pcm", InboxConfig())
    assert audio.flags == ("truncated",)
    assert 2 < audio.duration_s < 6
