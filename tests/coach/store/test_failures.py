"""What goes wrong with a database, each as one sentence with a stable code."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from coach.config import StoreConfig
from coach.errors import ConfigError, StoreError
from coach.store import Store, open_store
from coach.store.engine import SQLITE_FILE, database_url, writing
from coach.types import Call

MakeCall = Callable[..., Call]


def test_a_full_disk_stops_and_leaves_what_was_saved(sqlite_store: Store, make_call: MakeCall) -> None:
    sqlite_store.save_call(make_call("a"))
    sqlite_store.close()

    def fill(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}").close()

    event.listen(sqlite_store._engine, "connect", fill)
    with pytest.raises(StoreError, match="disk is full") as caught:
        sqlite_store.save_call(make_call("b", texts=("long " * 10_000,)))
    assert caught.value.code == "disk_full"
    event.remove(sqlite_store._engine, "connect", fill)
    sqlite_store.close()
    assert sqlite_store.call_ids() == ["a"]
    sqlite_store.save_call(make_call("b"))
    assert sqlite_store.call_ids() == ["a", "b"]


def _read_everything(data_dir: Path) -> None:
    with open_store(data_dir, StoreConfig(), create=False) as store:
        for summary in store.list_calls():
            store.get_call(summary.id, embeddings=True)


@pytest.mark.parametrize(
    ("damage", "code"), [(b"not a database at all, but a long enough text" * 100, "corrupt"), (None, "corrupt")]
)
def test_a_damaged_file_is_named(tmp_path: Path, make_call: MakeCall, damage: bytes | None, code: str) -> None:
    with open_store(tmp_path, StoreConfig()) as store:
        for i in range(30):
            store.save_call(make_call(str(i), texts=("words " * 300, "more")))
    file = tmp_path / SQLITE_FILE
    if damage is None:  # the header is sound, what follows the schema is not
        data = file.read_bytes()
        damage = data[: 4096 * 4] + os.urandom(len(data) - 4096 * 4)
    file.write_bytes(damage)
    with pytest.raises(StoreError) as caught:
        _read_everything(tmp_path)
    assert caught.value.code == code
    assert SQLITE_FILE in str(caught.value)


def test_a_database_kept_locked_is_busy(sqlite_store: Store, make_call: MakeCall) -> None:
    def impatient(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 50").close()

    sqlite_store.close()
    event.listen(sqlite_store._engine, "connect", impatient)
    with closing(sqlite3.connect(sqlite_store.data_dir / SQLITE_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked for too long") as caught:
            sqlite_store.save_call(make_call("a"))
        assert caught.value.code == "busy"
        assert sqlite_store.call_ids() == []
        other.execute("ROLLBACK")
    sqlite_store.save_call(make_call("a"))


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / SQLITE_FILE).mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path, StoreConfig())


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match="data folder cannot be used"):
        open_store(tmp_path / "data", StoreConfig())


def test_a_server_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    url = f"postgresql://me:secret@/db?host={tmp_path}"
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        open_store(tmp_path, StoreConfig(url=url))
    assert caught.value.code == "unreachable"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("53100", "disk_full"),
        ("40P01", "busy"),
        ("XX001", "corrupt"),
        ("53300", "unreachable"),
        ("57P01", "unreachable"),
    ],
)
def test_states_of_postgresql(emptied_database: str, tmp_path: Path, state: str, code: str) -> None:
    with open_store(tmp_path, StoreConfig(url=emptied_database)) as store:
        with pytest.raises(StoreError) as caught, writing(store._engine) as connection:
            connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")
        assert caught.value.code == code
        assert store.call_ids() == []


def test_a_wrong_statement_is_a_bug_and_shows_no_values(store: Store) -> None:
    with pytest.raises(DBAPIError) as caught, writing(store._engine) as connection:
        connection.exec_driver_sql(
            "INSERT INTO turns (call_key, position, role, text) VALUES (999, 0, 'agent', "
            + ("?)" if store._engine.dialect.name == "sqlite" else "%s)"),
            ("my secret words",),
        )
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["mysql://host/db", "nonsense", "", "sqlite://", "sqlite:///:memory:", "sqlite:///x.db?mode=ro", "://"]
)
def test_urls_that_cannot_be_a_store_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError):
        database_url(tmp_path, url)


def test_folders_with_odd_names(tmp_path: Path, make_call: MakeCall) -> None:
    folder = tmp_path / "a b%20c?d#e&f=ä"
    with open_store(folder, StoreConfig()) as store:
        store.save_call(make_call("a"))
        assert (folder / SQLITE_FILE).exists()


def test_what_was_said_is_for_the_owner_only(tmp_path: Path, make_call: MakeCall) -> None:
    with open_store(tmp_path / "new", StoreConfig()) as store:
        store.save_call(make_call("a"))
        assert (tmp_path / "new").stat().st_mode & 0o077 == 0
        modes = [file.stat().st_mode & 0o777 for file in (tmp_path / "new").iterdir()]
        assert modes == [0o600] * 3, "the database and its two log files"


def test_stores_url_hides_the_password(emptied_database: str, tmp_path: Path) -> None:
    url = emptied_database.replace("//postgres@", "//postgres:secret@")
    with open_store(tmp_path, StoreConfig(url=url)) as store:
        assert store.url.startswith("postgresql+psycopg://postgres:***@") or "@" not in url
        assert "secret" not in store.url
