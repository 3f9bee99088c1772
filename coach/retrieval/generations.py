"""Index generations: `index/gen-<n>/` is one index built from the store, `index/CURRENT` names the one in use.

SQL is the only truth and an index is disposable: it is built whole in a new folder, checked in another process, then
made current by replacing one small file. Whoever builds holds the writer lock; readers need none.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coach.errors import StoreError
from coach.retrieval.manifest import Manifest, describe_files, read_manifest, verify_files, write_manifest
from coach.retrieval.vectors import Vectors, write_vectors
from coach.store import Store

CURRENT_FILE = "CURRENT"
CHROMA_FOLDER = "chroma"
IDS_FILE = "ids.npy"
CALLS_FILE = "calls.npy"
MATRIX_FILE = "matrix.npy"
CHECK_TIMEOUT_S = 600.0
EMBEDDING_BATCH = 4096

_NAME = re.compile(r"gen-([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Generation:
    """One opened, verified index."""

    name: str
    manifest: Manifest
    ids: np.ndarray
    """int64, ascending, shape (count,)."""
    calls: np.ndarray
    """int64, shape (count,): the store's key of each passage's call, so that a filter on calls fetches calls."""
    matrix: np.ndarray
    """float32, unit rows, shape (count, dimension), memory-mapped."""
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class IndexState:
    """How the index stands to the store."""

    generation: str | None
    """None when none can be used."""
    count: int
    """Passages in it."""
    stale: bool
    """The store has changed since it was built; searches still see everything, a little slower."""
    problem: str | None
    """Why it cannot be used, for people; None when it can."""

    @property
    def needs_build(self) -> bool:
        return self.generation is None or self.stale


def build(store: Store, index_dir: Path, *, erase: bool = False) -> str:
    """Builds a generation from all embeddings in the store, checks it, makes it current; its name.

    The caller holds the writer lock. The generation in use until now is kept for readers that have it open, older
    ones are removed. `erase` (after a call was forgotten) removes them all, also when the build itself fails: searches
    then score exactly from SQL. Raises StoreError; the current generation is then as it was, unless erased.
    """
    index_dir.mkdir(parents=True, exist_ok=True)
    previous = read_current(index_dir)
    name = f"gen-{_last_number(index_dir) + 1}"
    folder = index_dir / name
    try:
        _write_generation(store, folder)
        check_in_subprocess(folder)
        _sync(folder)
        _make_current(index_dir, name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if erase:
            _remove_except(index_dir, set(), must=True)
        raise
    _remove_except(index_dir, {name} if erase or previous is None else {name, previous}, must=erase)
    return name


def bring_up_to_date(store: Store, index_dir: Path) -> str | None:
    """Builds a generation if the current one is missing, damaged or behind the store; its name, None if not needed.

    The caller holds the writer lock. Raises StoreError as `build` does.
    """
    return build(store, index_dir) if state(store, index_dir).needs_build else None


def rebuild_from_nothing(store: Store, index_dir: Path) -> str:
    """After a call was forgotten: a new generation, and no older one left, whether or not the build succeeds."""
    return build(store, index_dir, erase=True)


def state(store: Store, index_dir: Path) -> IndexState:
    """Whether the index must be built (missing, damaged or behind the store). Reads and hashes all its files."""
    name = read_current(index_dir)
    if name is None:
        return IndexState(None, 0, True, "no index has been built")
    try:
        manifest = read_manifest(index_dir / name)
        verify_files(index_dir / name, manifest)
    except StoreError as error:
        return IndexState(None, 0, True, str(error))
    return IndexState(name, manifest.count, manifest.content_version != store.content_version(), None)


def read_current(index_dir: Path) -> str | None:
    """The name in CURRENT; None when there is none or it holds anything but a generation's name."""
    try:
        with (index_dir / CURRENT_FILE).open("rb") as stream:
            text = stream.read(64).decode("ascii", "replace").strip()
    except OSError:
        return None
    return text if _NAME.fullmatch(text) else None


def open_current(index_dir: Path) -> Generation:
    """The current generation, every file's hash verified before it is used.

    Raises StoreError (code index_missing or index_damaged); a rebuild helps against both.
    """
    name = read_current(index_dir)
    if name is None:
        raise StoreError(f"{index_dir}: there is no index yet.", code="index_missing")
    return open_generation(index_dir / name)


def open_generation(folder: Path) -> Generation:
    """As `open_current`, for the generation in `folder`."""
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    try:
        ids = np.load(folder / IDS_FILE, allow_pickle=False)
        calls = np.load(folder / CALLS_FILE, allow_pickle=False)
        # An empty file cannot be mapped.
        matrix = np.load(folder / MATRIX_FILE, mmap_mode="r" if manifest.count else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StoreError(f"{folder}: cannot be read ({error}).", code="index_damaged") from error
    shapes = (ids.shape, calls.shape, matrix.shape)
    if shapes != ((manifest.count,), (manifest.count,), (manifest.count, manifest.dimension)):
        raise StoreError(f"{folder}: ids, calls, matrix and manifest do not agree.", code="index_damaged")
    vectors = Vectors(folder / CHROMA_FOLDER, manifest.dimension)
    if vectors.count != manifest.count:
        raise StoreError(f"{folder}: Chroma holds {vectors.count} of {manifest.count} rows.", code="index_damaged")
    return Generation(folder.name, manifest, ids, calls, matrix, vectors)


def check_in_subprocess(folder: Path) -> None:
    """Opens and queries the generation in a process of its own, which a corrupt graph may crash.

    Raises StoreError (code index_check) when that process fails in whatever way.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "coach.retrieval.check", str(folder)]
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            timeout=CHECK_TIMEOUT_S,
            check=False,
            text=True,
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StoreError(f"{folder}: the new index could not be checked ({error}).", code="index_check") from error
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise StoreError(f"{folder}: the new index failed its check ({reason[0]}).", code="index_check")


def _write_generation(store: Store, folder: Path) -> None:
    version = store.content_version()  # before the rows: a change in between shows as a stale index, not as a fresh one
    folder.mkdir()
    try:
        ids, calls, matrix = read_embeddings(store)
        if len(ids) > 1 and not bool(np.all(ids[1:] > ids[:-1])):
            raise StoreError("The store's passage ids are not ascending.")
        np.save(folder / IDS_FILE, ids)
        np.save(folder / CALLS_FILE, calls)
        np.save(folder / MATRIX_FILE, matrix)
    except OSError as error:
        raise StoreError(f"{folder}: the index cannot be written ({error}).", code="index_write") from error
    write_vectors(folder / CHROMA_FOLDER, ids, matrix)
    count, dimension = matrix.shape
    model = store.embedding_model() if count else None
    write_manifest(folder, Manifest(version, model, count, dimension, describe_files(folder)))


def read_embeddings(store: Store, *, after: int = -1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids (int64, (n,), ascending), their calls' keys (int64, (n,)) and vectors (float32, (n, dimension)) of the store.

    In memory; empty for none. `after` leaves out ids up to it.
    """
    batches = list(store.iter_embeddings(EMBEDDING_BATCH, after=after))
    if not batches:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, np.zeros((0, 0), dtype=np.float32)
    ids = np.concatenate([ids for ids, _ in batches]).astype(np.int64, copy=False)
    matrix = np.concatenate([matrix for _, matrix in batches]).astype(np.float32, copy=False)
    stored, calls = store.passage_owners()
    if not np.array_equal(ids, stored[-len(ids) :]):  # some went or came between the two looks
        still = np.isin(ids, stored, assume_unique=True)
        ids, matrix = ids[still], matrix[still]
    return ids, calls[np.searchsorted(stored, ids)], matrix


def _make_current(index_dir: Path, name: str) -> None:
    temporary = index_dir / f"{CURRENT_FILE}.new"
    with temporary.open("w", encoding="ascii") as stream:
        stream.write(name + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    current = index_dir / CURRENT_FILE
    if current.is_dir() and not current.is_symlink():
        shutil.rmtree(current)  # damage that a replacement cannot undo
    temporary.replace(current)
    _sync_one(index_dir)


def _sync(folder: Path) -> None:
    """Makes sure the generation is on the disk before CURRENT names it."""
    for path in [*folder.rglob("*"), folder]:
        _sync_one(path)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _last_number(index_dir: Path) -> int:
    """The highest generation number in use, also by a leftover of a killed build; 0 for none."""
    names = [*(path.name for path in index_dir.iterdir()), read_current(index_dir) or ""]
    return max((int(match[1]) for match in map(_NAME.fullmatch, names) if match), default=0)


def _remove_except(index_dir: Path, keep: set[str], *, must: bool) -> None:
    """Removes all generations but those named. Raises StoreError when one cannot be removed, if it `must`."""
    for path in list(index_dir.iterdir()):
        if _NAME.fullmatch(path.name) and path.name not in keep:
            try:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            except OSError as error:
                if must:
                    raise StoreError(f"{path}: cannot be removed ({error}).", code="index_write") from error
