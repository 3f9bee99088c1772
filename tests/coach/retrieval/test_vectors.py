import hashlib
from pathlib import Path

import numpy as np
import pytest

from coach.retrieval.vectors import Vectors, write_vectors


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_files_are_complete_when_written_however_few_vectors_there_are(tmp_path: Path, count: int) -> None:
    """A reader that had to finish them would change what the manifest vouches for (chromadb 1.5: from its log)."""
    folder = tmp_path / "index"
    folder.mkdir()
    matrix = np.eye(8, dtype=np.float32)[:count]
    write_vectors(folder, np.arange(count) + 10, matrix)
    before = _hashes(folder)
    vectors = Vectors(folder, 8)
    assert vectors.count == count
    assert sorted(vectors.nearest(np.ones(8, dtype=np.float32), 8).tolist()) == [10 + i for i in range(count)]
    assert _hashes(folder) == before


def _hashes(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.bin")}
