"""The default recogniser: openai-whisper's model under our own batched decoding."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from whisper.audio import SAMPLE_RATE, log_mel_spectrogram, pad_or_trim
from whisper.decoding import DecodingOptions, decode
from whisper.model import Whisper
from whisper.tokenizer import Tokenizer, get_tokenizer
from whisper.utils import compression_ratio

from coach.types import Word
from ingest.engines import RawSegment
from ingest.greedy import Decoded, decode_greedily, encode, language_probabilities
from ingest.weights import WhisperWeights, load_whisper

SECONDS_PER_STAMP = 0.02
WINDOW_S = 30.0
TAIL_S = 1.0  # silence encoded after a window's sound: without it the decoder misses the end
STEP_S = 5.0  # encoded lengths are rounded up to this, so that windows share batches
MEDIAN_WIDTH = 7  # positions of 20 ms, as openai-whisper's word timing smooths attention
MAX_COMPRESSION = 2.4  # openai-whisper's threshold for text that repeats itself
RETRY_BEAMS = 5


class WhisperEngine:
    """Whisper in torch: bfloat16 where a CPU computes in it, float16 on CUDA, float32 elsewhere."""

    name = "whisper"

    def __init__(
        self, weights: WhisperWeights, *, device: str = "cpu", batch_size: int = 16, dtype: torch.dtype | None = None
    ) -> None:
        self.model = weights.name
        self._device = torch.device(device)
        self._dtype = dtype or _best_dtype(self._device)
        self._batch_size = batch_size
        self._whisper = _cast(load_whisper(weights, device), self._dtype)
        self._tokenizer: Tokenizer = get_tokenizer(
            self._whisper.is_multilingual, num_languages=self._whisper.num_languages, language="en", task="transcribe"
        )

    def transcribe(self, windows: Sequence[np.ndarray], *, languages: Sequence[str | None]) -> list[list[RawSegment]]:
        heard: list[list[RawSegment]] = [[] for _ in windows]
        for batch in self._batches(windows):
            features = self._encode([windows[i] for i in batch])
            decoded = decode_greedily(self._whisper, features, [languages[i] for i in batch], self._tokenizer)
            for i, result in zip(batch, decoded, strict=True):
                if compression_ratio(self._tokenizer.decode(result.tokens)) > MAX_COMPRESSION:
                    result = self._retry(windows[i], languages[i], result)
                heard[i] = segments_of(result, self._tokenizer, len(windows[i]) / SAMPLE_RATE)
        return heard

    def detect_languages(self, windows: Sequence[np.ndarray]) -> list[dict[str, float]]:
        if not self._whisper.is_multilingual:
            return [{"en": 1.0} for _ in windows]
        found: list[dict[str, float]] = [{} for _ in windows]
        for batch in self._batches(windows):
            features = self._encode([windows[i] for i in batch])
            for i, shares in zip(batch, language_probabilities(self._whisper, features, self._tokenizer), strict=True):
                found[i] = shares
        return found

    def _batches(self, windows: Sequence[np.ndarray]) -> list[list[int]]:
        """Indices of windows that share an encoded length, long ones first, at most `batch_size` together."""
        by_length: dict[float, list[int]] = {}
        for i, window in enumerate(windows):
            if len(window):
                by_length.setdefault(_encoded_s(window), []).append(i)
        return [
            members[at : at + self._batch_size]
            for _, members in sorted(by_length.items(), reverse=True)
            for at in range(0, len(members), self._batch_size)
        ]

    @torch.inference_mode()
    def _encode(self, windows: Sequence[np.ndarray], length_s: float | None = None) -> Tensor:
        length = round((length_s or _encoded_s(windows[0])) * SAMPLE_RATE)
        mels = [
            log_mel_spectrogram(
                pad_or_trim(torch.from_numpy(window), length), self._whisper.dims.n_mels, device=self._device
            )
            for window in windows
        ]
        return encode(self._whisper, torch.stack(mels).to(self._dtype))

    def _retry(self, window: np.ndarray, language: str | None, first: Decoded) -> Decoded:
        """A window that came out as a loop, by openai-whisper's beam search; the first result when that loops too."""
        features = self._encode([window], WINDOW_S).float()
        options = DecodingOptions(
            language=language or self._tokenizer.language or "en", beam_size=RETRY_BEAMS, fp16=False
        )
        again = decode(self._whisper, features, options)[0]
        if again.compression_ratio > MAX_COMPRESSION:
            return first
        return Decoded(again.tokens, [again.avg_logprob] * (len(again.tokens) + 1), again.no_speech_prob)


def segments_of(decoded: Decoded, tokenizer: Tokenizer, duration_s: float) -> list[RawSegment]:
    """The segments between timestamps; text after the last timestamp runs to the window's end. [] for no text."""
    begin = tokenizer.timestamp_begin
    times = _token_times(decoded, duration_s)
    segments: list[RawSegment] = []
    start, held = 0.0, list[int]()

    def close(end: float) -> None:
        text = tokenizer.decode([decoded.tokens[i] for i in held])
        if text.strip():
            first = min(start, duration_s)
            final = max(first, min(end, duration_s))
            logprobs = [decoded.logprobs[i] for i in held]
            words = _words(tokenizer, [decoded.tokens[i] for i in held], [times[i] for i in held]) if times else ()
            segments.append(
                RawSegment(
                    first,
                    final,
                    text,
                    float(np.mean(logprobs)),
                    decoded.no_speech_prob,
                    compression_ratio(text),
                    words,
                )
            )
        held.clear()

    for i, token in enumerate(decoded.tokens):
        if token < begin:
            held.append(i)
            continue
        stamp = (token - begin) * SECONDS_PER_STAMP
        if held:
            close(stamp)
        start = stamp
    if held:
        close(duration_s)
    return segments


def _token_times(decoded: Decoded, duration_s: float) -> list[float]:
    """When each token is said, by the best path through its attention that never runs backwards; [] without attention.

    The attention is normalised over tokens and smoothed over time as in `whisper.timing.find_alignment`; the path is a
    plain maximum instead of its time warping, which is enough to tell on which side of a pause a word lies.
    """
    positions = math.ceil(duration_s / SECONDS_PER_STAMP)
    if not decoded.attention or positions < 1:
        return []
    weights = torch.from_numpy(np.stack(decoded.attention)[:, :positions])
    weights = (weights - weights.mean(dim=0)) / (weights.std(dim=0, unbiased=False) + 1e-9)
    pad = min(MEDIAN_WIDTH // 2, weights.shape[1] - 1)
    padded = nn.functional.pad(weights[None], (pad, pad), mode="reflect")[0]
    smooth = padded.unfold(-1, 2 * pad + 1, 1).median(dim=-1).values.numpy()
    best = np.zeros(smooth.shape[1], dtype=np.float32)
    came_from = np.empty(smooth.shape, dtype=np.int64)
    for i, row in enumerate(smooth):
        reached = np.maximum.accumulate(best)
        came_from[i] = np.maximum.accumulate(np.where(best >= reached, np.arange(len(best)), 0))
        best = reached + row
    at, times = int(best.argmax()), list[float]()
    for i in reversed(range(len(smooth))):
        times.append(at * SECONDS_PER_STAMP)
        at = int(came_from[i][at])
    return times[::-1]


def _words(tokenizer: Tokenizer, tokens: list[int], times: list[float]) -> tuple[Word, ...]:
    """Words with their following punctuation, whose own times mean nothing."""
    texts, groups = tokenizer.split_to_word_tokens(tokens)
    found, at = list[Word](), 0
    for text, group in zip(texts, groups, strict=True):
        if found and not any(letter.isalnum() for letter in text):
            found[-1] = Word(found[-1].text + text, found[-1].start, found[-1].end)
        else:
            found.append(Word(text, times[at], times[at + len(group) - 1]))
        at += len(group)
    return tuple(found)


def _encoded_s(window: np.ndarray) -> float:
    """How much sound is encoded for a window: its own and a second of silence, rounded up to steps of 5 s."""
    steps: int = math.ceil((len(window) / SAMPLE_RATE + TAIL_S) / STEP_S)
    return min(WINDOW_S, STEP_S * steps)


def _best_dtype(device: torch.device) -> torch.dtype:
    if device.type == "cuda":
        return torch.float16
    fast = device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if fast else torch.float32


def _cast(model: Whisper, dtype: torch.dtype) -> Whisper:
    """Casts the multiplying modules; norms stay in float32, where openai-whisper computes them."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Embedding):
            module.to(dtype)
    return model
