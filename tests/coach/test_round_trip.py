"""What is exported and imported again keeps speakers, times and instants: jsonl, vtt, vcon."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coach.export import call_to_json, to_vtt, vcon_text
from coach.types import Call, Metadata, Turn
from ingest.formats.contacts import Sides
from ingest.formats.registry import recognise

AT = datetime(2026, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)
VOICE = Call(
    "v-1",
    Metadata(call_id="v-1", started_at=AT, agent="Ada Lee", customer="K-1", csat=4.0, extra={"floor": "3"}),
    (
        Turn("agent", "How can I help & listen?", 0.125, 1.5, "Ada <Lee>"),
        Turn("customer", "My bill.", 1.5, 3.0, "Bob"),
        Turn("agent", "Thank you --> really.", 1.75, 2.0, "agent"),
        Turn("unknown", "…", 3.0, 61.25),
    ),
    recording_sha256=None,
    source="x.wav",
    duration_s=70.0,
)
CHAT = Call(
    "chat 1",
    Metadata(call_id="chat 1", started_at=AT, medium="chat", agent="Ada", customer="Bob"),
    (Turn("customer", "It broke.\nTwice.", speaker="Bob", at=AT), Turn("agent", "Oh.", speaker="Ada", at=AT)),
    recording_sha256=None,
    source="x.csv",
    duration_s=None,
)
WRITE: dict[str, Callable[[Call], str]] = {
    "jsonl": lambda call: json.dumps(call_to_json(call)),
    "vtt": to_vtt,
    "vcon": vcon_text,
}


def again(call: Call, form: str, tmp_path: Path) -> Call:
    path = tmp_path / f"{call.id}.{form}"
    path.write_text(WRITE[form](call), encoding="utf-8")
    kind = recognise(path)
    assert kind is not None
    (read,) = kind.read([path], Sides())
    assert isinstance(read, Call), read
    return read


@pytest.mark.parametrize(("call", "form"), [(VOICE, "jsonl"), (VOICE, "vcon"), (CHAT, "jsonl"), (CHAT, "vcon")])
def test_whole_call_survives(call: Call, form: str, tmp_path: Path) -> None:
    first = again(call, form, tmp_path)
    assert first == replace(call, source=first.source)
    assert again(first, form, tmp_path).turns == call.turns


def test_captions_keep_speakers_times_and_roles(tmp_path: Path) -> None:
    first = again(VOICE, "vtt", tmp_path)
    nameless = tuple(replace(turn, speaker=None) if turn.speaker == "agent" else turn for turn in VOICE.turns)
    assert first.turns == nameless
    assert first.id == "v-1"
    assert to_vtt(again(first, "vtt", tmp_path)) == to_vtt(first)


def test_vcon_reads_without_our_own_part_too(tmp_path: Path) -> None:
    """Another program that drops analyses it does not know still finds who said what and when."""
    for call in (VOICE, CHAT):
        data = json.loads(vcon_text(call))
        data["analysis"] = [one for one in data["analysis"] if one["type"] != "report"]
        path = tmp_path / "other.vcon"
        path.write_text(json.dumps(data))
        kind = recognise(path)
        assert kind is not None
        (read,) = kind.read([path], Sides())
        assert isinstance(read, Call)
        assert read.metadata.started_at == AT
        assert read.metadata.medium == call.metadata.medium
        assert [(t.text, t.start, t.at) for t in read.turns] == [(t.text, t.start, t.at) for t in call.turns]
        assert [t.role for t in read.turns] == [t.role for t in call.turns]


def test_vcon_has_what_the_draft_requires() -> None:
    first, second = (json.loads(vcon_text(VOICE)) for _ in range(2))
    assert first["uuid"] == second["uuid"]
    assert uuid.UUID(first["uuid"]).version == 8
    assert uuid.UUID(first["uuid"]).variant == uuid.RFC_4122
    assert datetime.fromisoformat(first["created_at"]).tzinfo is not None
    assert all("start" in dialog and "type" in dialog for dialog in first["dialog"])
    assert all("vendor" in analysis and "type" in analysis for analysis in first["analysis"])
