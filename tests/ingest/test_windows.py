from itertools import pairwise

import numpy as np
import pytest

from coach.types import Word
from ingest.speech import Span
from ingest.windows import MAX_WINDOW_S, Piece, Window, pack, spread

RATE = 16_000


def _random_spans(seed: int, n: int) -> list[Span]:
    drawn = np.random.default_rng(seed)
    spans, at = [], 0.0
    for _ in range(n):
        at += drawn.choice([0.11, 0.3, 0.8, 5.0])
        length = drawn.uniform(0.1, 12.0)
        spans.append(Span(at, at + length))
        at += length
    return spans


def test_silence_needs_no_window() -> None:
    assert pack([], duration_s=10.0) == []


@pytest.mark.parametrize("seed", range(5))
def test_windows_hold_all_speech_once_and_in_order(seed: int) -> None:
    spans = _random_spans(seed, 60)
    windows = pack(spans, duration_s=spans[-1].end + 1)
    assert [span for window in windows for span in window.spans] == spans
    pieces = [piece for window in windows for piece in window.pieces]
    assert all(a.start + a.length <= b.start + 1e-9 for a, b in pairwise(pieces))
    assert all(0 < window.duration_s <= MAX_WINDOW_S for window in windows)


def test_longest_span_fits_a_window() -> None:
    [window] = pack([Span(1.0, 29.0)], duration_s=60.0)
    assert window.duration_s == pytest.approx(28.4)


def test_full_window_is_cut_at_a_long_pause() -> None:
    spans = [Span(0, 10), Span(10.5, 22), Span(25, 28), Span(28.4, 35)]
    windows = pack(spans, duration_s=40.0)
    assert [len(window.spans) for window in windows] == [2, 2]


def test_times_map_there_and_back() -> None:
    spans = _random_spans(1, 12)
    for window in pack(spans, duration_s=spans[-1].end + 1):
        for span in window.spans:
            for time in (span.start, span.end):
                assert window.to_recording(window.from_recording(time)) == pytest.approx(time)


def test_samples_are_the_recordings_with_silence_between() -> None:
    channel = np.full(10 * RATE, 1000, dtype=np.int16)
    [window] = pack([Span(1, 2), Span(5, 6)], duration_s=10.0)
    sound = window.samples(channel)
    assert sound.dtype == np.float32
    assert len(sound) == round(window.duration_s * RATE)
    assert np.count_nonzero(sound == 0) == pytest.approx(0.1 * RATE, abs=2)
    assert sound.max() == pytest.approx(1000 / 32768)


def test_samples_past_the_recording_are_silence() -> None:
    window = Window((0, 0), (Piece(0.0, 0.0, 2.0),), (Span(0.1, 1.9),))
    assert len(window.samples(np.ones(RATE, dtype=np.int16))) == 2 * RATE


class TestSpread:
    """One segment over two pieces that are ten seconds apart in the recording; the window has 0.1 s between them."""

    window = pack([Span(1, 2), Span(12, 14)], duration_s=20.0)[0]

    def test_segment_over_a_long_pause_is_split_by_its_words(self) -> None:
        words = (Word(" Yes,", 0.5, 0.5), Word(" please.", 1.0, 1.0), Word(" Of", 2.0, 2.0), Word(" course.", 2.8, 2.8))
        first, second = spread(self.window, 0.0, 3.9, " Yes, please. Of course.", words)
        assert (first.text, second.text) == ("Yes, please.", "Of course.")
        assert (first.start, first.end) == (1, 2)
        assert (second.start, second.end) == (12, 14)

    def test_without_word_times_words_are_spread_evenly(self) -> None:
        stretches = spread(self.window, 0.0, 3.9, " Yes please. Of course I can do that.")
        assert len(stretches) == 2
        assert " ".join(s.text for s in stretches) == "Yes please. Of course I can do that."

    def test_segment_inside_one_span_keeps_its_own_times(self) -> None:
        [stretch] = spread(self.window, 2.3, 2.9, " well", (Word(" well", 2.6, 2.6),))
        assert (stretch.start, stretch.end) == (pytest.approx(12.6), pytest.approx(13.2))

    def test_start_in_the_padding_becomes_the_onset(self) -> None:
        [stretch] = spread(self.window, 0.0, 1.3, " Yes.", (Word(" Yes.", 0.4, 0.4),))
        assert (stretch.start, stretch.end) == (1, 2)

    def test_words_whose_times_run_backwards_stay_in_order(self) -> None:
        words = (Word(" one", 2.0, 2.0), Word(" two", 0.5, 0.5), Word(" three", 2.5, 2.5))
        assert [s.text for s in spread(self.window, 0.0, 3.9, "", words)] == ["one two three"]

    def test_no_words_no_stretch(self) -> None:
        assert spread(self.window, 0.0, 1.0, "  ") == []
