"""Batched greedy decoding over openai-whisper's modules: many windows step by step together.

Against openai-whisper's own loop: cross-attention keys and values are computed once per window, self-attention
keys and values go into a preallocated cache, finished windows leave the batch, the timestamp rules are applied to
the batch at once, and only as much sound as there is gets encoded. The rules themselves are those of
`whisper.decoding` (SuppressBlank, SuppressTokens, ApplyTimestampRules).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from whisper.model import MultiHeadAttention, Whisper
from whisper.tokenizer import Tokenizer

MAX_INITIAL_TIMESTAMP = 50  # timestamp tokens of 20 ms: a window's text starts within its first second
COMPACT_BELOW = 0.75  # copying the caches pays when this share of the rows is left


@dataclass(slots=True)
class Decoded:
    """What the decoder said about one window."""

    tokens: list[int] = field(default_factory=list)
    """Text and timestamp tokens, without the prompt and the end token."""
    logprobs: list[float] = field(default_factory=list)
    """Of every token and, last, of the end token (missing when the length limit was reached)."""
    no_speech_prob: float = 0.0
    attention: list[np.ndarray] = field(default_factory=list)
    """Per token, where it listened: float32, shape (audio positions,), the mean of the alignment heads."""


def encode(model: Whisper, mel: Tensor) -> Tensor:
    """Audio features, shape (batch, frames / 2, state), of mel spectrograms (batch, mels, frames <= 3000).

    openai-whisper's encoder insists on 30 s; this one takes any even number of frames.
    """
    encoder = model.encoder
    x = F.gelu(encoder.conv1(mel))
    x = F.gelu(encoder.conv2(x)).permute(0, 2, 1)
    x = (x + encoder.positional_embedding[: x.shape[1]]).to(x.dtype)
    for block in encoder.blocks:
        x = block(x)
    features: Tensor = encoder.ln_post(x)
    return features


class TokenRules:
    """What may come next: openai-whisper's rules for text and timestamps, for a batch at once."""

    def __init__(self, model: Whisper, tokenizer: Tokenizer) -> None:
        device = model.device
        self.begin: int = tokenizer.timestamp_begin
        self.eot: int = tokenizer.eot
        specials = ("transcribe", "translate", "sot", "sot_prev", "sot_lm", "no_speech", "no_timestamps")
        banned = {*tokenizer.non_speech_tokens, *(getattr(tokenizer, name) for name in specials)}
        self._banned = torch.tensor(sorted(banned), device=device)
        self._positions = torch.arange(model.dims.n_vocab - self.begin, device=device)

    def choose(self, logits: Tensor, state: "RowState") -> tuple[Tensor, Tensor]:
        """The next token of every row and its log-probability; `logits` (rows, vocabulary) float32 is overwritten."""
        logits.index_fill_(1, self._banned, -torch.inf)
        text, stamps = logits[:, : self.begin], logits[:, self.begin :]
        if state.steps == 0:
            text.fill_(-torch.inf)
            stamps[:, MAX_INITIAL_TIMESTAMP + 1 :] = -torch.inf
        else:
            opened = state.last_is_stamp & state.before_is_stamp
            text[:, : self.eot].masked_fill_(state.closing[:, None], -torch.inf)
            stamps.masked_fill_(opened[:, None] | (self._positions < state.floor[:, None]), -torch.inf)
        return self._pick(text, stamps)

    def _pick(self, text: Tensor, stamps: Tensor) -> tuple[Tensor, Tensor]:
        """The likeliest token; a timestamp when all timestamps together are likelier than any text token."""
        best_text, text_at = text.max(dim=1)
        best_stamp, stamp_at = stamps.max(dim=1)
        stamp_mass = stamps.logsumexp(dim=1)
        only_stamps = stamp_mass > best_text
        mass = torch.where(only_stamps, stamp_mass, torch.logaddexp(stamp_mass, text.logsumexp(dim=1)))
        is_stamp = only_stamps | (best_stamp > best_text)
        tokens = torch.where(is_stamp, stamp_at + self.begin, text_at)
        return tokens, torch.where(is_stamp, best_stamp, best_text) - mass


class RowState:
    """What the timestamp rules must remember of every row."""

    def __init__(self, rows: int, begin: int, device: torch.device) -> None:
        self.begin = begin
        self.steps = 0
        self.last_is_stamp = torch.ones(rows, dtype=torch.bool, device=device)
        self.before_is_stamp = torch.ones(rows, dtype=torch.bool, device=device)
        self.stamp = torch.zeros(rows, dtype=torch.long, device=device)
        """The latest timestamp, in positions."""

    @property
    def closing(self) -> Tensor:
        """Rows whose last token closed a segment: the next one opens another, or ends the text."""
        return self.last_is_stamp & ~self.before_is_stamp

    @property
    def floor(self) -> Tensor:
        """The earliest timestamp allowed next: the one that closed a segment may open the next, any other must grow."""
        return self.stamp + (~self.closing).long()

    def advance(self, tokens: Tensor) -> None:
        is_stamp = tokens >= self.begin
        self.before_is_stamp, self.last_is_stamp = self.last_is_stamp, is_stamp
        self.stamp = torch.where(is_stamp, tokens - self.begin, self.stamp)
        self.steps += 1

    def keep(self, rows: Tensor) -> None:
        self.last_is_stamp, self.before_is_stamp, self.stamp = (
            part[rows] for part in (self.last_is_stamp, self.before_is_stamp, self.stamp)
        )


class StepDecoder:
    """The text decoder, one token a row at a time, all rows at the same position."""

    def __init__(self, model: Whisper, features: Tensor, max_tokens: int) -> None:
        self._decoder = model.decoder
        self._heads: int = model.dims.n_text_head
        self._at = 0
        rows, width = len(features), model.dims.n_text_state
        shape = (rows, self._heads, max_tokens, width // self._heads)
        blocks = self._decoder.blocks
        self._own: list[tuple[Tensor, Tensor]] = [
            (features.new_empty(shape), features.new_empty(shape)) for _ in blocks
        ]
        self._cross = [
            (self._split(block.cross_attn.key(features)), self._split(block.cross_attn.value(features)))
            for block in blocks
        ]
        chosen = model.alignment_heads.to_dense()
        self._n_aligned = int(chosen.sum())
        self._aligned: list[tuple[Tensor, Tensor] | None] = []
        for row, (keys, _) in zip(chosen, self._cross, strict=True):
            heads = row.nonzero()[:, 0]
            self._aligned.append((heads, keys[:, heads].float()) if len(heads) else None)

    def step(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (rows, vocabulary) float32 after one more token a row, and where its alignment heads listened."""
        decoder, at = self._decoder, self._at
        x = decoder.token_embedding(tokens)[:, None] + decoder.positional_embedding[at]
        x = x.to(self._own[0][0].dtype)
        listened: Tensor | None = None
        for layer, block in enumerate(decoder.blocks):
            x = x + self._self_attention(block.attn, block.attn_ln(x), self._own[layer])
            query = self._split(block.cross_attn.query(block.cross_attn_ln(x)))
            x = x + block.cross_attn.out(self._merge(F.scaled_dot_product_attention(query, *self._cross[layer])))
            x = x + block.mlp(block.mlp_ln(x))
            if aligned := self._aligned[layer]:
                heads, keys = aligned
                weights = (query[:, heads].float() @ keys.transpose(-1, -2) * query.shape[-1] ** -0.5).softmax(dim=-1)
                part = weights.sum(dim=(1, 2))
                listened = part if listened is None else listened + part
        self._at += 1
        x = decoder.ln(x)[:, 0]
        logits = (x @ decoder.token_embedding.weight.to(x.dtype).T).float()
        assert listened is not None  # every model has alignment heads
        return logits, listened / self._n_aligned

    def keep(self, rows: Tensor) -> None:
        """Goes on with these rows only."""
        self._own = [(keys[rows], values[rows]) for keys, values in self._own]
        self._cross = [(keys[rows], values[rows]) for keys, values in self._cross]
        self._aligned = [aligned and (aligned[0], aligned[1][rows]) for aligned in self._aligned]

    def _self_attention(self, attention: MultiHeadAttention, x: Tensor, cache: tuple[Tensor, Tensor]) -> Tensor:
        keys, values = cache
        keys[:, :, self._at] = self._split(attention.key(x))[:, :, 0]
        values[:, :, self._at] = self._split(attention.value(x))[:, :, 0]
        end = self._at + 1
        query = self._split(attention.query(x))
        out: Tensor = attention.out(
            self._merge(F.scaled_dot_product_attention(query, keys[:, :, :end], values[:, :, :end]))
        )
        return out

    def _split(self, x: Tensor) -> Tensor:
        """(rows, positions, state) to (rows, heads, positions, width), contiguous."""
        return x.view(*x.shape[:2], self._heads, -1).transpose(1, 2).contiguous()

    def _merge(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2).flatten(start_dim=2)


@torch.inference_mode()
def decode_greedily(
    model: Whisper, features: Tensor, languages: Sequence[str | None], tokenizer: Tokenizer
) -> list[Decoded]:
    """What is said in every row of `features` (batch, positions, state), in order.

    `languages`: one code a row, ignored by English-only models. `tokenizer` is any of the model's.
    """
    prompts = torch.tensor([_prompt(tokenizer, language) for language in languages], device=features.device)
    limit = model.dims.n_text_ctx // 2
    decoder = StepDecoder(model, features, prompts.shape[1] + limit)
    rules = TokenRules(model, tokenizer)
    state = RowState(len(features), rules.begin, features.device)
    results = [Decoded() for _ in languages]
    alive = torch.arange(len(results))  # which result every row of the decoder belongs to
    done = torch.zeros(len(results), dtype=torch.bool)
    for at in range(prompts.shape[1]):
        logits, listened = decoder.step(prompts[:, at])
        if at == 0:  # asked right after the start token, as openai-whisper does
            for result, value in zip(results, logits.softmax(dim=-1)[:, tokenizer.no_speech].tolist(), strict=True):
                result.no_speech_prob = value
    for _ in range(limit):
        tokens, logprobs = rules.choose(logits, state)
        state.advance(tokens)
        _record(results, alive, done, tokens.cpu(), logprobs.cpu(), listened.cpu(), rules.eot)
        left = (~done).nonzero()[:, 0]
        if len(left) == 0:
            break
        if len(left) < COMPACT_BELOW * len(done):
            rows = left.to(features.device)
            decoder.keep(rows)
            state.keep(rows)
            tokens, alive, done = tokens[rows], alive[left], done[left]
        logits, listened = decoder.step(tokens)
    return results


def _record(
    results: list[Decoded], alive: Tensor, done: Tensor, tokens: Tensor, logprobs: Tensor, listened: Tensor, eot: int
) -> None:
    """Notes a step's tokens in the results, and in `done` which rows came to their end."""
    for row, (token, logprob) in enumerate(zip(tokens.tolist(), logprobs.tolist(), strict=True)):
        if done[row]:
            continue
        result = results[int(alive[row])]
        result.logprobs.append(logprob)
        if token == eot:
            done[row] = True
        else:
            result.tokens.append(token)
            result.attention.append(listened[row].numpy())


@torch.inference_mode()
def language_probabilities(model: Whisper, features: Tensor, tokenizer: Tokenizer) -> list[dict[str, float]]:
    """For every row the probability of each language code, summing to 1."""
    decoder = StepDecoder(model, features, 1)
    logits, _ = decoder.step(torch.full((len(features),), tokenizer.sot, device=features.device))
    shares = logits[:, list(tokenizer.all_language_tokens)].softmax(dim=-1).tolist()
    return [dict(zip(tokenizer.all_language_codes, row, strict=True)) for row in shares]


def _prompt(tokenizer: Tokenizer, language: str | None) -> list[int]:
    if tokenizer.language is None:
        return list(tokenizer.sot_sequence)
    return [tokenizer.sot, tokenizer.to_language_token(language or tokenizer.language), tokenizer.transcribe]
