"""One writer at a time: run, import, forget, rescore and swap take this lock; pages and questions do not.

The operating system (and PostgreSQL) let go of it when its holder dies, however it dies.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import text

from coach.config import StoreConfig
from coach.errors import LockedError
from coach.store.engine import connect, database_url, explained_os, guarded, make_folder

LOCK_FILE = "run.lock"
_ADVISORY_KEY = 0x63616C6C636F6163  # "callcoac"; advisory locks are per database, so one number does for all


@contextmanager
def writer_lock(data_dir: Path, store_url: str | None) -> Iterator[None]:
    """Holds the writer lock of `data_dir`, and of the database when `store_url` names PostgreSQL.

    Raises LockedError at once when another process (or another holder in this one) has it. It is not re-entrant.
    Makes the data folder if there is none.
    """
    is_postgresql = database_url(data_dir, store_url).get_backend_name() == "postgresql"
    make_folder(data_dir)
    try:
        # Never fall back to a lock that is a mere file: kill -9 would leave it behind.
        lock = FileLock(data_dir / LOCK_FILE, timeout=0, mode=0o600, thread_local=False, fallback_to_soft=False)
        lock.acquire()
    except Timeout:
        raise _locked(str(data_dir)) from None
    except OSError as error:
        raise explained_os(error) from error
    try:
        if is_postgresql:
            with _advisory_lock(data_dir, store_url):
                yield
        else:
            yield
    finally:
        lock.release()


@contextmanager
def _advisory_lock(data_dir: Path, store_url: str | None) -> Iterator[None]:
    """PostgreSQL's lock on a connection of its own, which holds no transaction open."""
    engine = connect(data_dir, StoreConfig(url=store_url))
    try:
        with guarded(engine):
            connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with connection:
            with guarded(engine):
                got = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY_KEY})
            if not got:
                raise _locked(engine.url.render_as_string(hide_password=True))
            yield
            # let go by closing the connection: the pool is disposed of below
    finally:
        engine.dispose()


def _locked(place: str) -> LockedError:
    return LockedError(f"{place}: another run is working here; try again when it has ended.")
