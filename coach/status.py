"""What stands in a data folder: for `coach status` and whoever watches the night's runs."""

from typing import Any

from coach.retrieval.generations import state
from coach.store import RunRecord, Store

RUNS_SHOWN = 10


def read_status(store: Store) -> dict[str, Any]:
    """Counts, set-aside by code, whether the index lags behind the store, and the last runs, newest first.

    The index's `lag` is how many stored passages it lacks. A run's `rtfx` is audio seconds transcribed per wall
    second of the whole run; None when it transcribed nothing.
    """
    counts = store.counts()
    index = state(store, store.data_dir / "index")
    return {
        "data": str(store.data_dir),
        "counts": {name: value for name, value in counts.items() if name != "set_aside"},
        "set_aside": counts["set_aside"],
        "set_aside_files": [
            {"name": file.name, "code": file.code, "message": file.message, "at": file.at.isoformat(timespec="seconds")}
            for file in store.set_aside()
        ],
        "index": {
            "generation": index.generation,
            "up_to_date": not index.needs_build,
            "lag": counts["passages"] - index.count,
            "problem": index.problem,
        },
        "runs": [_run(run) for run in store.last_runs(RUNS_SHOWN)],
    }


def _run(run: RunRecord) -> dict[str, Any]:
    summary = run.summary or {}
    audio_s, wall_s = summary.get("audio_s") or 0.0, summary.get("wall_s") or 0.0
    return {
        "id": run.id,
        "started_at": run.started_at.isoformat(timespec="seconds"),
        "finished_at": None if run.finished_at is None else run.finished_at.isoformat(timespec="seconds"),
        "inbox": run.inbox,
        "settings": run.settings,
        "done": summary.get("done", 0),
        "updated": summary.get("updated", 0),
        "set_aside": summary.get("set_aside", 0),
        "waiting": summary.get("waiting", 0),
        "left": summary.get("left", 0),
        "stopped": summary.get("stopped"),
        "audio_s": audio_s,
        "wall_s": wall_s,
        "rtfx": audio_s / wall_s if audio_s and wall_s else None,
    }
