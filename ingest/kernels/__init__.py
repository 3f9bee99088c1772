"""The recogniser's steps in native code for processors with AVX-512; each has a torch twin that gives the same.

The library is built when the package is installed, if there is a compiler (setup.py). `load_kernels` gives None where
it was not built or the processor cannot run it, and the recogniser then works in torch alone.
"""

import ctypes
from ctypes import c_int, c_size_t, c_void_p
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

WIDTH = 64
"""Of a head: what the native code is written for, and what every Whisper model has."""
MAX_PAST, MAX_SOUND = 512, 1536
"""Positions of text and of sound that the native code has room for; multiples of 16."""
_NEEDED = {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni", "avx512_bf16", "avx512vbmi"}
_TILES = {"amx_tile", "amx_bf16", "amx_int8"}
_VERSION = 1  # of the native functions, as cpu.cpp gives it


class Kernels:
    """The native functions over bfloat16 tensors on the CPU, all contiguous where nothing else is said."""

    def __init__(self, library: ctypes.CDLL, *, tiles: bool) -> None:
        self.has_tiles = tiles
        """Whether `encode` and `linear` can be called: they need AMX."""
        self._encode = library.callcoach_encoder_attention
        self._encode.argtypes = [c_void_p, c_void_p, c_int, c_int]
        self._linear = library.callcoach_linear
        self._linear.argtypes = [*[c_void_p] * 5, *[c_int] * 3]
        self._past = library.callcoach_past_attention
        self._past.argtypes = [c_void_p, c_void_p, c_void_p, c_void_p, c_int, c_int, c_int]
        self._store = library.callcoach_store_sound
        self._store.argtypes = [c_void_p, c_void_p, c_void_p, c_int, c_int, c_int, c_int]
        self._hear = library.callcoach_sound_attention
        self._hear.argtypes = [c_void_p, c_void_p, c_size_t, *[c_void_p] * 4, *[c_int] * 4]
        self._choose = library.callcoach_choose
        self._choose.argtypes = [c_void_p, c_size_t, *[c_void_p] * 5, *[c_int] * 4]
        self._bytes = library.callcoach_sound_bytes
        self._bytes.argtypes, self._bytes.restype = [c_int, c_int], c_size_t

    def encode(self, qkv: Tensor, heads: int) -> Tensor:
        """Attention of all positions over all: (n, 3 x heads x 64) to (n, heads x 64)."""
        out = qkv.new_empty(len(qkv), heads * WIDTH)
        self._encode(qkv.data_ptr(), out.data_ptr(), len(qkv), heads)
        return out

    def linear(self, x: Tensor, weights: "Weights8") -> Tensor:
        """x @ weights.T + bias for a few rows, (rows, depth) to (rows, width)."""
        out = x.new_empty(len(x), len(weights.bias))
        rows, depth = x.shape
        where = (x.data_ptr(), weights.packed.data_ptr(), weights.scales.data_ptr(), weights.bias.data_ptr())
        self._linear(*where, out.data_ptr(), rows, depth, len(weights.bias))
        return out[:, : weights.width]

    def past_attention(self, qkv: Tensor, past: Tensor, at: Tensor) -> Tensor:
        """One new token a row, (rows, 3 x heads x 64), which joins the row's past at position `at` (int64).

        `past`: (rows or more, 2, capacity <= 512, heads, 64). Returns (rows, heads x 64).
        """
        heads, capacity = past.shape[3], past.shape[2]
        out = qkv.new_empty(len(qkv), heads * WIDTH)
        self._past(qkv.data_ptr(), past.data_ptr(), at.data_ptr(), out.data_ptr(), len(qkv), heads, capacity)
        return out

    def sound_bytes(self, heads: int, capacity: int) -> int:
        """What a window's keys and values of one layer take in 8 bits."""
        return int(self._bytes(heads, capacity))

    def store_sound(self, keys: Tensor, values: Tensor, sound: Tensor, capacity: int) -> None:
        """Writes keys and values, (n, heads x 64) with one stride, into `sound`, uint8 of `sound_bytes`."""
        n, state = keys.shape
        where = (keys.data_ptr(), values.data_ptr(), sound.data_ptr())
        self._store(*where, n, state // WIDTH, capacity, keys.stride(0))

    def sound_attention(self, query: Tensor, sound: Tensor, lengths: Tensor, listens: Tensor, heard: Tensor) -> Tensor:
        """Attention of one token a row, (rows, heads x 64), over `lengths` (int64) positions of its sound.

        `sound`: uint8, (rows or more, bytes), rows any stride. `listens`: int64 a head, where in `heard`, float32,
        (rows, listeners, capacity), it leaves its shares; -1 for nowhere.
        """
        rows, state = query.shape
        out = torch.empty_like(query)
        self._hear(
            query.data_ptr(),
            sound.data_ptr(),
            sound.stride(0),
            lengths.data_ptr(),
            out.data_ptr(),
            listens.data_ptr(),
            heard.data_ptr(),
            rows,
            state // WIDTH,
            heard.shape[2],
            heard.shape[1],
        )
        return out

    def choose(
        self, logits: Tensor, last: Tensor, before: Tensor, stamp: Tensor, *, end: int, begin: int
    ) -> tuple[Tensor, Tensor]:
        """Tokens, int64, and log-probabilities, float32, of rows of logits, as `ingest.greedy.Rules.choose` says."""
        rows, vocabulary = logits.shape
        tokens, logprobs = torch.empty(rows, dtype=torch.int64), torch.empty(rows)
        where = [tensor.data_ptr() for tensor in (last, before, stamp, tokens, logprobs)]
        self._choose(logits.data_ptr(), logits.stride(0), *where, rows, end, begin, vocabulary)
        return tokens, logprobs


class Weights8:
    """A linear layer's weights in 8 bits, each output with its own scale, in the order in which AMX multiplies."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        """`weight`: (width, depth), depth a multiple of 64; `bias`: (width,), zero when None."""
        self.width = len(weight)
        missing = -self.width % 64
        full = torch.nn.functional.pad(weight.float(), (0, 0, 0, missing))
        self.scales = (full.abs().amax(dim=1) / 127).clamp_min(1e-12)
        levels = (full / self.scales[:, None]).round().to(torch.int8)
        self.packed = levels.view(len(full) // 16, 16, -1, 4).permute(0, 2, 1, 3).contiguous()
        self.bias = weight.new_zeros(len(full), dtype=torch.float32)
        if bias is not None:
            self.bias[: self.width] = bias


def load_kernels() -> Kernels | None:
    """The native functions; None where they were not built or this processor lacks what they need."""
    spec = find_spec("ingest.kernels._cpu")
    abilities = _abilities()
    if spec is None or spec.origin is None or not abilities >= _NEEDED:
        return None
    try:
        library = ctypes.CDLL(spec.origin)  # after torch, whose OpenMP threads it then shares
        if library.callcoach_version() != _VERSION:
            return None  # built from other sources: install again
    except (OSError, AttributeError):
        return None
    return Kernels(library, tiles=abilities >= _TILES and library.callcoach_allow_amx() == 0)


def _abilities() -> set[str]:
    """What Linux says of the processor; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return set()
    return next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())
