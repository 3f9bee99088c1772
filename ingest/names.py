"""What file and folder names say of a recording: by a pattern of one's own, or by the convention of a known recorder.

A name that does not say what was agreed is told, and never replaced by a guess: Post Call Analytics itself dates a call
whose name it cannot read "now".
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from coach.config import InboxConfig
from coach.errors import ConfigError
from ingest.fields import BadField
from ingest.inbox import Recording

MAX_METADATA = 1 << 20
"""Bytes of a recorder's own metadata file."""

_PCA_TIME = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})T(\d{2})-(\d{2})-(\d{2})(?!\d)")
_PCA_FIELDS = {
    "call_id": re.compile(r"_GUID_(.+?)(?:_|$)"),
    "agent": re.compile(r"_AGENT_(.+?)(?:_|$)"),
    "customer": re.compile(r"_CUST_(.+?)(?:_|$)"),
}
_TWILIO = {
    name: re.compile(rf"(?<![0-9A-Za-z])({kind}[0-9a-f]{{32}})(?![0-9A-Za-z])")
    for name, kind in (("recording_sid", "RE"), ("call_sid", "CA"))
}
_GENESYS_FOLDER = re.compile(r"(year|month|day|hour|conversation_id)=([^/=]+)")
_GENESYS_MEDIA = {"call": "voice", "callback": "voice", "chat": "chat", "message": "chat", "email": "email"}


def _read_pca(path: Path) -> dict[str, str] | None:
    """Amazon Post Call Analytics: `Auto1_GUID_001_AGENT_AndrewK_CUST_K7_DT_2021-12-01T07-55-51.wav`.

    Source: its configuration guide, FilenameDatetimeRegex, FilenameGUIDRegex, FilenameAgentRegex, FilenameCustRegex and
    their defaults. The time must be there, the others may.
    """
    time = _PCA_TIME.search(path.stem)
    if time is None:
        return None
    found = {name: match[1] for name, pattern in _PCA_FIELDS.items() if (match := pattern.search(path.stem))}
    return {**found, "started_at": "{}-{}-{}T{}:{}:{}".format(*time.groups())}


def _read_twilio(path: Path) -> dict[str, str] | None:
    """Twilio: a name with the recording's SID, the call's, or both. They hold no time.

    Source: Twilio's API reference, Recording: `sid` is RE and 32 hexadecimal digits, `call_sid` CA and as many.
    """
    found = {name: match[1] for name, pattern in _TWILIO.items() if (match := pattern.search(path.stem))}
    return {**found, "call_id": found.get("call_sid") or found["recording_sid"]} if found else None


def _read_genesys(path: Path) -> dict[str, str] | None:
    """Genesys Cloud's export: `.../year=2026/month=3/day=1/hour=9/conversation_id=ID/RECORDING.opus` (hours are UTC).

    Beside each recording lies `RECORDING.opus_metadata.json` or `RECORDING_metadata.json`, whose `startTime` is more
    exact than the folder's hour. The call's id is the recording's, for a conversation may have several. Source: Genesys
    Cloud Resource Center, "Work with exported recordings in AWS S3 bucket".
    """
    folder = dict(_GENESYS_FOLDER.findall(path.parent.as_posix()))
    about: Mapping[str, Any] = {}
    for name in (f"{path.name}_metadata.json", f"{path.stem}_metadata.json"):
        if path.with_name(name).is_file() and not path.with_name(name).is_symlink():
            about = _load(path.with_name(name))
            break
    conversation = about.get("conversationId") or folder.get("conversation_id")
    if not conversation:
        return None
    texts = {key: _text(value) for key, value in about.items() if isinstance(value, str | int | float | bool)}
    texts = {key: text for key, text in texts.items() if key not in ("conversationId", "startTime", "mediaType")}
    users, queues = (about.get(key) for key in ("userIds", "queueIds"))
    return {
        **texts,
        "call_id": path.stem,
        "conversation_id": _text(conversation),
        "started_at": _text(about.get("startTime") or "") or _hour(folder),
        "medium": _GENESYS_MEDIA.get(_text(about.get("mediaType") or "call").lower(), "voice"),
        "agent": _only(users),
        "queue": _only(queues),
    }


def _load(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > MAX_METADATA:
            raise BadField(f"{path.name} is larger than {MAX_METADATA} bytes")
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadField(f"{path.name} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise BadField(f"{path.name} is not valid JSON") from None
    if not isinstance(data, dict):
        raise BadField(f"{path.name} holds no JSON object")
    return data


def _hour(folder: Mapping[str, str]) -> str:
    """The hour of the folders as an instant; empty when they do not tell it."""
    try:
        parts = [int(folder[name]) for name in ("year", "month", "day", "hour")]
        return datetime(parts[0], parts[1], parts[2], parts[3]).isoformat() + "Z"
    except (KeyError, ValueError):
        return ""


def _only(values: Any) -> str:
    return _text(values[0]) if isinstance(values, list) and len(values) == 1 else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True, slots=True)
class Convention:
    read: Callable[[Path], dict[str, str] | None]
    """The texts of fields by name, empty ones included; None for a path that is not named so. Raises BadField."""
    expects: str


CONVENTIONS: Mapping[str, Convention] = {
    "amazon-pca": Convention(_read_pca, "a time like 2021-12-01T07-55-51 in its name"),
    "genesys-cloud": Convention(_read_genesys, "a folder conversation_id=... or a _metadata.json beside it"),
    "twilio": Convention(_read_twilio, "a SID in its name, RE... or CA... with 32 hexadecimal digits"),
}
"""What `inbox.filename_pattern` may name instead of a regular expression."""


class Names:
    """Reads names as the configuration says. Raises ConfigError for a broken pattern or time zone."""

    def __init__(self, config: InboxConfig) -> None:
        chosen = config.filename_pattern
        self._convention = CONVENTIONS.get(chosen or "")
        try:
            self._pattern = re.compile(chosen) if chosen and self._convention is None else None
        except re.error as error:
            raise ConfigError(f"inbox.filename_pattern: is not a regular expression: {error}.") from None
        try:
            self._zone = ZoneInfo(config.filename_timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigError(
                f"inbox.filename_timezone: {config.filename_timezone!r} is no time zone; write it like Europe/Berlin."
            ) from None

    @property
    def expects(self) -> str | None:
        """What a name must hold; None when names are not read."""
        if self._convention is not None:
            return self._convention.expects
        return None if self._pattern is None else "a name that inbox.filename_pattern matches"

    def read(self, recording: Recording) -> dict[str, str] | None:
        """The texts of fields by name; None when the name does not match or is not read. Raises BadField."""
        texts: dict[str, str] | None = None
        if self._convention is not None:
            texts = next((found for path in recording.paths if (found := self._convention.read(path))), None)
        elif self._pattern is not None:
            for stem in (*(path.stem for path in recording.paths), recording.base or ""):
                if match := self._pattern.search(stem):
                    texts = {key: value or "" for key, value in match.groupdict().items()}
                    break
        if texts and texts.get("started_at"):
            texts["started_at"] = self._in_zone(texts["started_at"])
        return texts

    def _in_zone(self, text: str) -> str:
        """A time without a zone with the configured one; others, and what is no such time, unchanged."""
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return text
        return at.replace(tzinfo=self._zone).isoformat() if at.tzinfo is None and "-" in text[:8] else text
