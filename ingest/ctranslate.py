"""Reads a CTranslate2 Whisper file and renames its tensors to openai-whisper's, without changing a bit of them.

The layout is that of CTranslate2's `ModelSpec._serialize` (binary version 6): a header, the variables with name,
shape, type and bytes, then aliases. Attention projections are stored stacked: query|key|value in self-attention,
key|value in cross-attention; Whisper's keys have no bias, so theirs must be zero.
"""

import struct
from collections.abc import Iterator, Mapping

import numpy as np

from coach.errors import ModelError

BINARY_VERSION = 6
SPEC_NAME = "WhisperSpec"
FLOAT_TYPES = {0: np.float32, 4: np.float16}
"""CTranslate2's type numbers of what can be renamed without loss; the others are quantised or bfloat16."""
TYPE_SIZES = {0: 4, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2}

Tensors = dict[str, np.ndarray]


class _Reader:
    """A cursor over bytes that refuses to read past their end."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> memoryview:
        if self.at + size > len(self.data):
            raise ModelError("The model.bin ends too early: it is damaged or incomplete.", code="weights_damaged")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, kind: str) -> int:
        return int(struct.unpack("<" + kind, self.take(struct.calcsize("<" + kind)))[0])

    def text(self) -> str:
        return bytes(self.take(self.number("H")))[:-1].decode("utf-8", errors="replace")


def read_variables(data: memoryview) -> Tensors:
    """The floating-point variables of a model.bin, as views into `data`; scalars and settings are left out.

    Raises ModelError when it is no Whisper file of the known version, is damaged, or is quantised.
    """
    reader = _Reader(data)
    version = reader.number("I")
    if version != BINARY_VERSION:
        raise ModelError(
            f"The model.bin has binary version {version}; {BINARY_VERSION} is known.", code="weights_format"
        )
    name = reader.text()
    if name != SPEC_NAME:
        raise ModelError(f"The model.bin holds a {name!r}, not a Whisper model.", code="weights_format")
    reader.number("I")  # revision of the specification
    variables: Tensors = {}
    for _ in range(reader.number("I")):
        key = reader.text()
        shape = tuple(reader.number("I") for _ in range(reader.number("B")))
        kind, size = reader.number("B"), reader.number("I")
        raw = reader.take(size)
        if not shape or key == "decoder/alignment_heads":
            continue
        if kind not in FLOAT_TYPES:
            raise ModelError(
                f"The model.bin is quantised ({key} has type {kind}); a float16 or float32 conversion is needed.",
                code="weights_format",
            )
        if size != int(np.prod(shape)) * TYPE_SIZES[kind]:
            raise ModelError(f"The model.bin is damaged: {key} has a wrong size.", code="weights_damaged")
        variables[key] = np.frombuffer(raw, dtype=FLOAT_TYPES[kind]).reshape(shape)
    return variables


def to_openai(variables: Mapping[str, np.ndarray]) -> Tensors:
    """openai-whisper's state dict: the same numbers under its names. Raises ModelError for an unexpected layout."""
    tensors: Tensors = {}
    try:
        for side in ("encoder", "decoder"):
            layers = {
                int(key.split("/")[1].removeprefix("layer_"))
                for key in variables
                if key.startswith(f"{side}/layer_") and not key.startswith(f"{side}/layer_norm")
            }
            tensors.update(_ends(variables, side))
            for layer in sorted(layers):
                tensors.update(_layer(variables, side, layer))
    except (KeyError, ValueError) as error:
        raise ModelError(
            f"The model.bin is not laid out as a Whisper model ({error}).", code="weights_format"
        ) from None
    return tensors


def _ends(variables: Mapping[str, np.ndarray], side: str) -> Iterator[tuple[str, np.ndarray]]:
    """What surrounds the layers: convolutions or embeddings, positions, last norm."""
    last_norm = "ln_post" if side == "encoder" else "ln"
    yield f"{side}.{last_norm}.weight", variables[f"{side}/layer_norm/gamma"]
    yield f"{side}.{last_norm}.bias", variables[f"{side}/layer_norm/beta"]
    yield f"{side}.positional_embedding", variables[f"{side}/position_encodings/encodings"]
    if side == "decoder":
        yield "decoder.token_embedding.weight", variables["decoder/embeddings/weight"]
        return
    for part in ("conv1", "conv2"):
        for kind in ("weight", "bias"):
            yield f"encoder.{part}.{kind}", variables[f"encoder/{part}/{kind}"]


def _layer(variables: Mapping[str, np.ndarray], side: str, layer: int) -> Iterator[tuple[str, np.ndarray]]:
    source, target = f"{side}/layer_{layer}", f"{side}.blocks.{layer}"
    parts = {"self_attention": "attn", "ffn": "mlp"} | ({"attention": "cross_attn"} if side == "decoder" else {})
    for old, new in parts.items():
        yield f"{target}.{new}_ln.weight", variables[f"{source}/{old}/layer_norm/gamma"]
        yield f"{target}.{new}_ln.bias", variables[f"{source}/{old}/layer_norm/beta"]
    renamed = {"self_attention/linear_1": "attn.out", "ffn/linear_0": "mlp.0", "ffn/linear_1": "mlp.2"}
    stacked: dict[str, tuple[str, ...]] = {"self_attention/linear_0": ("attn.query", "attn.key", "attn.value")}
    if side == "decoder":
        renamed |= {"attention/linear_0": "cross_attn.query", "attention/linear_2": "cross_attn.out"}
        stacked |= {"attention/linear_1": ("cross_attn.key", "cross_attn.value")}
    for old, new in renamed.items():
        for kind in ("weight", "bias"):
            yield f"{target}.{new}.{kind}", variables[f"{source}/{old}/{kind}"]
    for old, names in stacked.items():
        weights = np.split(variables[f"{source}/{old}/weight"], len(names))
        biases = np.split(variables[f"{source}/{old}/bias"], len(names))
        for name, weight, bias in zip(names, weights, biases, strict=True):
            yield f"{target}.{name}.weight", weight
            if not name.endswith("key"):
                yield f"{target}.{name}.bias", bias
            elif np.any(bias):
                raise ValueError(f"{name} has a bias")
