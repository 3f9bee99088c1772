"""Bringing a database to the schema of this version, with a copy of the file made first."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from coach.config import StoreConfig
from coach.errors import StoreError
from coach.store.engine import connect, explained_os, guarded, make_folder, outside_transactions, writing
from coach.store.schema import REVISION

STEPS = Path(__file__).parent / "migrations"
BACKUPS = "backups"
_ADVISORY_KEY = 0x6D696772617465  # "migrate"


def migrate(data_dir: Path, config: StoreConfig, *, steps: Path = STEPS) -> str | None:
    """Applies the migrations that are missing; returns the path of the copy made before, None when none was needed.

    The caller holds the writer lock. A database that does not exist yet is made, without a copy. All steps are one
    transaction: a killed migration leaves the old schema. On PostgreSQL the copy is the operator's own affair.
    Raises StoreError when the database is newer than this version, or no copy can be written.
    """
    make_folder(data_dir)
    engine = connect(data_dir, config)
    try:
        found = revision(engine)
        wanted = _newest(steps)
        if found == wanted:
            return None
        _refuse_newer(found, wanted, engine)
        copy = None
        if found is not None and engine.dialect.name == "sqlite":
            copy = str(back_up(Path(str(engine.url.database)), data_dir / BACKUPS, found))
        if engine.dialect.name == "sqlite":
            _make_private(Path(str(engine.url.database)))
            with outside_transactions(engine) as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # the file remembers it
        with writing(engine) as connection:
            _apply(connection, steps)
        return copy
    finally:
        engine.dispose()


def revision(engine: Engine) -> str | None:
    """The number of the newest migration the database has had; None when it is empty or does not exist."""
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
        return None  # connecting would create it
    with guarded(engine), engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def require_current(engine: Engine) -> bool:
    """Whether the database exists; StoreError when its schema is not this version's."""
    found = revision(engine)
    _refuse_newer(found, REVISION, engine)
    if found is not None and found < REVISION:
        raise StoreError(
            f"{_place(engine)}: was made by an older version (schema {found}, now {REVISION});"
            " `coach run` migrates it.",
            code="old_schema",
        )
    return found is not None


def back_up(database: Path, folder: Path, label: str) -> Path:
    """A consistent copy of the SQLite file in `folder`, though others may be reading or writing it."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    target = folder / f"{database.stem}-{label}-{stamp}.sqlite"
    unfinished = target.with_suffix(".part")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.touch(mode=0o600)
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(target)
    except sqlite3.Error as error:
        unfinished.unlink(missing_ok=True)
        full = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL if hasattr(error, "sqlite_errorcode") else False
        raise StoreError(
            f"{target}: the copy before the migration failed ({error}).", code="disk_full" if full else "store"
        ) from error
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise explained_os(error) from error
    return target


def _make_private(database: Path) -> None:
    """A new database is for its owner only, whatever the folder is; its log files take over the mode."""
    try:
        database.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise explained_os(error) from error


def _apply(connection: Connection, steps: Path) -> None:
    from alembic import command  # here: opening a store for reading does not need it

    if connection.dialect.name == "postgresql":  # two that create at once: the second finds it done
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
    alembic = _alembic_config(steps)
    alembic.attributes["connection"] = connection
    command.upgrade(alembic, "head")


def _alembic_config(steps: Path):  # type: ignore[no-untyped-def]
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(steps).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _newest(steps: Path) -> str:
    """The number of the newest step, from the file names."""
    return max(file.name[:4] for file in (steps / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def _refuse_newer(found: str | None, wanted: str, engine: Engine) -> None:
    if found is not None and found > wanted:
        raise StoreError(
            f"{_place(engine)}: was made by a newer version of callcoach (schema {found}, this one knows {wanted});"
            " update callcoach.",
            code="new_schema",
        )


def _place(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)
