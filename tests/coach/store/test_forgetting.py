"""What the store does with a call that is to be forgotten (tests/coach/test_forget_store.py: the files beside it)."""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import event, select

from coach.errors import InputError, StoreError
from coach.store import Forgotten, Store, schema
from coach.store.engine import reading
from coach.types import Call

MakeCall = Callable[..., Call]
SHA = "5" * 64


def everything(store: Store) -> str:
    """All rows of all tables as one text."""
    with reading(store._engine) as connection:
        return "\n".join(
            str(tuple(row)) for table in schema.metadata.tables.values() for row in connection.execute(select(table))
        )


def test_it_tells_the_caller_what_else_to_delete(store: Store, rich_call: Call) -> None:
    run = store.begin_run("/calls/inbox", {})
    store.save_call(rich_call)
    store.record_file(run, name="other name.wav", sha256=rich_call.recording_sha256, status="skipped", call="Ruf-42")
    assert store.forget_call("Ruf-42") == Forgotten(
        call="Ruf-42",
        names=(rich_call.source, "other name.wav"),
        inboxes=("/calls/inbox",),
        audio="0123abcd.ogg",
        n_passages=2,
    )


def test_unknown_calls_are_refused(store: Store) -> None:
    with pytest.raises(InputError) as caught:
        store.forget_call("nobody")
    assert caught.value.code == "unknown_call"
    assert not store.forgetting_unfinished()


def test_no_table_says_anything_of_it(store: Store, make_call: MakeCall) -> None:
    """Runs keep their numbers; names, hashes, messages and ids that lead to the call are gone."""
    call = replace(
        make_call("smith-77", customer="C-SMITH", agent="Ann", texts=("SMITHS WORDS",)),
        source="smith_agent.wav + smith_customer.wav",
        recording_sha256=SHA,
    )
    first = store.begin_run("in", {})
    store.record_file(first, name="smith_agent.wav", sha256=None, status="waiting", message="Waits for its other side.")
    store.record_file(
        first, name="smith copy.wav", sha256="c" * 64, status="set_aside", code="timeout", call="smith-77"
    )
    second = store.begin_run("in", {})
    store.save_call(call)
    store.record_file(second, name=call.source, sha256=SHA, status="done", call="smith-77", audio_s=60.0)
    store.record_file(
        second,
        name="jones.wav",
        sha256="d" * 64,
        status="set_aside",
        code="duplicate_id",
        message="jones.wav: its call id 'smith-77' belongs to smith_agent.wav + smith_customer.wav.",
    )
    store.record_file(
        second, name="far.wav", sha256="e" * 64, status="done", call="smith-770", message="smith-770 is fine"
    )
    store.forget_call("smith-77")
    left = everything(store)
    assert "SMITH" not in left
    assert "smith" not in left.replace("smith-770", "")
    assert SHA not in left
    assert "c" * 64 not in left
    assert "smith-770 is fine" in left
    assert "jones.wav" in left
    assert [run.files for run in store.last_runs()] == [
        {"done": 2, "set_aside": 1},
        {"set_aside": 1, "waiting": 1},
    ]
    assert store.counts()["set_aside"] == {"duplicate_id": 1}


def test_files_of_the_same_name_elsewhere_keep_their_lines(store: Store, make_call: MakeCall) -> None:
    run = store.begin_run("in", {})
    store.save_call(make_call("a"))
    store.record_file(run, name="a.wav", sha256="f" * 64, status="set_aside", code="no_audio", message="Nothing in it.")
    store.forget_call("a")
    found = store.is_set_aside("f" * 64)
    assert found is not None
    assert found.name == "a.wav"
    assert not store.is_forgotten("f" * 64)


def test_the_recording_is_known_again_under_every_hash_it_had(store: Store, make_call: MakeCall) -> None:
    call = replace(make_call("a"), recording_sha256=SHA)
    run = store.begin_run("in", {})
    assert not store.is_forgotten(SHA)
    store.save_call(call)
    store.record_file(run, name="a.wav", sha256=SHA, status="done", call="a")
    store.save_call(replace(call, recording_sha256=None))  # replaced by an imported transcript
    store.forget_call("a")
    assert store.is_forgotten(SHA)
    assert store.is_forgotten_call("a")
    assert not store.is_forgotten("0" * 64)
    assert not store.is_forgotten_call("b")


def test_tombstones_cannot_be_recomputed_from_the_database(store: Store, make_call: MakeCall) -> None:
    store.save_call(replace(make_call("a"), recording_sha256=SHA))
    store.forget_call("a")
    key = store.data_dir / "tombstone.key"
    assert key.stat().st_mode & 0o077 == 0
    assert len(key.read_bytes()) == 32
    assert key.read_bytes().hex() not in everything(store)


def test_forgetting_twice_is_fine(store: Store, make_call: MakeCall) -> None:
    for _ in range(2):
        store.save_call(make_call("a"))
        store.forget_call("a")
    assert store.is_forgotten_call("a")
    assert store.counts()["forgotten"] == 1


@pytest.mark.parametrize("damage", ["missing", "other"])
def test_without_its_key_the_store_does_not_guess(store: Store, make_call: MakeCall, damage: str) -> None:
    """A recording that may have been forgotten must not slip in again."""
    store.save_call(make_call("a"))
    store.save_call(make_call("b"))
    store.forget_call("a")
    key = store.data_dir / "tombstone.key"
    saved = key.with_suffix(".saved")
    shutil.copy(key, saved)
    key.unlink() if damage == "missing" else key.write_bytes(b"x" * 32)
    for attempt in (lambda: store.is_forgotten(SHA), lambda: store.forget_call("b")):
        with pytest.raises(StoreError, match=r"tombstone\.key") as caught:
            attempt()
        assert caught.value.code == "tombstone_key"
    assert store.has_call("b")
    shutil.copy(saved, key)
    store.forget_call("b")


def test_calls_of_a_customer(store: Store, make_call: MakeCall) -> None:
    for call_id, customer in {"a": "7", "b": "7", "c": "77", "d": None}.items():
        store.save_call(make_call(call_id, customer=customer))
    assert store.calls_of_customer("7") == ["a", "b"]
    assert store.calls_of_customer("") == []


def test_names_of_kept_sound(store: Store, make_call: MakeCall) -> None:
    store.save_call(replace(make_call("a"), audio="x.ogg"))
    store.save_call(make_call("b"))
    assert store.audio_names() == {"x.ogg"}


def test_a_deleted_page_is_zeroed_even_before_compaction(sqlite_store: Store, make_call: MakeCall) -> None:
    """secure_delete is on for every connection, also those the pool opens later."""
    sqlite_store.close()
    with sqlite_store._engine.connect() as one, sqlite_store._engine.connect() as other:
        for connection in (one, other):
            assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_compaction_empties_the_log_and_keeps_the_rest(sqlite_store: Store, make_call: MakeCall) -> None:
    for i in range(20):
        sqlite_store.save_call(make_call(str(i), texts=("words " * 2000,)))
    sqlite_store.compact()
    before = (sqlite_store.data_dir / "callcoach.sqlite").stat().st_size
    for i in range(19):
        sqlite_store.forget_call(str(i))
    sqlite_store.compact()
    assert (sqlite_store.data_dir / "callcoach.sqlite-wal").stat().st_size == 0
    assert (sqlite_store.data_dir / "callcoach.sqlite").stat().st_size < before / 1.5
    assert sqlite_store.call_ids() == ["19"]


def test_compaction_says_when_a_reader_holds_it_up(sqlite_store: Store, make_call: MakeCall) -> None:
    sqlite_store.save_call(make_call("a"))

    def impatient(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 50").close()

    sqlite_store.close()
    event.listen(sqlite_store._engine, "connect", impatient)
    with reading(sqlite_store._engine) as connection:
        connection.scalar(select(schema.calls.c.id))
        with pytest.raises(StoreError) as caught:
            sqlite_store.compact()
        assert caught.value.code == "busy"
    sqlite_store.compact()
