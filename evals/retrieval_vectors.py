"""Embeddings kept in a file from one evaluation to the next, so that thousands of texts are embedded once."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from coach.errors import ConfigError
from coach.retrieval.embeddings import Embedder

_KEY_BYTES = 16


class KeptEmbedder:
    """An `Embedder` that looks a text up by its hash before it embeds it. The file holds no text."""

    def __init__(self, embedder: Embedder, path: Path | None) -> None:
        """With no `path` everything is kept in memory alone. Raises ConfigError for a file of another model."""
        self.name, self.dimension = embedder.name, embedder.dimension
        self._embedder, self._path = embedder, path
        self._rows: dict[bytes, np.ndarray] = {}
        if path is not None and path.exists():
            with np.load(path, allow_pickle=False) as kept:
                if str(kept["name"]) != self.name:
                    raise ConfigError(f"{path}: holds embeddings of {kept['name']}, not of {self.name}; name another.")
                keys = kept["keys"].tobytes()
                for row, vector in enumerate(kept["matrix"]):
                    self._rows[keys[row * _KEY_BYTES : (row + 1) * _KEY_BYTES]] = vector
        self._n_kept = len(self._rows)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """As `Embedder.embed`."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        keys = [hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=_KEY_BYTES).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._rows}
        if new:
            self._rows |= zip(new, self._embedder.embed(list(new.values())), strict=True)
        return np.stack([self._rows[key] for key in keys])

    def keep(self) -> None:
        """Writes the file, if there is one and anything is new."""
        if self._path is None or len(self._rows) == self._n_kept:
            return
        keys = np.frombuffer(b"".join(self._rows), np.uint8)
        matrix = np.stack(list(self._rows.values()))
        part = self._path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, name=np.array(self.name), keys=keys, matrix=matrix)
        part.replace(self._path)
        self._n_kept = len(self._rows)


class TurnwiseEmbedder:
    """An `Embedder` whose vector of a passage is the mean of its lines' vectors, weighted by their words.

    The packaged embedder makes the vector of a text beyond its window of chunks in the same way. Calls joined anew from
    a few thousand turns are embedded a hundred times as fast; what is found for whom is not measured on them.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.dimension = embedder.name, embedder.dimension
        self._embedder = embedder

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """As `Embedder.embed`."""
        parts = [text.split("\n") for text in texts]
        vectors = iter(self._embedder.embed([line for lines in parts for line in lines]))
        total = np.zeros((len(texts), self.dimension), np.float32)
        for row, lines in enumerate(parts):
            for line in lines:
                total[row] += max(1, len(line.split())) * next(vectors)
        total /= np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
        return total
