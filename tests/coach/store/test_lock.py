"""One writer at a time, however it ends; readers are never kept waiting."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from coach.errors import ConfigError, LockedError
from coach.store import open_store, writer_lock
from coach.store.engine import writing
from coach.store.lock import LOCK_FILE
from coach.types import Call

HOLDER = """
import sys
from pathlib import Path
from coach.store import writer_lock
with writer_lock(Path(sys.argv[1]), sys.argv[2] or None):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(data_dir: Path, url: str | None) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(data_dir), url or ""]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            yield holder
        finally:
            holder.kill()


def test_the_second_process_is_refused_at_once(place: Any) -> None:
    with held_elsewhere(place.data_dir, place.config.url) as holder:
        with pytest.raises(LockedError, match="another run") as caught, writer_lock(place.data_dir, place.config.url):
            pass
        assert caught.value.code == "locked"
        holder.communicate("")
    with writer_lock(place.data_dir, place.config.url):
        pass


def test_a_killed_holder_lets_go(place: Any) -> None:
    with held_elsewhere(place.data_dir, place.config.url) as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait(10)
    assert (place.data_dir / LOCK_FILE).exists(), "the file stays; that it is locked does not"
    for _ in range(100):  # PostgreSQL notices within moments
        try:
            with writer_lock(place.data_dir, place.config.url):
                return
        except LockedError:
            threading.Event().wait(0.05)
    pytest.fail("the lock was not released")


def test_one_postgresql_database_has_one_writer_whatever_the_folder(emptied_database: str, tmp_path: Path) -> None:
    with (
        writer_lock(tmp_path / "a", emptied_database),
        pytest.raises(LockedError),
        writer_lock(tmp_path / "b", emptied_database),
    ):
        pass
    with writer_lock(tmp_path / "b", emptied_database):
        pass


def test_the_lock_is_not_held_twice_in_one_process(place: Any) -> None:
    with (
        writer_lock(place.data_dir, place.config.url),
        pytest.raises(LockedError),
        writer_lock(place.data_dir, place.config.url),
    ):
        pass
    with writer_lock(place.data_dir, place.config.url):
        pass


def test_an_error_inside_lets_go_and_passes(place: Any) -> None:
    with pytest.raises(ZeroDivisionError), writer_lock(place.data_dir, place.config.url):
        1 / 0  # noqa: B018
    with writer_lock(place.data_dir, place.config.url):
        pass


def test_the_lock_error_does_not_show_the_password(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught, writer_lock(tmp_path, "mysql://me:secret@host/db"):
        pass
    assert "secret" not in str(caught.value)


def test_reading_goes_on_while_another_process_writes(place: Any, make_call: Callable[..., Call]) -> None:
    """A page sees the state before the transaction, at once, and the new one after it."""
    with place.open() as writer, open_store(place.data_dir, place.config, create=False) as reader:
        writer.save_call(make_call("a"))
        with writer_lock(place.data_dir, place.config.url), writing(writer._engine) as connection:
            connection.exec_driver_sql("DELETE FROM turns")
            connection.exec_driver_sql("DELETE FROM passages")
            found = reader.get_call("a", embeddings=True)
            assert found is not None
            assert (len(found.turns), len(found.passages)) == (2, 1)
            assert reader.counts()["turns"] == 2
        assert reader.counts()["turns"] == 0


WRITER = """
import sys
from pathlib import Path
import numpy as np
from coach.config import StoreConfig
from coach.store import open_store
from coach.types import Call, Metadata, Passage, Turn
store = open_store(Path(sys.argv[1]), StoreConfig(url=sys.argv[2] or None))
for i in range(int(sys.argv[3])):
    n = i % 4
    passage = Passage(0, 0, None, None, "x", np.ones(4, dtype=np.float32))
    store.save_call(Call("a", Metadata(), (Turn("agent", "x"),) * n, None, "s", None, passages=(passage,) * n))
    print(i, flush=True)
store.close()
"""


def start_writer(place: Any, n: int) -> subprocess.Popen[str]:
    """Another process that saves a call `a` n times, each time with as many turns as passages."""
    command = [sys.executable, "-c", WRITER, str(place.data_dir), place.config.url or "", str(n)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_readers_see_whole_calls_while_a_process_writes(place: Any, make_call: Callable[..., Call]) -> None:
    with place.open() as store, start_writer(place, 60) as writer:
        store.save_call(make_call("b"))
        seen = 0
        while writer.poll() is None:
            call = store.get_call("a", embeddings=True)
            if call is not None:
                seen += 1
                assert len(call.turns) == len(call.passages)
            assert store.count_calls() in (1, 2)
        assert writer.returncode == 0
        assert seen > 0


def test_a_killed_writer_leaves_whole_calls(place: Any) -> None:
    with place.open() as store, start_writer(place, 1_000_000) as writer:
        assert writer.stdout is not None
        for _ in range(25):
            writer.stdout.readline()
        writer.kill()
        writer.wait(10)
        call = store.get_call("a", embeddings=True)
        assert call is not None
        assert len(call.turns) == len(call.passages) == store.counts()["turns"]
        store.save_call(call)
        assert store.call_ids() == ["a"]
