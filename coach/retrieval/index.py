"""What a reader holds: the current generation, reopened when it changes, and the rest of the store's vectors.

An `Index` never fails: where no generation can be used, everything is scored exactly over the vectors in SQL.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coach.errors import StoreError
from coach.retrieval.generations import Generation, open_current, read_current, read_embeddings
from coach.store import Store

GATHER_SHARE = 0.25  # of a matrix's rows: when more are wanted, the product with all rows is faster than picking


@dataclass(frozen=True, slots=True)
class Block:
    """Vectors that are scored exactly. `ids` int64 ascending, shape (n,); `matrix` float32 unit rows (n, dimension)."""

    ids: np.ndarray
    matrix: np.ndarray


NOTHING = Block(np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.float32))


@dataclass(frozen=True, slots=True)
class View:
    """All vectors of the store at one moment."""

    generation: Generation | None
    """None when no index could be used; `newer` then holds everything."""
    newer: Block
    """What the generation does not hold yet."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The filled ones of the two, the generation's first."""
        built = [Block(self.generation.ids, self.generation.matrix)] if self.generation is not None else []
        return tuple(block for block in (*built, self.newer) if len(block.ids))

    def rank(self, vector: np.ndarray, ids: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """(ids, similarities) of those of `ids` (None: all) that have a vector, best first; exact. Equal ones by id."""
        if ids is None:
            return _best_first([(block.ids, similarity(block.matrix @ vector)) for block in self.blocks])
        wanted = np.unique(ids)
        return _best_first([_score(block, vector, wanted) for block in self.blocks])

    def nearest(self, vector: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """About the `n` best of all passages, as `rank` gives them: the generation's by Chroma, newer ones exactly."""
        if self.generation is None:
            ids, similarities = self.rank(vector)
        else:
            try:
                candidates = self.generation.vectors.nearest(vector, n)
            except StoreError:
                candidates = self.generation.ids
            ids, similarities = self.rank(vector, np.concatenate([candidates, self.newer.ids]))
        return ids[:n], similarities[:n]


class Index:
    """The index in one folder, as a long-lived reader sees it. Safe to use from several threads."""

    def __init__(self, index_dir: Path) -> None:
        self._dir = index_dir
        self._lock = threading.Lock()
        self._signature: tuple[object, ...] | None = None
        self._generation: Generation | None = None
        self._problem: str | None = None
        self._newer: tuple[tuple[str | None, int], Block] | None = None

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
            if generation is not None and generation.manifest.embedding_model not in (None, store.embedding_model()):
                generation = None  # left from before everything was embedded anew
            key = (generation.name if generation else None, store.content_version())
            if generation is not None and generation.manifest.content_version == key[1]:
                self._newer = None
                return View(generation, NOTHING)
            if self._newer is None or self._newer[0] != key:
                after = int(generation.ids[-1]) if generation is not None and len(generation.ids) else None
                self._newer = (key, Block(*read_embeddings(store, after=after)))
            return View(generation, self._newer[1])

    def _refreshed(self) -> Generation | None:
        signature = self._look()
        if signature != self._signature:
            self._generation, self._problem = None, None
            try:
                self._generation = open_current(self._dir)
            except StoreError as error:
                self._problem = str(error)
            self._signature = signature
        return self._generation

    def _look(self) -> tuple[object, ...]:
        """Name of the current generation, and size, time and inode of its files: equal as long as nothing was touched.

        Asked before each search (some 20 µs): reading a memory-mapped file that has been cut short ends the process.
        """
        name = read_current(self._dir)
        if name is None:
            return (None,)
        found: list[object] = [name]
        try:
            for path in sorted((self._dir / name).rglob("*")):
                about = path.stat()
                found.append((str(path), about.st_size, about.st_mtime_ns, about.st_ino))
        except OSError as error:  # being removed while we look
            found.append(error.errno)
        return tuple(found)


def similarity(products: np.ndarray) -> np.ndarray:
    """Cosines of unit vectors as similarities in [0, 1]: a negative cosine means no more than 0 does, "unrelated"."""
    clipped: np.ndarray = np.clip(products, 0.0, 1.0)
    return clipped


def _score(block: Block, vector: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(ids, similarities) of those of `wanted` (ascending, unique) that the block holds."""
    ids, rows, _ = np.intersect1d(block.ids, wanted, assume_unique=True, return_indices=True)
    if len(rows) > GATHER_SHARE * len(block.ids):
        return ids, similarity((block.matrix @ vector)[rows])
    return ids, similarity(block.matrix[rows] @ vector)


def _best_first(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    ids = np.concatenate([NOTHING.ids, *(ids for ids, _ in parts)])
    similarities = np.concatenate([np.zeros(0, dtype=np.float32), *(similarities for _, similarities in parts)])
    order = np.lexsort((ids, -similarities))
    return ids[order], similarities[order]
