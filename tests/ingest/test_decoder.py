"""The bounded decoder against hostile files: playlists, lying headers, absurd rates, random bytes (PROMISES 2, 3)."""

import io
import os
import random
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sounds import RATE, Write, code_of, decoded, dominant_hz, refused, tone, wav, wav_header

from coach.config import InboxConfig
from coach.errors import InputError, StoreError
from ingest.audio import decode
from ingest.claims import read_claim
from ingest.sniff import container_of


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


PLAYLISTS = [
    b"[playlist]\nNumberOfEntries=1\nFile1=secret.wav\n",
    b"#EXTM3U\nsecret.wav\n",
    b"\xef\xbb\xbf#EXTM3U\nhttp://192.0.2.1/secret.wav\n",
    b"<asx version='3.0'><entry><ref href='secret.wav'/></entry></asx>",
    b"<?xml version='1.0'?><playlist xmlns='http://xspf.org/ns/0/'><trackList/></playlist>",
    b'FILE "secret.wav" WAVE\n  TRACK 01 AUDIO\n',
    b"file 'secret.wav'\n",
    b";FFMETADATA1\ntitle=x\n",
    b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + b"#EXTM3U\n#EXTINF:3,\nsecret.wav\n",
    b"ID3\x04\0\0\0\0\0\x0affconcat version 1.0\nfile 'secret.wav'\n",
]


@pytest.mark.parametrize("content", PLAYLISTS)
def test_playlist_is_no_sound_whatever_its_suffix(content: bytes) -> None:
    for suffix in (".wav", ".mp3", ".ogg", ".ul", ".sln", ".m3u", ".pls", ""):
        assert container_of(io.BytesIO(content), suffix) is None


@pytest.mark.parametrize(
    "name", ["file:secret.wav", "concat:secret.wav|secret.wav", "http:secret.wav", "pipe:0.wav", "-i"]
)
def test_protocol_in_a_name_opens_nothing_but_the_file(name: str, put: Write, tmp_path: Path) -> None:
    """libav would take such a name for an address; here it only ever gets a file descriptor."""
    put("secret.wav", wav(tone(1200, 1)))
    assert abs(dominant_hz(decoded(put(name, wav(tone(500, 1))), tmp_path).channel(0)) - 500) < 2
    assert refused(put(name, b"no sound"), tmp_path).code == "unsupported_format"


SPHERE = (
    b"NIST_1A\n   1024\nsample_rate -i 2147483647\nchannel_count -i 1\nsample_count -i 99999999999\n"
    b"sample_n_bytes -i 2\nsample_coding -s3 pcm\nend_head\n"
)


def caf(rate: float) -> bytes:
    about = struct.pack(">d", rate) + b"lpcm" + struct.pack(">IIIII", 0, 2, 1, 1, 16)
    return b"caff\0\1\0\0desc" + struct.pack(">q", 32) + about + b"data" + struct.pack(">qI", -1, 0)


def aiff(rate: bytes, frames: int) -> bytes:
    common = b"COMM" + struct.pack(">IhIh", 18, 1, frames, 16) + rate
    return b"FORM" + struct.pack(">I", 0xFFFFFFFF) + b"AIFF" + common + b"SSND" + struct.pack(">III", 0xFFFFFFF0, 0, 0)


@pytest.mark.parametrize(
    "header",
    [
        caf(1e300),
        caf(float("nan")),
        SPHERE.ljust(1024),
        b".snd" + struct.pack(">IIIII", 24, 0xFFFFFFFF, 3, 1, 1),
        aiff(b"\x7f" + b"\xff" * 9, 8000),
        b"fLaC\x80\0\0\x22\x10\0\x10" + bytes(7) + b"\0\0\1\xf0" + bytes(20) + b"\xff\xf8",
        b"RIFF" + struct.pack("<I", 100) + b"WAVEfmt " + struct.pack("<I", 0xFFFFFFF0),
        bytes.fromhex("726966662e91cf11a5d628db04c10000") + struct.pack("<Q", 2**63),
        struct.pack(">I", 1) + b"moov" + struct.pack(">Q", 2**63),
        b"\x1aE\xdf\xa3\x01" + b"\xff" * 6 + b"\xfe",
    ],
    ids=["caf", "caf-nan", "sphere", "au", "aiff", "flac", "fmt", "w64", "mov", "matroska"],
)
def test_lying_header_of_any_container_is_refused_at_once(header: bytes, put: Write, tmp_path: Path) -> None:
    started = time.monotonic()
    error = refused(put("lie.wav", header + tone(500, 1).tobytes()), tmp_path)
    assert error.code in ("unsupported_format", "undecodable", "no_audio")
    assert time.monotonic() - started < 10


def test_header_cut_anywhere_is_judged_without_a_crash() -> None:
    whole = wav_header(16_000) + bytes(8)
    for length in range(len(whole)):
        file = io.BytesIO(whole[:length])
        container = container_of(file, ".wav")
        assert (container == "wav") == (length >= 12)
        if container:
            assert read_claim(file, container).duration_s in (None, 1.0)


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
