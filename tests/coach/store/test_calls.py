"""Saving a call and getting the same call back, replacing it, and what goes with it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from sqlalchemy import func, select

from coach.errors import InputError, StoreError
from coach.store import Store, schema
from coach.store.engine import reading
from coach.types import Call, Metadata, Passage, Question, Turn

MakeCall = Callable[..., Call]


def rows_left(store: Store) -> int:
    """Rows in all tables that belong to calls."""
    names = [table.name for table in schema.metadata.sorted_tables if "call_key" in table.c] + ["calls"]
    with reading(store._engine) as connection:
        return sum(
            connection.scalar(select(func.count()).select_from(schema.metadata.tables[name])) or 0 for name in names
        )


def test_rich_call_comes_back_equal(store: Store, rich_call: Call) -> None:
    store.save_call(rich_call)
    found = store.get_call("Ruf-42", embeddings=True)
    assert found is not None
    assert replace(found, passages=()) == replace(rich_call, passages=())
    assert list(found.metadata.extra) == list(rich_call.metadata.extra)
    for got, given in zip(found.passages, rich_call.passages, strict=True):
        assert got.embedding.dtype == np.float32
        assert np.array_equal(got.embedding, given.embedding)
        assert (got.first_turn, got.last_turn, got.start, got.end, got.text) == (
            (given.first_turn, given.last_turn, given.start, given.end, given.text)
        )


def test_passages_come_only_when_asked_for(store: Store, rich_call: Call) -> None:
    store.save_call(rich_call)
    assert store.get_call("Ruf-42") == replace(rich_call, passages=())


def test_call_of_nothing_comes_back_equal(store: Store) -> None:
    empty = Call("x", Metadata(), (), None, "chats.jsonl", None)
    store.save_call(empty)
    assert store.get_call("x", embeddings=True) == empty


def test_unknown_ids_are_none(store: Store) -> None:
    assert store.get_call("nobody") is None
    assert store.call_recording("nobody") is None
    assert store.find_by_recording("0" * 64) is None
    assert not store.has_call("nobody")


def test_characters_no_database_stores_are_replaced_one_for_one(store: Store, make_call: MakeCall) -> None:
    text = "so\x00what \udcff now?"
    question = Question(0, 3, len(text), 0.0, text[3:], "open", "need", 1.0, 1.0, False)
    call = make_call("nul", texts=(text,), agent="A\x00", extra={"k\x00": "v\ud800"})
    store.save_call(replace(call, questions=(question,), source="bad\udcff.wav"))
    found = store.get_call("nul")
    assert found is not None
    assert found.turns[0].text == "so\ufffdwhat \ufffd now?"
    assert found.turns[0].text[3:] == found.questions[0].text
    assert found.metadata.agent == "A\ufffd"
    assert found.metadata.extra == {"k\ufffd": "v\ufffd"}
    assert not store.update_metadata("nul", call.metadata), "the same metadata again changes nothing"


def test_instants_are_kept_in_utc(store: Store, make_call: MakeCall) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    store.save_call(make_call("east", started_at=datetime(2026, 1, 1, 2, tzinfo=east)))
    store.save_call(make_call("naive", started_at=datetime(2026, 1, 1, 2)))
    east_call, naive = store.get_call("east"), store.get_call("naive")
    assert east_call is not None
    assert naive is not None
    assert east_call.metadata.started_at == datetime(2025, 12, 31, 20, 30, tzinfo=UTC)
    assert east_call.metadata.started_at.utcoffset() == timedelta(0)
    assert naive.metadata.started_at == datetime(2026, 1, 1, 2, tzinfo=UTC)


def test_numpy_scalars_are_taken_and_not_a_number_is_missing(store: Store, make_call: MakeCall) -> None:
    question = Question(np.int64(0), np.int64(0), np.int64(2), np.float32(0.5), "Hi", "open", "need", np.float32(0.5), 1, np.bool_(True))  # type: ignore[arg-type]  # fmt: skip  # noqa: E501
    call = make_call("np", csat=float("nan"), handle_time_s=np.float32(2.5))
    store.save_call(replace(call, questions=(question,), turns=(Turn("agent", "Hi", np.float32(0.5), np.float64(1)),)))  # type: ignore[arg-type]
    found = store.get_call("np")
    assert found is not None
    assert found.metadata.csat is None
    assert found.metadata.handle_time_s == 2.5
    assert found.questions[0] == Question(0, 0, 2, 0.5, "Hi", "open", "need", 0.5, 1.0, True)
    assert found.turns[0].start == 0.5


def test_saving_again_replaces_whole(store: Store, rich_call: Call, make_call: MakeCall) -> None:
    store.save_call(rich_call)
    smaller = replace(make_call("Ruf-42"), recording_sha256=rich_call.recording_sha256)
    store.save_call(smaller)
    assert store.get_call("Ruf-42") == replace(smaller, passages=())
    assert store.counts()["calls"] == 1
    assert rows_left(store) == 1 + 2 + 1
    store.save_call(smaller)
    assert rows_left(store) == 1 + 2 + 1


def test_one_recording_is_one_call_also_under_a_new_id(store: Store, make_call: MakeCall) -> None:
    first = make_call("old")
    store.save_call(first)
    store.save_call(replace(first, id="new"))
    assert store.call_ids() == ["new"]


def test_imported_calls_share_no_recording(store: Store, make_call: MakeCall) -> None:
    for call_id in ("a", "b"):
        store.save_call(replace(make_call(call_id), recording_sha256=None))
    assert store.call_ids() == ["a", "b"]
    assert store.has_call("a")
    assert store.call_recording("a") is None


def test_a_call_is_found_by_its_recording(store: Store, make_call: MakeCall) -> None:
    call = make_call("a")
    store.save_call(call)
    assert call.recording_sha256 is not None
    assert store.find_by_recording(call.recording_sha256) == "a"
    assert store.call_recording("a") == call.recording_sha256


def test_forgetting_leaves_no_row(store: Store, rich_call: Call) -> None:
    store.save_call(rich_call)
    store.forget_call("Ruf-42")
    assert rows_left(store) == 0


def test_a_call_that_fails_to_save_leaves_the_old_one(store: Store, make_call: MakeCall) -> None:
    call = make_call("a")
    store.save_call(call)
    version = store.content_version()
    long = Passage(0, 0, None, None, "other size", np.ones(5, dtype=np.float32))
    with pytest.raises(StoreError, match="cannot be mixed") as caught:
        store.save_call(replace(call, turns=(), passages=(long,)))
    assert caught.value.code == "embedding_model"
    broken = replace(call, passages=(replace(call.passages[0], text=None),))  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"(?i)null"):
        store.save_call(broken)
    assert store.get_call("a") == replace(call, passages=())
    assert store.content_version() == version


@pytest.mark.parametrize("call_id", ["", "a" * 201, "a\x00b", "line\nbreak", "\u202eevil", "x\ud800"])
def test_impossible_ids_are_refused(store: Store, make_call: MakeCall, call_id: str) -> None:
    with pytest.raises(InputError) as caught:
        store.save_call(replace(make_call("fine"), id=call_id))
    assert caught.value.code == "bad_metadata"
    assert store.counts()["calls"] == 0


def test_metadata_is_updated_without_touching_the_index(store: Store, rich_call: Call) -> None:
    store.save_call(rich_call)
    version = store.content_version()
    assert not store.update_metadata("Ruf-42", rich_call.metadata)
    changed = replace(rich_call.metadata, agent=None, csat=1.0, extra={"new": "é"})
    assert store.update_metadata("Ruf-42", changed)
    assert store.get_call("Ruf-42") == replace(rich_call, metadata=changed, passages=())
    assert not store.update_metadata("Ruf-42", changed)
    assert store.content_version() == version


def test_order_of_extra_columns_is_no_change(store: Store, make_call: MakeCall) -> None:
    store.save_call(make_call("a", extra={"x": "1", "y": "2"}))
    assert not store.update_metadata("a", Metadata(extra={"y": "2", "x": "1"}))


def test_metadata_of_an_unknown_call_is_refused(store: Store) -> None:
    with pytest.raises(InputError) as caught:
        store.update_metadata("nobody", Metadata())
    assert caught.value.code == "unknown_call"


def test_content_version_grows_with_passages_only(store: Store, make_call: MakeCall) -> None:
    assert store.content_version() == 0
    store.save_call(make_call("none", passages=0))
    assert store.content_version() == 0
    store.save_call(make_call("a"))
    versions = [0, store.content_version()]
    store.save_call(make_call("a", passages=0))
    versions.append(store.content_version())
    store.save_call(make_call("a"))
    versions.append(store.content_version())
    store.forget_call("none")
    assert store.content_version() == versions[-1]
    store.forget_call("a")
    versions.append(store.content_version())
    run = store.begin_run("inbox", {})
    store.record_file(run, name="x", sha256=None, status="waiting")
    store.finish_run(run, {})
    assert store.content_version() == versions[-1]
    assert versions == sorted(set(versions))


def test_threads_share_a_store(store: Store, make_call: MakeCall) -> None:
    """Pages read, and correct metadata, while a run saves."""
    failures: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                for summary in store.list_calls():
                    call = store.get_call(summary.id, embeddings=True)
                    assert call is not None
                    assert len(call.turns) == len(call.passages), "a call is seen whole"
                    store.update_metadata(summary.id, Metadata(agent=f"{threading.get_ident()}"))
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for thread in readers:
        thread.start()
    for i in range(20):
        size = i % 3
        store.save_call(make_call(f"c{i % 5}", texts=("x",) * size, passages=size))
    stop.set()
    for thread in readers:
        thread.join()
    assert not failures
    assert store.counts()["calls"] == 5
