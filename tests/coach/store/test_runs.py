"""Runs, what became of files in them, and which are set aside."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from coach.store import FileRecord, Store
from coach.types import Call

BAD, GOOD = "b" * 64, "a" * 64


def note(
    store: Store, run: int, status: str, sha256: str | None = BAD, name: str = "x.wav", code: str | None = None
) -> None:
    store.record_file(run, name=name, sha256=sha256, status=status, code=code)  # type: ignore[arg-type]


def test_a_run_is_kept_with_its_files(store: Store) -> None:
    before = datetime.now(UTC)
    first = store.begin_run("/in\x00box", {"engine": "whisper", "at": Path("x"), "n": 3})
    second = store.begin_run("/inbox", {})
    note(store, first, "done", GOOD)
    note(store, first, "set_aside", BAD, code="no_audio")
    note(store, first, "waiting", None)
    note(store, first, "waiting", None, "y.wav")
    store.finish_run(first, {"done": 1, "rtfx": 2.5})
    newest, oldest = store.last_runs()
    assert second > first
    assert (newest.id, newest.summary, newest.finished_at, newest.files) == (second, None, None, {})
    assert oldest.inbox == "/in\ufffdbox"
    assert oldest.settings == {"engine": "whisper", "at": "x", "n": 3}
    assert oldest.summary == {"done": 1, "rtfx": 2.5}
    assert oldest.files == {"done": 1, "set_aside": 1, "waiting": 2}
    assert oldest.finished_at is not None
    assert before <= oldest.started_at <= oldest.finished_at <= datetime.now(UTC) + timedelta(seconds=1)
    assert [run.id for run in store.last_runs(1)] == [second]


def test_a_file_set_aside_says_why(store: Store) -> None:
    run = store.begin_run("in", {})
    store.record_file(
        run, name="bad\udcff.wav", sha256=BAD, status="set_aside", code="no_audio", message="No sound.", call="c",
        audio_s=0.0, wall_s=1.5,
    )  # fmt: skip
    found = store.is_set_aside(BAD)
    assert found is not None
    assert found == FileRecord(run, "bad\ufffd.wav", BAD, "set_aside", "no_audio", "No sound.", "c", 0.0, 1.5, found.at)
    assert store.set_aside() == [found]
    assert store.is_set_aside(GOOD) is None


def test_a_file_stays_set_aside_until_it_is_done(store: Store) -> None:
    run = store.begin_run("in", {})
    note(store, run, "set_aside", code="timeout")
    later = store.begin_run("in", {})
    note(store, later, "skipped")
    note(store, later, "waiting")
    assert store.is_set_aside(BAD) is not None
    note(store, later, "set_aside", code="no_audio")
    assert [(file.run, file.code) for file in store.set_aside()] == [(later, "no_audio")]
    note(store, later, "done")
    assert store.set_aside() == []
    assert store.last_runs()[1].files == {"set_aside": 1}, "history stays"


def test_retrying_clears_one_file(store: Store) -> None:
    run = store.begin_run("in", {})
    note(store, run, "set_aside", BAD)
    note(store, run, "set_aside", GOOD)
    store.clear_set_aside(BAD)
    assert [file.sha256 for file in store.set_aside()] == [GOOD]
    assert store.is_set_aside(BAD) is None


def test_files_that_cannot_be_hashed_are_known_by_name(store: Store) -> None:
    run = store.begin_run("in", {})
    for name in ("x", "y", "x"):
        note(store, run, "set_aside", None, name)
    assert sorted(file.name for file in store.set_aside()) == ["x", "y"]
    note(store, run, "done", None, "x")
    assert [file.name for file in store.set_aside()] == ["y"]


def test_counts(store: Store, make_call: Callable[..., Call]) -> None:
    assert store.counts() == {
        "calls": 0, "turns": 0, "questions": 0, "passages": 0, "runs": 0, "audio_s": 0.0, "forgotten": 0,
        "set_aside": {},
    }  # fmt: skip
    run = store.begin_run("in", {})
    store.save_call(make_call("a"))
    store.save_call(make_call("b"))
    for i, code in enumerate(["no_audio", "timeout", "no_audio", None]):
        note(store, run, "set_aside", f"{i}" * 64, code=code)
    store.forget_call("b")
    assert store.counts() == {
        "calls": 1, "turns": 2, "questions": 0, "passages": 1, "runs": 1, "audio_s": 2.0, "forgotten": 1,
        "set_aside": {"no_audio": 2, "timeout": 1, "unknown": 1},
    }  # fmt: skip
