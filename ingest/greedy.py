"""Greedy decoding of a stream of windows: as many at once as there are rows, the next comes in when one is done.

The rules for text and timestamps are openai-whisper's (`whisper.decoding`: SuppressBlank, SuppressTokens,
ApplyTimestampRules), applied to all rows at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor
from whisper.tokenizer import Tokenizer

from ingest.kernels import Kernels
from ingest.memory import Memory
from ingest.network import TextDecoder
from ingest.prefetch import Prefetch

Key = TypeVar("Key")

MAX_INITIAL_TIMESTAMP = 50  # timestamp tokens of 20 ms: a window's text starts within its first second


@dataclass(frozen=True, slots=True)
class Encoded(Generic[Key]):
    """A window ready to be decoded."""

    key: Key
    features: Tensor
    """(positions, state)."""
    prompt: tuple[int, ...]
    """Tokens before the text; the last is "transcribe", or "start" of an English-only model."""
    limit: int
    """Tokens after which it is ended: nobody says so much in so short a time."""


@dataclass(slots=True)
class Decoded:
    """What the decoder said about one window."""

    tokens: list[int] = field(default_factory=list)
    """Text and timestamp tokens, without the prompt and the end token."""
    logprobs: list[float] = field(default_factory=list)
    """Of every token and, last, of the end token (missing when the length limit was reached)."""
    no_speech_prob: float = 0.0
    attention: np.ndarray | None = None
    """Per token, where it listened: float32, (tokens, audio positions), the mean of the alignment heads. The first,
    always a timestamp, has none: zeros."""


class Rules:
    """What may come next."""

    def __init__(
        self, tokenizer: Tokenizer, vocabulary: int, device: torch.device, kernels: Kernels | None = None
    ) -> None:
        self._kernels = kernels
        self.begin: int = tokenizer.timestamp_begin
        self.eot: int = tokenizer.eot
        self.start: int = tokenizer.sot
        self.no_speech: int = tokenizer.no_speech
        self.bias = torch.zeros(vocabulary, device=device)
        """Added to the logits: -inf for sounds, special tokens and the blank that must not be said."""
        self.bias[list(tokenizer.non_speech_tokens)] = -torch.inf
        self.bias[self.eot + 1 : self.begin] = -torch.inf
        self._stamps = torch.arange(vocabulary - self.begin, device=device)

    def first(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The first token, a timestamp, and its log-probability; `logits` float32 of one row."""
        allowed = logits[self.begin : self.begin + MAX_INITIAL_TIMESTAMP + 1].log_softmax(dim=0)
        best, at = allowed.max(dim=0)
        return at + self.begin, best

    def choose(self, logits: Tensor, rows: "Rows") -> tuple[Tensor, Tensor]:
        """The likeliest next token of every row and its log-probability; `logits` (rows, vocabulary), with the bias.

        It is a timestamp when all timestamps together are likelier than any other token.
        """
        n = len(logits)
        last, before = rows.last_is_stamp[:n], rows.before_is_stamp[:n]
        if self._kernels is not None:
            return self._kernels.choose(logits, last, before, rows.stamp[:n], end=self.eot, begin=self.begin)
        closing = last & ~before  # a segment ended: a new one begins, or the text ends
        floor = rows.stamp[:n] + (~closing).long()  # what closed one may open the next; any other stamp must grow
        text, end, stamps = logits[:, : self.eot].float(), logits[:, self.eot].float(), logits[:, self.begin :].float()
        best_text, text_at = text.max(dim=1)
        text_mass = text.sub_(best_text[:, None]).exp_().sum(dim=1).log() + best_text
        best_text, text_mass = (x.masked_fill(closing, -torch.inf) for x in (best_text, text_mass))
        stamps.masked_fill_((last & before)[:, None] | (self._stamps < floor[:, None]), -torch.inf)
        best_stamp, stamp_at = stamps.max(dim=1)
        stamp_mass = stamps.logsumexp(dim=1)
        text_at = torch.where(end > best_text, self.eot, text_at)
        best_text, text_mass = torch.maximum(end, best_text), torch.logaddexp(text_mass, end)
        only_stamps = stamp_mass > best_text
        mass = torch.where(only_stamps, stamp_mass, torch.logaddexp(stamp_mass, text_mass))
        tokens = torch.where(only_stamps, stamp_at + self.begin, text_at)
        return tokens, torch.where(only_stamps, best_stamp, best_text) - mass


class Rows:
    """What must be remembered of every row between steps."""

    def __init__(self, rows: int, limit: int, positions: int, device: torch.device) -> None:
        self.token = torch.zeros(rows, dtype=torch.int64, device=device)
        """The latest, not yet given to the decoder."""
        self.at = torch.zeros(rows, dtype=torch.int64, device=device)
        """Where it stands in the text."""
        self.said = torch.zeros(rows, dtype=torch.int64, device=device)
        self.stamp = torch.zeros(rows, dtype=torch.int64, device=device)
        """The latest timestamp, in positions."""
        self.last_is_stamp = torch.ones(rows, dtype=torch.bool, device=device)
        self.before_is_stamp = torch.ones(rows, dtype=torch.bool, device=device)
        self.attention = torch.zeros(rows, limit, positions, dtype=torch.float16, device=device)

    def begin(self, row: int, token: Tensor, at: int, first_stamp: int) -> None:
        self.token[row], self.at[row], self.said[row] = token, at, 1
        self.stamp[row] = token - first_stamp
        self.last_is_stamp[row] = self.before_is_stamp[row] = True

    def advance(self, tokens: Tensor, first_stamp: int) -> None:
        """Takes a step's tokens as the latest of the first rows."""
        n = len(tokens)
        is_stamp = tokens >= first_stamp
        self.before_is_stamp[:n] = self.last_is_stamp[:n]
        self.last_is_stamp[:n] = is_stamp
        self.stamp[:n] = torch.where(is_stamp, tokens - first_stamp, self.stamp[:n])
        self.token[:n] = tokens
        self.at[:n] += 1
        self.said[:n] += 1

    def listen(self, heard: Tensor) -> None:
        """Notes where the decoder listened to find the next token of the first rows."""
        rows = torch.arange(len(heard), device=heard.device)
        self.attention[rows, self.said[: len(heard)]] = heard.to(self.attention.dtype)

    def move(self, source: int, target: int) -> None:
        for part in (self.token, self.at, self.said, self.stamp, self.last_is_stamp, self.before_is_stamp):
            part[target] = part[source]
        said = int(self.said[source])
        self.attention[target, :said] = self.attention[source, :said]


@torch.inference_mode()
def decode_greedily(
    decoder: TextDecoder, rules: Rules, memory: Memory, windows: Prefetch[Encoded[Key]]
) -> Iterator[tuple[Key, Decoded]]:
    """What is said in every window, each as soon as it is known; those that are ready are taken as rows become free."""
    rows = Rows(memory.rows, decoder.dims.n_text_ctx // 2, decoder.dims.n_audio_ctx, rules.bias.device)
    active: list[tuple[Key, int, Decoded]] = []
    while True:
        while len(active) < memory.rows and (window := windows.take(wait=not active)) is not None:
            active.append((window.key, window.limit, _admit(decoder, rules, memory, rows, len(active), window)))
            del window  # its features are in the memory now
        if not active:
            return
        n = memory.rows if memory.static else len(active)
        logits = decoder.step(memory, rows.token[:n], rows.at[:n])[: len(active)]
        rows.listen(memory.heard(len(active)))
        tokens, logprobs = rules.choose(logits, rows)
        rows.advance(tokens, rules.begin)
        for row, (token, logprob) in reversed(list(enumerate(zip(tokens.tolist(), logprobs.tolist(), strict=True)))):
            key, limit, result = active[row]
            result.logprobs.append(logprob)
            if token != rules.eot:
                result.tokens.append(token)
                if len(result.tokens) < limit:
                    continue
            heard = rows.attention[row, : len(result.tokens), : int(memory.lengths[row])]
            result.attention = heard.float().cpu().numpy()
            last = len(active) - 1
            if row != last:
                memory.move(last, row)
                rows.move(last, row)
                active[row] = active[last]
            active.pop()
            rows.at[last] = 0  # a free row stays within the text's room
            yield key, result


def _admit(decoder: TextDecoder, rules: Rules, memory: Memory, rows: Rows, row: int, window: Encoded[Key]) -> Decoded:
    """Takes a window in and chooses its first token."""
    prompt = torch.tensor(window.prompt, device=rules.bias.device)
    logits = decoder.admit(memory, row, window.features, prompt)
    start = window.prompt.index(rules.start)  # asked right after the start token, as openai-whisper does
    token, logprob = rules.first(logits[-1] + rules.bias)
    rows.begin(row, token, len(window.prompt), rules.begin)
    return Decoded([int(token)], [float(logprob)], float(logits[start].softmax(dim=0)[rules.no_speech]))
