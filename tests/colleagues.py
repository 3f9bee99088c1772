"""An embedder whose similarity is shared words, and pools of colleagues' questions."""

import re
import zlib
from collections.abc import Sequence

import numpy as np

from coach.store import ExemplarPool, StoredExemplar
from coach.types import Function


class SharedWords:
    """The more words two texts share, the closer they are."""

    name = "shared words"
    dimension = 256

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in set(re.findall(r"\w+", text.lower())):
                vectors[row, zlib.crc32(word.encode()) % self.dimension] = 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def pool_of(*rows: tuple[str, str | None, Function, str, str]) -> ExemplarPool:
    """Each row: call, agent, function, what the customer had said, the question."""
    entries = tuple(
        StoredExemplar(at, call, agent, 3, 0, len(text), 12.5, function, text)
        for at, (call, agent, function, _, text) in enumerate(rows)
    )
    said = SharedWords().embed([said for _, _, _, said, _ in rows])
    return ExemplarPool(entries, said if rows else np.zeros((0, 0), dtype=np.float32))
