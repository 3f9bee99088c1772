"""Making calls gone: their rows, their sound, copies of the database, what is in flight, and the index they are in.

The rows go first, in one transaction with a note that the rest is still to be done. So a forgetting that is interrupted
can be ended later (`finish`), and whoever writes next should do so: `if store.forgetting_unfinished(): finish(...)`.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from coach.errors import InputError, StoreError
from coach.store import Forgotten, Store

AUDIO = "audio"
TEMPORARY = "tmp"
BACKUPS = "backups"
_POINTER = "CURRENT"


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """What was erased, and what is left for the operator to do."""

    forgotten: tuple[Forgotten, ...]
    unknown: tuple[str, ...]
    """Ids that name no call."""
    removed: tuple[str, ...]
    """Files deleted, relative to the data folder: kept sound, copies of the database, decoded audio."""

    @property
    def originals(self) -> tuple[str, ...]:
        """Names of the files the calls came from: callcoach never deletes those, the operator must."""
        return tuple(dict.fromkeys(name for call in self.forgotten for name in call.names))

    @property
    def inboxes(self) -> tuple[str, ...]:
        """Folders to look for them in."""
        return tuple(dict.fromkeys(inbox for call in self.forgotten for inbox in call.inboxes))


def forget(store: Store, index_dir: Path, calls: Sequence[str], *, rebuild: Callable[[], object]) -> ForgetReport:
    """Erases the calls of those ids; the caller holds `writer_lock`.

    `rebuild` builds a new index generation from the store and makes it current; every other generation is deleted, and
    the whole index when `rebuild` fails (its error is passed on; all words are gone by then). Ids that name no call are
    reported, not raised. StoreError when something could not be erased: calling `finish` again ends it.
    """
    forgotten: list[Forgotten] = []
    unknown: list[str] = []
    for call in dict.fromkeys(calls):
        try:
            forgotten.append(store.forget_call(call))
        except InputError:
            unknown.append(call)
    removed = finish(store, index_dir, rebuild=rebuild) if store.forgetting_unfinished() else ()
    return ForgetReport(tuple(forgotten), tuple(unknown), removed)


def finish(store: Store, index_dir: Path, *, rebuild: Callable[[], object]) -> tuple[str, ...]:
    """Erases what is left in files of calls whose rows are gone; returns the files deleted. Safe to repeat."""
    folder = store.data_dir
    # Also sound that never became a call's: a killed run leaves copies behind that nothing names.
    kept = store.audio_names()
    doomed = [file for file in _entries(folder / AUDIO) if file.name not in kept]
    doomed += _entries(folder / TEMPORARY) + _entries(folder / BACKUPS)
    for entry in doomed:
        _delete(entry)
    store.compact()
    _renew_index(index_dir, rebuild)
    store.set_forgetting_finished()
    return tuple(str(entry.relative_to(folder)) for entry in doomed)


def _renew_index(index_dir: Path, rebuild: Callable[[], object]) -> None:
    before = _current(index_dir)
    try:
        rebuild()
    except BaseException:
        _drop_generations(index_dir, keep=None)
        raise
    after = _current(index_dir)
    # A rebuild that changed nothing has left a generation that may hold embeddings of what is forgotten.
    _drop_generations(index_dir, keep=None if after == before else after)


def _current(index_dir: Path) -> str | None:
    try:
        return (index_dir / _POINTER).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _drop_generations(index_dir: Path, keep: str | None) -> None:
    for entry in _entries(index_dir):
        if keep is None or entry.name not in (keep, _POINTER):
            _delete(entry)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _delete(entry: Path) -> None:
    try:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{entry}: cannot be deleted ({error.strerror}); its call is not fully forgotten yet."
        ) from error
