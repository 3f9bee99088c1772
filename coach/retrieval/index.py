"""What a reader holds: the current generation, reopened when it changes, and the rest of the store's vectors.

An `Index` never fails: where no generation can be used, everything is scored exactly over the vectors in SQL.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coach.errors import StoreError
from coach.retrieval.generations import Generation, open_current, read_current, read_embeddings
from coach.retrieval.manifest import MANIFEST_FILE
from coach.store import Store

GATHER_SHARE = 0.15  # of a matrix's rows: when more are wanted, the product with all rows is faster than picking
NEAREST = 200  # how many the approximate index is asked for at most


@dataclass(frozen=True, slots=True)
class View:
    """All passages of the store at one moment, as rows 0..n-1 in order of their ids."""

    ids: np.ndarray
    """int64 (n,), rising."""
    calls: np.ndarray
    """int64 (n,): the store's key of each one's call."""
    matrices: tuple[np.ndarray, ...]
    """float32 unit rows, together n: the generation's, memory-mapped, and what came since."""
    generation: Generation | None
    """None when no index could be used."""
    gone: np.ndarray | None
    """bool (n,): deleted since the generation was built; None when none is."""

    @property
    def n_newer(self) -> int:
        """Rows that the generation does not hold; they are the last."""
        return len(self.ids) - (len(self.generation.ids) if self.generation is not None else 0)

    def rows_of(self, ids: np.ndarray) -> np.ndarray:
        """Rows of those of `ids` that are here, in the order given."""
        at = np.minimum(np.searchsorted(self.ids, ids), max(0, len(self.ids) - 1))
        rows = at[self.ids[at] == ids] if len(self.ids) else np.zeros(0, dtype=np.int64)
        return rows if self.gone is None else rows[~self.gone[rows]]

    def similarities(self, vector: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Of the rows (None: all), in their order, float32 in [0, 1]."""
        products = np.empty(len(self.ids) if rows is None else len(rows), dtype=np.float32)
        first = 0
        for matrix in self.matrices:
            last = first + len(matrix)
            if rows is None:
                products[first:last] = matrix @ vector
            else:
                here = (rows >= first) & (rows < last)
                wanted = rows[here] - first
                few = len(wanted) <= GATHER_SHARE * len(matrix)
                products[here] = matrix[wanted] @ vector if few else (matrix @ vector)[wanted]
            first = last
        return similarity(products)

    def best(self, vector: np.ndarray, n: int, rows: np.ndarray | None = None) -> np.ndarray:
        """The `n` of the rows (rising; None: all) nearest to `vector`, best first, equal ones by id. Exact."""
        if rows is None and self.gone is not None:
            rows = np.flatnonzero(~self.gone)
        scores = self.similarities(vector, rows)
        return highest(np.arange(len(self.ids)) if rows is None else rows, scores, n)

    def nearest(self, vector: np.ndarray, n: int) -> np.ndarray:
        """About the `n` best rows of all, best first: the generation's by Chroma, newer ones exactly."""
        if self.generation is None or n > NEAREST:
            return self.best(vector, n)
        try:
            near = self.rows_of(self.generation.vectors.nearest(vector, NEAREST))
        except StoreError:
            return self.best(vector, n)
        if len(near) < min(n, len(self.generation.ids)):  # many of those found were deleted
            return self.best(vector, n)
        newer = np.arange(len(self.ids) - self.n_newer, len(self.ids))
        return self.best(vector, n, np.sort(np.concatenate([near, newer])))

    def rank(self, vector: np.ndarray, ids: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """(ids, similarities) of those of `ids` (None: all) that are here, best first; exact. Equal ones by id."""
        rows = self.best(vector, len(self.ids), None if ids is None else self.rows_of(np.unique(ids)))
        return self.ids[rows], self.similarities(vector, rows)


class Index:
    """The index in one folder, as a long-lived reader sees it. Safe to use from several threads."""

    def __init__(self, index_dir: Path) -> None:
        self._dir = index_dir
        self._lock = threading.Lock()
        self._signature: tuple[object, ...] | None = None
        self._generation: Generation | None = None
        self._problem: str | None = None
        self._files: tuple[str | None, tuple[Path, ...]] = (None, ())
        self._view: tuple[tuple[str | None, int], View] | None = None

    @classmethod
    def open(cls, index_dir: Path) -> "Index":
        """A reader of `index_dir`, which need not exist. Nothing is read before the first search."""
        return cls(index_dir)

    def generation(self) -> Generation | None:
        """The current generation, opened anew when CURRENT or any of its files changed; None when it cannot be used."""
        with self._lock:
            return self._refreshed()

    @property
    def problem(self) -> str | None:
        """Why searches do without the index (they still work, more slowly); None when they use it."""
        with self._lock:
            self._refreshed()
            return self._problem

    @property
    def degraded(self) -> bool:
        return self.problem is not None

    def view(self, store: Store) -> View:
        """Everything that can be searched now. What the generation lacks is read from SQL, once after each change."""
        with self._lock:
            generation = self._refreshed()
            version = store.content_version()
            key = (generation.name if generation else None, version)
            if self._view is None or self._view[0] != key or self._view[1].generation is not generation:
                self._view = (key, _view(store, generation, version))
            return self._view[1]

    def _refreshed(self) -> Generation | None:
        signature = self._look()
        if signature != self._signature:
            self._generation, self._problem, self._view = None, None, None
            try:
                self._generation = open_current(self._dir)
            except StoreError as error:
                self._problem = str(error)
            self._signature = signature
        return self._generation

    def _look(self) -> tuple[object, ...]:
        """Name of the current generation, and size, time and inode of its files: equal as long as nothing was touched.

        Asked before each search: reading a memory-mapped file that has been cut short ends the process.
        """
        name = read_current(self._dir)
        if name is None:
            return (None,)
        if self._files[0] != name:
            self._files = (name, tuple(sorted((self._dir / name).rglob("*"))))
        found: list[object] = [name]
        try:
            for path in (self._dir / name / MANIFEST_FILE, *self._files[1]):
                about = path.stat()
                found.append((about.st_size, about.st_mtime_ns, about.st_ino))
        except OSError as error:  # being removed while we look
            self._files = (None, ())
            found.append(error.errno)
        return tuple(found)


def similarity(products: np.ndarray) -> np.ndarray:
    """Cosines of unit vectors as similarities in [0, 1]: a negative cosine means no more than 0 does, "unrelated"."""
    clipped: np.ndarray = np.clip(products, 0.0, 1.0)
    return clipped


def highest(items: np.ndarray, scores: np.ndarray, n: int) -> np.ndarray:
    """The `n` of `items` with the highest scores, best first; of equal ones the first of them first."""
    if n < len(items):
        least = np.partition(scores, len(scores) - n)[len(scores) - n]
        kept = np.flatnonzero(scores >= least)
        items, scores = items[kept], scores[kept]
    return items[np.argsort(-scores, kind="stable")[:n]]


def _view(store: Store, generation: Generation | None, version: int) -> View:
    if generation is not None and generation.manifest.content_version == version:
        return View(generation.ids, generation.calls, _filled(generation.matrix), generation, None)
    if generation is not None and generation.manifest.embedding_model not in (None, store.embedding_model()):
        generation = None  # left from before everything was embedded anew
    after = int(generation.ids[-1]) if generation is not None and len(generation.ids) else -1
    newer, newer_calls, matrix = read_embeddings(store, after=after)
    if generation is None:
        return View(newer, newer_calls, _filled(matrix), None, None)
    ids = np.concatenate([generation.ids, newer])
    gone = ~np.isin(ids, store.passage_ids(), assume_unique=True)
    return View(
        ids,
        np.concatenate([generation.calls, newer_calls]),
        _filled(generation.matrix, matrix),
        generation,
        gone if gone.any() else None,
    )


def _filled(*matrices: np.ndarray) -> tuple[np.ndarray, ...]:
    """Those with rows: one without has no width that a vector could be multiplied with."""
    return tuple(matrix for matrix in matrices if len(matrix))
