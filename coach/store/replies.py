"""What an LLM answered about a call, kept so that the same is not asked twice."""

from sqlalchemy import Connection, delete, insert, select

from coach.store.schema import calls, replies


def read(connection: Connection, call_id: str, key: str) -> str | None:
    return connection.scalar(select(replies.c.text).where(replies.c.call == call_id, replies.c.key == key))


def write(connection: Connection, call_id: str, key: str, text: str) -> None:
    connection.execute(delete(replies).where(replies.c.call == call_id, replies.c.key == key))
    connection.execute(insert(replies).values(call=call_id, key=key, text=text))


def forget(connection: Connection, call_id: str) -> None:
    """Deletes those of the call, and of calls that are not stored: a killed run may have asked about one."""
    stored = select(calls.c.id).where(calls.c.id == replies.c.call)
    connection.execute(delete(replies).where((replies.c.call == call_id) | ~stored.exists()))
