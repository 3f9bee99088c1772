"""Runs, what became of each file in them, and which recordings are set aside."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, true, update

from coach.store.records import FileRecord, RunRecord
from coach.store.schema import calls, passages, questions, run_files, runs, tombstones, turns

_SETTLES = ("done", "updated", "set_aside")
"""Statuses that say what became of a recording; waiting and skipped leave it as it was."""


def begin(connection: Connection, inbox: str, settings: dict[str, Any]) -> int:
    row = {"inbox": inbox, "settings": settings, "started_at": datetime.now(UTC)}
    run_id: int = connection.execute(insert(runs).values(row).returning(runs.c.id)).scalar_one()
    return run_id


def finish(connection: Connection, run_id: int, summary: dict[str, Any]) -> None:
    done = {"summary": summary, "finished_at": datetime.now(UTC)}
    connection.execute(update(runs).where(runs.c.id == run_id).values(done))


def record_file(connection: Connection, row: dict[str, Any]) -> None:
    """Adds a line to the run. A recording (by hash; without one, by name) stands as what was said of it last."""
    if row["status"] in _SETTLES:
        same = run_files.c.sha256 == row["sha256"]
        if row["sha256"] is None:
            same = run_files.c.sha256.is_(None) & (run_files.c.name == row["name"])
        connection.execute(update(run_files).where(run_files.c.standing, same).values(standing=False))
    stamped = {**row, "at": datetime.now(UTC), "standing": row["status"] == "set_aside"}
    connection.execute(insert(run_files).values(stamped))


def set_aside(connection: Connection, sha256: str | None = None) -> list[FileRecord]:
    """Recordings set aside and not tried again since, oldest first; of one hash when it is given."""
    query = select(run_files).where(run_files.c.standing == true()).order_by(run_files.c.id)
    if sha256 is not None:
        query = query.where(run_files.c.sha256 == sha256)
    return [_file(row) for row in connection.execute(query)]


def clear_set_aside(connection: Connection, sha256: str) -> None:
    connection.execute(
        update(run_files).where(run_files.c.standing, run_files.c.sha256 == sha256).values(standing=False)
    )


def last(connection: Connection, n: int) -> list[RunRecord]:
    """The newest `n` runs, newest first."""
    rows = connection.execute(select(runs).order_by(runs.c.id.desc()).limit(n)).all()
    grouped = (
        select(run_files.c.run, run_files.c.status, func.count().label("n"))
        .where(run_files.c.run.in_([row.id for row in rows]))
        .group_by(run_files.c.run, run_files.c.status)
    )
    files: dict[int, dict[str, int]] = {}
    for row in connection.execute(grouped):
        files.setdefault(row.run, {})[row.status] = row.n
    return [_run(row, files.get(row.id, {})) for row in rows]


def counts(connection: Connection) -> dict[str, Any]:
    """How much there is: calls, turns, questions, passages, audio_s, forgotten, runs, and set_aside by code."""
    found: dict[str, Any] = {
        table.name: connection.scalar(select(func.count()).select_from(table))
        for table in (calls, turns, questions, passages, runs)
    }
    found["audio_s"] = float(connection.scalar(select(func.coalesce(func.sum(calls.c.duration_s), 0.0))) or 0.0)
    found["forgotten"] = connection.scalar(select(func.count()).where(tombstones.c.kind == "call"))
    found["set_aside"] = _by_code(set_aside(connection))
    return found


def _by_code(files: Iterable[FileRecord]) -> dict[str, int]:
    codes: dict[str, int] = {}
    for file in files:
        codes[file.code or "unknown"] = codes.get(file.code or "unknown", 0) + 1
    return dict(sorted(codes.items()))


def _file(row: Row[Any]) -> FileRecord:
    return FileRecord(
        run=row.run,
        name=row.name,
        sha256=row.sha256,
        status=row.status,
        code=row.code,
        message=row.message,
        call=row.call,
        audio_s=row.audio_s,
        wall_s=row.wall_s,
        at=row.at,
    )


def _run(row: Row[Any], files: dict[str, int]) -> RunRecord:
    return RunRecord(row.id, row.inbox, row.settings, row.summary, row.started_at, row.finished_at, files)
