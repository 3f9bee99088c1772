"""How long a recording's own header says it is, where libav does not tell: it silently corrects WAV and MP3.

Without the claim a half-copied file would look like a short call.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from ingest.sniff import mpeg_frame

_UNKNOWN_SIZES = (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
"""Written by recorders that never went back to fill the header in: no claim at all."""
_MAX_CHUNKS = 64
_HIDDEN_S = 1.0
"""Sound behind the claimed end that makes the claim a lie."""


@dataclass(frozen=True, slots=True)
class Claim:
    duration_s: float | None = None
    """None: the header says nothing."""
    too_short: bool = False
    """More sound follows than a WAV header claims: the reader must ignore the claim."""


def read_claim(file: BinaryIO, container: str) -> Claim:
    """What the header of `file` claims; an empty Claim for containers other than wav and mp3. Left at its start."""
    try:
        if container == "wav":
            return _wav(file)
        if container == "mp3":
            return _mp3(file)
        return Claim()
    finally:
        file.seek(0)


def _wav(file: BinaryIO) -> Claim:
    end = file.seek(0, 2)
    file.seek(0)
    order = ">" if file.read(12)[:4] == b"RIFX" else "<"
    bytes_per_s, data_size_64 = 0, 0
    for _ in range(_MAX_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            break
        name, size = header[:4], struct.unpack(order + "I", header[4:])[0]
        start = file.tell()
        if name == b"fmt " and size >= 16:
            bytes_per_s = struct.unpack(order + "I", file.read(16)[8:12].ljust(4, b"\0"))[0]
        elif name == b"ds64" and size >= 16:
            data_size_64 = struct.unpack(order + "Q", file.read(16)[8:].ljust(8, b"\0"))[0]
        elif name == b"data":
            size = data_size_64 if size == 0xFFFFFFFF and data_size_64 else size
            if size in _UNKNOWN_SIZES or not bytes_per_s:
                return Claim()
            return Claim(size / bytes_per_s, _hides_sound(file, start + size, end, bytes_per_s))
        file.seek(start + size + size % 2)
    return Claim()


def _hides_sound(file: BinaryIO, at: int, end: int, bytes_per_s: int) -> bool:
    """Whether what lies behind the data chunk is neither another chunk nor negligible."""
    if end - at <= _HIDDEN_S * bytes_per_s:
        return False
    file.seek(at + at % 2)
    name = file.read(4)
    return not all(32 <= byte < 127 for byte in name)


def _mp3(file: BinaryIO) -> Claim:
    """The frame count of a Xing or Info tag; other files claim nothing (their bit rate is only a guess)."""
    file.seek(0)
    head = file.read(10)
    if head[:3] == b"ID3" and len(head) == 10:
        file.seek(10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True)))
    else:
        file.seek(0)
    first = file.read(4096)
    frame = mpeg_frame(first, 0)
    tag = max(first.find(b"Xing", 0, 64), first.find(b"Info", 0, 64))
    if frame is None or tag < 0 or len(first) < tag + 12 or not first[tag + 7] & 1:
        return Claim()
    rate, samples = frame[1]
    return Claim(struct.unpack(">I", first[tag + 8 : tag + 12])[0] * samples / rate)
