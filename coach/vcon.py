"""A call as a vCon, the IETF's container for conversations: draft-ietf-vcon-vcon-core (July 2026, syntax 0.4.0).

Messages with instants are text dialogs. Turns of a call go into an analysis of type "transcript", for the draft's
dialogs hold what was recorded. Beside them stands the whole call in our own form, so that nothing is lost when it is
read again.
"""

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

from coach.types import Call, Turn

VENDOR = "callcoach"
SCHEMA = "callcoach-call-1"
"""Of the analysis whose body is a line as `coach import` takes it."""


def to_vcon(call: Call, as_line: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The call as one JSON object; `as_line` is its JSONL form, `now` goes where the draft asks for a creation time."""
    parties = _parties(call)
    numbers = {key: number for number, key in enumerate(parties)}
    written = bool(call.turns) and all(turn.at is not None for turn in call.turns)
    whose = [numbers[turn.role, turn.speaker] for turn in call.turns]
    dialog = [_message(turn, number) for turn, number in zip(call.turns, whose, strict=True)] if written else []
    if not written and call.metadata.started_at is not None:
        dialog = [
            {
                "type": "recording",
                "start": call.metadata.started_at.isoformat(),
                "duration": call.duration_s or 0.0,
                "parties": list(range(len(parties))),
            }
        ]
    analysis: list[dict[str, Any]] = []
    if not written and call.turns:
        segments = [
            {"party": number, "text": turn.text, "start": turn.start, "end": turn.end}
            for turn, number in zip(call.turns, whose, strict=True)
        ]
        analysis.append(_analysis("transcript", "segments", {"segments": segments}))
    analysis.append(_analysis("report", SCHEMA, as_line))
    return {
        "vcon": "0.4.0",
        "uuid": str(_uuid(call.id)),
        "created_at": now.astimezone(UTC).isoformat(),
        "extensions": ["CC"],
        "parties": [_party(call, *key) for key in parties],
        "dialog": dialog,
        "analysis": analysis,
        "attachments": [],
    }


def _parties(call: Call) -> list[tuple[str, str | None]]:
    """Everyone who says something, in order of first words, by role and name."""
    return list(dict.fromkeys((turn.role, turn.speaker) for turn in call.turns))


def _party(call: Call, role: str, speaker: str | None) -> dict[str, Any]:
    known = {"agent": call.metadata.agent, "customer": call.metadata.customer}
    name = speaker or known.get(role)
    return {"role": role} if name is None else {"name": name, "role": role}


def _message(turn: Turn, party: int) -> dict[str, Any]:
    assert turn.at is not None
    return {
        "type": "text",
        "start": turn.at.isoformat(),
        "parties": [party],
        "originator": party,
        "mediatype": "text/plain",
        "encoding": "none",
        "body": turn.text,
    }


def _analysis(kind: str, schema: str, body: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "vendor": VENDOR,
        "schema": schema,
        "mediatype": "application/json",
        "encoding": "json",
        "body": body,
    }


def _uuid(call_id: str) -> uuid.UUID:
    """A version 8 UUID (RFC 9562) made of the call's id: the same call has the same one at every export."""
    number = int.from_bytes(hashlib.sha256(f"{VENDOR}:{call_id}".encode()).digest()[:16], "big")
    number = number & ~(0xF << 76) | 8 << 76  # version
    return uuid.UUID(int=number & ~(0b11 << 62) | 0b10 << 62)  # variant
