"""The approximate nearest-neighbour part of a generation: a Chroma folder that holds ids and vectors, never text.

The only module that imports chromadb. What it has to work around (seen with chromadb 1.5.9):
- opening a folder, even only to read, adds a row to its SQLite file: readers open a private copy, so that the
  generation's files stay as they were hashed;
- vectors stay behind in that SQLite file after they reached the HNSW files: it is vacuumed, and a tenth is left;
- its settings are read from the environment and from a `.env` file in the working directory, from where telemetry
  could be switched on or everything be sent to a server: neither is read here.
"""

import shutil
import sqlite3
import tempfile
import weakref
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from coach.errors import StoreError

COLLECTION = "passages"
DATABASE_FILE = "chroma.sqlite3"
MAX_BATCH = 4096  # rows added at once; Chroma's own limit (5461) is asked for too
MIN_SYNC = 2  # the smallest sync threshold Chroma accepts
NEIGHBOURS = 24  # links a node of the HNSW graph keeps
EF_CONSTRUCTION = 200
EF_SEARCH = 800  # candidates kept while searching: at 100,000 passages 200 find 96 % of the nearest ten, 800 find 99 %


def write_vectors(folder: Path, ids: np.ndarray, matrix: np.ndarray) -> None:
    """Creates `folder` with a collection of `matrix`'s rows (unit float32, (n, dimension)) under `ids` (int64, (n,)).

    n may be 0. Raises StoreError when Chroma cannot write.
    """
    try:
        client = _client(folder)
        try:
            # A threshold of exactly n: everything reaches the HNSW files with the last row, and no reader has to
            # replay rows from the write-ahead log, which would write into the files.
            graph = {
                "space": "ip",  # of unit vectors this is the cosine
                "max_neighbors": NEIGHBOURS,
                "ef_construction": EF_CONSTRUCTION,
                "ef_search": EF_SEARCH,
                "sync_threshold": max(MIN_SYNC, len(ids)),
            }
            collection = client.create_collection(COLLECTION, embedding_function=None, configuration={"hnsw": graph})
            step = min(MAX_BATCH, client.get_max_batch_size())
            for first in range(0, len(ids), step):
                rows = slice(first, first + step)
                collection.add(ids=[str(i) for i in ids[rows].tolist()], embeddings=np.asarray(matrix[rows]))
            if 0 < len(ids) < MIN_SYNC:  # too few to reach the threshold: the same rows once more do
                collection.upsert(ids=[str(i) for i in ids.tolist()], embeddings=np.asarray(matrix))
        finally:
            client.close()
        with closing(sqlite3.connect(folder / DATABASE_FILE, isolation_level=None)) as database:
            database.execute("VACUUM")
    except Exception as error:  # chromadb raises many unrelated classes, its Rust part plain Exceptions
        raise StoreError(f"{folder}: the vector index cannot be written ({error}).", code="index_write") from error


class Vectors:
    """An opened, verified Chroma folder. Safe to query from several threads; released when no longer referenced."""

    def __init__(self, folder: Path, dimension: int) -> None:
        """Opens a private copy of `folder`, whose files the caller has verified: corrupt HNSW bytes end the process.

        `dimension` is that of the vectors; loads the graph into memory. Raises StoreError.
        """
        self._copy = tempfile.mkdtemp(prefix="callcoach-index-")
        client = None
        try:
            _link(folder, Path(self._copy))
            client = _client(Path(self._copy))
            self._collection = client.get_collection(COLLECTION, embedding_function=None)
            self.count = int(self._collection.count())
            if self.count:
                self.nearest(np.zeros(dimension, dtype=np.float32), 1)  # reads the files now, while they are verified
        except Exception as error:
            _release(client, self._copy)
            raise StoreError(f"{folder}: the vector index cannot be opened ({error}).", code="index_damaged") from error
        self._finalizer = weakref.finalize(self, _release, client, self._copy)

    def nearest(self, vector: np.ndarray, n: int) -> np.ndarray:
        """Ids (int64) of about the `n` rows with the largest product with `vector`, best first; at most all.

        Raises StoreError when Chroma fails; the caller can then score exactly.
        """
        if not self.count:
            return np.zeros(0, dtype=np.int64)
        try:
            result = self._collection.query(
                query_embeddings=vector[np.newaxis], n_results=min(n, self.count), include=[]
            )
            return np.array([int(i) for i in result["ids"][0]], dtype=np.int64)
        except Exception as error:
            raise StoreError(f"The vector index failed ({error}).", code="index_failed") from error


def _client(folder: Path) -> Any:
    """A Chroma client on `folder`, with telemetry off and settings from nowhere but here."""
    import chromadb
    from chromadb.config import Settings

    settings = Settings.model_construct(  # unlike Settings(), reads no environment and no .env
        anonymized_telemetry=False, chroma_otel_collection_endpoint="", allow_reset=False
    )
    return chromadb.PersistentClient(path=str(folder), settings=settings)


def _link(source: Path, target: Path) -> None:
    """A copy of `source` that Chroma may write to: the (small) SQLite file is copied, the graph's files are linked.

    Chroma writes to the graph's files only when rows are added.
    """
    shutil.copyfile(source / DATABASE_FILE, target / DATABASE_FILE)
    for folder in source.iterdir():
        if folder.is_dir():
            (target / folder.name).mkdir()
            for file in folder.iterdir():
                (target / folder.name / file.name).symlink_to(file.resolve())


def _release(client: Any, copy: str) -> None:
    if client is not None:
        client.close()
    shutil.rmtree(copy, ignore_errors=True)
