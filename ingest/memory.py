"""What the decoder attends to, for a batch of windows: each row's own past tokens, and the sound of its window.

Rows are 0..n-1 without holes, so that every step works on views: when a window is done, the last row takes its place.
`TorchMemory` runs on any device; `NativeMemory` does the same with native kernels and keeps the sound in 8 bits.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor
from whisper.model import ModelDimensions

from ingest.kernels import Kernels


class Memory(Protocol):
    """Keys and values of `rows` windows at most."""

    rows: int
    lengths: Tensor
    """Positions of sound per row, int64."""
    static: bool
    """Whether every step takes all rows, busy or not, so that its shapes never change: what CUDA graphs need."""

    def remember_sound(self, row: int, layer: int, keys: Tensor, values: Tensor) -> None:
        """Keys and values of a window's sound, each (positions, state)."""
        ...

    def remember_past(self, row: int, layer: int, keys: Tensor, values: Tensor) -> None:
        """Keys and values of a row's first tokens, each (tokens, state)."""
        ...

    def recall(self, layer: int, qkv: Tensor, at: Tensor) -> Tensor:
        """Attention of one new token a row over the row's past, which it joins at position `at` (int64).

        (rows, 3 x state) to (rows, state).
        """
        ...

    def hear(self, layer: int, query: Tensor) -> Tensor:
        """Attention of one token a row over its window's sound, (rows, state) to (rows, state)."""
        ...

    def heard(self, rows: int) -> Tensor:
        """Where the alignment heads listened in the last step, mean over heads: float32 (rows, positions)."""
        ...

    def move(self, source: int, target: int) -> None:
        """Row `source` takes the place of row `target`."""
        ...


class TorchMemory:
    """In the model's own precision, on any device; every shape is the same in every step on CUDA."""

    def __init__(
        self, dims: ModelDimensions, listeners: Sequence[Sequence[int]], rows: int, *, like: Tensor, tokens: int
    ) -> None:
        heads, width = dims.n_text_head, dims.n_text_state // dims.n_text_head
        self.rows = rows
        self.lengths = torch.ones(rows, dtype=torch.int64, device=like.device)  # a free row must not attend to nothing
        self._listeners = listeners
        self.static = like.device.type == "cuda"
        layers = range(dims.n_text_layer)
        self._past = [like.new_zeros(2, rows, heads, tokens, width) for _ in layers]
        self._sound = [like.new_zeros(2, rows, heads, dims.n_audio_ctx, width) for _ in layers]
        self._listened = [like.new_zeros(rows, len(chosen), dims.n_audio_ctx, width) for chosen in listeners]
        """Once more the keys of the alignment heads, side by side."""
        self._heard = torch.zeros(rows, dims.n_audio_ctx, device=like.device)
        self._token_positions = torch.arange(tokens, device=like.device)
        self._sound_positions = torch.arange(dims.n_audio_ctx, device=like.device)
        self._parts = sum(map(len, listeners))

    def remember_sound(self, row: int, layer: int, keys: Tensor, values: Tensor) -> None:
        self.lengths[row] = len(keys)
        for kind, part in enumerate((keys, values)):
            self._sound[layer][kind, row, :, : len(part)] = self._split(part)
        if chosen := list(self._listeners[layer]):
            self._listened[layer][row, :, : len(keys)] = self._split(keys)[chosen]

    def remember_past(self, row: int, layer: int, keys: Tensor, values: Tensor) -> None:
        for kind, part in enumerate((keys, values)):
            self._past[layer][kind, row, :, : len(part)] = self._split(part)

    def recall(self, layer: int, qkv: Tensor, at: Tensor) -> Tensor:
        past = self._past[layer][:, : len(qkv)]
        query, *new = (part[:, :, 0] for part in (self._split(x[:, None]) for x in qkv.chunk(3, dim=1)))
        rows = torch.arange(len(qkv), device=qkv.device)
        for kind, part in enumerate(new):
            past[kind, rows, :, at] = part
        end = past.shape[3] if self.static else int(at.max()) + 1
        known = self._token_positions[:end] <= at[:, None]
        return self._attend(query, past[:, :, :, :end], known)

    def hear(self, layer: int, query: Tensor) -> Tensor:
        rows = len(query)
        lengths = self.lengths[:rows]
        end = len(self._sound_positions) if self.static else int(lengths.max())
        sound = self._sound[layer][:, :rows, :, :end]
        known = self._sound_positions[:end] < lengths[:, None]
        split = self._split(query[:, None])[:, :, 0]
        if chosen := self._listeners[layer]:
            keys, queries = self._listened[layer][:rows, :, :end], split[:, list(chosen), :, None]
            scores = (keys @ (queries * split.shape[-1] ** -0.5))[..., 0].float()
            shares = scores.masked_fill(~known[:, None], -torch.inf).softmax(dim=-1).sum(dim=1)
            if not any(self._listeners[:layer]):
                self._heard[:rows] = 0
            self._heard[:rows, :end] += shares / self._parts
        return self._attend(split, sound, known)

    def heard(self, rows: int) -> Tensor:
        return self._heard[:rows]

    def move(self, source: int, target: int) -> None:
        for cache in (*self._past, *self._sound):
            cache[:, target] = cache[:, source]
        for keys in self._listened:
            keys[target] = keys[source]
        self.lengths[target] = self.lengths[source]

    def _attend(self, query: Tensor, past: Tensor, known: Tensor) -> Tensor:
        """(rows, heads, width) over (2, rows, heads, positions, width) where `known` (rows, positions)."""
        out = F.scaled_dot_product_attention(query[:, :, None], past[0], past[1], attn_mask=known[:, None, None])
        return out[:, :, 0].flatten(start_dim=1)

    def _split(self, x: Tensor) -> Tensor:
        """(..., positions, state) to (..., heads, positions, width)."""
        heads, width = self._sound[0].shape[2], self._sound[0].shape[4]
        return x.reshape(*x.shape[:-1], heads, width).transpose(-3, -2)


class NativeMemory:
    """On a CPU with native kernels, bfloat16; the sound's keys and values are kept in 8 bits."""

    def __init__(
        self,
        kernels: Kernels,
        dims: ModelDimensions,
        listeners: Sequence[Sequence[int]],
        rows: int,
        *,
        tokens: int,
    ) -> None:
        heads, width = dims.n_text_head, dims.n_text_state // dims.n_text_head
        self.rows = rows
        self.static = False
        self.lengths = torch.zeros(rows, dtype=torch.int64)
        self._kernels = kernels
        self._capacity = -(-dims.n_audio_ctx // 16) * 16
        self._past = [torch.zeros(rows, 2, tokens, heads, width, dtype=torch.bfloat16) for _ in listeners]
        size = kernels.sound_bytes(heads, self._capacity)
        self._sound = [torch.zeros(rows, size, dtype=torch.uint8) for _ in listeners]
        self._places, count = [], 0
        for chosen in listeners:
            place = torch.full((heads,), -1, dtype=torch.int64)
            place[list(chosen)] = torch.arange(count, count + len(chosen))
            count += len(chosen)
            self._places.append(place)
        self._heard = torch.zeros(rows, count, self._capacity)
        self._positions = dims.n_audio_ctx

    def remember_sound(self, row: int, layer: int, keys: Tensor, values: Tensor) -> None:
        self.lengths[row] = len(keys)
        self._kernels.store_sound(keys, values, self._sound[layer][row], self._capacity)
        self._heard[row] = 0

    def remember_past(self, row: int, layer: int, keys: Tensor, values: Tensor) -> None:
        for kind, part in enumerate((keys, values)):
            self._past[layer][row, kind, : len(part)] = part.reshape(len(part), *self._past[layer].shape[3:])

    def recall(self, layer: int, qkv: Tensor, at: Tensor) -> Tensor:
        return self._kernels.past_attention(qkv, self._past[layer], at)

    def hear(self, layer: int, query: Tensor) -> Tensor:
        return self._kernels.sound_attention(query, self._sound[layer], self.lengths, self._places[layer], self._heard)

    def heard(self, rows: int) -> Tensor:
        return self._heard[:rows, :, : self._positions].mean(dim=1)

    def move(self, source: int, target: int) -> None:
        for cache in (*self._past, *self._sound, self.lengths, self._heard):
            cache[target] = cache[source]
