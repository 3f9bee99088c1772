"""Forgotten means gone (PROMISES 10): no byte of the call's words or sound is left in any file of the data folder."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from coach.config import StoreConfig
from coach.errors import ModelError, StoreError
from coach.forget import ForgetReport, finish, forget
from coach.store import SavedAnswer, SavedCitation, SavedQuestion, Store, open_store
from coach.store.migration import back_up
from coach.types import (
    Call,
    Cue,
    Evidence,
    Exemplar,
    Metadata,
    Passage,
    Question,
    Score,
    Scorecard,
    Segment,
    SummarySentence,
    Turn,
)

SHA = "ab" * 32
IN_SEARCH_TABLE = b"xyzzi"
"""The stem of the word, as FTS5 writes it."""
SECRETS = [b"xyzzy", IN_SEARCH_TABLE, SHA.encode(), b"plugh-77", b"C-FROBOZZ"]
"""What must be nowhere: every text of the call contains the first; its hash, its id and its customer."""


def call_with_secrets(vector: np.ndarray) -> Call:
    """Long enough to spread over many pages of the database, with the word in every text it has."""
    said = "My xyzzy line has been dead since Monday. " * 40
    question = Question(0, 0, 5, 0.0, "xyzzy?", "open", "impact", 1.0, 1.0, False)
    score = Score("a", 1.0, "count", "xyzzy said", evidence=(Evidence(0, 0.0, "xyzzy"),))
    return Call(
        id="plugh-77",
        metadata=Metadata(
            call_id="plugh-77",
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            agent="xyzzy agent",
            customer="C-FROBOZZ",
            extra={"xyzzy note": "xyzzy value"},
        ),
        turns=tuple(Turn("agent", f"{i} {said}", float(i), i + 1.0, speaker="xyzzy") for i in range(60)),
        recording_sha256=SHA,
        source="xyzzy_plugh-77.wav",
        duration_s=60.0,
        dropped=(Segment(0, "agent", 0.0, 1.0, "xyzzy xyzzy", dropped="loop"),),
        audio="opaque1.ogg",
        questions=(question,),
        cues=(Cue("leaving", 0, 0, 5, 0.0, "xyzzy", 0.9),),
        measures=(score,),
        scorecards=(Scorecard("r", "0" * 64, 0.5, (score,)),),
        exemplars=(Exemplar(0, 0, 5, "impact", vector),),
        summary=(SummarySentence("reason", "xyzzy is dead", (0,), "xyzzy model"),),
        passages=tuple(Passage(i, i, None, None, said, vector) for i in range(60)),
    )


@pytest.fixture
def vector() -> np.ndarray:
    return np.random.default_rng(7).standard_normal(384).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path, vector: np.ndarray) -> Iterator[Store]:
    """A store with the call to forget and one to keep, its sound, an index, a database copy and decoded audio."""
    data = tmp_path / "data"
    with open_store(data, StoreConfig()) as opened:
        keeper = replace(
            call_with_secrets(-vector), id="keep", recording_sha256="cd" * 32, source="keep.wav", audio="opaque2.ogg",
            metadata=Metadata(agent="Ann"), turns=(Turn("agent", "Keep."),), dropped=(), questions=(), cues=(),
            measures=(), scorecards=(), exemplars=(), summary=(),
            passages=(Passage(0, 0, None, None, "Keep me.", -vector),),
        )  # fmt: skip
        run = opened.begin_run("/calls", {})
        opened.record_file(run, name="xyzzy_plugh-77.wav", sha256=SHA, status="waiting")
        for call in (call_with_secrets(vector), keeper, call_with_secrets(vector)):
            opened.save_call(call)
            opened.record_file(run, name=call.source, sha256=call.recording_sha256, status="done", call=call.id)
        opened.save_reply("plugh-77", "0" * 64, "The xyzzy reason. " * 200)
        opened.save_reply("of a killed run", "1" * 64, "Another xyzzy reason. " * 200)
        opened.save_reply("keep", "2" * 64, "A reason to keep.")
        opened.save_question(SavedQuestion("nightly", "What do customers say about the line?"))
        opened.save_answer("nightly", answer_about("plugh-77", "C-FROBOZZ"))
        (data / "audio").mkdir()
        for name in ("opaque1.ogg", "opaque2.ogg", "left-by-a-killed-run.ogg"):
            (data / "audio" / name).write_bytes(b"sound of " + name.encode())
        write_generation(data / "index", "gen-1", vector.tobytes())
        back_up(data / "callcoach.sqlite", data / "backups", "0001")
        (data / "tmp" / SHA).mkdir(parents=True)
        (data / "tmp" / SHA / "pcm").write_bytes(b"xyzzy")
        yield opened


def answer_about(call: str, *groups: str) -> SavedAnswer:
    """What is kept of an answer that quotes the call, with a figure for each group and one of all."""
    count = {"label": "contacts", "n": 1, "N": 2, "value": 1.0, "unit": "count", "low": None, "high": None}
    figures = (count, *(count | {"group": group} for group in groups))
    return SavedAnswer(datetime(2026, 1, 2, tzinfo=UTC), "answered", figures, 1, 2, (SavedCitation(call, 0, 0, 7),))


def write_generation(index_dir: Path, name: str, content: bytes) -> None:
    (index_dir / name / "chroma").mkdir(parents=True)
    (index_dir / name / "matrix.npy").write_bytes(content)
    (index_dir / "CURRENT").write_text(name)


def rebuild(store: Store) -> None:
    """Builds a generation of what the store has, as coach.retrieval does, and leaves the old one for readers."""
    content = b"".join(matrix.tobytes() for _, matrix in store.iter_embeddings())
    write_generation(store.data_dir / "index", "gen-2", content)


def files_with(folder: Path, secrets: list[bytes]) -> list[str]:
    """Files, by name, whose name or bytes contain any of the secrets."""
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes().lower() + str(file.relative_to(folder)).lower().encode()
        found += [file.name for secret in secrets if secret.lower() in content]
    return found


def test_no_byte_is_left_in_any_file(store: Store, vector: np.ndarray) -> None:
    data = store.data_dir
    # Half of one embedding: a whole one may lie across two pages of the database.
    secrets = [*SECRETS, vector.tobytes()[:256], vector.tobytes()[-256:], b"sound of opaque1", b"killed-run"]
    assert {"callcoach.sqlite-wal", "matrix.npy", "pcm", "opaque1.ogg"} <= set(files_with(data, secrets))
    assert any(name.startswith("callcoach-0001-") for name in files_with(data, secrets))
    assert files_with(data, [IN_SEARCH_TABLE])
    # A reader with open connections keeps SQLite from tidying up by itself.
    with open_store(data, StoreConfig(), create=False) as reader:
        assert reader.counts()["calls"] == 2
        forget(store, data / "index", ["plugh-77"], rebuild=lambda: rebuild(store))
        assert files_with(data, secrets) == []
        assert reader.call_ids() == ["keep"]
    store.close()
    assert files_with(data, secrets) == []


def test_the_rest_is_left_as_it_was(store: Store, vector: np.ndarray) -> None:
    before = store.get_call("keep")
    assert store.get_reply("of a killed run", "1" * 64) is not None
    forget(store, store.data_dir / "index", ["plugh-77"], rebuild=lambda: rebuild(store))
    assert store.get_call("keep") == before
    assert store.get_reply("keep", "2" * 64) == "A reason to keep."
    assert store.get_reply("of a killed run", "1" * 64) is None
    (saved,) = store.saved_answers("nightly")
    assert ([figure.get("group") for figure in saved.figures], saved.citations) == ([None], ())
    assert [path.name for path in (store.data_dir / "audio").iterdir()] == ["opaque2.ogg"]
    assert (store.data_dir / "index" / "CURRENT").read_text() == "gen-2"
    assert (store.data_dir / "index" / "gen-2" / "matrix.npy").read_bytes() == (-vector).tobytes()
    assert sorted(path.name for path in (store.data_dir / "index").iterdir()) == ["CURRENT", "gen-2"]
    with closing(sqlite3.connect(store.data_dir / "callcoach.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_report_names_what_the_operator_must_delete(store: Store) -> None:
    report = forget(store, store.data_dir / "index", ["plugh-77", "nobody", "plugh-77"], rebuild=lambda: rebuild(store))
    assert isinstance(report, ForgetReport)
    assert [item.call for item in report.forgotten] == ["plugh-77"]
    assert report.unknown == ("nobody",)
    assert report.originals == ("xyzzy_plugh-77.wav",)
    assert report.inboxes == ("/calls",)
    assert sorted(report.removed)[:2] == ["audio/left-by-a-killed-run.ogg", "audio/opaque1.ogg"]
    assert len(report.removed) == 4


def test_the_recording_is_not_taken_in_again(store: Store) -> None:
    forget(store, store.data_dir / "index", ["plugh-77"], rebuild=lambda: rebuild(store))
    assert store.is_forgotten(SHA)
    assert not store.is_forgotten("cd" * 32)
    assert store.counts()["calls"] == 1


def test_nothing_happens_for_unknown_calls(store: Store) -> None:
    report = forget(store, store.data_dir / "index", ["nobody"], rebuild=lambda: pytest.fail("nothing to rebuild"))
    assert report == ForgetReport((), ("nobody",), ())
    assert (store.data_dir / "backups").exists()
    assert len(list((store.data_dir / "audio").iterdir())) == 3


def test_an_index_that_cannot_be_rebuilt_is_deleted(store: Store, vector: np.ndarray) -> None:
    def fail() -> None:
        raise ModelError("no memory")

    with pytest.raises(ModelError, match="no memory"):
        forget(store, store.data_dir / "index", ["plugh-77"], rebuild=fail)
    assert files_with(store.data_dir, [*SECRETS, vector.tobytes()[:256]]) == []
    assert not (store.data_dir / "index" / "CURRENT").exists()
    assert store.forgetting_unfinished()
    finish(store, store.data_dir / "index", rebuild=lambda: rebuild(store))
    assert not store.forgetting_unfinished()


def test_a_rebuild_that_does_nothing_does_not_keep_the_old_index(store: Store, vector: np.ndarray) -> None:
    forget(store, store.data_dir / "index", ["plugh-77"], rebuild=lambda: None)
    assert files_with(store.data_dir, [vector.tobytes()[:256]]) == []


def test_what_was_interrupted_is_ended_later(store: Store, vector: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "compact", lambda _: (_ for _ in ()).throw(StoreError("killed here")))
    with pytest.raises(StoreError, match="killed here"):
        forget(store, store.data_dir / "index", ["plugh-77"], rebuild=lambda: rebuild(store))
    monkeypatch.undo()
    with open_store(store.data_dir, StoreConfig()) as later:
        assert later.forgetting_unfinished()
        finish(later, store.data_dir / "index", rebuild=lambda: rebuild(later))
        assert not later.forgetting_unfinished()
    assert files_with(store.data_dir, [*SECRETS, vector.tobytes()[:256]]) == []


def test_a_store_without_any_other_files_can_forget(store: Store) -> None:
    for name in ("audio", "tmp", "backups", "index"):
        shutil.rmtree(store.data_dir / name)
    report = forget(store, store.data_dir / "index", ["plugh-77"], rebuild=lambda: None)
    assert report.removed == ()
    assert files_with(store.data_dir, SECRETS) == []
