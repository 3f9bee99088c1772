"""Whisper's encoder and decoder with openai-whisper's weights, arranged for many windows at once.

Against openai-whisper's modules: the sound's keys and values are computed once a window, a window is encoded only as
long as it is, one projection gives query, key and value, and on a CPU weights are packed once for the processor's
matrix units. The arithmetic is openai-whisper's (`whisper/model.py`).
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from whisper.model import LayerNorm, MultiHeadAttention, ResidualAttentionBlock, Whisper

from ingest.kernels import MAX_PAST, MAX_SOUND, WIDTH, Kernels, Weights8
from ingest.memory import Memory, NativeMemory, TorchMemory

MakeLinear = Callable[[Tensor, Tensor | None], "Linear | Linear8"]
ROWS_HINT = 16  # for which packed weights are laid out; other numbers of rows work as well


class Linear:
    """x @ weight.T + bias over the last dimension; its GELU with it where that is one operation."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight = weight.contiguous()
        self._bias = weight.new_zeros(len(weight)) if bias is None else bias
        self._is_packed = weight.device.type == "cpu" and weight.dtype == torch.bfloat16
        if self._is_packed:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(self._weight, ROWS_HINT)

    def __call__(self, x: Tensor, *, gelu: bool = False) -> Tensor:
        if self._is_packed:
            kind, algorithm = ("gelu", "none") if gelu else ("none", "")
            out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, kind, [], algorithm)
            return out
        out = F.linear(x, self._weight, self._bias)
        return F.gelu(out) if gelu else out


class Linear8:
    """The same for a few rows, (rows, depth), with weights and rows in 8 bits."""

    def __init__(self, kernels: Kernels, weight: Tensor, bias: Tensor | None) -> None:
        self._kernels = kernels
        self._weights = Weights8(weight, bias)

    def __call__(self, x: Tensor, *, gelu: bool = False) -> Tensor:
        out = self._kernels.linear(x, self._weights)
        return F.gelu(out) if gelu else out


class Norm:
    """Layer norm whose weights stay in float32."""

    def __init__(self, norm: LayerNorm) -> None:
        self._weight, self._bias, self._epsilon = norm.weight, norm.bias, norm.eps

    def __call__(self, x: Tensor) -> Tensor:
        if x.device.type == "cpu":
            return F.layer_norm(x, self._weight.shape, self._weight, self._bias, self._epsilon)
        return F.layer_norm(x.float(), self._weight.shape, self._weight, self._bias, self._epsilon).to(x.dtype)


class Perceptron:
    """The two wide layers of a block, with their norm."""

    def __init__(self, block: ResidualAttentionBlock, linear: "MakeLinear") -> None:
        self._norm = Norm(block.mlp_ln)
        self._wide, self._narrow = (linear(block.mlp[at].weight, block.mlp[at].bias) for at in (0, 2))

    def __call__(self, x: Tensor) -> Tensor:
        return self._narrow(self._wide(self._norm(x), gelu=True))


class Encoder:
    """From mel spectrograms to features."""

    def __init__(self, model: Whisper, kernels: Kernels | None) -> None:
        encoder = model.encoder
        self._heads: int = model.dims.n_audio_head
        self._convolutions = [_as_linear(conv) for conv in (encoder.conv1, encoder.conv2)]
        self._positions = encoder.positional_embedding.to(encoder.conv1.weight.dtype)
        self._blocks = [
            (
                Norm(block.attn_ln),
                Linear(*_stacked(block.attn, "query", "key", "value")),
                Linear(*_stacked(block.attn, "out")),
                Perceptron(block, Linear),
            )
            for block in encoder.blocks
        ]
        self._norm = Norm(encoder.ln_post)
        fits = kernels is not None and kernels.has_tiles and model.dims.n_audio_state == WIDTH * self._heads
        self._kernels = kernels if fits and encoder.conv1.weight.dtype == torch.bfloat16 else None

    def __call__(self, mel: Tensor) -> Tensor:
        """Features (batch, frames / 2, state) of (batch, mels, frames), any even number of frames up to 3000."""
        x = mel.to(self._positions.dtype).transpose(1, 2)
        for stride, linear in enumerate(self._convolutions, start=1):
            x = linear(_neighbours(x, stride), gelu=True)
        x = x + self._positions[: x.shape[1]]
        for norm, project, out, perceptron in self._blocks:
            x = x + out(self._attend(project(norm(x))))
            x = x + perceptron(x)
        return self._norm(x)

    def _attend(self, qkv: Tensor) -> Tensor:
        if self._kernels is not None:
            return torch.stack([self._kernels.encode(rows, self._heads) for rows in qkv])
        query, key, value = qkv.view(*qkv.shape[:2], 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        return F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(start_dim=2)


class TextDecoder:
    """One token a row at a time, for up to `rows` windows that came at different times."""

    def __init__(self, model: Whisper, kernels: Kernels | None, *, bias: Tensor) -> None:
        """`bias` is added to the logits of the vocabulary: -inf for what must never be said."""
        decoder = model.decoder
        self.dims = model.dims
        self._embedding = decoder.token_embedding.weight
        self._positions = decoder.positional_embedding.to(self._embedding.dtype)
        self._kernels = kernels if kernels is not None and self._fits_kernels() else None
        linear: MakeLinear = Linear
        if self._kernels is not None and self._kernels.has_tiles:
            linear = partial(Linear8, self._kernels)
        self._layers = [
            (
                (
                    Norm(block.attn_ln),
                    linear(*_stacked(block.attn, "query", "key", "value")),
                    linear(*_stacked(block.attn, "out")),
                ),
                (
                    Norm(block.cross_attn_ln),
                    linear(*_stacked(block.cross_attn, "query")),
                    Linear(*_stacked(block.cross_attn, "key", "value")),  # of a whole window: many rows
                    linear(*_stacked(block.cross_attn, "out")),
                ),
                Perceptron(block, linear),
            )
            for block in decoder.blocks
        ]
        self._norm = Norm(decoder.ln)
        self._to_logits = linear(self._embedding, bias.to(self._embedding.dtype))
        chosen = model.alignment_heads.to_dense()
        self._listeners: list[list[int]] = [row.nonzero()[:, 0].tolist() for row in chosen]

    def memory(self, rows: int) -> Memory:
        """Room for `rows` windows."""
        tokens = self.dims.n_text_ctx
        if self._kernels is not None:
            return NativeMemory(self._kernels, self.dims, self._listeners, rows, tokens=tokens)
        return TorchMemory(self.dims, self._listeners, rows, like=self._embedding, tokens=tokens)

    def admit(self, memory: Memory, row: int, features: Tensor, prompt: Tensor) -> Tensor:
        """Takes a window in as `row`: its sound, and the prompt's tokens (int64, one dimension).

        Returns logits float32, (prompt, vocabulary), without the bias.
        """
        x = self._embedding[prompt] + self._positions[: len(prompt)]
        for layer, (own, cross, perceptron) in enumerate(self._layers):
            norm, project, out = own
            query, key, value = project(norm(x)).chunk(3, dim=1)
            memory.remember_past(row, layer, key, value)
            x = x + out(self._attend(query, key, value, causal=True))
            norm, ask, sound, out = cross
            key, value = sound(features).chunk(2, dim=1)
            memory.remember_sound(row, layer, key, value)
            x = x + out(self._attend(ask(norm(x)), key, value, causal=False))
            x = x + perceptron(x)
        return F.linear(self._norm(x), self._embedding).float()

    def step(self, memory: Memory, tokens: Tensor, at: Tensor) -> Tensor:
        """Logits with the bias, (rows, vocabulary) in the model's precision, after one more token a row.

        `at`: the token's position, int64.
        """
        x = self._embedding[tokens] + self._positions[at]
        for layer, (own, cross, perceptron) in enumerate(self._layers):
            norm, project, out = own
            x = x + out(memory.recall(layer, project(norm(x)), at))
            norm, ask, _, out = cross
            x = x + out(memory.hear(layer, ask(norm(x))))
            x = x + perceptron(x)
        return self._to_logits(self._norm(x))

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, *, causal: bool) -> Tensor:
        query, key, value = (
            x.reshape(len(x), self.dims.n_text_head, -1).transpose(0, 1)[None] for x in (query, key, value)
        )
        return (
            F.scaled_dot_product_attention(query, key, value, is_causal=causal)[0].transpose(0, 1).flatten(start_dim=1)
        )

    def _fits_kernels(self) -> bool:
        dims = self.dims
        return bool(
            self._embedding.device.type == "cpu"
            and self._embedding.dtype == torch.bfloat16
            and dims.n_text_state == WIDTH * dims.n_text_head
            and dims.n_text_ctx <= MAX_PAST
            and dims.n_audio_ctx <= MAX_SOUND
        )


def _stacked(attention: MultiHeadAttention, *names: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of several projections as one; keys have no bias."""
    parts: list[nn.Linear] = [getattr(attention, name) for name in names]
    biases: list[Tensor] = [
        part.weight.new_zeros(len(part.weight)) if part.bias is None else part.bias for part in parts
    ]
    weights: list[Tensor] = [part.weight for part in parts]
    return torch.cat(weights), torch.cat(biases)


def _as_linear(convolution: nn.Conv1d) -> Linear:
    """A convolution of width 3 as a product with three neighbouring frames side by side."""
    return Linear(convolution.weight.permute(0, 2, 1).flatten(start_dim=1), convolution.bias)


def _neighbours(x: Tensor, stride: int) -> Tensor:
    """(batch, frames, width) to (batch, frames / stride, 3 x width): every frame between its neighbours."""
    padded = F.pad(x, (0, 0, 1, 1))
    frames = x.shape[1]
    return torch.cat([padded[:, first : first + frames : stride] for first in range(3)], dim=2)
