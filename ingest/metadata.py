"""What the organisation knows of each recording: a JSON file beside it, a row of metadata.csv, its file name.

A field is taken from the first of these that has it, in this order. A bad row or JSON file sets its own recording
aside (code bad_metadata) rather than let it in under a wrong name; mending it and running again takes it in. A
metadata.csv of which nothing can be read is a problem of its own and holds nothing up.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from coach.config import InboxConfig
from coach.errors import InputError
from coach.types import Metadata
from ingest.fields import PARSERS, BadField, build, field_name, parse_field, parse_text
from ingest.inbox import Problem, Recording
from ingest.names import Names
from ingest.table import Row, read_rows

TABLE_NAME = "metadata.csv"
FILE_COLUMNS = ("file", "recording", "filename", "file_name", "path")
MAX_SIDECAR = 1 << 20
"""Bytes."""
MAX_PROBLEMS = 100
"""Bad rows reported one by one for each metadata.csv; the rest is counted."""


@dataclass(frozen=True, slots=True)
class _Values:
    """Parsed fields from one place, or what is wrong with it."""

    fields: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Column:
    index: int
    label: str
    name: str | None
    """The Metadata field; None for an unknown column."""


@dataclass(frozen=True, slots=True)
class _Header:
    file_at: int
    columns: tuple[_Column, ...]
    """All that have a name, except the file's."""
    typed: tuple[_Column, ...]
    """Those of them that hold more than text."""


class MetadataSource:
    """Everything an inbox says of its recordings; built once for a look at it, from the recordings found.

    Every metadata.csv in the inbox is read once, each for its own folder and those below; only rows of recordings
    that are there are kept in memory. Raises ConfigError for a broken file-name pattern or time zone.
    """

    def __init__(self, inbox: Path, config: InboxConfig, recordings: Sequence[Recording]) -> None:
        self._inbox = inbox
        self._names = Names(config)
        self._rows: dict[Path, dict[str, _Values]] = {}
        self._claimed: dict[tuple[Path, str], Recording] = {}
        self._bad_rows: dict[tuple[Path, str], list[Problem]] = {}
        self._problems: list[Problem] = []
        wanted: dict[Path, set[str]] = {}
        has_table: dict[Path, bool] = {}
        for recording in recordings:
            for folder in self._folders(recording):
                if folder not in has_table:
                    table = folder / TABLE_NAME
                    has_table[folder] = table.is_file() and _is_inside(table, inbox)
                if has_table[folder]:
                    wanted.setdefault(folder, set()).update(_names(recording, folder))
        for folder in sorted(wanted):
            self._rows[folder] = self._read_table(folder / TABLE_NAME, wanted[folder])

    @property
    def problems(self) -> list[Problem]:
        """Unusable tables and bad rows, except rows that `for_recording` has raised an error for."""
        return self._problems + [problem for problems in self._bad_rows.values() for problem in problems]

    def for_recording(self, recording: Recording) -> Metadata:
        """The recording's metadata; empty when nothing is known. Raises InputError (bad_metadata)."""
        fields: dict[str, Any] = {}
        extra: dict[str, str] = {}
        described = [*self._sidecars(recording), *self._table_rows(recording)]
        for values in (*described, self._from_name(recording, described=bool(described))):
            if values.error:
                raise InputError(values.error, code="bad_metadata")
            fields = values.fields | fields
            extra = values.extra | extra
        return build(fields, extra)

    def _folders(self, recording: Recording) -> Iterator[Path]:
        """The recording's folder and those above it, up to the inbox."""
        folder = recording.paths[0].parent
        while folder.is_relative_to(self._inbox):
            yield folder
            if folder == self._inbox:
                return
            folder = folder.parent

    def _read_table(self, table: Path, wanted: set[str]) -> dict[str, _Values]:
        found: dict[str, _Values] = {}
        told = _Told(table)
        rows = read_rows(table)
        try:
            header = _header(next(rows, None), table)
            for row in rows:
                name, values = _parse_row(row, header, table, wanted)
                if name in found and not values.error:
                    reason = f"{name!r} has a row already"
                    if values == found[name]:
                        told.add(_row_error(table, row, reason))
                        continue
                    values = _Values(error=_row_error(table, row, f"{reason} with other values"))
                if values.error:
                    if name in wanted:
                        problem = Problem(table, "bad_metadata", values.error)
                        self._bad_rows.setdefault((table.parent, name), []).append(problem)
                    else:
                        told.add(values.error)
                if name in wanted:
                    found[name] = values
        except OSError as error:
            told.add(f"{table.name} cannot be read ({error.strerror}); check its permissions.")
        except BadField as error:
            told.add(str(error))
        self._problems.extend(told.problems())
        return found

    def _table_rows(self, recording: Recording) -> Iterator[_Values]:
        """The rows that name the recording, those of the nearest folder first."""
        for folder in self._folders(recording):
            rows = self._rows.get(folder, {})
            for name in _names(recording, folder):
                if name not in rows:
                    continue
                bad_rows = self._bad_rows.get((folder, name), [])
                bad_rows[:] = [problem for problem in bad_rows if problem.message != rows[name].error]
                first = self._claimed.setdefault((folder, name), recording)
                if first.paths != recording.paths:
                    yield _Values(
                        error=f"{recording.name}: the row {name!r} of {TABLE_NAME} means several recordings; "
                        "name each with its folder."
                    )
                yield rows[name]

    def _sidecars(self, recording: Recording) -> Iterator[_Values]:
        seen: set[Path] = set()
        known: dict[str, Any] = {}
        for path in recording.paths:
            stems = [path.name, path.stem, *([recording.base] if recording.base else [])]
            for sidecar in dict.fromkeys(path.with_name(f"{stem}.json") for stem in stems):
                if sidecar in seen or not sidecar.is_file() or not _is_inside(sidecar, self._inbox):
                    continue
                seen.add(sidecar)
                values = _read_sidecar(sidecar)
                other = next((key for key, value in values.fields.items() if known.get(key, value) != value), None)
                if other:
                    error = f"{sidecar.name} and another JSON file of {recording.name} differ in {other}; keep one."
                    values = _Values(error=error)
                known.update(values.fields)
                yield values

    def _from_name(self, recording: Recording, *, described: bool) -> _Values:
        """What the name says; an error where it should say something and nothing else describes the recording."""
        try:
            texts = self._names.read(recording)
            if texts is not None:
                return _parse_all(texts)
        except BadField as error:
            return _Values(error=f"{recording.name}: in its name, {error}; rename it.")
        if self._names.expects is None or described:
            return _Values()
        return _Values(
            error=f"{recording.name}: expected {self._names.expects}; rename it or give it a row in {TABLE_NAME}."
        )


@dataclass
class _Told:
    """Problems with one table, the first hundred in full."""

    table: Path
    messages: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, message: str) -> None:
        if len(self.messages) < MAX_PROBLEMS:
            self.messages.append(message)
        else:
            self.more += 1

    def problems(self) -> list[Problem]:
        more = [f"{self.table.name}: {self.more} more rows are bad."] if self.more else []
        return [Problem(self.table, "bad_metadata", message) for message in self.messages + more]


def _names(recording: Recording, folder: Path) -> list[str]:
    """What a row of `folder`'s table may call the recording: path, name, either without suffix, a pair's base."""
    names: dict[str, None] = {}
    for path in recording.paths:
        if path.is_relative_to(folder):
            below = PurePosixPath(path.relative_to(folder).as_posix())
            names |= dict.fromkeys((str(below), path.name, str(below.with_suffix("")), path.stem))
            if recording.base:
                names |= dict.fromkeys((str(below.with_name(recording.base)), recording.base))
    return list(names)


def _is_inside(path: Path, inbox: Path) -> bool:
    """Whether `path`, links followed, lies in the inbox."""
    return path.resolve().is_relative_to(inbox.resolve())


def _header(row: Row | None, table: Path) -> _Header:
    """What the first row of a table says of the others. Raises BadField."""
    if row is None or row.error:
        raise BadField(f"{table.name}: its first line is no header ({row.error if row else 'it is empty'}).")
    plain = [value.lower().replace(" ", "_") for value in row.values]
    file_at = next((plain.index(name) for name in FILE_COLUMNS if name in plain), None)
    if file_at is None:
        raise BadField(f"{table.name}: its header has no column 'file', so no row can be matched to a recording.")
    columns: dict[str, _Column] = {}
    for i, label in enumerate(row.values):
        name = field_name(label)
        if (name or label) in columns:
            raise BadField(f"{table.name}: its header names the column {label!r} twice.")
        if label and i != file_at:
            columns[name or label] = _Column(i, label, name)
    typed = tuple(column for column in columns.values() if column.name and PARSERS[column.name] is not parse_text)
    return _Header(file_at, tuple(columns.values()), typed)


def _row_error(table: Path, row: Row, reason: str) -> str:
    return f"{table.name} line {row.line}: {reason}; the row was left out."


def _parse_row(row: Row, header: _Header, table: Path, wanted: set[str]) -> tuple[str, _Values]:
    """(what the row calls its file, its values or error); the name is empty when the line cannot be split.

    Of a row that is not wanted, only what could be wrong is parsed: a table may hold a million of them.
    """
    if row.error:
        return "", _Values(error=_row_error(table, row, row.error))
    name = row.values[header.file_at].replace("\\", "/").removeprefix("./")
    if not name:
        return "", _Values(error=_row_error(table, row, "it names no file"))
    values = _Values()
    try:
        if row.plain and name not in wanted:
            for column in header.typed:
                if text := row.values[column.index]:
                    parse_field(column.name, column.label, text)
            return name, values
        for column in header.columns:
            if text := row.values[column.index]:
                _put(values, column.name, column.label, text)
    except BadField as error:
        return name, _Values(error=_row_error(table, row, str(error)))
    return name, values


def _put(values: _Values, name: str | None, label: str, text: str) -> None:
    parsed = parse_field(name, label, text)
    if name is None:
        values.extra[label] = parsed
    else:
        values.fields[name] = parsed


def _parse_all(texts: Mapping[str, str]) -> _Values:
    """Values of keys and texts; empty texts are left out. Raises BadField."""
    values = _Values()
    for label, text in texts.items():
        name = field_name(label)
        if name in values.fields:
            raise BadField(f"{name} is given twice")
        if text.strip():
            _put(values, name, label, text.strip())
    return values


def _read_sidecar(path: Path) -> _Values:
    """The object in one JSON file; numbers and truth values as text, anything nested as JSON text in `extra`."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SIDECAR + 1)
        if len(raw) > MAX_SIDECAR:
            return _Values(error=f"{path.name} is larger than {MAX_SIDECAR} bytes; shorten or remove it.")
        data = json.loads(raw.decode("utf-8-sig"))
    except OSError as error:
        return _Values(error=f"{path.name} cannot be read ({error.strerror}); check its permissions.")
    except (ValueError, RecursionError):
        return _Values(error=f"{path.name} is not valid JSON; correct or remove it.")
    if not isinstance(data, dict):
        return _Values(error=f"{path.name} holds no JSON object; correct or remove it.")
    try:
        return _parse_all({key: _as_text(value) for key, value in data.items()})
    except BadField as error:
        return _Values(error=f"{path.name}: {error}; correct or remove it.")


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
