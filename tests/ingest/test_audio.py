"""Decoding in the bounded subprocess and writing the kept copy, on real and on hostile files."""

import io
import os
import random
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from coach.config import InboxConfig
from coach.errors import InputError, StoreError
from ingest.audio import Audio, decode, encode_copy
from ingest.sniff import container_of

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


@pytest.fixture
def put(tmp_path: Path) -> Write:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def decoded(path: Path, tmp_path: Path, **config: Any) -> Audio:
    return decode(path, tmp_path / "pcm", InboxConfig(**config))


def test_channels_keep_their_order_and_length(put: Write, tmp_path: Path) -> None:
    audio = decoded(put("a.wav", wav(tone(500, 2), tone(1200, 2))), tmp_path)
    assert (audio.channels, audio.samples, audio.source_rate, audio.flags) == (2, 2 * RATE, 8000, ())
    assert audio.claimed_s == 2.0
    for i, hz in enumerate((500, 1200)):
        samples = audio.channel(i)
        assert samples.dtype == np.int16
        assert samples.shape == (2 * RATE,)
        assert abs(dominant_hz(samples) - hz) < 1
        assert abs(np.abs(samples[RATE:]).max() - 8000) < 200
    audio.delete()
    assert not any(file.exists() for file in audio.files)


def test_eight_channels_are_not_mixed(put: Write, tmp_path: Path) -> None:
    tones = [300 + 150 * i for i in range(8)]
    audio = decoded(put("a.wav", wav(*(tone(hz, 1) for hz in tones))), tmp_path)
    assert [round(dominant_hz(audio.channel(i))) for i in range(8)] == tones


def test_resampling_keeps_time_and_loses_no_tail(put: Write, tmp_path: Path) -> None:
    """A click near the start and one 5 ms before the end are found where they were."""
    for rate in (8000, 11025, 16000, 44100, 48000):
        samples = np.zeros(rate * 3, "<i2")
        clicks = (rate // 2, len(samples) - rate // 200)
        samples[list(clicks)] = 20000
        audio = decoded(put(f"{rate}.wav", wav(samples, rate=rate)), tmp_path)
        got = np.abs(audio.channel(0).astype(int))
        assert abs(audio.samples - 3 * RATE) <= 1
        half = 2 * RATE
        assert abs(int(got[:half].argmax()) - RATE // 2) <= 1
        assert abs(half + int(got[half:].argmax()) - (3 * RATE - RATE // 200)) <= 1


@pytest.mark.parametrize(
    ("name", "container", "codec", "rate", "fmt"),
    [
        ("a.mp3", "mp3", "libmp3lame", 16000, "s16p"),
        ("a.m4a", "mp4", "aac", 16000, "fltp"),
        ("a.ogg", "ogg", "libopus", 16000, "s16"),
        ("a.webm", "webm", "libopus", 48000, "s16"),
        ("a.flac", "flac", "flac", 8000, "s16"),
        ("a.aac", "adts", "aac", 16000, "fltp"),
        ("a.mkv", "matroska", "pcm_s16le", 8000, "s16"),
        ("a.au", "au", "pcm_mulaw", 8000, "s16"),
        ("a.aiff", "aiff", "pcm_s16be", 8000, "s16"),
        ("a.caf", "caf", "pcm_alaw", 8000, "s16"),
        ("a.w64", "w64", "pcm_s16le", 8000, "s16"),
        ("g711.wav", "wav", "pcm_mulaw", 8000, "s16"),
        ("adpcm.wav", "wav", "adpcm_ima_wav", 8000, "s16p"),
    ],
)
def test_format_decodes_under_any_name(
    name: str, container: str, codec: str, rate: int, fmt: str, tmp_path: Path
) -> None:
    left, right = tone(500, 3, rate), tone(1200, 3, rate)
    path = write_with_av(tmp_path / name, container, codec, rate, [left, right], fmt)
    for named in (path, path.rename(tmp_path / "renamed.wav")):
        path = named
        if not path.exists():
            continue
        audio = decoded(path, tmp_path)
        assert audio.flags == ()
        assert abs(audio.duration_s - 3) < 0.15
        assert abs(dominant_hz(audio.channel(0)) - 500) < 5
        assert abs(dominant_hz(audio.channel(1)) - 1200) < 5


@pytest.mark.parametrize(("suffix", "codec"), [(".ulaw", "pcm_mulaw"), (".al", "pcm_alaw"), (".sln", "pcm_s16le")])
def test_headerless_telephone_sound_is_read_by_suffix(suffix: str, codec: str, tmp_path: Path) -> None:
    container = {"pcm_mulaw": "mulaw", "pcm_alaw": "alaw", "pcm_s16le": "s16le"}[codec]
    path = write_with_av(tmp_path / f"a{suffix}", container, codec, 8000, [tone(500, 2)], "s16")
    audio = decoded(path, tmp_path)
    assert (audio.channels, audio.source_rate, audio.samples) == (1, 8000, 2 * RATE)
    assert abs(dominant_hz(audio.channel(0)) - 500) < 1


def test_text_is_no_headerless_sound(put: Write, tmp_path: Path) -> None:
    assert (
        refused(put("notes.ulaw", b"Dear colleague, please call back.\n" * 50), tmp_path).code == "unsupported_format"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"ffconcat version 1.0\nfile 'other.wav'\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nother.wav\n#EXT-X-ENDLIST\n",
        b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        b"Hello, this is only text.\n" * 100,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 200,
        b"%PDF-1.7\n" + b"x" * 500,
        b"RIFF\x24\0\0\0AVI LIST" + b"\0" * 100,
    ],
    ids=["ffconcat", "hls", "dash", "sdp", "text", "png", "pdf", "avi"],
)
def test_file_that_is_no_sound_container_is_refused(content: bytes, put: Write, tmp_path: Path) -> None:
    """PyAV opened alone decodes the neighbour's sound through an ffconcat file named .wav (PROMISES 3)."""
    put("other.wav", wav(tone(500, 1)))
    assert refused(put("attack.wav", content), tmp_path).code == "unsupported_format"
    for suffix in (".mp3", ".ogg", ".ffconcat", ".m3u8", ""):
        assert container_of(io.BytesIO(content), suffix) is None


def test_mov_cannot_refer_to_another_file(put: Write, tmp_path: Path) -> None:
    """A QuickTime data reference of type 'alis' that names a neighbour must not be followed."""
    put("secret.wav", wav(tone(500, 2)))

    def atom(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", 8 + len(body)) + kind + body

    name = b"secret.wav"
    alias = b"\0" * 4 + struct.pack(">HH", 150, 2) + b"\0" * 2 + b"\x01v".ljust(28, b"\0") + b"\0" * 12
    alias += bytes([len(name)]) + name.ljust(63, b"\0") + b"\0" * 30
    alias += struct.pack(">HH", 2, len(name)) + name
    alias += struct.pack(">HH", 18, 1) + b"/\0" + struct.pack(">HH", 0xFFFF, 0)
    dref = atom(b"dref", b"\0" * 4 + struct.pack(">I", 1) + atom(b"alis", b"\0\0\0\0" + alias))
    entry = atom(b"sowt", b"\0" * 6 + struct.pack(">HHHIHHHHI", 1, 0, 0, 0, 1, 16, 0, 0, 8000 << 16))
    stbl = atom(b"stsd", b"\0" * 4 + struct.pack(">I", 1) + entry)
    stbl += atom(b"stts", struct.pack(">IIII", 0, 1, 16000, 1))
    stbl += atom(b"stsc", struct.pack(">IIIII", 0, 1, 1, 16000, 1))
    stbl += atom(b"stsz", struct.pack(">III", 0, 2, 16000)) + atom(b"stco", struct.pack(">III", 0, 1, 44))
    minf = atom(b"smhd", b"\0" * 8) + atom(b"dinf", dref) + atom(b"stbl", stbl)
    mdhd = atom(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 8000, 16000, 0))
    hdlr = atom(b"hdlr", b"\0" * 4 + b"mhlrsoun" + b"\0" * 13)
    tkhd = atom(b"tkhd", struct.pack(">IIIII", 15, 0, 0, 1, 0) + b"\0" * 64)
    trak = atom(b"trak", tkhd + atom(b"mdia", mdhd + hdlr + atom(b"minf", minf)))
    mvhd = atom(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 8000, 16000) + b"\0" * 80)
    movie = atom(b"ftyp", b"qt  \0\0\0\0qt  ") + atom(b"moov", mvhd + trak)
    assert code_of(put("attack.mov", movie), tmp_path) in ("undecodable", "empty_file")


@pytest.mark.parametrize("rate", [0, 1, 3999, 192_001, 2**31])
def test_impossible_sample_rate_is_refused_at_once(rate: int, put: Write, tmp_path: Path) -> None:
    """A 16 KB WAV claiming 1 Hz became 128 million samples (PROMISES 3)."""
    started = time.monotonic()
    error = refused(put("rate.wav", wav_header(16000, rate=rate) + b"\1\2" * 8000), tmp_path)
    assert error.code in ("unsupported_format", "undecodable")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("channels", [0, 9, 255])
def test_impossible_channel_count_is_refused(channels: int, put: Write, tmp_path: Path) -> None:
    data = bytes(channels * 2 * 800) or bytes(1600)
    error = refused(put("many.wav", wav_header(len(data), channels=channels) + data), tmp_path)
    assert error.code in ("unsupported_format", "undecodable")


def test_empty_and_header_only_files(put: Write, tmp_path: Path) -> None:
    assert refused(put("empty.wav", b""), tmp_path).code == "empty_file"
    assert refused(put("header.wav", wav_header(0)), tmp_path).code == "empty_file"
    assert refused(put("claims.wav", wav_header(16000)), tmp_path).code in ("empty_file", "undecodable")
    assert refused(put("stub.wav", b"RIFF"), tmp_path).code == "unsupported_format"


@pytest.mark.parametrize("prefix", [b"", b"ID3\x04\0\0\0\0\0\x0a", b"OggS", b"fLaC\0\0\0\x22", b"\0\0\0\x18ftypM4A "])
def test_random_bytes_are_refused(prefix: bytes, put: Write, tmp_path: Path) -> None:
    noise = random.Random(len(prefix)).randbytes(100_000)
    assert refused(put("noise.mp3", prefix + noise), tmp_path).code in ("undecodable", "unsupported_format", "no_audio")


def test_random_bytes_behind_a_wav_header_harm_nothing(put: Write, tmp_path: Path) -> None:
    for codec in (0x0002, 0x0011, 0x0031, 0x0050, 0x0055, 0x00FF, 0x0161, 0xF1AC, 0xFFFE):
        noise = random.Random(codec).randbytes(30_000)
        path = put("noise.wav", wav_header(len(noise), codec=codec) + noise)
        assert code_of(path, tmp_path) in ("", "undecodable", "unsupported_format", "empty_file", "no_audio")


def test_shorter_than_claimed_is_flagged(put: Write, tmp_path: Path) -> None:
    data = tone(500, 10).tobytes()
    audio = decoded(put("half.wav", wav_header(2 * len(data)) + data), tmp_path)
    assert (audio.duration_s, audio.claimed_s, audio.flags) == (10.0, 20.0, ("truncated",))
    almost = decoded(put("almost.wav", wav_header(len(data) + 8000) + data), tmp_path)
    assert almost.flags == ()


@pytest.mark.parametrize("claim", [0, 0xFFFFFFFF])
def test_unfinished_header_claims_nothing(claim: int, put: Write, tmp_path: Path) -> None:
    audio = decoded(put("stream.wav", wav_header(claim) + tone(500, 3).tobytes()), tmp_path)
    assert (audio.duration_s, audio.claimed_s, audio.flags) == (3.0, None, ())


def test_sound_behind_a_claim_that_is_too_short_is_not_lost(put: Write, tmp_path: Path) -> None:
    audio = decoded(put("short.wav", wav_header(1600) + tone(500, 5).tobytes()), tmp_path)
    assert audio.duration_s == 5.0
    assert audio.flags == ("length_corrected",)


def test_chunk_behind_the_sound_is_no_sound(put: Write, tmp_path: Path) -> None:
    trailer = b"LIST" + struct.pack("<I", 40_000) + b"INFO" + bytes(39_996)
    audio = decoded(put("listed.wav", wav(tone(500, 2)) + trailer), tmp_path)
    assert (audio.duration_s, audio.flags) == (2.0, ())


@pytest.mark.parametrize(
    ("name", "container", "codec", "fmt"),
    [
        ("a.mp3", "mp3", "libmp3lame", "s16p"),
        ("a.flac", "flac", "flac", "s16"),
        ("a.mkv", "matroska", "libopus", "s16"),
    ],
)
def test_cut_off_file_is_used_and_flagged(name: str, container: str, codec: str, fmt: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    sound = rng.integers(-6000, 6000, 20 * RATE).astype("<i2")
    path = write_with_av(tmp_path / name, container, codec, RATE, [sound], fmt)
    os.truncate(path, path.stat().st_size // 2)
    audio = decoded(path, tmp_path)
    assert "truncated" in audio.flags
    assert 8 < audio.duration_s < 12
    assert audio.claimed_s is not None
    assert abs(audio.claimed_s - 20) < 0.2


def test_damage_in_the_middle_costs_only_the_middle(tmp_path: Path) -> None:
    path = write_with_av(tmp_path / "a.mkv", "matroska", "flac", RATE, [tone(500, 20, RATE)], "s16")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(data)
    audio = decoded(path, tmp_path)
    assert audio.duration_s > 15
    assert abs(dominant_hz(audio.channel(0)[-2 * RATE :]) - 500) < 2


def test_pause_in_the_time_stamps_stays_a_pause(tmp_path: Path) -> None:
    """A browser's recorder leaves holes where packets were lost; both sides must stay on one clock."""
    path = tmp_path / "a.webm"
    with av.open(str(path), "w", format="webm") as out:
        stream = out.add_stream("libopus", rate=48000, layout="mono")
        sound = np.concatenate([tone(500, 2, 48000), tone(1200, 2, 48000)]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(sound, format="s16", layout="mono")
        frame.sample_rate = 48000
        frame.pts = 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            assert packet.pts is not None
            if packet.pts >= 2 * 48000:
                packet.pts = packet.dts = packet.pts + 5 * 48000
            out.mux(packet)
    audio = decoded(path, tmp_path)
    assert "gaps_filled" in audio.flags
    assert abs(audio.duration_s - 9) < 0.2
    assert np.abs(audio.channel(0)[3 * RATE : 6 * RATE]).max() == 0
    assert abs(dominant_hz(audio.channel(0)[int(7.3 * RATE) : int(8.8 * RATE)]) - 1200) < 5


def test_video_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            out.mux(stream.encode(frame.reformat(format="yuv420p")))
        out.mux(stream.encode(None))
    assert refused(path, tmp_path).code == "no_audio"


def test_sound_of_a_video_is_used(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        sound = out.add_stream("aac", rate=RATE, layout="mono")
        for _ in range(20):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            out.mux(video.encode(picture.reformat(format="yuv420p")))
        samples = tone(500, 2, RATE).astype(np.float32).reshape(1, -1) / 32768
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = RATE
        out.mux(sound.encode(frame))
        for stream in (video, sound):
            out.mux(stream.encode(None))
    audio = decoded(path, tmp_path)
    assert abs(dominant_hz(audio.channel(0)) - 500) < 5


def test_longer_than_allowed_is_refused(put: Write, tmp_path: Path) -> None:
    path = put("long.wav", wav(tone(500, 5)))
    assert refused(path, tmp_path, InboxConfig(max_duration_s=4)).code == "too_long"
    assert decoded(path, tmp_path, max_duration_s=5).duration_s == 5


def test_slow_decoding_is_ended(put: Write, tmp_path: Path) -> None:
    path = put("slow.wav", wav(tone(500, 5)))
    assert refused(path, tmp_path, InboxConfig(decode_timeout_s=0.001)).code == "timeout"


def test_pipe_device_and_missing_file_do_not_hang(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    device = tmp_path / "device.wav"
    device.symlink_to("/dev/zero")
    for path in (pipe, device, tmp_path / "gone.wav"):
        assert refused(path, tmp_path).code == "unreadable"


def test_unprintable_file_names(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 \x1b[31m.wav"))
    path.write_bytes(wav(tone(500, 1)))
    assert decoded(path, tmp_path).duration_s == 1
    path.write_bytes(b"no sound")
    with pytest.raises(InputError) as raised:
        decoded(path, tmp_path)
    str(raised.value).encode("utf-8")
    assert "\x1b" not in str(raised.value)


def test_hour_is_decoded_in_bounded_memory(tmp_path: Path) -> None:
    """One sparse hour must not cost more memory than a short call; ten would not either."""
    path = tmp_path / "hour.wav"
    size = 3600 * 8000 * 2
    path.write_bytes(wav_header(size))
    os.truncate(path, 44 + size)
    measured = (
        "import os, runpy, sys; leave = os._exit\n"
        "def report(code):\n"
        "    peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "    print(peak.split()[1], flush=True); leave(code)\n"
        "os._exit = report\n"
        "from ingest import decoder; import resource; resource.setrlimit = lambda *a: None; decoder.main()"
    )
    with path.open("rb") as source:
        request = (
            f'{{"input_fd": {source.fileno()}, "suffix": ".wav", "out": "{tmp_path}/x", "max_duration_s": 4000,'
            ' "memory_bytes": 1000000000, "cpu_s": 60}'
        )
        process = subprocess.Popen(
            [sys.executable, "-c", measured, request],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(source.fileno(),),
            cwd=Path(__file__).parents[2],
            text=True,
        )
        assert process.stdout is not None
        assert process.stdin is not None
        lines = process.stdout.read().splitlines()
        process.stdin.close()
        process.wait()
        process.stdout.close()
    assert f'"samples": {3600 * RATE}' in lines[0]
    assert int(lines[1]) < 100 * 1024


def test_decoder_ends_with_its_parent(put: Write, tmp_path: Path) -> None:
    path = put("a.wav", wav(tone(500, 1)))
    with path.open("rb") as source:
        request = (
            f'{{"input_fd": {source.fileno()}, "suffix": ".wav", "out": "/nonexistent/x", "max_duration_s": 4000,'
            ' "memory_bytes": 1000000000, "cpu_s": 60}'
        )
        process = subprocess.run(
            [sys.executable, "-m", "ingest.decoder", request],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=(source.fileno(),),
            cwd=Path(__file__).parents[2],
            timeout=20,
            check=False,
        )
    assert process.returncode in (0, 1)


def test_full_disk_is_no_fault_of_the_file(put: Write, tmp_path: Path) -> None:
    path = put("a.wav", wav(tone(500, 1)))
    (tmp_path / "full.0").symlink_to("/dev/full")
    with pytest.raises(StoreError) as raised:
        decode(path, tmp_path / "full", InboxConfig())
    assert raised.value.code == "disk_full"


def test_importing_the_module_loads_no_decoder() -> None:
    code = "import sys, ingest.audio, ingest.decoder; sys.exit('av' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)


def read_copy(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1)


def test_kept_copy_has_the_length_and_the_sides(tmp_path: Path) -> None:
    left, right = tone(500, 61.5, RATE), tone(1200, 60, RATE)
    encode_copy([left, right], tmp_path / "copy.ogg", [])
    copy = read_copy(tmp_path / "copy.ogg")
    assert abs(copy.shape[1] / 48000 - 61.5) < 0.05
    for side, hz in enumerate((500, 1200)):
        assert abs(dominant_hz(copy[side, 48000 * 5 : 48000 * 15], 48000) - hz) < 2
    assert (tmp_path / "copy.ogg").stat().st_size < 61.5 * 8000
    assert [path.name for path in tmp_path.iterdir()] == ["copy.ogg"]


def test_one_channel_is_heard_on_both_sides(tmp_path: Path) -> None:
    encode_copy([tone(500, 2, RATE)], tmp_path / "copy.ogg", [])
    copy = read_copy(tmp_path / "copy.ogg")
    assert copy.shape[0] == 2
    assert all(abs(dominant_hz(side, 48000) - 500) < 2 for side in copy)


def test_silenced_span_holds_nothing(tmp_path: Path) -> None:
    """Exact zeros in the codec's input leave no more than the decoder's own two quanta of noise."""
    noise = np.random.default_rng(0).integers(-20000, 20000, (2, 30 * RATE)).astype("<i2")
    spans = [(0.0, 0.4), (9.9, 12.345), (20.0, 20.1), (29.5, 40.0)]
    encode_copy(list(noise), tmp_path / "copy.ogg", spans)
    copy = read_copy(tmp_path / "copy.ogg")
    for start, end in spans:
        span = copy[:, int(start * 48000) : int(end * 48000)]
        assert np.abs(span).max() < 3 / 32768
    assert np.abs(copy[:, 13 * 48000 : 19 * 48000]).max() > 0.1


def test_empty_call_gives_a_playable_copy(tmp_path: Path) -> None:
    encode_copy([np.zeros(0, "<i2")], tmp_path / "copy.ogg", [(0, 1)])
    assert (tmp_path / "copy.ogg").stat().st_size > 0
