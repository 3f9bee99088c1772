"""A plain BERT sentence encoder in torch: mean of the last layer, scaled to length 1.

all-MiniLM-L6-v2 is exactly that. sentence-transformers computes the same and more, but importing it costs several times
what importing torch does, and every command that embeds would pay it. The tests hold both to the same vectors.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn import functional

_MODULES = ("Transformer", "Pooling", "Normalize")
_ARCHITECTURE = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}
_MEAN = "pooling_mode_mean_tokens"


class NotPlain(Exception):
    """The folder describes more than a BERT with mean pooling and normalisation."""


class Bert:
    """The layers of a BERT encoder with post-layer normalisation (Devlin et al. 2019), over weights given by name."""

    def __init__(
        self, weights: Mapping[str, torch.Tensor], config: Mapping[str, Any], device: str, dtype: torch.dtype
    ) -> None:
        """`weights` as the package names them; `config` as its config.json. Raises NotPlain when layers are missing."""
        self.device = torch.device(device)
        self.width = int(config["hidden_size"])
        self._heads = int(config["num_attention_heads"])
        self._eps = float(config["layer_norm_eps"])
        ready = {name: weight.to(self.device, dtype) for name, weight in weights.items()}
        self._input = _part(ready, "embeddings.")
        self._layers = [_part(ready, f"encoder.layer.{number}.") for number in range(int(config["num_hidden_layers"]))]

    def last_layer(self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor | None = None) -> torch.Tensor:
        """The states after the last layer, shape (batch, pieces, width).

        `ids` are int64 (batch, pieces), `mask` is True where a piece is no padding, `kinds` tells the first text's
        pieces (0) from the second's (1); None: there is one text.
        """
        table = self._input
        kind = table["token_type_embeddings.weight"][0 if kinds is None else kinds]
        states = table["word_embeddings.weight"][ids] + kind
        states = self._norm(states + table["position_embeddings.weight"][: ids.shape[1]], table, "LayerNorm")
        for layer in self._layers:
            query, key, value = (
                self._split(_linear(states, layer, f"attention.self.{name}")) for name in ("query", "key", "value")
            )
            seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
            joined = _linear(seen.transpose(1, 2).flatten(2), layer, "attention.output.dense")
            states = self._norm(states + joined, layer, "attention.output.LayerNorm")
            wide = functional.gelu(_linear(states, layer, "intermediate.dense"))
            states = self._norm(states + _linear(wide, layer, "output.dense"), layer, "output.LayerNorm")
        return states

    def _split(self, states: torch.Tensor) -> torch.Tensor:
        """(batch, pieces, width) to (batch, heads, pieces, width / heads)."""
        return states.view(*states.shape[:2], self._heads, -1).transpose(1, 2)

    def _norm(self, states: torch.Tensor, weights: Mapping[str, torch.Tensor], name: str) -> torch.Tensor:
        weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return functional.layer_norm(states, (self.width,), weight, bias, self._eps)


class BertEncoder:
    """Texts to vectors, at most `window` word pieces each (the marks [CLS] and [SEP] included).

    The pooling is that of Reimers and Gurevych 2019, "Sentence-BERT": the mean over all pieces, marks included.
    """

    def __init__(self, folder: Path, device: str, *, batch_size: int, layers: int | None = None) -> None:
        """`layers` stops after so many of the encoder's layers; None: all.

        Raises NotPlain, or whatever the readers raise for damaged files (OSError, ValueError, KeyError ...).
        """
        config = read_config(folder)
        if layers is not None:
            config["num_hidden_layers"] = min(layers, int(config["num_hidden_layers"]))
        weights = read_weights(folder)
        if any(weight.dtype != torch.float32 for weight in weights.values()):
            raise NotPlain("weights are not float32")
        self._bert = Bert(weights, config, device, torch.float32)
        self.dimension = self._bert.width
        self.window = min(int(config["max_seq_length"]), int(config["max_position_embeddings"]))
        self._batch_size = batch_size
        self._whole: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._whole.no_truncation()
        self._whole.no_padding()
        self._cut: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._cut.no_padding()
        self._cut.enable_truncation(self.window)

    def pieces(self, text: str) -> list[tuple[int, int]]:
        """The word pieces of the whole text as (first, last + 1) characters, without marks."""
        offsets: list[tuple[int, int]] = self._whole.encode(text, add_special_tokens=False).offsets
        return offsets

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32, shape (len(texts), dimension): unit vectors. Texts of like length should stand together."""
        rows = [encoding.ids for encoding in self._cut.encode_batch(list(texts))]
        parts = [rows[first : first + self._batch_size] for first in range(0, len(rows), self._batch_size)]
        with torch.inference_mode():
            vectors = [self._vectors(part).cpu().numpy() for part in parts]
        return np.concatenate(vectors)

    def _vectors(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Shape (len(rows), dimension), of one batch of piece ids."""
        ids, mask = padded(rows, self._bert.device)
        words = self._bert.last_layer(ids, mask)
        mean = (words * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        return functional.normalize(mean, dim=1)


def padded(rows: Sequence[Sequence[int]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of piece ids as one int64 tensor (rows, longest), and where it is no padding, as bool."""
    lengths = torch.tensor([len(row) for row in rows])
    longest = int(lengths.max())
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
    return ids.to(device), (torch.arange(longest) < lengths[:, None]).to(device)


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The folder's weights by name, on the CPU; what is no number with a point (position numbers) is left out."""
    found = load_file(folder / "model.safetensors")
    return {name: weight for name, weight in found.items() if weight.is_floating_point()}


def _linear(states: torch.Tensor, weights: Mapping[str, torch.Tensor], name: str) -> torch.Tensor:
    return functional.linear(states, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _part(weights: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    found = {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}
    if not found:
        raise NotPlain(f"there are no weights {prefix}*")
    return found


def read_config(folder: Path) -> dict[str, Any]:
    """The encoder's configuration with `max_seq_length`. Raises NotPlain for anything this module does not compute."""
    try:
        modules = _read(folder / "modules.json")
        kinds = tuple(str(module["type"]).rsplit(".", 1)[-1] for module in modules)
        ours = all(str(module["type"]).startswith("sentence_transformers.") for module in modules)
        if kinds != _MODULES or not ours or modules[0]["path"] != "":
            raise NotPlain("it has other modules")
        pooling = _read(folder / modules[1]["path"] / "config.json")
        modes = {name: on for name, on in pooling.items() if name.startswith("pooling_mode")}
        if modes.pop(_MEAN, modes.pop("pooling_mode", None) == "mean") is not True or any(modes.values()):
            raise NotPlain("it pools otherwise")
        limits = _read(folder / "sentence_bert_config.json")
        prompts = folder / "config_sentence_transformers.json"
        if limits.get("do_lower_case") or (prompts.exists() and any(_read(prompts).get("prompts", {}).values())):
            raise NotPlain("it changes the text first")
        config: dict[str, Any] = {**_read(folder / "config.json"), "max_seq_length": limits["max_seq_length"]}
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise NotPlain(f"its description is not the usual one ({error})") from None
    if any(config.get(name, expected) != expected for name, expected in _ARCHITECTURE.items()):
        raise NotPlain("its encoder is no plain BERT")
    return config


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
