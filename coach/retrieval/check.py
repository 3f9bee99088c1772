"""Checks one built generation: `python -m coach.retrieval.check FOLDER`, exit status 0 when it can be used.

Run in a process of its own, because corrupt graph files crash whoever loads them.
"""

import sys
from pathlib import Path

import numpy as np

from coach.errors import StoreError
from coach.retrieval.generations import Generation, open_generation

SAMPLES = 32
TOLERANCE = 1e-3  # of the similarity found to the row's own, which is 1
MIN_FOUND_SHARE = 0.9  # an approximate index may miss a row now and then; a broken one misses most


def check(folder: Path) -> None:
    """Raises StoreError unless rows of the matrix find themselves, or an equal row, through Chroma."""
    generation = open_generation(folder)
    count = generation.manifest.count
    rows = sorted({i * count // SAMPLES for i in range(SAMPLES)}) if count else []
    found = sum(_finds_itself(generation, row) for row in rows)
    if found < MIN_FOUND_SHARE * len(rows):
        raise StoreError(f"only {found} of {len(rows)} sampled rows are found")


def _finds_itself(generation: Generation, row: int) -> bool:
    vector = np.asarray(generation.matrix[row])
    nearest = generation.vectors.nearest(vector, 1)
    at = np.searchsorted(generation.ids, nearest)
    if not len(nearest) or at[0] >= len(generation.ids) or generation.ids[at[0]] != nearest[0]:
        return False
    return bool(generation.matrix[at[0]] @ vector >= vector @ vector - TOLERANCE)


if __name__ == "__main__":
    try:
        check(Path(sys.argv[1]))
    except StoreError as error:
        sys.exit(str(error))
