"""The encoder of any sentence-transformers folder, through that library. Slow to import: see `coach.retrieval.bert`."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from coach.environment import OFFLINE

os.environ.update(OFFLINE)  # read when the hub client is imported: a local folder must not be looked up

from sentence_transformers import SentenceTransformer


class TransformerEncoder:
    """As `coach.retrieval.embeddings.Encoder`, over a loaded SentenceTransformer."""

    def __init__(self, folder: Path, device: str, *, batch_size: int) -> None:
        """Raises whatever the library raises for a damaged folder or an absent device."""
        with _quiet():
            model: Any = SentenceTransformer(
                str(folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        self.dimension = int(model.get_embedding_dimension())
        self.window = int(model.max_seq_length)
        self._model = model
        self._batch_size = batch_size

    def pieces(self, text: str) -> list[tuple[int, int]]:
        encoded = self._model.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )
        offsets: list[tuple[int, int]] = encoded["offset_mapping"]
        return offsets

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        vectors: np.ndarray = self._model.encode(
            list(texts),
            batch_size=self._batch_size,
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=True,
        )
        return vectors


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bar and no load report on stderr while weights are loaded; the library's settings are put back."""
    from transformers.utils import logging

    library: Any = logging  # partly untyped
    level, bars = library.get_verbosity(), library.is_progress_bar_enabled()
    library.set_verbosity(library.ERROR)
    library.disable_progress_bar()
    try:
        yield
    finally:
        library.set_verbosity(level)
        if bars:
            library.enable_progress_bar()
