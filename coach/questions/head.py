"""The trained part of the classifier: a kernel machine over features, kept in one safetensors file, run by numpy.

The file's metadata says which encoder and which wording patterns it was trained with; another combination is refused
rather than answered wrongly.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from coach.errors import ModelError

HEAD_FILE = Path(__file__).with_name("head.safetensors")
_TENSORS = ("support", "form_weight", "function_weight")


@dataclass(frozen=True, slots=True)
class HeadCard:
    """What a head file says about itself."""

    encoder: str
    """Name of the embedder it was trained on, as `Embedder.name`."""
    encoder_sha256: str
    facts_sha256: str
    """Fingerprint of the wording patterns it was trained on."""
    forms: tuple[str, ...]
    functions: tuple[str, ...]
    """Order of the outputs. `functions` lacks none: that follows from form."""
    gamma: float
    """Of the kernel exp(-gamma * squared distance)."""
    form_temperature: float
    function_temperature: float
    min_form_score: float
    min_function_score: float
    """Below either a label is unsure."""


@dataclass(frozen=True, slots=True)
class Head:
    """Weights of a question's likeness to S remembered ones, for 3 forms and 8 functions. Tensors are float32."""

    card: HeadCard
    support: np.ndarray
    """Features of the remembered questions, (S, F)."""
    form_weight: np.ndarray
    """(S, 3)"""
    function_weight: np.ndarray
    """(S, 8)"""

    def probabilities(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, 3) of form, and (n, 8) of function given that something is asked; rows sum to 1. Input (n, F)."""
        likeness = kernel(features, self.support, self.card.gamma)
        return (
            softmax(likeness @ self.form_weight / self.card.form_temperature),
            softmax(likeness @ self.function_weight / self.card.function_temperature),
        )


def kernel(left: np.ndarray, right: np.ndarray, gamma: float) -> np.ndarray:
    """exp(-gamma * squared distance) of every row of `left` (n, F) to every row of `right` (m, F): (n, m)."""
    squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None] - 2 * left @ right.T
    return np.asarray(np.exp(-gamma * np.maximum(squares, 0)))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Rows as probabilities."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def load_head(path: Path = HEAD_FILE) -> Head:
    """The head in `path`. Raises ModelError when it is missing, damaged or not a question head."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="numpy") as file:
            stored = json.loads((file.metadata() or {})["card"])
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in _TENSORS}
        card = HeadCard(**{**stored, "forms": tuple(stored["forms"]), "functions": tuple(stored["functions"])})
    except FileNotFoundError:
        raise ModelError(f"{path}: the question classifier's weights are missing; install callcoach anew.") from None
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: the question classifier's weights cannot be read ({error}).") from error
    return Head(card, **tensors)


def save_head(head: Head, path: Path) -> None:
    """Writes `head` so that `load_head` gives it back: features as float16, the card as JSON in the metadata."""
    from safetensors.numpy import save_file

    tensors = {name: np.ascontiguousarray(getattr(head, name)) for name in _TENSORS}
    tensors["support"] = tensors["support"].astype(np.float16)
    save_file(tensors, str(path), metadata={"card": json.dumps(asdict(head.card), sort_keys=True)})
    path.chmod(0o644)  # safetensors writes for the owner only; an installed package is read by others
