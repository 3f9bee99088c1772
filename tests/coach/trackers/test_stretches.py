from coach.trackers.stretches import MAX_WORDS, STEP_WORDS, STRETCH_WORDS, stretch_spans


def test_sentences_stay_whole() -> None:
    text = "I waited for hours. Nobody came!"
    assert [text[a:b] for a, b in stretch_spans(text)] == ["I waited for hours.", "Nobody came!"]
    assert stretch_spans(" ... ") == []


def test_long_speech_without_stops_is_cut_into_overlapping_stretches_that_miss_no_word() -> None:
    words = [f"w{n}" for n in range(100)]
    stretches = [" ".join(words)[a:b].split() for a, b in stretch_spans(" ".join(words))]
    assert all(len(stretch) == STRETCH_WORDS for stretch in stretches)
    assert {word for stretch in stretches for word in stretch} == set(words)
    for first in range(len(words) - STEP_WORDS + 1):
        assert any(set(words[first : first + STEP_WORDS]) <= set(stretch) for stretch in stretches)
    assert stretch_spans(" ".join(words[:MAX_WORDS])) == [(0, len(" ".join(words[:MAX_WORDS])))]
