"""Sends a kept recording by its opaque name, whole or the one range of bytes a player asks for."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

CHUNK_BYTES = 64 * 1024
MEDIA_TYPES = {
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mp4": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".webm": "audio/webm",
    ".wav": "audio/wav",
}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}(\.[a-z0-9]{2,4})", re.ASCII)
_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


def open_recording(folder: Path, name: str) -> tuple[BinaryIO, os.stat_result, str] | None:
    """The file of that exact name in `folder`, its state and media type; None when there is no such recording.

    A name is letters, digits, - and _ with one known suffix: it can hold no path, and links are not followed.
    """
    match = _NAME.fullmatch(name)
    if match is None or match[1] not in MEDIA_TYPES:
        return None
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb"), state, MEDIA_TYPES[match[1]]


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """First and one-past-last byte of the single range asked for, within `size`.

    None when the header is to be ignored: malformed, another unit, or several ranges (RFC 9110 allows that, and a list
    of many small ranges is an attack). ValueError when the range lies outside the file.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        length = min(int(match[2]), size)
        if length == 0:
            raise ValueError("a suffix of no bytes")
        return size - length, size
    start = int(match[1])
    end = size if match[2] == "" else min(int(match[2]) + 1, size)
    if match[2] != "" and int(match[2]) < start:
        return None
    if start >= size:
        raise ValueError("a range past the end")
    return start, end


def send_recording(request: Request, folder: Path, name: str) -> Response | None:
    """The answer to a GET or HEAD for a recording; None when there is none of that name."""
    opened = open_recording(folder, name)
    if opened is None:
        return None
    file, state, media_type = opened
    size = state.st_size
    etag = f'"{size:x}-{state.st_mtime_ns:x}"'
    headers = {"accept-ranges": "bytes", "etag": etag, "cache-control": "private, no-store"}
    if _matches(request.headers.get("if-none-match"), etag):
        file.close()
        return Response(status_code=304, headers=headers)
    asked = request.headers.get("range")
    if asked is not None and request.headers.get("if-range", etag) != etag:
        asked = None
    try:
        span = None if asked is None else parse_range(asked, size)
    except ValueError:
        file.close()
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{size}"})
    start, end = span or (0, size)
    headers["content-length"] = str(end - start)
    if span is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    status = 200 if span is None else 206
    if request.method == "HEAD":
        file.close()
        return Response(status_code=status, headers=headers, media_type=media_type)
    return FileStream(file, start, end, status_code=status, headers=headers, media_type=media_type)


def _matches(header: str | None, etag: str) -> bool:
    return header is not None and any(one.strip().removeprefix("W/") in (etag, "*") for one in header.split(","))


class FileStream(StreamingResponse):
    """Bytes `start` to `end` of an open file, which is closed at the end, also when the player goes away before it."""

    def __init__(self, file: BinaryIO, start: int, end: int, **settings: Any) -> None:
        super().__init__(_read(file, start, end), **settings)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _read(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    left = end - start
    while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
        left -= len(chunk)
        yield chunk
