"""The trained part of the classifier: a small network over features, kept in one safetensors file, run by numpy.

The file's metadata says which encoder and which feature code it was trained with; another combination is refused
rather than answered wrongly.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from coach.errors import ModelError

HEAD_FILE = Path(__file__).with_name("head.safetensors")
_TENSORS = ("hidden_weight", "hidden_bias", "form_weight", "form_bias", "function_weight", "function_bias")


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
    form_temperature: float
    function_temperature: float
    min_form_score: float
    min_function_score: float
    """Below either a label is unsure."""


@dataclass(frozen=True, slots=True)
class Head:
    """An ensemble of M networks: features (F) → hidden layer (H) → 3 forms and 8 functions. All tensors float32."""

    card: HeadCard
    hidden_weight: np.ndarray
    """(M, F, H)"""
    hidden_bias: np.ndarray
    form_weight: np.ndarray
    """(M, H, 3)"""
    form_bias: np.ndarray
    function_weight: np.ndarray
    """(M, H, 8)"""
    function_bias: np.ndarray

    def probabilities(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, 3) of form, and (n, 8) of function given that something is asked; rows sum to 1. Input (n, F)."""
        hidden = np.maximum(np.matmul(features[None], self.hidden_weight) + self.hidden_bias[:, None], 0)
        form = np.matmul(hidden, self.form_weight) + self.form_bias[:, None]
        function = np.matmul(hidden, self.function_weight) + self.function_bias[:, None]
        return (
            _softmax(form.mean(axis=0) / self.card.form_temperature),
            _softmax(function.mean(axis=0) / self.card.function_temperature),
        )


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
    """Writes `head` so that `load_head` gives it back: weights as float16, the card as JSON in the metadata."""
    from safetensors.numpy import save_file

    tensors = {name: np.ascontiguousarray(getattr(head, name).astype(np.float16)) for name in _TENSORS}
    save_file(tensors, str(path), metadata={"card": json.dumps(asdict(head.card), sort_keys=True)})
    path.chmod(0o644)  # safetensors writes for the owner only; an installed package is read by others


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
