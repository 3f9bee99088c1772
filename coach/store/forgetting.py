"""Erasing a call from the tables, and the tombstones that keep its recording out.

Tombstones are HMAC-SHA256, under a key in the data folder, of the recording's hash (no run takes it in again) and of
the call's id (no import does). Who has only the database cannot tell by trying whether a recording they hold was
forgotten.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from coach.errors import StoreError
from coach.store import replies, reviews, saved, settings, suggestions
from coach.store.calls import unknown
from coach.store.engine import explained_os, in_parts
from coach.store.records import Forgotten
from coach.store.schema import calls, passages, run_files, runs, tombstones

KEY_FILE = "tombstone.key"
KEY_BYTES = 32
NO_NAME = "(forgotten)"
_KEY_CHECK = "tombstone_key_check"
_UNFINISHED = "forgetting_unfinished"


def forget(connection: Connection, data_dir: Path, call_id: str) -> Forgotten:
    """Deletes every row of the call, what the runs noted about it, and leaves tombstones. InputError for an unknown id.

    Of a run's line about it only status, code and speed remain.
    """
    call = connection.execute(select(calls).where(calls.c.id == call_id)).one_or_none()
    if call is None:
        raise unknown(call_id)
    lines = _lines_about(connection, call)
    hashes = {line.sha256 for line in lines} | {call.recording_sha256}
    found = {("recording", sha) for sha in hashes if sha is not None}
    _bury(connection, _key(connection, data_dir, create=True), found | {("call", call_id)})
    _blank(connection, [line.id for line in lines])
    _blank_mentions(connection, call, {line.name for line in lines})
    n_passages = int(connection.scalar(select(func.count()).where(passages.c.call_key == call.key)) or 0)
    suggestions.look_again(connection, [call.key])
    saved.forget_names(connection, call)
    connection.execute(delete(calls).where(calls.c.key == call.key))
    reviews.forget(connection, call_id)
    replies.forget(connection, call_id)
    settings.write(connection, _UNFINISHED, "yes")
    return Forgotten(
        call=call_id,
        names=tuple(dict.fromkeys([call.source, *(line.name for line in lines if line.name != NO_NAME)])),
        inboxes=_inboxes(connection, {line.run for line in lines}),
        audio=call.audio,
        n_passages=n_passages,
    )


def is_forgotten(connection: Connection, data_dir: Path, kind: str, what: str) -> bool:
    if connection.scalar(select(tombstones.c.hash).limit(1)) is None:
        return False
    mark = _mark(_key(connection, data_dir, create=False), kind, what)
    return connection.scalar(select(tombstones.c.hash).where(tombstones.c.hash == mark)) is not None


def unfinished(connection: Connection) -> bool:
    """Whether a call's rows are gone but copies of them may be left in files."""
    return settings.read(connection, _UNFINISHED) is not None


def set_finished(connection: Connection) -> None:
    settings.write(connection, _UNFINISHED, None)


def _lines_about(connection: Connection, call: Row[Any]) -> list[Row[Any]]:
    """The runs' lines about the call: its own, those of its recording under other names, its file while it waited."""
    parts = [call.source, *call.source.split(" + ")]
    own = run_files.c.call == call.id
    if call.recording_sha256 is not None:
        own = or_(own, run_files.c.sha256 == call.recording_sha256)
    # Two folders can hold files of one name, so a name alone counts only where there is nothing else to go by.
    waited = and_(run_files.c.name.in_(parts), run_files.c.sha256.is_(None), run_files.c.call.is_(None))
    return list(connection.execute(select(run_files).where(or_(own, waited)).order_by(run_files.c.id)))


def _blank(connection: Connection, ids: Iterable[int]) -> None:
    for part in in_parts(list(ids)):
        blank = {"name": NO_NAME, "sha256": None, "message": None, "call": None, "standing": False}
        connection.execute(update(run_files).where(run_files.c.id.in_(part)).values(blank))


def _blank_mentions(connection: Connection, call: Row[Any], names: set[str]) -> None:
    """Removes messages about other files that name this call ("the id is taken by smith.wav")."""
    words = {call.id, call.source, *call.source.split(" + "), *names} - {"", NO_NAME}
    if call.recording_sha256:
        words.add(call.recording_sha256)
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in sorted(words)))
    likely = or_(*(run_files.c.message.contains(word, autoescape=True) for word in sorted(words)))
    rows = connection.execute(select(run_files.c.id, run_files.c.message).where(likely)).all()
    for part in in_parts([row.id for row in rows if pattern.search(row.message)]):
        connection.execute(update(run_files).where(run_files.c.id.in_(part)).values(message=None))


def _inboxes(connection: Connection, run_ids: set[int]) -> tuple[str, ...]:
    found: set[str] = set()
    for part in in_parts(sorted(run_ids)):
        found.update(connection.scalars(select(runs.c.inbox).where(runs.c.id.in_(part))))
    return tuple(sorted(found))


def _bury(connection: Connection, key: bytes, found: set[tuple[str, str]]) -> None:
    for kind, what in sorted(found):
        mark = _mark(key, kind, what)
        if connection.scalar(select(tombstones.c.hash).where(tombstones.c.hash == mark)) is None:
            row = {"hash": mark, "kind": kind, "forgotten_at": datetime.now(UTC)}
            connection.execute(insert(tombstones).values(row))


def _mark(key: bytes, kind: str, what: str) -> str:
    return hmac.new(key, f"{kind}:{what}".encode(), hashlib.sha256).hexdigest()


def _key(connection: Connection, data_dir: Path, *, create: bool) -> bytes:
    """The key, made when the first call is forgotten. StoreError when it is not the one that was made then."""
    path = data_dir / KEY_FILE
    known = settings.read(connection, _KEY_CHECK)
    try:
        if known is None and create and not path.exists():
            _write_key(path)
        key = path.read_bytes()
    except FileNotFoundError:
        key = b""
    except OSError as error:
        raise explained_os(error) from error
    check = _mark(key, "check", "")
    if known is None and create and len(key) == KEY_BYTES:
        settings.write(connection, _KEY_CHECK, check)
    elif known is None or not hmac.compare_digest(known, check):
        raise StoreError(
            f"{path}: is missing or not the key that forgotten recordings are known by; put the file back.",
            code="tombstone_key",
        )
    return key


def _write_key(path: Path) -> None:
    unfinished_key = path.with_suffix(".part")
    with suppress(FileNotFoundError):
        unfinished_key.unlink()
    with os.fdopen(os.open(unfinished_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    unfinished_key.replace(path)
