"""What the readers of all formats share: the problem they report, whose side a speaker is on, how a contact is made."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coach.errors import ConfigError, InputError
from coach.types import Call, Medium, Metadata, Role, Turn
from ingest.fields import parse_call_id, parse_text, shown_text, without_cards

MAX_FILE = 256 << 20
"""Bytes of a file that is read as a whole."""
MAX_TIME_S = 7 * 24 * 3600.0
"""No contact lasts a week; a later time is a mistake of unit (milliseconds, samples)."""

_WORD = r"(?:^|[^a-z])(?:{})(?:[^a-z]|$)"
_AGENT = re.compile(
    _WORD.format(
        "agents?|advis[eo]r|representative|rep|csr|operator|consultant|counsell?or|clerk|employee|support|staff"
    )
)
_CUSTOMER = re.compile(
    _WORD.format("customer|client|caller|user|end[ _-]?user|visitor|guest|member|patient|consumer|subscriber|buyer")
)


@dataclass(frozen=True, slots=True)
class Problem:
    """An item that was left out; `message` is one sentence that names file and line or field."""

    line: int | None
    """From 1; None in formats without lines."""
    code: str
    """bad_transcript or duplicate_id."""
    message: str


@dataclass(frozen=True, slots=True)
class Sides:
    """Tells the agent's side from the customer's."""

    agent: re.Pattern[str] | None = None
    """Matches names and addresses of agents; whoever else has one is then the customer."""
    domains: tuple[str, ...] = ()
    """Agents write from addresses in these domains or below them, customers from others."""

    def of(self, *labels: str | None) -> Role:
        """The role of a speaker known by these names, of which the first that says anything decides."""
        known = [label.strip() for label in labels if label and label.strip()]
        if self.agent is not None and known:
            return "agent" if any(self.agent.search(label) for label in known) else _named(known, "customer")
        return _named(known, "unknown")

    def of_address(self, address: str, name: str | None = None) -> Role:
        """The role of who writes from a mail address."""
        domain = address.rpartition("@")[2].lower()
        if self.domains and domain:
            inside = any(domain == own or domain.endswith(f".{own}") for own in self.domains)
            if inside or self.agent is None:
                return "agent" if inside else "customer"
        if self.agent is None:
            return "unknown"  # "support@..." may be a customer's own mail box
        return "agent" if any(self.agent.search(label) for label in (address, name or "")) else "customer"


def sides(agent: str | None, domains: Sequence[str]) -> Sides:
    """Raises ConfigError when `agent` is no regular expression. Domains may be written with or without @."""
    try:
        pattern = None if agent is None else re.compile(agent, re.IGNORECASE)
    except re.error as error:
        raise ConfigError(f"--agent {agent!r} is not a regular expression: {error}.") from None
    return Sides(pattern, tuple(domain.lower().lstrip("@").strip() for domain in domains))


def _named(labels: Sequence[str], otherwise: Role) -> Role:
    """What the words of a name say; `otherwise` for a person's name, and unknown where a name says both."""
    for label in labels:
        plain = label.lower()
        found = bool(_AGENT.search(plain)), bool(_CUSTOMER.search(plain))
        if found == (True, False):
            return "agent"
        if found == (False, True):
            return "customer"
    return otherwise


class BadItem(Exception):
    """What is wrong with an item and where: "Transcript.3.Content is 5; expected text"."""


def read_bytes(path: Path) -> bytes:
    """The whole file. Raises InputError (unreadable, too_long)."""
    try:
        if path.stat().st_size > MAX_FILE:
            megabytes = MAX_FILE >> 20
            raise InputError(f"{shown_text(path.name)} is larger than {megabytes} MB; split it.", code="too_long")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).", code="unreadable") from None


def read_text(path: Path) -> str:
    """The whole file: UTF-8, UTF-16 with a byte order mark, or else Windows-1252. Raises as `read_bytes`."""
    raw = read_bytes(path)
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def id_from_name(path: Path) -> str:
    """The id of a contact whose file holds none: the file's name without suffixes. Raises BadItem."""
    stem = path.name.split(".")[0] if path.name.count(".") > 1 and path.name.endswith(".json") else path.stem
    try:
        return parse_call_id(stem)
    except ValueError as error:
        raise BadItem(f"its name cannot serve as the id of the contact; {error}") from None


def checked_id(place: str, text: str) -> str:
    try:
        return parse_call_id(text.strip())
    except ValueError as error:
        raise BadItem(f"{place} is {shown(text)}; {error}") from None


def checked_time(place: str, seconds: float) -> float:
    if not 0 <= seconds <= MAX_TIME_S:
        raise BadItem(f"{place} is {seconds:g} s; expected seconds from 0 to {MAX_TIME_S:.0f}")
    return seconds


def shown(value: object, limit: int = 40) -> str:
    """A wrong value as a message repeats it."""
    text = shown_text(repr(without_cards(value) if isinstance(value, str) else value))
    return text if len(text) <= limit else text[: limit - 3] + "..."


def storable(text: str) -> str:
    """The text without NUL and halves of surrogate pairs, which foreign files can spell and no database keeps."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def label(text: str | None) -> str | None:
    """A name fit for metadata and for a turn's speaker: one line without control characters; None when empty."""
    if text is None:
        return None
    plain = " ".join("".join(c if c.isprintable() else " " for c in storable(text)).split())[:200]
    try:
        return parse_text(plain) or None
    except ValueError:
        return None


def as_instant(at: datetime) -> datetime:
    """In UTC; without a zone it is taken for UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def assemble(
    call_id: str,
    medium: Medium,
    turns: Sequence[Turn],
    path: Path,
    *,
    duration_s: float | None = None,
    started_at: datetime | None = None,
    language: str | None = None,
    **fields: Any,
) -> Call:
    """A contact of turns: those without text left out, all put in order of time where every one has its time.

    `fields` are more of Metadata's. Agent and customer come from the turns' speakers where nothing else names them and
    a side has exactly one; `started_at` from the first message's instant. Raises BadItem when no turn has any text.
    """
    kept = [replace(turn, text=storable(turn.text).strip()) for turn in turns if turn.text.strip()]
    if not kept:
        raise BadItem("it holds no words that anybody said or wrote")
    if all(turn.start is not None for turn in kept):
        kept.sort(key=lambda turn: turn.start or 0.0)
    elif all(turn.at is not None for turn in kept):
        kept.sort(key=lambda turn: turn.at or datetime.min)
    ends = [time for turn in kept for time in (turn.start, turn.end) if time is not None]
    if duration_s is None or (ends and max(ends) > duration_s):
        duration_s = max(ends, default=None)
    if started_at is None and kept[0].start is None:
        started_at = kept[0].at
    known = {name: value for name, value in fields.items() if value is not None}
    for role in ("agent", "customer"):
        names = {turn.speaker for turn in kept if turn.role == role and turn.speaker}
        if role not in known and len(names) == 1:
            known[role] = names.pop()
    metadata = Metadata(call_id=call_id, medium=medium, started_at=started_at, **known)
    return Call(
        call_id,
        metadata,
        tuple(kept),
        recording_sha256=None,
        source=shown_text(path.name),
        duration_s=duration_s,
        language=language,
    )
