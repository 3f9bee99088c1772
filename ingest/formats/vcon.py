"""vCon, the IETF's container for conversations: text dialogs and transcripts, not the recordings inside.

Structure: draft-ietf-vcon-vcon-core (July 2026, syntax 0.4.0) and its JSON schema; earlier drafts differ in names that
are not needed here. `role` of a party is from the contact centre extension. The library `vcon` is not used: it brings
an HTTP client and signing to what is one JSON object.
"""

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from coach.types import ROLES, Call, Medium, Role, Turn
from coach.vcon import SCHEMA, VENDOR
from ingest.fields import parse_instant
from ingest.formats.contacts import (
    MAX_TIME_S,
    BadItem,
    Problem,
    Sides,
    assemble,
    checked_id,
    checked_time,
    label,
    shown,
)
from ingest.formats.html import text_of
from ingest.formats.json import load_json, validate
from ingest.formats.jsonl import call_of
from ingest.formats.whisper import Segment, to_turns

_TEXT_KEYS = ("text", "message", "transcript", "body")
_WHO_KEYS = ("speaker", "party", "name", "role")


class _Party(BaseModel):
    name: str | None = None
    role: str | None = None
    tel: str | None = None
    mailto: str | None = None


class _Dialog(BaseModel):
    type: str
    start: str | None = None
    duration: Annotated[float, Field(ge=0, le=MAX_TIME_S)] | None = None
    parties: Any = None
    originator: int | None = None
    mediatype: str | None = None
    mimetype: str | None = None
    """The name of `mediatype` before version 0.0.2."""
    body: Any = None
    encoding: str | None = None


class _Analysis(BaseModel):
    type: str
    vendor: str | None = None
    vendor_schema: str | None = Field(None, alias="schema")
    body: Any = None
    encoding: str | None = None


class _Vcon(BaseModel):
    uuid: str
    parties: list[_Party] = []
    dialog: list[_Dialog] = []
    analysis: list[_Analysis] = []


def read_vcon(path: Path, sides: Sides) -> Iterator[Call | Problem]:
    """The contact of a file, or of each object in an array. Raises InputError when the file cannot be read."""
    try:
        data = load_json(path)
    except BadItem as error:
        yield Problem(None, "bad_transcript", f"{path.name}: {error}.")
        return
    for i, item in enumerate(data if isinstance(data, list) else [data]):
        place = f"{path.name} item {i}" if isinstance(data, list) else path.name
        try:
            yield _call(item, path, sides)
        except BadItem as error:
            yield Problem(None, "bad_transcript", f"{place}: {error}.")


def _call(data: Any, path: Path, sides: Sides) -> Call:
    if isinstance(data, dict) and ("payload" in data or "ciphertext" in data):
        kind = "a signed" if "payload" in data else "an encrypted"
        raise BadItem(f"it is {kind} vCon; unwrap it first")
    vcon = validate(_Vcon, data)
    own = next((one for one in vcon.analysis if one.vendor == VENDOR and one.vendor_schema == SCHEMA), None)
    if own is not None:
        return call_of(_body(own.body, own.encoding, "analysis.body"), path.name)
    parties = [_who(party, sides) for party in vcon.parties]
    turns = [turn for i, one in enumerate(vcon.dialog) if (turn := _message(i, one, parties)) is not None]
    medium = _medium(vcon, has_text=bool(turns))
    started = [_instant(f"dialog.{i}.start", one.start) for i, one in enumerate(vcon.dialog) if one.start]
    for i, one in enumerate(vcon.analysis):
        if not turns and one.type == "transcript":
            turns = _transcript(_body(one.body, one.encoding, f"analysis.{i}.body"), parties, sides)
    if not turns:
        raise BadItem("it holds neither text dialogs nor a transcript that can be read (recordings in it are not)")
    names = {role: next((name for known, name in parties if known == role and name), None) for role in ROLES}
    return assemble(
        checked_id("uuid", vcon.uuid),
        medium,
        turns,
        path,
        started_at=min(started, default=None),
        agent=names["agent"],
        customer=names["customer"],
    )


def _who(party: _Party, sides: Sides) -> tuple[Role, str | None]:
    """A party's role and name: as the pattern says, else as the party's `role`, else as its address or name does."""
    name = label(party.name) or label(party.mailto) or label(party.tel)
    address = (party.mailto or "").removeprefix("mailto:")
    labels = (party.name, address, party.tel)
    if sides.agent is not None:
        return sides.of(*labels), name
    role = sides.of(party.role)
    if role == "unknown" and address and sides.domains:
        role = sides.of_address(address)
    return (sides.of(party.name) if role == "unknown" else role), name


def _message(i: int, dialog: _Dialog, parties: list[tuple[Role, str | None]]) -> Turn | None:
    """A text dialog as a turn, by its originator (by default its first party); None for other kinds."""
    kind = (dialog.mediatype or dialog.mimetype or "text/plain").split(";")[0].strip().lower()
    if dialog.type != "text" or not kind.startswith("text/"):
        return None
    text = _body(dialog.body, dialog.encoding, f"dialog.{i}.body")
    if not isinstance(text, str):
        return None
    first = dialog.parties[0] if isinstance(dialog.parties, list) and dialog.parties else dialog.parties
    at = dialog.originator if dialog.originator is not None else first
    role, name = parties[at] if isinstance(at, int) and 0 <= at < len(parties) else ("unknown", None)
    when = None if dialog.start is None else _instant(f"dialog.{i}.start", dialog.start)
    return Turn(role, text_of(text) if kind == "text/html" else text, speaker=name, at=when)


def _body(body: Any, encoding: str | None, place: str) -> Any:
    if encoding != "base64url" or not isinstance(body, str):
        return body
    try:
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        raise BadItem(f"{place} is not text in base64url") from None


def _transcript(body: Any, parties: list[tuple[Role, str | None]], sides: Sides) -> list[Turn]:
    """The turns of a transcript: a list of segments, an object that holds one, or plain text; else none."""
    if isinstance(body, str):
        return [Turn("unknown", body)]
    if isinstance(body, dict):
        body = next((body[key] for key in ("segments", "turns", "transcript") if isinstance(body.get(key), list)), None)
    segments, roles = [], {}
    for item in body if isinstance(body, list) else []:
        text = next((item[key] for key in _TEXT_KEYS if isinstance(item.get(key), str)), None)
        if text is None:
            continue
        who: Any = next((item[key] for key in _WHO_KEYS if item.get(key) is not None), None)
        if isinstance(who, int) and 0 <= who < len(parties):
            role, name = parties[who]
            who = name or f"party {who}"
            roles[who] = role
        start, end = (item.get(key) if isinstance(item.get(key), int | float) else None for key in ("start", "end"))
        for time in (start, end):
            checked_time("a time of the transcript", 0.0 if time is None else time)
        segments.append(Segment(text=text, start=start, end=end, speaker=None if who is None else str(who)))
    turns = to_turns(segments, sides)
    return [
        Turn(roles.get(turn.speaker, turn.role), turn.text, turn.start, turn.end, turn.speaker)
        if turn.speaker
        else turn
        for turn in turns
    ]


def _medium(vcon: _Vcon, *, has_text: bool) -> Medium:
    """Voice where nothing is written; mail where the parties that have an address have a mail address only."""
    if not has_text:
        return "voice"
    addressed = [party for party in vcon.parties if party.tel or party.mailto]
    return "email" if addressed and all(party.mailto and not party.tel for party in addressed) else "chat"


def _instant(place: str, text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise BadItem(f"{place} is {shown(text)}; {error}") from None


def looks_like_vcon(data: Any) -> bool:
    """Whether parsed JSON is a vCon, plain, signed or encrypted."""
    one = data[0] if isinstance(data, list) and data else data
    if not isinstance(one, dict):
        return False
    return "uuid" in one and bool({"vcon", "dialog", "analysis"} & one.keys())
