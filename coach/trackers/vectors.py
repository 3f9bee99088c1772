"""The vectors that come with callcoach: of the shipped trackers' examples, and of ordinary sentences to hold against.

Embedding thousands of examples takes seconds, so they are kept, by a hash of their text, in one file; what an
organisation writes or changes is embedded when it is loaded. `python -m evals train_trackers` makes the file.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coach.errors import ModelError
from coach.plain import plain

VECTORS_FILE = Path(__file__).with_name("vectors.safetensors")
_KEY_BYTES = 8
_PARTS = ("examples", "customer.ordinary", "customer.others", "agent.ordinary", "agent.others")


@dataclass(frozen=True, slots=True)
class Background:
    """What one speaker usually says, which a cue must stand out from. Vectors are float32 (n, D), as embedded."""

    ordinary: np.ndarray
    """Of everyday sentences."""
    others: np.ndarray
    """Of examples and near misses of the shipped trackers. A few carry two cues; most that carry one carry no other."""
    others_keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Vectors:
    encoder: str
    """Name of the embedder that made them, as `Embedder.name`."""
    known: Mapping[bytes, np.ndarray]
    """Vector (D,) by `key_of` the text."""
    background: Mapping[str, Background]
    """By speaker."""


def key_of(text: str) -> bytes:
    """What a text is known by, without regard to case and punctuation."""
    return hashlib.blake2b(plain(text).encode("utf-8", "replace"), digest_size=_KEY_BYTES).digest()


def load_vectors(path: Path = VECTORS_FILE) -> Vectors:
    """The vectors in `path`. Raises ModelError when it is missing or damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="numpy") as file:
            encoder = (file.metadata() or {})["encoder"]
            vectors = {part: file.get_tensor(part).astype(np.float32) for part in _PARTS}
            keys = {part: [bytes(row) for row in file.get_tensor(f"{part}.keys")] for part in _PARTS}
    except FileNotFoundError:
        raise ModelError(f"{path}: the trackers' vectors are missing; install callcoach anew.") from None
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: the trackers' vectors cannot be read ({error}).") from error
    background = {
        speaker: Background(
            vectors[f"{speaker}.ordinary"], vectors[f"{speaker}.others"], tuple(keys[f"{speaker}.others"])
        )
        for speaker in ("customer", "agent")
    }
    return Vectors(encoder, dict(zip(keys["examples"], vectors["examples"], strict=True)), background)


def save_vectors(
    encoder: str, texts: Mapping[str, Sequence[str]], vectors: Mapping[str, np.ndarray], path: Path
) -> None:
    """Writes what `load_vectors` reads, as float16; `texts` and `vectors` by part, rows in the same order.

    Parts: "examples", and "ordinary" and "others" of each speaker, such as "agent.ordinary".
    """
    from safetensors.numpy import save_file

    tensors: dict[str, np.ndarray] = {part: vectors[part].astype(np.float16) for part in _PARTS}
    for part in _PARTS:
        keys = b"".join(key_of(text) for text in texts[part])
        tensors[f"{part}.keys"] = np.frombuffer(keys, dtype=np.uint8).reshape(-1, _KEY_BYTES)
    save_file(tensors, str(path), metadata={"encoder": encoder})
    path.chmod(0o644)  # safetensors writes for the owner only; an installed package is read by others
