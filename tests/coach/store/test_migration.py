"""Migrations: from nothing, from an older schema with a copy made first, and never from a newer one."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from coach.config import StoreConfig
from coach.errors import StoreError
from coach.store import Store, migrate, open_store, schema
from coach.store.engine import connect, reading, writing
from coach.store.migration import STEPS
from coach.types import Call

LATER = '''"""A step of a later version."""
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

def upgrade():
    op.add_column("calls", sa.Column("later", sa.Text))
    {then}
'''


@pytest.fixture
def later_steps(tmp_path: Path) -> Callable[[str], Path]:
    """The migrations of a later version, with one step more."""

    def make(then: str = "") -> Path:
        steps = tmp_path / "100% later" / "migrations"
        shutil.copytree(STEPS, steps, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        (steps / "versions" / "0005_later.py").write_text(LATER.format(then=then))
        return steps

    return make


def columns(store: Store) -> set[str]:
    with reading(store._engine) as connection:
        return {column["name"] for column in inspect(connection).get_columns("calls")}


def test_revision_in_code_is_the_newest_step() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISION
    assert all(step.name[:4].isdigit() for step in (STEPS / "versions").glob("[!_]*.py"))


def test_migrations_build_the_tables_that_the_code_knows(store: Store) -> None:
    """Exactly these, and beside them only what each database needs to find passages by their words."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with reading(store._engine) as connection:
        differences = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    if store.url.startswith("sqlite"):
        beside = {"passages_fts"} | {f"passages_fts_{part}" for part in ("config", "data", "docsize", "idx")}
        assert {(kind, table.name) for kind, table in differences} == {("remove_table", name) for name in beside}
        return
    (index_kind, index), (column_kind, _, table, column) = differences
    assert (index_kind, index.name, column_kind, table, column.name) == (
        "remove_index", "ix_passages_words", "remove_column", "passages", "words",
    )  # fmt: skip


def test_migrating_nothing_makes_a_store_without_a_copy(place: Any) -> None:
    assert migrate(place.data_dir, place.config) is None
    assert migrate(place.data_dir, place.config) is None
    assert not (place.data_dir / "backups").exists()
    with open_store(place.data_dir, place.config, create=False) as store:
        assert store.counts()["calls"] == 0


def test_opening_nothing_makes_a_store_or_says_that_there_is_none(place: Any) -> None:
    with pytest.raises(StoreError, match="no store yet") as caught:
        open_store(place.data_dir, place.config, create=False)
    assert caught.value.code == "no_store"
    if place.is_sqlite:
        assert not place.data_dir.exists(), "looking leaves no trace"
    with place.open() as store:
        assert store.content_version() == 0


def test_an_older_schema_is_migrated_after_a_copy(
    place: Any, later_steps: Callable[..., Path], rich_call: Call
) -> None:
    with place.open() as store:
        store.save_call(rich_call)
        copy = migrate(place.data_dir, place.config, steps=later_steps())
        assert "later" in columns(store)
    assert migrate(place.data_dir, place.config, steps=later_steps()) is None
    if not place.is_sqlite:
        assert copy is None
        return
    assert copy is not None
    assert Path(copy).parent == place.data_dir / "backups"
    assert Path(copy).stat().st_mode & 0o077 == 0
    assert [file.name for file in Path(copy).parent.iterdir()] == [Path(copy).name]
    with open_store(place.data_dir, StoreConfig(url=f"sqlite:///{copy}"), create=False) as old:
        assert "later" not in columns(old)
        assert old.get_call(rich_call.id) is not None


def test_calls_of_the_first_version_come_along(place: Any, tmp_path: Path, rich_call: Call) -> None:
    first = tmp_path / "first" / "migrations"
    shutil.copytree(STEPS, first, ignore=shutil.ignore_patterns("__pycache__", "000[234]*"))
    migrate(place.data_dir, place.config, steps=first)
    engine = connect(place.data_dir, place.config)
    with writing(engine) as connection:
        new = {"id": "old", "source": "old.wav", "medium": "voice", "flags": "[]", "n_questions": 0, "impact_count": 0}
        columns = ", ".join([*new, "saved_at"])
        values = ", ".join([*(f":{name}" for name in new), "'2026-01-01T00:00:00.000000+00:00'"])
        connection.execute(text(f"INSERT INTO calls ({columns}) VALUES ({values})"), new)
        said = "INSERT INTO turns (call_key, position, role, text) SELECT key, :at, :role, :text FROM calls"
        for at, role in enumerate(("agent", "customer", "agent")):
            connection.execute(text(said), {"at": at, "role": role, "text": "" if at == 2 else "My parcel."})
        passage = (
            "INSERT INTO passages (call_key, first_turn, last_turn, text, embedding) SELECT key, :at, 2, :text, :v"
        )
        for at in (0, 1):
            values = {"at": at, "text": f"The parcels, {at}.", "v": b"\0" * 16}
            connection.execute(text(passage + " FROM calls"), values)
    engine.dispose()
    with pytest.raises(StoreError, match="older version"):
        place.open()
    migrate(place.data_dir, place.config)
    with place.open() as store:
        old = store.get_call("old")
        assert old is not None
        assert (old.role_confidence, old.swapped) == (None, False)
        found = store.get_passages(sorted(store.match_words(["parcel"])[0].tolist()))
        assert [found[id_].roles for id_ in sorted(found)] == [("agent", "customer"), ("customer",)]
        store.save_call(rich_call)
        assert store.count_calls() == 2


def test_a_migration_that_fails_changes_nothing(place: Any, later_steps: Callable[..., Path]) -> None:
    with place.open() as store:
        with pytest.raises(ZeroDivisionError):
            migrate(place.data_dir, place.config, steps=later_steps("1 / 0"))
        assert "later" not in columns(store)
    with place.open():
        pass


def test_a_newer_schema_is_refused(place: Any, later_steps: Callable[..., Path]) -> None:
    place.open().close()
    migrate(place.data_dir, place.config, steps=later_steps())
    for attempt in (place.open, lambda: migrate(place.data_dir, place.config)):
        with pytest.raises(StoreError, match="newer version") as caught:
            attempt()
        assert caught.value.code == "new_schema"


def test_an_older_schema_is_not_opened(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place.open().close()
    monkeypatch.setattr("coach.store.migration.REVISION", "0005")
    with pytest.raises(StoreError, match="`coach run` migrates it") as caught:
        place.open()
    assert caught.value.code == "old_schema"


def test_the_copy_has_what_was_only_in_the_log(
    sqlite_store: Store, later_steps: Callable[..., Path], make_call
) -> None:
    """In WAL mode copying the file alone would lose the newest calls."""
    sqlite_store.save_call(make_call("a"))
    assert (sqlite_store.data_dir / "callcoach.sqlite-wal").stat().st_size > 0
    copy = migrate(sqlite_store.data_dir, StoreConfig(), steps=later_steps())
    assert copy is not None
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT id FROM calls").fetchall() == [("a",)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_two_processes_may_make_the_store_at_once(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from coach.config import StoreConfig; from coach.store import open_store\n"
        "print(open_store(Path(sys.argv[1]), StoreConfig()).counts()['calls'])"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "data")]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [racer.communicate(timeout=60)[0] for racer in racers] == ["0\n"] * 3


def test_postgresql_keeps_no_samples_of_what_was_said(
    emptied_database: str, tmp_path: Path, make_call: Callable[..., Call]
) -> None:
    with open_store(tmp_path, StoreConfig(url=emptied_database)) as store:
        for i in range(50):
            store.save_call(make_call(str(i), texts=(f"the secret word {i // 2}", "a"), passages=1, agent="Ann"))
            store.save_reply(str(i), "0" * 64, "the secret word")
        store.compact()  # VACUUM ... ANALYZE
        with reading(store._engine) as connection:
            kept = "concat(most_common_vals::text, most_common_elems::text, histogram_bounds::text)"
            query = f"SELECT {kept} FROM pg_stats WHERE schemaname = 'public'"
            samples = [sample for (sample,) in connection.exec_driver_sql(query) if sample]
    assert any("Ann" in sample for sample in samples), "ANALYZE ran"
    assert not any("secret" in sample for sample in samples)
