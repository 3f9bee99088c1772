"""The fields of a call's metadata as text: their names and other names, and how their values are read."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from coach.types import MEDIA, Metadata
from ingest.table import MAX_TEXT

ALIASES = {
    "id": "call_id", "callid": "call_id", "contact_id": "call_id",
    "start": "started_at", "start_time": "started_at", "started": "started_at", "date": "started_at",
    "datetime": "started_at", "timestamp": "started_at",
    "agent_name": "agent", "customer_id": "customer",
    "first_contact_resolution": "resolved", "fcr": "resolved", "churn": "churned", "sale": "sold",
    "aht": "handle_time_s", "handle_time": "handle_time_s", "channel": "medium",
}  # fmt: skip
"""Other names of fields, after `field_name` has made them lower case with underscores."""

_CALL_ID = re.compile(r"[^/\\]{1,128}")
_TRUE = frozenset({"true", "yes", "y", "1"})
_FALSE = frozenset({"false", "no", "n", "0"})
_COMPACT_TIME = re.compile(r"(\d{8})[T_ -]?(\d{4}|\d{6})(Z?)")
_CARD_LIKE = re.compile(r"(?<!\d)(?:[3-6]\d|2[2-7])(?:[ -]?\d){11,17}(?!\d)")  # how card numbers begin (ISO 7812)
_MAIL_TIME = re.compile(r"(?:[A-Z][a-z]{2},\s)?\s*\d{1,2}\s[A-Z][a-z]{2}\s\d{4}\s\d{2}:\d{2}:\d{2}\s[+-]\d{4}$")
_CLOCK = re.compile(r"(?:(\d+):)?([0-5]?\d):([0-5]\d)")


def field_name(header: str) -> str | None:
    """The Metadata field that a column, key or group named `header` means; None for one we do not know."""
    plain = re.sub(r"[\s\-]+", "_", header.strip().lower())
    name = ALIASES.get(plain, plain)
    return name if name in PARSERS else None


def parse_call_id(text: str) -> str:
    if not _CALL_ID.fullmatch(text) or not text.isprintable() or text in (".", ".."):
        raise ValueError("expected 1 to 128 printable characters without slashes")
    return text


def parse_instant(text: str) -> datetime:
    """ISO 8601, `20260131-120000` and the like, RFC 2822 as in mail, or Unix seconds; without a zone it is UTC."""
    try:
        if len(text) == 10 and text.isdecimal():
            return datetime.fromtimestamp(int(text), UTC)
        if _MAIL_TIME.match(text):
            return parsedate_to_datetime(text).astimezone(UTC)
        compact = None if text[4:5] == "-" else _COMPACT_TIME.fullmatch(text)
        at = datetime.fromisoformat(f"{compact[1]}T{compact[2]}{compact[3]}" if compact else text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("expected a date and time like 2026-01-31 14:05:00 or 2026-01-31T14:05:00+01:00") from None


def parse_number(text: str) -> float:
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError("expected a number")
    return value


def parse_duration(text: str) -> float:
    """Seconds, or [h:]mm:ss."""
    clock = _CLOCK.fullmatch(text) if ":" in text else None
    if clock:
        return int(clock[1] or 0) * 3600.0 + int(clock[2]) * 60 + int(clock[3])
    try:
        value = parse_number(text)
    except ValueError:
        value = -1.0
    if value < 0:
        raise ValueError("expected seconds or mm:ss")
    return value


def parse_flag(text: str) -> bool:
    lower = text.lower()
    if lower in _TRUE:
        return True
    if lower in _FALSE:
        return False
    raise ValueError("expected true or false")


def parse_medium(text: str) -> str:
    if text.lower() not in MEDIA:
        raise ValueError(f"expected one of {', '.join(MEDIA)}")
    return text.lower()


def parse_text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ValueError(f"expected at most {MAX_TEXT} characters")
    if not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") and c != "\t" for c in text):
        raise ValueError("expected text without control characters")
    return text


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "call_id": parse_call_id,
    "started_at": parse_instant,
    "medium": parse_medium,
    "agent": parse_text,
    "team": parse_text,
    "customer": parse_text,
    "segment": parse_text,
    "product": parse_text,
    "queue": parse_text,
    "csat": parse_number,
    "resolved": parse_flag,
    "churned": parse_flag,
    "sold": parse_flag,
    "handle_time_s": parse_duration,
}
"""How each field's text is read; all raise ValueError("expected ...")."""


def shown_text(text: str) -> str:
    """`text` fit for a terminal, a log line and a database: unprintable characters escaped."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def without_cards(text: str) -> str:
    """`text` fit for a message: what may be a card number is masked, for messages are logged."""
    return _CARD_LIKE.sub(lambda match: "[number]" if _is_luhn(match[0]) else match[0], text)


def _is_luhn(text: str) -> bool:
    digits = [int(c) for c in reversed(text) if c.isdigit()]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


class BadField(Exception):
    """A value that is not what its field holds: "csat is 'abc', expected a number"."""


def parse_field(name: str | None, label: str, text: str) -> Any:
    """The value of one non-empty text; `name` None: an unknown column, kept as text. Raises BadField."""
    try:
        if name is None:
            parse_text(label)
        return (parse_text if name is None else PARSERS[name])(text)
    except ValueError as error:
        text = without_cards(text)
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise BadField(f"{shown_text(label)} is {shown!r}, {error}") from None


def build(values: Mapping[str, Any], extra: Mapping[str, str]) -> Metadata:
    """Metadata of parsed values."""
    return Metadata(**values, extra=dict(extra))
