"""Reads a metadata.csv line by line: a line that is broken harms no other, however long the file."""

import codecs
import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

MAX_LINE = 1 << 20
"""Bytes; what is longer is no row."""
MAX_TEXT = 2000
"""Characters in one value; longer ones are a sign of a broken row."""
_MAX_FOLDED = 20
"""Lines that one row with line breaks inside quotes may span."""
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    """From 1, where the row begins; the header is line 1."""
    values: list[str]
    """Stripped; empty when `error` says what is wrong with the line."""
    error: str | None = None
    plain: bool = False
    """Known to hold no overlong value and none with a character that text may not hold."""


def read_rows(path: Path) -> Iterator[Row]:
    """The header as the first row, then every row that is not blank, in order. Raises OSError.

    Text is UTF-8 (with or without BOM) or, line by line where it is not that, Windows-1252; UTF-16 with a BOM also
    works. The delimiter, comma, semicolon or tab, is the one most frequent in the header.
    """
    with path.open("rb") as file:
        lines = _Lines(file)
        header = lines.next()
        while header is not None and not header.error and not header.text.strip():
            header = lines.next()
        if header is None:
            return
        delimiter = max(_DELIMITERS, key=(header.text or "").count)
        line: _Line | None = header
        width = None
        while line is not None:
            row = _row(line, lines, delimiter, width)
            if width is None:
                width = len(row.values)
            if row.error or any(row.values):
                yield row
            line = lines.next()


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    error: str | None = None


class _Lines:
    """Decoded lines, some of which may be put back."""

    def __init__(self, file: BinaryIO) -> None:
        self._number = 0
        self._returned: list[_Line] = []
        self._read: Callable[[int], bytes] = file.readline
        start = file.read(3)
        file.seek(0)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            wide = TextIOWrapper(file, encoding="utf-16", errors="replace")
            self._read = lambda size: wide.readline(size).encode()
        elif start == codecs.BOM_UTF8:
            file.seek(3)

    def next(self) -> _Line | None:
        """The next line without its end, or None after the last."""
        if self._returned:
            return self._returned.pop()
        raw = self._read(MAX_LINE)
        if not raw:
            return None
        self._number += 1
        if len(raw) >= MAX_LINE and not raw.endswith(b"\n"):
            while raw and not raw.endswith(b"\n"):
                raw = self._read(MAX_LINE)
            return _Line(self._number, "", f"it is longer than {MAX_LINE} bytes")
        return self._decoded(raw)

    def put_back(self, lines: list[_Line]) -> None:
        self._returned.extend(reversed(lines))

    def _decoded(self, raw: bytes) -> _Line:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            try:
                text = raw.decode("cp1252")
            except UnicodeDecodeError:
                return _Line(self._number, "", "its text is neither UTF-8 nor Windows-1252")
        if "\0" in text:
            return _Line(self._number, "", "it holds a NUL character")
        return _Line(self._number, text.rstrip("\r\n"))


def _row(line: _Line, lines: _Lines, delimiter: str, width: int | None) -> Row:
    if line.error:
        return Row(line.number, [], line.error)
    plain = len(line.text) <= MAX_TEXT and line.text.replace("\t", " ").isprintable()
    values = _split(line.text, delimiter)
    if values is None:
        values, plain = _unfold(line, lines, delimiter, width), False
    if values is None:
        return Row(line.number, [], "its quotation marks do not match")
    values = list(map(str.strip, values))
    if width is not None and len(values) != width and any(values):
        while len(values) > width and not values[-1]:
            values.pop()
        if len(values) != width:
            return Row(line.number, [], f"it has {len(values)} values, the header has {width}")
    return Row(line.number, values, plain=plain)


def _split(text: str, delimiter: str) -> list[str] | None:
    """The values of one line, or None when its quotation marks do not match."""
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _unfold(line: _Line, lines: _Lines, delimiter: str, width: int | None) -> list[str] | None:
    """The values of a row whose quoted text holds line breaks; None, taking no further line, when it is just broken."""
    taken: list[_Line] = []
    text = line.text
    while width is not None and len(taken) < _MAX_FOLDED:
        following = lines.next()
        if following is None:
            break
        taken.append(following)
        if following.error:
            break
        text += "\n" + following.text
        values = _split(text, delimiter)
        if values is not None and len(values) == width:
            return [" ".join(value.split()) if "\n" in value else value for value in values]
    lines.put_back(taken)
    return None
