from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from whisper.tokenizer import get_tokenizer

from ingest.alignment import token_spans, warp, words_of


def _best_by_trying_all(gain: np.ndarray) -> float:
    """The greatest gain of any path from the first cell to the last, right, down or both at once."""
    rows, columns = gain.shape
    best = -np.inf
    for ends in combinations_with_replacement(range(columns), rows - 1):
        edges = [*ends, columns - 1]
        for straight in product((0, 1), repeat=rows - 1):
            starts = [0, *(end + 1 - kept for end, kept in zip(edges, straight, strict=False))]
            if all(start <= end for start, end in zip(starts, edges, strict=True)):
                total = sum(gain[i, a : b + 1].sum() for i, (a, b) in enumerate(zip(starts, edges, strict=True)))
                best = max(best, total)
    return best


def _gain_of(starts: list[int], gain: np.ndarray) -> float:
    """Of the best path that enters its rows there."""
    edges = [*starts[1:], gain.shape[1]]
    total = 0.0
    for i, (start, following) in enumerate(zip(starts, edges, strict=True)):
        last = following - 1
        stays = i + 1 < len(starts) and (last < start or gain[i, following] > 0)
        total += gain[i, start : last + 1 + (1 if stays else 0)].sum()
    return total


def test_path_has_the_greatest_gain() -> None:
    drawn = np.random.default_rng(3)
    for _ in range(40):
        gain = drawn.normal(size=(int(drawn.integers(1, 4)), int(drawn.integers(1, 6))))
        starts = warp(gain)
        assert starts[0] == 0
        assert starts == sorted(starts)
        assert _gain_of(starts, gain) >= _best_by_trying_all(gain) - 1e-9


def test_tokens_lie_where_the_decoder_listened() -> None:
    attention = np.full((3, 90), 0.001, dtype=np.float32)
    for token, (first, last) in enumerate([(0, 20), (20, 50), (50, 90)]):
        attention[token, first:last] = 0.5
    spans = token_spans(attention)
    assert np.allclose(spans, [(0, 0.4), (0.4, 1.0), (1.0, 1.8)], atol=0.03)


def test_no_tokens_have_no_times() -> None:
    assert token_spans(np.zeros((0, 50), dtype=np.float32)) == []


@pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")
def test_text_cut_off_inside_a_letter_has_no_words_and_breaks_nothing() -> None:
    tokenizer = get_tokenizer(multilingual=True, language="ja", task="transcribe")
    tokens = tokenizer.encode("今日は天気がいい")
    spans = [(float(at), float(at + 1)) for at in range(len(tokens))]
    words = words_of(tokenizer, tokens, spans, "ja")
    assert "".join(word.text for word in words) == "今日は天気がいい"
    assert len(words) > 3
    for cut in range(len(tokens)):
        cut_words = words_of(tokenizer, tokens[:cut], spans[:cut], "en")
        assert "".join(word.text for word in cut_words) in ("", tokenizer.decode(tokens[:cut]))
