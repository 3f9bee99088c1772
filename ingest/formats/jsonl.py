"""Ready transcripts, one JSON object a line, as `coach import` takes them and `coach export` writes them.

Only `id`, `medium` and turns with `role` and `text` are required. A bad line is told and left out; the others are kept.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from coach.errors import InputError
from coach.types import MEDIA, ROLES, Call, Medium, Metadata, Role, Turn
from ingest.fields import BadField, parse_call_id, parse_field, parse_instant, parse_text, shown_text
from ingest.formats.contacts import MAX_TIME_S, BadItem, Problem, shown, storable

MAX_LINE = 64 << 20
"""Bytes."""

_IN_METADATA = ("team", "segment", "product", "queue", "csat", "resolved", "churned", "sold", "handle_time_s")
_BESIDE_METADATA = ("call_id", "id", "started_at", "medium", "agent", "customer")

Seconds = Annotated[float, Field(ge=0, le=MAX_TIME_S, allow_inf_nan=False)]


class _TurnLine(BaseModel):
    model_config = ConfigDict(strict=True)
    role: Role
    text: str
    speaker: str | None = None
    at: str | None = None
    start: Seconds | None = None
    end: Seconds | None = None


class _CallLine(BaseModel):
    """One line; other keys beside these are ignored."""

    model_config = ConfigDict(strict=True)
    id: str
    medium: Medium
    turns: list[_TurnLine]
    started_at: str | None = None
    agent: str | None = None
    customer: str | None = None
    duration_s: Seconds | None = None
    metadata: dict[str, JsonValue] | None = None


def read_transcripts(path: Path) -> Iterator[Call | Problem]:
    """The calls of a file in order, and a problem for each line that holds none. Blank lines are passed over.

    One line is in memory at a time. Turns without any text are left out; where every turn has a start, turns are
    put in order of time. Raises InputError (unreadable) when the file cannot be read.
    """
    seen: dict[str, int] = {}
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(_lines(file), start=1):
                name = f"{shown_text(path.name)} line {number}"
                try:
                    call = _read_call(raw, name, first=number == 1)
                except BadItem as error:
                    yield Problem(number, "bad_transcript", f"{name}: {error}.")
                    continue
                if call is None:
                    continue
                if call.id in seen:
                    message = f"{name}: the id {call.id!r} is that of line {seen[call.id]} already; expected another."
                    yield Problem(number, "duplicate_id", message)
                    continue
                seen[call.id] = number
                yield call
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).", code="unreadable") from None


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a file; None for one longer than MAX_LINE, which is passed over in pieces."""
    while line := file.readline(MAX_LINE + 1):
        if len(line) <= MAX_LINE:
            yield line
            continue
        while not line.endswith(b"\n") and (line := file.readline(1 << 20)):
            pass
        yield None


def _read_call(raw: bytes | None, source: str, *, first: bool) -> Call | None:
    """The call on a line; None for a blank one. Raises BadItem."""
    if raw is None:
        raise BadItem(f"it is longer than {MAX_LINE >> 20} MB; split the contact or remove the line")
    try:
        text = raw.decode("utf-8-sig" if first else "utf-8").strip()
    except UnicodeDecodeError as error:
        raise BadItem(f"byte {error.start + 1} is no UTF-8; expected text in UTF-8") from None
    if not text:
        return None
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadItem("it is not JSON; expected one object a line") from None
    if not isinstance(data, dict):
        raise BadItem("it holds no JSON object; expected one object a line")
    return call_of(data, source)


def call_of(data: object, source: str) -> Call:
    """The call that one parsed line describes. Raises BadItem."""
    try:
        line = _CallLine.model_validate(data)
    except ValidationError as error:
        raise BadItem(_explained(error)) from None
    return _to_call(line, source)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _to_call(line: _CallLine, source: str) -> Call:
    turns = [_to_turn(turn, f"turns.{i}") for i, turn in enumerate(line.turns) if turn.text.strip()]
    if all(turn.start is not None for turn in turns):
        turns.sort(key=lambda turn: turn.start or 0.0)
    call_id = _checked("id", line.id, parse_call_id)
    ends = [time for turn in turns for time in (turn.start, turn.end) if time is not None]
    duration_s = line.duration_s
    if duration_s is None or (ends and max(ends) > duration_s):
        duration_s = max(ends, default=None)
    metadata = _to_metadata(line, call_id)
    return Call(call_id, metadata, tuple(turns), recording_sha256=None, source=source, duration_s=duration_s)


def _to_turn(line: _TurnLine, place: str) -> Turn:
    if line.start is not None and line.end is not None and line.start > line.end:
        raise BadItem(f"{place}.start is {line.start:g}, after its end {line.end:g}; expected start before end")
    at = None if line.at is None else _checked(f"{place}.at", line.at, parse_instant)
    return Turn(line.role, storable(line.text), line.start, line.end, _optional(f"{place}.speaker", line.speaker), at)


def _to_metadata(line: _CallLine, call_id: str) -> Metadata:
    fields: dict[str, Any] = {}
    extra: dict[str, str] = {}
    for key, value in (line.metadata or {}).items():
        if key in _BESIDE_METADATA:
            raise BadItem(f"metadata.{key} is out of place; expected it beside metadata, not in it")
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if value is None or not text.strip():
            continue
        name = key if key in _IN_METADATA else None
        try:
            parsed = parse_field(name, key, text.strip() if name else text)
        except BadField as error:
            raise BadItem(f"metadata.{str(error).replace(', expected', '; expected')}") from None
        if name:
            fields[name] = parsed
        else:
            extra[key] = parsed
    return Metadata(
        call_id=call_id,
        started_at=None if line.started_at is None else _checked("started_at", line.started_at, parse_instant),
        medium=line.medium,
        agent=_optional("agent", line.agent),
        customer=_optional("customer", line.customer),
        extra=extra,
        **fields,
    )


def _optional(place: str, text: str | None) -> str | None:
    return None if text is None or not text.strip() else _checked(place, text, parse_text)


def _checked(place: str, text: str, parse: Any) -> Any:
    """What `parse` makes of the text. Raises BadItem."""
    try:
        return parse(text)
    except ValueError as error:
        raise BadItem(f"{place} is {shown(text)}; {error}") from None


def _explained(error: ValidationError) -> str:
    """The first of pydantic's errors in our words."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"{shown_text(place)} is missing; expected {_expected(place)}"
    more = len(error.errors()) - 1
    rest = f" ({more} more such)" if more else ""
    return f"{shown_text(place)} is {shown(first['input'])}; expected {_expected(place)}{rest}"


def _expected(place: str) -> str:
    last = place.rsplit(".", 1)[-1]
    kinds: dict[str, str] = {
        "role": _one_of(ROLES),
        "medium": _one_of(MEDIA),
        "turns": "a list of turns",
        "metadata": "an object",
        "start": f"seconds from 0 to {MAX_TIME_S:.0f}",
        "end": f"seconds from 0 to {MAX_TIME_S:.0f}",
        "duration_s": f"seconds from 0 to {MAX_TIME_S:.0f}",
    }
    return "an object" if last.isdecimal() else kinds.get(last, "text")


def _one_of(values: tuple[str, ...]) -> str:
    return f"{', '.join(values[:-1])} or {values[-1]}"
