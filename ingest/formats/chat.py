"""Chats as CSV: a message a row, the rows of one conversation sharing its id."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from coach.errors import InputError
from coach.types import ROLES, Call, Role, Turn
from ingest.fields import BadField, field_name, parse_field, parse_instant, shown_text
from ingest.formats.contacts import BadItem, Problem, Sides, assemble, checked_id, label, shown
from ingest.table import Row, read_rows

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("call_id", "conversation_id", "chat_id", "contact_id", "session_id", "thread_id", "ticket_id", "id"),
    "text": ("text", "message", "body", "content", "message_text"),
    "speaker": ("speaker", "sender", "author", "from", "sender_name", "name", "user"),
    "role": ("role", "sender_type", "sender_role", "participant_role", "author_type", "participant", "party"),
    "at": ("at", "timestamp", "time", "sent_at", "created_at", "datetime", "date"),
}
"""What a column may be called, the first that is there counts. Others are metadata of the conversation."""


@dataclass(slots=True)
class _Conversation:
    line: int
    turns: list[Turn] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)


def read_chats(path: Path, sides: Sides) -> Iterator[Call | Problem]:
    """The conversations in order of their first rows; a problem for each bad row, which costs that message only.

    Raises InputError when the file cannot be read.
    """
    name = shown_text(path.name)
    conversations: dict[str, _Conversation] = {}
    try:
        rows = read_rows(path)
        header = next(rows, None)
        columns = _columns([] if header is None else header.values)
        if "id" not in columns or "text" not in columns:
            missing = " and ".join(what for what in ("id", "text") if what not in columns)
            accepted = ", ".join(COLUMNS["id"] if missing.startswith("id") else COLUMNS["text"])
            message = f"{name} line 1: the header has no column for the {missing}; expected one of {accepted}."
            yield Problem(1, "bad_transcript", message)
            return
        for row in rows:
            try:
                _add(row, header.values if header else [], columns, conversations, sides)
            except (BadItem, BadField) as error:
                yield Problem(row.line, "bad_transcript", f"{name} line {row.line}: {error}; the row was left out.")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).", code="unreadable") from None
    for call_id, one in conversations.items():
        medium = one.fields.pop("medium", "chat")
        try:
            yield assemble(call_id, medium, one.turns, path, extra=one.extra, **one.fields)
        except BadItem as error:
            yield Problem(one.line, "bad_transcript", f"{name} line {one.line}: the conversation {call_id!r}: {error}.")


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Which column holds what."""
    plain = ["_".join(value.lower().replace("-", " ").split()) for value in header]
    return {
        what: next(plain.index(name) for name in names if name in plain)
        for what, names in COLUMNS.items()
        if any(name in plain for name in names)
    }


def _add(
    row: Row, header: Sequence[str], columns: Mapping[str, int], found: dict[str, _Conversation], sides: Sides
) -> None:
    if row.error:
        raise BadItem(row.error)
    values = {what: row.values[at] for what, at in columns.items()}
    call_id = checked_id(header[columns["id"]], values["id"])
    at = _instant(header[columns["at"]], values["at"]) if values.get("at") else None
    speaker = label(values.get("speaker"))
    role = _role(values.get("role"), speaker, sides)
    if speaker is not None and speaker.lower() in ROLES:
        speaker = None
    fields: dict[str, Any] = {}
    extra: dict[str, str] = {}
    for i, (name, text) in enumerate(zip(header, row.values, strict=True)):
        if i not in columns.values() and name and text:
            known = field_name(name)
            value = parse_field(known, name, text)
            if known is None:
                extra[name] = value
            elif known != "call_id":
                fields[known] = value
    one = found.setdefault(call_id, _Conversation(row.line))
    one.turns.append(Turn(role, values["text"], speaker=speaker, at=at))
    one.fields = fields | one.fields
    one.extra = extra | one.extra


def _role(text: str | None, speaker: str | None, sides: Sides) -> Role:
    """As the pattern says of the speaker, else as the role column does, else as the speaker's name does."""
    if sides.agent is not None and speaker:
        return sides.of(speaker)
    role = sides.of(text)
    return sides.of(speaker) if role == "unknown" else role


def _instant(place: str, text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise BadItem(f"{place} is {shown(text)}; {error}") from None


def looks_like_chats(path: Path) -> bool:
    """Whether a CSV file's header has a column of ids and one of texts, and none that names recordings."""
    try:
        header = next(read_rows(path), None)
    except OSError:
        return False
    columns = _columns([] if header is None else header.values)
    return {"id", "text"} <= columns.keys() and bool({"speaker", "role"} & columns.keys())
