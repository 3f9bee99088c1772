"""From the decoder's tokens to segments: text between two timestamps, with its words and how sure it is."""

import math

import numpy as np
from whisper.tokenizer import Tokenizer
from whisper.utils import compression_ratio

from ingest.alignment import SECONDS_PER_POSITION, token_spans, words_of
from ingest.engines import RawSegment
from ingest.greedy import Decoded

SECONDS_PER_STAMP = 0.02


def segments_of(
    decoded: Decoded, tokenizer: Tokenizer, duration_s: float, language: str | None = None
) -> list[RawSegment]:
    """The segments between timestamps; text after the last timestamp runs to the window's end. [] for no text."""
    begin = tokenizer.timestamp_begin
    spans = _spans(decoded, duration_s)
    segments: list[RawSegment] = []
    start, held = 0.0, list[int]()

    def close(end: float) -> None:
        tokens = [decoded.tokens[i] for i in held]
        text = tokenizer.decode(tokens)
        if text.strip():
            first = min(start, duration_s)
            segments.append(
                RawSegment(
                    start=first,
                    end=max(first, min(end, duration_s)),
                    text=text,
                    avg_logprob=float(np.mean([decoded.logprobs[i] for i in held])),
                    no_speech_prob=decoded.no_speech_prob,
                    compression_ratio=compression_ratio(text),
                    words=words_of(tokenizer, tokens, [spans[i] for i in held], language) if spans else (),
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


def _spans(decoded: Decoded, duration_s: float) -> list[tuple[float, float]]:
    """When each token is said; only the window's own sound counts. [] when the decoder did not tell."""
    if decoded.attention is None:
        return []
    return token_spans(decoded.attention[:, : math.ceil(duration_s / SECONDS_PER_POSITION)])
