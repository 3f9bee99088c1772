"""Amazon's transcripts: Transcribe Call Analytics and Contact Lens (one structure), and Post Call Analytics.

Structure: Amazon Transcribe Developer Guide, "Post-call analytics output"; Amazon Connect Administrator Guide, "Example
Contact Lens output files" for calls and chats; aws-samples/amazon-transcribe-post-call-analytics,
`docs/output_json_structure.md`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field

from coach.types import Call, Medium, Role, Turn
from ingest.fields import parse_instant
from ingest.formats.contacts import (
    MAX_TIME_S,
    BadItem,
    Problem,
    Sides,
    as_instant,
    assemble,
    checked_id,
    id_from_name,
    label,
    shown,
)
from ingest.formats.json import load_json, validate

Seconds = Annotated[float, Field(ge=0, le=MAX_TIME_S, allow_inf_nan=False)]
Milliseconds = Annotated[float, Field(ge=0, le=MAX_TIME_S * 1000, allow_inf_nan=False)]


class _Participant(BaseModel):
    ParticipantId: str
    ParticipantRole: str | None = None


class _Item(BaseModel):
    Content: str = ""
    ParticipantId: str | None = None
    ParticipantRole: str | None = None
    DisplayName: str | None = None
    BeginOffsetMillis: Milliseconds | None = None
    EndOffsetMillis: Milliseconds | None = None
    AbsoluteTime: str | None = None
    """Of chats."""
    Type: str = "MESSAGE"
    """Of chats: MESSAGE, EVENT or ATTACHMENT."""


class _CustomerMetadata(BaseModel):
    ContactId: str | None = None


class _CallAnalytics(BaseModel):
    Transcript: list[_Item]
    Participants: list[_Participant] = []
    CustomerMetadata: _CustomerMetadata = _CustomerMetadata()
    ContactId: str | None = None
    JobName: str | None = None
    LanguageCode: str | None = None
    Channel: str = "VOICE"


class _Label(BaseModel):
    Speaker: str
    DisplayText: str = ""


class _Conversation(BaseModel):
    GUID: str | None = None
    Agent: str | None = None
    Cust: str | None = None
    ConversationTime: str | None = None
    ConversationLocation: str | None = None
    Duration: float | str | None = None
    LanguageCode: str | None = None
    SpeakerLabels: list[_Label] = []


class _SpeechSegment(BaseModel):
    SegmentStartTime: Seconds
    SegmentEndTime: Seconds
    SegmentSpeaker: str
    OriginalText: str = ""
    DisplayText: str = ""
    IVRSegment: bool = False


class _PostCall(BaseModel):
    ConversationAnalytics: _Conversation
    SpeechSegments: list[_SpeechSegment]


def read_amazon(path: Path, sides: Sides) -> Iterator[Call | Problem]:
    """The one contact of a file. Raises InputError when the file cannot be read."""
    try:
        data = load_json(path)
        if isinstance(data, dict) and "SpeechSegments" in data:
            yield _post_call(validate(_PostCall, data), path, sides)
        else:
            yield _call_analytics(validate(_CallAnalytics, data), path, sides)
    except BadItem as error:
        yield Problem(None, "bad_transcript", f"{path.name}: {error}.")


def _call_analytics(data: _CallAnalytics, path: Path, sides: Sides) -> Call:
    medium: Medium = "chat" if data.Channel.upper() == "CHAT" else "voice"
    roles = {one.ParticipantId: one.ParticipantRole for one in data.Participants}
    turns = []
    for i, item in enumerate(data.Transcript):
        if item.Type.upper() != "MESSAGE":
            continue
        who = item.ParticipantRole or roles.get(item.ParticipantId or "") or item.ParticipantId
        speaker = label(item.DisplayName)
        role = _role(who, sides, speaker)
        if role == "unknown" and speaker is None and (who or "").upper() not in ("", "UNKNOWN"):
            speaker = label(who)
        at = None if item.AbsoluteTime is None else _instant(f"Transcript.{i}.AbsoluteTime", item.AbsoluteTime)
        turns.append(Turn(role, item.Content, _s(item.BeginOffsetMillis), _s(item.EndOffsetMillis), speaker, at))
    return assemble(
        _id(data.CustomerMetadata.ContactId or data.ContactId or data.JobName, "ContactId", path),
        medium,
        turns,
        path,
        language=label(data.LanguageCode),
    )


def _role(who: str | None, sides: Sides, name: str | None) -> Role:
    """The role that Amazon names, unless a pattern says who the agent is."""
    if sides.agent is not None and name and sides.agent.search(name):
        return "agent"
    plain = (who or "").upper()
    if plain in ("AGENT", "CUSTOMER"):
        return "agent" if plain == "AGENT" else "customer"
    return "unknown" if plain in ("SYSTEM", "CUSTOM_BOT", "SUPERVISOR") else sides.of(name, who)


def _post_call(data: _PostCall, path: Path, sides: Sides) -> Call:
    about = data.ConversationAnalytics
    names = {one.Speaker: label(one.DisplayText) for one in about.SpeakerLabels}
    turns = []
    for segment in data.SpeechSegments:
        name = names.get(segment.SegmentSpeaker) or label(segment.SegmentSpeaker)
        role = "unknown" if segment.IVRSegment else sides.of(name)
        end = max(segment.SegmentStartTime, segment.SegmentEndTime)
        text = segment.DisplayText or segment.OriginalText
        generic = (name or "").lower() in ("agent", "customer")
        turns.append(Turn(role, text, segment.SegmentStartTime, end, None if generic else name))
    at = about.ConversationTime
    return assemble(
        _id(about.GUID if about.GUID not in (None, "", "None") else None, "ConversationAnalytics.GUID", path),
        "voice",
        turns,
        path,
        started_at=None if not at else _local_instant(at, about.ConversationLocation),
        agent=label(about.Agent),
        customer=label(about.Cust),
        language=label(about.LanguageCode),
    )


def _id(text: str | None, place: str, path: Path) -> str:
    return id_from_name(path) if not text else checked_id(place, text)


def _s(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _instant(place: str, text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise BadItem(f"{place} is {shown(text)}; {error}") from None


def _local_instant(text: str, zone: str | None) -> datetime:
    """Post Call Analytics' time, which is that of the place it names beside it; UTC where it names none."""
    place = "ConversationAnalytics.ConversationTime"
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return _instant(place, text)
    try:
        return as_instant(at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone) if zone else UTC))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadItem(f"ConversationAnalytics.ConversationLocation is {shown(zone)}; expected a time zone") from None


def looks_like_amazon(data: Any) -> bool:
    """Whether parsed JSON has the shape of one of Amazon's transcripts."""
    if not isinstance(data, dict):
        return False
    if "SpeechSegments" in data and "ConversationAnalytics" in data:
        return True
    items = data.get("Transcript")
    first = items[0] if isinstance(items, list) and items else None
    return isinstance(first, dict) and bool({"ParticipantId", "ParticipantRole"} & first.keys())
