"""What the store knows of itself: named values, and the counter that tells an index whether it lags behind."""

import time

from sqlalchemy import Connection, delete, insert, select, update

from coach.errors import StoreError
from coach.store.schema import counters, passages, settings

_EMBEDDING_MODEL = "embedding_model"
_CONTENT_VERSION = "content_version"


def read(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(settings.c.value).where(settings.c.name == name))


def write(connection: Connection, name: str, value: str | None) -> None:
    """Sets a value; None removes it."""
    connection.execute(delete(settings).where(settings.c.name == name))
    if value is not None:
        connection.execute(insert(settings).values(name=name, value=value))


def content_version(connection: Connection) -> int:
    version = connection.scalar(select(counters.c.value).where(counters.c.name == _CONTENT_VERSION))
    return int(version or 0)


def stamp_content(connection: Connection) -> None:
    """Says that passages changed. Always higher than before, and at least the milliseconds since 1970.

    Counting 1, 2, 3 would give a restored copy of the database the same numbers again for other passages, and an index
    left over from before would pass for current.
    """
    version = max(content_version(connection) + 1, time.time_ns() // 1_000_000)
    connection.execute(update(counters).where(counters.c.name == _CONTENT_VERSION).values(value=version))


def embedding_model(connection: Connection) -> str | None:
    return read(connection, _EMBEDDING_MODEL)


def set_embedding_model(connection: Connection, name: str) -> None:
    """Records which model the embeddings are of. StoreError when the store holds embeddings of another."""
    known = embedding_model(connection)
    if known == name:
        return
    if known is not None and connection.scalar(select(passages.c.id).limit(1)) is not None:
        raise StoreError(
            f"The store's passages were embedded by {known}; those of {name} cannot be mixed with them."
            f" Use {known}, or start a new data folder.",
            code="embedding_model",
        )
    write(connection, _EMBEDDING_MODEL, name)
