"""Connections to the database, and its failures turned into one sentence.

Transactions are begun by us, not by Python's sqlite3: `reading` sees one unchanging state of the store, `writing` takes
SQLite's write lock at once, so it waits for another writer instead of failing half-way.
"""

import errno
import importlib.util
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from coach.config import StoreConfig
from coach.errors import ConfigError, StoreError

T = TypeVar("T")

SQLITE_FILE = "callcoach.sqlite"
BUSY_TIMEOUT_MS = 30_000
"""How long one writer waits for another. Transactions last milliseconds; compaction seconds."""
POOL_SIZE = 5
POOL_OVERFLOW = 45  # the pages' thread pool has 40 threads
_FULL_BELOW_BYTES = 1_000_000


def database_url(data_dir: Path, store_url: str | None) -> URL:
    """Where the store lies. ConfigError unless it is a SQLite file or a PostgreSQL database."""
    if store_url is None:
        return URL.create("sqlite", database=str(data_dir / SQLITE_FILE))
    try:
        url = make_url(store_url)
    except (ArgumentError, ValueError):
        raise ConfigError("store.url is not a database URL; an example is postgresql://user@host/callcoach.") from None
    kind = url.get_backend_name()
    if kind == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise ConfigError(f"store.url names {kind}; the store can be SQLite or PostgreSQL.")
    if not url.database or url.database == ":memory:" or url.query:
        raise ConfigError("store.url must name a SQLite file: sqlite:////folder/callcoach.sqlite.")
    return url.set(drivername="sqlite")


def make_folder(folder: Path) -> None:
    """Makes the data folder, closed to other users, unless it is there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise explained_os(error) from error


def connect(data_dir: Path, config: StoreConfig) -> Engine:
    """An engine for the store; nothing is opened yet. Shared between threads, not between processes."""
    url = database_url(data_dir, config.url)
    common: dict[str, Any] = {
        "hide_parameters": True,  # an error's text must not carry what was said in a call
        "pool_size": POOL_SIZE,
        "max_overflow": POOL_OVERFLOW,
    }
    if url.get_backend_name() == "postgresql":
        _require_psycopg()
        engine = create_engine(
            url,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "options": "-c timezone=UTC -c client_encoding=UTF8"},
            **common,
        )
    else:
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, **common)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _require_psycopg() -> None:
    if importlib.util.find_spec("psycopg") is None:
        raise ConfigError("store.url names PostgreSQL, whose driver is missing: pip install 'callcoach[postgres]'.")


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN
    connection.create_function("lower", 1, _lower, deterministic=True)
    for pragma in ("foreign_keys = ON", "secure_delete = ON", f"busy_timeout = {BUSY_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _lower(value: Any) -> Any:
    """SQLite's own lower() knows ASCII only."""
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    statement = connection.get_execution_options().get("sqlite_begin", "BEGIN")
    if statement is not None:
        connection.exec_driver_sql(statement)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees the store as it is now, whatever a run writes meanwhile."""
    with guarded(engine), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is committed whole at the end, or not at all."""
    with guarded(engine), engine.connect() as connection:
        connection = connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with connection.begin():
            yield connection


@contextmanager
def outside_transactions(engine: Engine) -> Iterator[Connection]:
    """A connection on which every statement stands alone, as VACUUM and the like demand."""
    with guarded(engine), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            yield connection.execution_options(isolation_level="AUTOCOMMIT")
        else:
            yield connection.execution_options(sqlite_begin=None)


@contextmanager
def guarded(engine: Engine) -> Iterator[None]:
    """Turns failures of the database into StoreError. A wrong statement is a bug and propagates as it is."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreError("The database is busy: all connections are in use.", code="busy") from error
    except DBAPIError as error:
        raise _explained(error, engine) or error from error


def explained_os(error: OSError) -> StoreError:
    """The StoreError for a failure of the file system, with code "disk_full" when that is the reason."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError("The disk that holds the data folder is full.", code="disk_full")
    return StoreError(f"The data folder cannot be used: {error.strerror or error}: {error.filename}.")


def _explained(error: DBAPIError, engine: Engine) -> StoreError | None:
    if engine.dialect.name == "postgresql":
        return _explained_postgresql(error, engine.url)
    return _explained_sqlite(error, Path(str(engine.url.database)))


def _explained_sqlite(error: DBAPIError, file: Path) -> StoreError | None:
    extended = getattr(error.orig, "sqlite_errorcode", None)
    if extended is None:
        return None
    code = extended & 0xFF
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(file.parent)):
        return StoreError(f"{file}: the disk is full; nothing half-done was saved.", code="disk_full")
    sentences = {
        sqlite3.SQLITE_BUSY: ("busy", "another process kept it locked for too long"),
        sqlite3.SQLITE_LOCKED: ("busy", "another process kept it locked for too long"),
        sqlite3.SQLITE_CORRUPT: ("corrupt", "the database is damaged; restore a copy of it, for example from backups/"),
        sqlite3.SQLITE_NOTADB: ("corrupt", "this is not a SQLite database; restore a copy of it"),
        sqlite3.SQLITE_CANTOPEN: ("store", "the database cannot be opened; check the folder and its permissions"),
        sqlite3.SQLITE_PERM: ("store", "no permission to use the database"),
        sqlite3.SQLITE_READONLY: ("read_only", "the database cannot be written; check its permissions"),
        sqlite3.SQLITE_IOERR: ("store", "the disk fails to read or write the database"),
    }
    if code not in sentences:
        return None
    name, sentence = sentences[code]
    return StoreError(f"{file}: {sentence}.", code=name)


def _explained_postgresql(error: DBAPIError, url: URL) -> StoreError | None:
    state = getattr(error.orig, "sqlstate", None)
    place = url.render_as_string(hide_password=True)
    if state == "53100":
        return StoreError(f"{place}: the database server's disk is full.", code="disk_full")
    if state in ("55P03", "40001", "40P01", "57014"):
        return StoreError(f"{place}: another process kept the data locked for too long.", code="busy")
    if state in ("XX001", "XX002"):
        return StoreError(f"{place}: the database server reports damaged data.", code="corrupt")
    if state in ("28000", "28P01", "3D000"):
        return StoreError(f"{place}: the database refuses the log-in or does not exist.", code="unreachable")
    if error.connection_invalidated or (state is None and type(error).__name__ == "OperationalError"):
        return StoreError(f"{place}: the database server cannot be reached or broke off.", code="unreachable")
    if state is not None and state[:2] in ("08", "53", "57", "58"):
        return StoreError(f"{place}: the database server cannot serve now (SQL state {state}).", code="unreachable")
    return None


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _FULL_BELOW_BYTES
    except OSError:
        return False


def in_parts(items: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """`items` in parts short enough for the parameters of one statement."""
    return (items[i : i + size] for i in range(0, len(items), size))
