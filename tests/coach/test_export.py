"""Calls written out, and read back in."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coach.config import StoreConfig
from coach.errors import ConfigError, InputError
from coach.export import export, to_vtt
from coach.measures import measure
from coach.store import Store, open_store, parse_where
from coach.types import Call, Metadata, Question, SummarySentence, Turn
from ingest.formats.jsonl import read_transcripts

AT = datetime(2026, 1, 31, 13, 5, tzinfo=UTC)
TURNS = (
    Turn("agent", "How can I help?\nSo?", 0.0, 1.5),
    Turn("customer", "A <b>bill</b> --> & more é", 2.0, 61.25, speaker="Bob"),
)
QUESTIONS = (Question(0, 0, 15, 0.0, "How can I help?", "open", "opener", 0.9, 0.9, False),)
VOICE = Call(
    id="v1",
    metadata=Metadata(
        call_id="v1", started_at=AT, agent="=1+1", team="@x", customer="a;=1+1", csat=-1.0, resolved=False,
        handle_time_s=61.0, extra={"-floor": "+3", "open_share": "\t=x", "plain": "b"},
    ),
    turns=TURNS,
    recording_sha256="ab" * 32,
    source="v.wav",
    duration_s=70.0,
    flags=("mono", "truncated"),
    questions=QUESTIONS,
    measures=measure(TURNS, QUESTIONS, (), 70.0),
)  # fmt: skip
CHAT = Call(
    id="chat 1",
    metadata=Metadata(call_id="chat 1", medium="chat", customer="K"),
    turns=(Turn("customer", "hello", at=AT), Turn("agent", "hi", at=AT)),
    recording_sha256=None,
    source="x.jsonl line 1",
    duration_s=None,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data", StoreConfig()) as opened:
        opened.save_call(VOICE)
        opened.save_call(CHAT)
        yield opened


def exported(store: Store, form: str, tmp_path: Path, *where: str) -> Path:
    out = tmp_path / f"out.{form}"
    export(store, form, parse_where(where), out)  # type: ignore[arg-type]
    return out


def test_jsonl_is_read_back_as_the_same_calls(store: Store, tmp_path: Path) -> None:
    read = list(read_transcripts(exported(store, "jsonl", tmp_path)))
    assert all(isinstance(item, Call) for item in read)
    by_id = {item.id: item for item in read if isinstance(item, Call)}
    for call in (VOICE, CHAT):
        again = by_id[call.id]
        assert again.metadata == call.metadata
        assert again.turns == call.turns
        assert again.duration_s == call.duration_s


def test_jsonl_tells_the_summary_with_its_turns(store: Store, tmp_path: Path) -> None:
    store.save_call(replace(VOICE, summary=(SummarySentence("reason", "A bill", (1,)),)))
    lines = exported(store, "jsonl", tmp_path, "call=v1").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["summary"] == [{"part": "reason", "text": "A bill", "turns": [1], "source": ""}]


def test_csv_has_a_row_a_call_and_is_inert_in_a_spreadsheet(store: Store, tmp_path: Path) -> None:
    with exported(store, "csv", tmp_path).open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert len(set(header)) == len(header)
    assert len(rows) == 2
    for cell in (cell for row in (header, *rows) for cell in row):
        assert not cell.startswith(("=", "+", "@", "\t", "\r"))
        assert ";=" not in cell
    row = dict(zip(header, next(row for row in rows if row[0] == "v1"), strict=True))
    assert row["agent"] == "'=1+1"
    assert row["customer"] == "a;'=1+1"
    assert (row["csat"], row["resolved"], row["duration_s"], row["turns"]) == ("-1", "false", "70", "2")
    assert (row["open_share"], row["extra.open_share"], row["'-floor"]) == ("1", "'\t'=x", "'+3")
    chat = dict(zip(header, next(row for row in rows if row[0] == "chat 1"), strict=True))
    assert (chat["open_share"], chat["csat"], chat["resolved"]) == ("", "", "")


def test_filters_choose_the_calls(store: Store, tmp_path: Path) -> None:
    text = exported(store, "jsonl", tmp_path, "medium=chat").read_text(encoding="utf-8")
    assert text.count("\n") == 1
    assert '"chat 1"' in text


def test_vtt_cannot_be_broken_out_of(store: Store, tmp_path: Path) -> None:
    text = exported(store, "vtt", tmp_path, "call=v1").read_text(encoding="utf-8")
    assert text == (
        "WEBVTT\n"
        "\n00:00:00.000 --> 00:00:01.500\n<v agent>How can I help? So?\n"
        "\n00:00:02.000 --> 00:01:01.250\n<v.customer Bob>A &lt;b&gt;bill&lt;/b&gt; --&gt; &amp; more é\n"
    )


def test_vtt_cue_without_end_lasts_until_the_next() -> None:
    turns = tuple(replace(turn, end=None) for turn in TURNS)
    text = to_vtt(replace(VOICE, turns=turns))
    assert "00:00:00.000 --> 00:00:02.000" in text
    assert "00:00:02.000 --> 00:01:10.000" in text


def test_vtt_folder_gets_a_file_a_call_and_the_ones_without_times_are_told(store: Store, tmp_path: Path) -> None:
    store.save_call(replace(VOICE, id="a:b", recording_sha256=None))
    store.save_call(replace(VOICE, id="a?b", recording_sha256=None))
    with pytest.raises(InputError, match=r"1 of 4 calls have turns without times.*'chat 1'") as caught:
        export(store, "vtt", (), tmp_path / "captions")
    assert caught.value.code == "no_times"
    names = sorted(path.name for path in (tmp_path / "captions").iterdir())
    assert len(names) == 3
    assert "v1.vtt" in names


def test_single_vtt_needs_exactly_one_call_with_times(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="2 calls meet the filters"):
        export(store, "vtt", (), None)
    with pytest.raises(InputError, match="turns without times"):
        exported(store, "vtt", tmp_path, "medium=chat")


def test_stdout_gets_utf8_whatever_its_encoding(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    export(store, "jsonl", parse_where(["call=v1"]), None)
    assert "more é" in raw.getvalue().decode("utf-8")


def test_place_that_cannot_be_written_is_a_config_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        export(store, "jsonl", (), tmp_path / "none" / "x.jsonl")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be made a folder"):
        export(store, "vtt", (), tmp_path / "file")
