"""Which container a file is, judged by its first bytes and never by asking the demuxers.

libav's own probing would also recognise playlists (ffconcat, HLS), images and subtitles, some of which make it
open other files. Here only sound containers on a fixed list are ever named, so nothing else can be opened.
"""

import codecs
from collections.abc import Callable
from itertools import pairwise
from typing import BinaryIO

Frame = tuple[int, tuple[int, int]]
"""A frame's length in bytes and what all frames of a file share; for MPEG: sample rate and samples a frame."""
Measure = Callable[[bytes, int], Frame | None]

DEMUXERS = (
    "wav", "w64", "aiff", "au", "flac", "ogg", "mp3", "mov", "matroska", "aac", "amr", "caf", "nistsphere",
    "mulaw", "alaw", "gsm", "g722", "s16le",
)  # fmt: skip
"""libav's names of everything `container_of` can answer."""

RAW_SUFFIXES = {
    ".ul": "mulaw", ".ulaw": "mulaw", ".mulaw": "mulaw", ".pcmu": "mulaw",
    ".al": "alaw", ".alaw": "alaw", ".pcma": "alaw",
    ".gsm": "gsm", ".g722": "g722", ".sln": "s16le",
}  # fmt: skip
"""Headerless telephone formats, known only by name: 8 kHz mono (G.722: 16 kHz)."""

_W64_GUID = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_FOREIGN = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"PK\x03\x04", b"\x7fELF", b"\x1f\x8b", b"BM", b"MZ")
_SEARCHED = 64 * 1024
"""How far into a file the first MPEG or ADTS frame is looked for."""
_CHAIN = 4
"""Frames in a row that must fit together; three chance matches in 64 KiB of noise are below one in a million."""
_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_MPEG_KBPS = {
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MPEG_HZ = (44100, 48000, 32000)


def container_of(file: BinaryIO, suffix: str) -> str | None:
    """libav's name of the demuxer to use, or None when the file is no sound container we accept.

    `file` is seekable and is left at its start. `suffix` (".ul") only decides for headerless formats.
    """
    file.seek(0)
    head = file.read(2 * _SEARCHED)
    start = 0
    if head[:3] == b"ID3" and len(head) >= 10:
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        file.seek(start)
        head = file.read(2 * _SEARCHED)
    file.seek(0)
    if not head:
        return None
    named = _by_magic(head)
    if named is not None and (start == 0 or named == "flac"):
        return named
    if start == 0 and suffix.lower() in RAW_SUFFIXES:
        return None if _is_text(head) or head.startswith(_FOREIGN) else RAW_SUFFIXES[suffix.lower()]
    return _by_frames(head)


def _by_magic(head: bytes) -> str | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64", b"RIFX") and head[8:12] == b"WAVE":
        return "wav"
    if head[:16] == _W64_GUID:
        return "w64"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] in _ATOMS:
        return "mov"
    starts = {
        b".snd": "au", b"fLaC": "flac", b"OggS": "ogg", b"\x1aE\xdf\xa3": "matroska", b"caff": "caf",
        b"#!AMR": "amr", b"NIST_1A": "nistsphere",
    }  # fmt: skip
    return next((name for magic, name in starts.items() if head.startswith(magic)), None)


def _is_text(head: bytes) -> bool:
    """Companded sound fills all 256 codes; 4 KiB of nothing but printable UTF-8 is a text file."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head[:4096])  # its end may cut a character in two
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c in "\t\r\n" for c in text)


def _by_frames(head: bytes) -> str | None:
    """mp3 or aac when frames follow each other exactly as their headers say, at the end of the data at least two."""
    at = head.find(b"\xff")
    while 0 <= at < _SEARCHED:
        for name, measure in (("mp3", mpeg_frame), ("aac", _adts_frame)):
            if _is_chain(head, at, measure):
                return name
        at = head.find(b"\xff", at + 1)
    return None


def _is_chain(head: bytes, at: int, measure: Measure) -> bool:
    kinds: list[tuple[int, int]] = []
    while len(kinds) < _CHAIN and at < len(head):
        found = measure(head, at)
        if found is None:
            return False
        length, kind = found
        kinds.append(kind)
        at += length
    return len(kinds) >= 2 and all(a == b for a, b in pairwise(kinds))


def mpeg_frame(data: bytes, at: int) -> Frame | None:
    """The MPEG audio frame (layer II or III) whose header is at `at`."""
    header = data[at : at + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version = {0: 25, 2: 2, 3: 1}.get(header[1] >> 3 & 3)
    layer = {1: 3, 2: 2}.get(header[1] >> 1 & 3)
    rate_index, bitrate_index = header[2] >> 2 & 3, header[2] >> 4
    if version is None or layer is None or rate_index == 3 or bitrate_index in (0, 15):
        return None
    rate = _MPEG_HZ[rate_index] // {1: 1, 2: 2, 25: 4}[version]
    kbps = _MPEG_KBPS[1 if version == 1 else 2, layer][bitrate_index - 1]
    samples = 576 if layer == 3 and version != 1 else 1152
    length = samples // 8 * kbps * 1000 // rate + (header[2] >> 1 & 1)
    return length, (rate, samples)


def _adts_frame(data: bytes, at: int) -> Frame | None:
    header = data[at : at + 7]
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
        return None
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    rate_index = header[2] >> 2 & 15
    return (length, (rate_index, header[2] >> 6)) if length > 7 and rate_index < 13 else None
