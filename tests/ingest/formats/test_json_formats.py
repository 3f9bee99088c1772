"""Whisper's, Amazon's and vCon's JSON: examples written by hand to the structures that the readers' modules cite."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coach.types import Call, Turn
from ingest.formats.amazon import read_amazon
from ingest.formats.contacts import Problem, Sides, sides
from ingest.formats.vcon import read_vcon
from ingest.formats.whisper import read_whisper


def read(reader: Any, tmp_path: Path, data: Any, who: Sides | None = None, name: str = "c1.json") -> Call:
    path = tmp_path / name
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    (call,) = reader(path, who or Sides())
    assert isinstance(call, Call), call
    return call


def refused(reader: Any, tmp_path: Path, data: Any) -> str:
    path = tmp_path / "c1.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    (problem,) = reader(path, Sides())
    assert isinstance(problem, Problem)
    assert problem.message.startswith("c1.json")
    assert problem.message.endswith(".")
    return problem.message


def test_openai_whisper_segments(tmp_path: Path) -> None:
    data = {
        "text": " Hello there. Bye.",
        "segments": [
            {"id": 0, "seek": 0, "start": 0.0, "end": 1.5, "text": " Hello there.", "tokens": [1], "avg_logprob": -0.2},
            {"id": 1, "seek": 0, "start": 2.0, "end": 2.5, "text": " Bye.", "tokens": [2], "avg_logprob": -0.3},
        ],
        "language": "en",
    }
    call = read(read_whisper, tmp_path, data)
    assert (call.id, call.language, call.duration_s) == ("c1", "en", 2.5)
    assert call.turns == (Turn("unknown", "Hello there.", 0.0, 1.5), Turn("unknown", "Bye.", 2.0, 2.5))


def test_whisperx_speakers_are_joined_over_short_gaps_and_told_apart_by_pattern(tmp_path: Path) -> None:
    rows = [
        ("SPEAKER_00", 0, 1, "Good"),
        ("SPEAKER_00", 1.5, 2, "morning."),
        ("SPEAKER_01", 2.5, 3, "Hi."),
        (None, 9, 10, "?"),
    ]
    segments = [
        {"start": start, "end": end, "text": f" {text}", "words": [], **({"speaker": who} if who else {})}
        for who, start, end, text in rows
    ]
    call = read(read_whisper, tmp_path, {"segments": segments, "word_segments": []}, sides("^SPEAKER_00$", ()))
    assert call.turns == (
        Turn("agent", "Good morning.", 0.0, 2.0, "SPEAKER_00"),
        Turn("customer", "Hi.", 2.5, 3.0, "SPEAKER_01"),
        Turn("unknown", "?", 9.0, 10.0),
    )


def test_list_of_faster_whisper_segments(tmp_path: Path) -> None:
    assert read(read_whisper, tmp_path, [{"start": 1, "end": 2, "text": "x"}]).turns == (
        Turn("unknown", "x", 1.0, 2.0),
    )


CALL_ANALYTICS = {
    "JobName": "job-1",
    "LanguageCode": "en-US",
    "Channel": "VOICE",
    "CustomerMetadata": {"ContactId": "contact-9", "InstanceId": "i"},
    "Participants": [
        {"ParticipantId": "p1", "ParticipantRole": "AGENT"},
        {"ParticipantId": "p2", "ParticipantRole": "CUSTOMER"},
    ],
    "Transcript": [
        {"ParticipantId": "p2", "BeginOffsetMillis": 2500, "EndOffsetMillis": 4000, "Content": "My bill.", "Id": "b"},
        {
            "ParticipantId": "p1",
            "BeginOffsetMillis": 440,
            "EndOffsetMillis": 2000,
            "Content": "How can I help?",
            "Id": "a",
        },
    ],
}


def test_call_analytics_and_contact_lens_voice(tmp_path: Path) -> None:
    call = read(read_amazon, tmp_path, CALL_ANALYTICS)
    assert (call.id, call.language, call.metadata.medium) == ("contact-9", "en-US", "voice")
    assert call.turns == (Turn("agent", "How can I help?", 0.44, 2.0), Turn("customer", "My bill.", 2.5, 4.0))


def test_call_analytics_job_without_participants_uses_the_role_of_each_turn(tmp_path: Path) -> None:
    turns = [{"ParticipantRole": "CUSTOMER", "BeginOffsetMillis": 0, "EndOffsetMillis": 9, "Content": "x"}]
    call = read(read_amazon, tmp_path, {"JobName": "job-1", "Transcript": turns})
    assert (call.id, call.turns[0].role) == ("job-1", "customer")


def test_contact_lens_chat_keeps_instants_and_passes_over_events(tmp_path: Path) -> None:
    items = [
        {"AbsoluteTime": "2026-03-01T10:00:00.000Z", "Type": "EVENT", "ContentType": "x", "ParticipantId": "c"},
        {
            "AbsoluteTime": "2026-03-01T10:00:05.000Z",
            "Type": "MESSAGE",
            "Content": "Hi",
            "ParticipantId": "c",
            "DisplayName": "Eve",
        },
        {"AbsoluteTime": "2026-03-01T10:00:07.000Z", "Type": "MESSAGE", "Content": "Queueing.", "ParticipantId": "s"},
    ]
    people = [
        {"ParticipantId": "c", "ParticipantRole": "CUSTOMER"},
        {"ParticipantId": "s", "ParticipantRole": "SYSTEM"},
    ]
    call = read(
        read_amazon, tmp_path, {"Channel": "CHAT", "ContactId": "z", "Participants": people, "Transcript": items}
    )
    at = datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC)
    assert call.turns[0] == Turn("customer", "Hi", speaker="Eve", at=at)
    assert [turn.role for turn in call.turns] == ["customer", "unknown"]
    assert (call.metadata.medium, call.metadata.customer, call.metadata.started_at) == ("chat", "Eve", at)


def test_post_call_analytics_file(tmp_path: Path) -> None:
    data = {
        "ConversationAnalytics": {
            "GUID": "g-1",
            "Agent": "AndrewK",
            "Cust": "K-7",
            "ConversationTime": "2026-01-31 14:05:00",
            "ConversationLocation": "Europe/Berlin",
            "Duration": "9.5",
            "LanguageCode": "en-US",
            "SpeakerLabels": [
                {"Speaker": "spk_0", "DisplayText": "Customer"},
                {"Speaker": "spk_1", "DisplayText": "Agent"},
            ],
        },
        "SpeechSegments": [
            {
                "SegmentStartTime": 0.1,
                "SegmentEndTime": 2.0,
                "SegmentSpeaker": "spk_1",
                "OriginalText": "Hi",
                "DisplayText": "Hi.",
            },
            {"SegmentStartTime": 3.0, "SegmentEndTime": 4.5, "SegmentSpeaker": "spk_0", "OriginalText": "Hello."},
            {
                "SegmentStartTime": 5.0,
                "SegmentEndTime": 6.0,
                "SegmentSpeaker": "spk_2",
                "DisplayText": "Press 1.",
                "IVRSegment": True,
            },
        ],
    }
    call = read(read_amazon, tmp_path, data)
    assert call.id == "g-1"
    assert (call.metadata.agent, call.metadata.customer) == ("AndrewK", "K-7")
    assert call.metadata.started_at == datetime(2026, 1, 31, 13, 5, tzinfo=UTC)
    assert [(t.role, t.text, t.start) for t in call.turns] == [
        ("agent", "Hi.", 0.1),
        ("customer", "Hello.", 3.0),
        ("unknown", "Press 1.", 5.0),
    ]


VCON: dict[str, Any] = {
    "vcon": "0.4.0",
    "uuid": "018e3f72-c3a8-8b8e-b468-6ebf2e2e8c14",
    "created_at": "2026-03-01T11:00:00Z",
    "parties": [
        {"name": "Ada", "mailto": "ada@shop.example", "role": "agent"},
        {"tel": "+15550142", "role": "customer"},
    ],
    "dialog": [
        {
            "type": "text",
            "start": "2026-03-01T10:00:00Z",
            "parties": [1, 0],
            "mediatype": "text/plain",
            "encoding": "none",
            "body": "It broke.",
        },
        {
            "type": "text",
            "start": "2026-03-01T10:01:00+00:00",
            "parties": [1, 0],
            "originator": 0,
            "mediatype": "text/html",
            "encoding": "base64url",
            "body": base64.urlsafe_b64encode(b"<p>How does that<br>affect you?</p>").decode().rstrip("="),
        },
    ],
}


def test_text_dialogs_of_a_vcon(tmp_path: Path) -> None:
    call = read(read_vcon, tmp_path, VCON)
    assert (call.id, call.metadata.medium) == (VCON["uuid"], "chat")
    assert call.turns == (
        Turn("customer", "It broke.", speaker="+15550142", at=datetime(2026, 3, 1, 10, tzinfo=UTC)),
        Turn("agent", "How does that\naffect you?", speaker="Ada", at=datetime(2026, 3, 1, 10, 1, tzinfo=UTC)),
    )
    assert (call.metadata.agent, call.metadata.customer) == ("Ada", "+15550142")


def test_transcript_in_the_analysis_of_a_vcon(tmp_path: Path) -> None:
    body = {
        "segments": [
            {"party": 0, "start": 0.5, "end": 1.0, "text": "Hi."},
            {"speaker": "Bob", "start": 2, "end": 3, "text": "Yo."},
        ]
    }
    dialog = {
        "type": "recording",
        "start": "2026-03-01T10:00:00Z",
        "duration": 9,
        "parties": [0, 1],
        "url": "https://x.example/a.wav",
    }
    analysis = [
        {"type": "summary", "vendor": "v", "body": "s"},
        {"type": "transcript", "vendor": "v", "dialog": 0, "encoding": "json", "body": body},
    ]
    call = read(read_vcon, tmp_path, {**VCON, "dialog": [dialog], "analysis": analysis})
    assert call.metadata.medium == "voice"
    assert call.metadata.started_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert call.turns == (Turn("agent", "Hi.", 0.5, 1.0, "Ada"), Turn("unknown", "Yo.", 2.0, 3.0, "Bob"))


@pytest.mark.parametrize(
    ("reader", "data", "said"),
    [
        (read_whisper, "{", "line 1 is not valid JSON"),
        (read_whisper, '{"segments": [{"text": "x", "start": NaN}]}', "it is not valid JSON"),
        (read_whisper, {"segments": [{"text": 5}]}, "segments.0.text is 5; expected a valid string"),
        (
            read_whisper,
            {"segments": [{"text": "x", "start": 1e9}]},
            "segments.0.start is 1000000000.0; expected less than",
        ),
        (read_whisper, {"segments": []}, "it holds no words"),
        (read_amazon, {"Transcript": [{"BeginOffsetMillis": -1}]}, "Transcript.0.BeginOffsetMillis is -1"),
        (
            read_amazon,
            {**CALL_ANALYTICS, "CustomerMetadata": {"ContactId": "a/b"}},
            "ContactId is 'a/b'; expected 1 to 128",
        ),
        (read_vcon, {"payload": "x", "signatures": []}, "it is a signed vCon"),
        (read_vcon, {"ciphertext": "x"}, "it is an encrypted vCon"),
        (read_vcon, {**VCON, "dialog": []}, "neither text dialogs nor a transcript"),
        (read_vcon, {**VCON, "dialog": [{"type": "text", "start": "noon", "body": "x"}]}, "dialog.0.start is 'noon'"),
        (read_vcon, {"vcon": "0.4.0"}, "uuid is missing"),
    ],
)
def test_bad_file_is_told_with_the_field(reader: Any, data: Any, said: str, tmp_path: Path) -> None:
    assert said in refused(reader, tmp_path, data)


def test_bad_vcon_in_an_array_harms_no_other(tmp_path: Path) -> None:
    path = tmp_path / "many.vcon"
    path.write_text(json.dumps([{"uuid": 5}, VCON]))
    problem, call = read_vcon(path, Sides())
    assert isinstance(problem, Problem)
    assert "many.vcon item 0: uuid is 5" in problem.message
    assert isinstance(call, Call)
