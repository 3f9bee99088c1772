"""How long a recording's own header says it is, and whether the file ends too early, where libav does not tell.

libav silently corrects the lengths of WAV and MP3, and takes an Ogg or MP4 file's length from what is there. Without
these signs a half-copied file would look like a short call.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from ingest.sniff import mpeg_frame

_UNKNOWN_SIZES = (0, 0xFFFFFFFFFFFFFFFF)
_PLACEHOLDERS, _PLACEHOLDER_BYTES = (1 << 31, 1 << 32), 1 << 16
"""Sizes of 0, and up to 64 KiB below 2 or 4 GiB (SoX writes 0x7FFFF000, others 0xFFFFFFFF less the header), come from
recorders that never went back to fill the header in: no claim at all."""
_MAX_BOXES = 200_000  # ten hours in fragments of half a second
_TAIL = 1 << 17  # more than one Ogg page (65,307 bytes) and than many MP3 frames
_CHAIN = 4  # MP3 frames that must follow each other before the last one is believed
_MAX_CHUNKS = 64
_HIDDEN_S = 1.0
"""Sound behind the claimed end that makes the claim a lie."""


@dataclass(frozen=True, slots=True)
class Claim:
    duration_s: float | None = None
    """None: the header says nothing."""
    too_short: bool = False
    """More sound follows than a WAV header claims: the reader must ignore the claim."""
    cut: bool = False
    """The file ends in the middle of what its own structure says belongs together."""


def read_claim(file: BinaryIO, container: str) -> Claim:
    """What `file` says of its own length; an empty Claim where nothing is known. Left at its start.

    Only of wav and mp3 is there a duration; mp3, mov, ogg, caf and w64 may be found cut.
    """
    try:
        if container == "wav":
            return _wav(file)
        if container == "mp3":
            return _mp3(file)
        if container == "ogg":
            return Claim(cut=_lacks_last_page(file))
        if container in _BOXES:
            return Claim(cut=_ends_inside_box(file, *_BOXES[container]))
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
            if size in _UNKNOWN_SIZES or not bytes_per_s or (_is_placeholder(size) and start + size > end):
                return Claim()
            return Claim(size / bytes_per_s, _hides_sound(file, start + size, end, bytes_per_s))
        file.seek(start + size + size % 2)
    return Claim()


def _is_placeholder(size: int) -> bool:
    return any(0 <= limit - size <= _PLACEHOLDER_BYTES for limit in _PLACEHOLDERS)


def _hides_sound(file: BinaryIO, at: int, end: int, bytes_per_s: int) -> bool:
    """Whether what lies behind the data chunk is neither another chunk nor negligible."""
    if end - at <= _HIDDEN_S * bytes_per_s:
        return False
    file.seek(at + at % 2)
    name = file.read(4)
    return not all(32 <= byte < 127 for byte in name)


def _mp3(file: BinaryIO) -> Claim:
    """The frame count of a Xing or Info tag; without one, whether the last frame is whole (a bit rate is a guess)."""
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
        return Claim(cut=_ends_inside_frame(_tail(file)))
    rate, samples = frame[1]
    return Claim(struct.unpack(">I", first[tag + 8 : tag + 12])[0] * samples / rate)


def _tail(file: BinaryIO) -> bytes:
    file.seek(max(file.seek(0, 2) - _TAIL, 0))
    return file.read()


def _ends_inside_frame(tail: bytes) -> bool:
    """Whether the last MPEG frame of a file is shorter than its header says."""
    at, run, kind = tail.find(b"\xff"), 0, None
    while 0 <= at < len(tail):
        found = mpeg_frame(tail, at)
        if found is None or (run and found[1] != kind):
            if run >= _CHAIN:
                return tail[at : at + 1] == b"\xff" and len(tail) - at < 4  # what is behind is a tag, or a bare header
            at, run = tail.find(b"\xff", at + 1), 0
            continue
        length, kind = found
        at, run = at + length, run + 1
    return run > _CHAIN and at > len(tail)


def _lacks_last_page(file: BinaryIO) -> bool:
    """Whether the last Ogg page is incomplete or not marked as the last (RFC 3533, section 6)."""
    tail = _tail(file)
    at = tail.rfind(b"OggS")
    if at < 0 or len(tail) < at + 27:
        return True
    lengths = tail[at + 27 : at + 27 + tail[at + 26]]
    return not tail[at + 5] & 4 or len(tail) < at + 27 + tail[at + 26] + sum(lengths)


def _mov_box(file: BinaryIO, at: int) -> int | None:
    """Where the box at `at` ends (ISO/IEC 14496-12, 4.2); None for one that runs to the end of the file."""
    header = file.read(16)
    size = int.from_bytes(header[:4], "big")
    size = int.from_bytes(header[8:16], "big") if size == 1 else size
    return at + size if size >= 8 else None


def _caf_chunk(file: BinaryIO, at: int) -> int | None:
    """The same of a Core Audio chunk, whose size may be -1."""
    size = int.from_bytes(file.read(12)[4:], "big", signed=True)
    return at + 12 + size if size >= 0 else None


def _w64_chunk(file: BinaryIO, at: int) -> int | None:
    """The same of a Sony Wave64 chunk, whose size counts its header and is rounded up to 8."""
    size = int.from_bytes(file.read(24)[16:], "little")
    return at + (size + 7) // 8 * 8 if 24 <= size < 1 << 62 else None


_BOXES: dict[str, tuple[int, Callable[[BinaryIO, int], int | None]]] = {
    "mov": (0, _mov_box),
    "caf": (8, _caf_chunk),
    "w64": (40, _w64_chunk),
}
"""Where the first box or chunk starts, and what tells its end."""


def _ends_inside_box(file: BinaryIO, at: int, end_of_box: Callable[[BinaryIO, int], int | None]) -> bool:
    end = file.seek(0, 2)
    for _ in range(_MAX_BOXES):
        if at >= end:
            return at > end + 8  # padding of the last chunk may be missing
        file.seek(at)
        following = end_of_box(file, at)
        if following is None:
            return False
        at = following
    return False
