"""Chats, mails and transcripts in the inbox and through `coach import`: chosen, stored once, replaced, forgotten."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coach.config import Config, InboxConfig
from coach.questions.classifier import Label
from coach.redact import Redactor
from coach.scoring import Scorer
from coach.store import Store, open_store
from coach.types import Call, Cue, Metadata, Turn
from ingest.formats.contacts import Sides
from ingest.formats.registry import recognise
from ingest.outcome import Failure
from ingest.texts import Texts, find_texts, take_texts
from ingest.transcripts import Importer, read_contacts

NOW = 2_000_000_000.0
LINE = {"id": "c1", "medium": "chat", "turns": [{"role": "agent", "text": "How can I help?"}]}
CHAT = "chat_id,sender,text\nc7,customer,My card is 5105 1051 0510 5100\n"
MAIL = "From: a@b.example\nMessage-ID: <1@b.example>\n\nHello\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>Hi\n"


class OneVector:
    """An embedder, a classifier and a finder that know nothing."""

    name = "one"
    dimension = 2

    def embed(self, texts: list[str]) -> np.ndarray:
        return np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (len(texts), 1))

    def classify(self, items: list[tuple[str, str]]) -> list[Label]:
        return [Label("none", "none", 1.0, 1.0, False, 0.0) for _ in items]

    fingerprint = "knows nothing"
    min_asked_unmarked = 1.0

    def find(self, turns_of_calls: list[list[Turn]]) -> list[tuple[Cue, ...]]:
        return [() for _ in turns_of_calls]


def scorer() -> Scorer:
    return Scorer(OneVector(), OneVector(), OneVector(), ())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data", Config().store) as opened:
        yield opened


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def put(inbox: Path, name: str, content: str | bytes, age_s: float = 60) -> Path:
    path = inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (NOW - age_s, NOW - age_s))
    return path


def found(inbox: Path) -> Texts:
    return find_texts(inbox, InboxConfig(), now=lambda: NOW)


def taken(inbox: Path, store: Store) -> tuple[dict[str, str], list[Failure]]:
    outcomes, failures = take_texts(found(inbox), store, Config(), scorer)
    return {outcome.call or "": outcome.status for outcome in outcomes}, failures


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.vtt", VTT, "subtitles"),
        ("captions", VTT, "subtitles"),
        ("a.eml", MAIL, "mail"),
        ("message", MAIL, "mail"),
        ("a.csv", CHAT, "chat-csv"),
        ("a.csv", "file,agent\na.wav,Ada\n", None),
        ("a.jsonl", "\n{broken\n" + json.dumps(LINE), "jsonl"),
        ("a.json", json.dumps(LINE), "jsonl"),
        ("a.jsonl", '{"id": 1, "author": "x", "text": "y"}', "social"),
        ("a.jsonl", '{"level": "info"}', None),
        ("a.json", '{"segments": [{"start": 0, "end": 1, "text": "x"}]}', "whisper"),
        ("a.json", '{"Transcript": [{"ParticipantId": "AGENT", "Content": "x"}]}', "amazon"),
        ("a.json", '{"uuid": "x", "dialog": []}', "vcon"),
        ("a.vcon", '{"vcon": "0.4.0", "uuid": "x"}', "vcon"),
        ("a.json", '{"agent": "Ada"}', None),
        ("a.json", "[" * 100_000, None),
        ("notes.txt", "Dear colleague: call back", None),
    ],
)
def test_format_is_recognised_by_suffix_and_content(tmp_path: Path, name: str, content: str, form: str | None) -> None:
    known = recognise(put(tmp_path, name, content))
    assert (None if known is None else known.name) == form


def test_only_settled_files_that_belong_to_no_recording_are_contacts(inbox: Path) -> None:
    put(inbox, "call.wav", b"RIFF")
    for name in (
        "call.vtt",
        "call.wav.json",
        "late.json",
        "metadata.csv",
        ".hidden.vtt",
        "x_metadata.json",
        "y.vtt.part",
    ):
        put(inbox, name, VTT)
    put(inbox, "late.wav.part", b"RIFF")
    for name in ("pair_agent.wav", "pair_customer.wav", "pair.vtt"):
        put(inbox, name, VTT)
    put(inbox, "new.eml", MAIL, age_s=1)
    put(inbox, "sub/old.eml", MAIL)
    (inbox / "link.eml").symlink_to(inbox / "sub" / "old.eml")
    texts = found(inbox)
    assert [path.name for path in texts.ready] == ["old.eml"]
    assert [path.name for path in texts.waiting] == ["new.eml"]
    assert texts.failures == []


def test_contacts_are_stored_once_redacted_and_told_again_only_when_they_change(inbox: Path, store: Store) -> None:
    put(inbox, "chat.csv", CHAT)
    put(inbox, "t.jsonl", json.dumps(LINE))
    assert taken(inbox, store) == ({"c7": "imported", "c1": "imported"}, [])
    chat = store.get_call("c7")
    assert chat is not None
    assert "5105" not in chat.turns[0].text
    assert taken(inbox, store) == ({"c7": "unchanged", "c1": "unchanged"}, [])
    put(inbox, "t.jsonl", json.dumps({**LINE, "agent": "Ada"}))
    assert taken(inbox, store)[0]["c1"] == "updated"
    put(inbox, "t.jsonl", json.dumps({**LINE, "turns": [{"role": "agent", "text": "What happened?"}]}))
    assert taken(inbox, store)[0]["c1"] == "imported"
    call = store.get_call("c1")
    assert call is not None
    assert [turn.text for turn in call.turns] == ["What happened?"]


def test_roles_put_right_by_hand_stay(inbox: Path, store: Store) -> None:
    put(inbox, "t.jsonl", json.dumps(LINE))
    taken(inbox, store)
    call = store.get_call("c1", embeddings=True)
    assert call is not None
    store.save_call(replace(call, turns=(replace(call.turns[0], role="customer"),)))
    assert taken(inbox, store)[0] == {"c1": "unchanged"}
    assert store.get_call("c1").turns[0].role == "customer"


def test_forgotten_contact_is_not_taken_in_again(inbox: Path, store: Store) -> None:
    put(inbox, "t.jsonl", json.dumps(LINE))
    taken(inbox, store)
    store.forget_call("c1")
    assert taken(inbox, store) == ({"c1": "forgotten"}, [])
    assert not store.has_call("c1")


def test_contact_does_not_take_the_place_of_a_recorded_call(inbox: Path, store: Store) -> None:
    store.save_call(Call("c1", Metadata(call_id="c1"), (), "0" * 64, "c1.wav", 1.0))
    put(inbox, "t.jsonl", json.dumps(LINE))
    outcomes, (failure,) = taken(inbox, store)
    assert outcomes == {}
    assert failure.code == "duplicate_id"
    assert "is that of a recorded call" in failure.message


def test_bad_files_and_items_harm_only_themselves(tmp_path: Path) -> None:
    files = [
        put(tmp_path, "none.json", "{}"),
        put(tmp_path, "bad.jsonl", "{"),
        tmp_path / "gone.vtt",
        put(tmp_path, "a.jsonl", json.dumps(LINE) + "\n" + json.dumps({**LINE, "medium": "fax"})),
        put(tmp_path, "b.jsonl", json.dumps(LINE)),
    ]
    failures: list[Failure] = []
    calls = list(read_contacts(files, Sides(), failures))
    assert [call.source for call in calls] == ["a.jsonl line 1"]
    assert [failure.code for failure in failures] == [
        "unsupported_format",
        "bad_transcript",
        "unreadable",
        "bad_transcript",
        "duplicate_id",
    ]
    assert all(failure.message.endswith(".") for failure in failures)


def test_message_about_a_bad_file_repeats_no_card_number(inbox: Path, store: Store) -> None:
    put(inbox, "chat.csv", "chat_id,sender,at,text\nc1,customer,5105 1051 0510 5100,hi\n")
    _, (failure, *_) = taken(inbox, store)
    assert failure.message.startswith("chat.csv line 2: at is '")
    assert "5105" not in failure.message


def test_importing_a_known_id_keeps_the_recording(store: Store) -> None:
    store.save_call(Call("c1", Metadata(call_id="c1"), (), "0" * 64, "c1.wav", 9.0))
    into = Importer(store, Redactor(), scorer)
    new = Call("c1", Metadata(call_id="c1"), (), None, "c1.vtt", None)
    assert into.save([new]) == 1
    stored = store.get_call("c1")
    assert stored is not None
    assert (stored.recording_sha256, stored.duration_s, stored.source) == ("0" * 64, 9.0, "c1.vtt")
