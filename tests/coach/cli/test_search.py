"""`coach search`: what it prints, and that every field can be filtered by."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from searching import WordVectors, call_of

from coach.cli import cli
from coach.config import StoreConfig
from coach.store import open_store
from coach.types import Cue, Metadata, Question, Turn

ASKED = "What does the dead modem do to you?"
SAID = "The modem is dead and I cannot work."

MET = [
    "call=wanted", "call_id=W-1", "medium=voice", "agent=Ann", "team=north", "customer=C-1", "segment=senior",
    "product=broadband", "queue=technical", "csat=2", "csat>=1.5", "csat<=2", "handle_time_s>=300", "duration_s<=10",
    "resolved=false", "churned=true", "sold=no", "started_at=2026-03-04", "started_at>=2026-03-04", "region=coast",
    "cue=leaving", "question=impact", "role=agent",
]  # fmt: skip
"""A filter on every field there is, each met by the call that is looked for and by no other."""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two calls in which the same is said, and of only one of which anything is known."""
    embedder = WordVectors()
    monkeypatch.setattr("coach.retrieval.embeddings.load_embedder", lambda _path: embedder)
    known = Metadata(
        "W-1", datetime(2026, 3, 4, 9, tzinfo=UTC), "voice", "Ann", "north", "C-1", "senior", "broadband", "technical",
        2.0, False, True, False, 333.0, {"region": "coast"},
    )  # fmt: skip
    turns = [Turn("agent", ASKED, 61.0, 63.0), Turn("customer", SAID, 63.5, 66.0)]
    with open_store(tmp_path / "data", StoreConfig()) as store:
        store.set_embedding_model(embedder.name)
        call = call_of(embedder, "wanted", turns, known)
        question = Question(0, 0, len(ASKED), 61.0, ASKED, "open", "impact", 0.9, 0.9, False)
        store.save_call(replace(call, cues=(Cue("leaving", 1, 0, 9, 63.5, SAID[:9], 0.9),), questions=(question,)))
        other = [Turn("unknown", ASKED), Turn("customer", SAID)]
        store.save_call(replace(call_of(embedder, "other", other, Metadata(medium="chat")), duration_s=None))
    return tmp_path / "data"


def search(data: Path, *options: str) -> str:
    ran = CliRunner().invoke(cli, ["search", "dead modem", "--data", str(data), *options], catch_exceptions=False)
    assert ran.exit_code == 0
    return ran.stdout


def test_json_has_the_stable_form(data: Path) -> None:
    hits = json.loads(search(data, "--json"))
    assert {hit["call"] for hit in hits} == {"wanted", "other"}
    (hit,) = json.loads(search(data, "--json", "--where", "call=wanted"))
    assert 0 < hit.pop("similarity") <= 1
    assert hit == {"call": "wanted", "start": 61.0, "end": 66.0, "turns": [0, 1], "text": f"{ASKED}\n{SAID}"}
    assert len(json.loads(search(data, "--json", "-k", "1"))) == 1


def test_every_field_can_be_filtered_by(data: Path) -> None:
    for written in MET:
        assert [hit["call"] for hit in json.loads(search(data, "--json", "--where", written))] == ["wanted"], written
        if ">" not in written and "<" not in written:
            unmet = json.loads(search(data, "--json", "--where", written.replace("=", "!=")))
            assert [hit["call"] for hit in unmet] == ["other"], written


def test_several_filters_mean_and(data: Path) -> None:
    assert json.loads(search(data, "--json", "--where", "team=north", "--where", "cue!=leaving")) == []


def test_people_see_place_closeness_and_words(data: Path) -> None:
    shown = search(data, "--where", "call=wanted")
    first, *rest = shown.splitlines()
    assert first.split()[1] == "wanted@01:01"
    assert 0 < float(first.split()[0]) <= 1
    assert [line.strip() for line in rest] == [ASKED, SAID]
    assert search(data, "--where", "team=nowhere") == ""


def test_hostile_words_do_not_steer_the_terminal(data: Path) -> None:
    with open_store(data, StoreConfig()) as store:
        turns = [Turn("customer", "dead modem \x1b[2J\x1b]0;owned\x07 \u202ereversed")]
        store.save_call(call_of(WordVectors(), "hostile", turns, Metadata(medium="chat")))
    assert "dead modem [2J]0;owned reversed" in (shown := search(data, "--where", "call=hostile"))
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


@pytest.mark.parametrize(("where", "told"), [("cue=leavin", "no cue 'leavin'"), ("teem=north", "no field 'teem'")])
def test_a_slip_in_a_filter_is_told_where_nothing_is_found(data: Path, where: str, told: str) -> None:
    done = CliRunner().invoke(cli, ["search", "parcel", "--data", str(data), "--where", where])
    assert (done.exit_code, done.stdout) == (0, "")
    assert told in done.stderr
