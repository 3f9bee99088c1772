import time

import pytest

from coach.types import Segment
from ingest.guards import guard, lost_speech
from ingest.speech import Span

SPEECH = [Span(0, 60)]


def _segment(text: str, start: float = 0.0, end: float = 5.0, **kind: float) -> Segment:
    evidence = {"avg_logprob": -0.2, "no_speech_prob": 0.02, "compression_ratio": 1.0} | kind
    return Segment(0, "agent", start, end, text, **evidence)


def _verdict(segment: Segment, speech: list[Span] | None = None) -> str | None:
    return guard([segment], SPEECH if speech is None else speech)[0].dropped


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for calling, how can I help?",
        "My number is 5 5 5 0 0 0 0 0 0 0 1 2.",
        "No, no, no, no, I did not say that.",
        "Thank you.",
        "Bye-bye.",
        "It is very, very, very slow, really very slow.",
    ],
)
def test_speech_is_kept(text: str) -> None:
    assert _verdict(_segment(text)) is None


@pytest.mark.parametrize(
    "text",
    ["I am going to " * 12, "so " * 20, "and then we have to do it and then we have to do it " * 3, "you know, " * 9],
)
def test_loops_are_dropped(text: str) -> None:
    assert _verdict(_segment(text, end=30.0)) == "loop"


def test_text_that_compresses_too_well_is_a_loop() -> None:
    assert _verdict(_segment("anything", compression_ratio=2.5)) == "loop"


def test_silence_by_both_of_whispers_own_signs() -> None:
    assert _verdict(_segment("I see what you mean.", no_speech_prob=0.8, avg_logprob=-1.2)) == "silence"
    assert _verdict(_segment("I see what you mean.", no_speech_prob=0.8, avg_logprob=-0.6)) == "silence"
    assert _verdict(_segment("I see what you mean.", no_speech_prob=0.8, avg_logprob=-0.3)) is None
    assert _verdict(_segment("I see what you mean.", no_speech_prob=0.5, avg_logprob=-0.9)) is None


def test_invention_needs_weak_evidence() -> None:
    assert _verdict(_segment("Thanks for watching!", no_speech_prob=0.5, avg_logprob=-0.8)) == "invention"
    assert _verdict(_segment("Thank you.", no_speech_prob=0.05, avg_logprob=-0.3)) is None


def test_text_outside_speech_is_dropped() -> None:
    assert _verdict(_segment("Hello there.", start=10, end=12), [Span(0, 5)]) == "outside_speech"
    assert _verdict(_segment("Hello there.", start=4, end=6), [Span(0, 5)]) is None


def test_guess_is_dropped() -> None:
    assert _verdict(_segment("Blorping the wimble.", avg_logprob=-2.5)) == "unlikely"


def test_text_faster_than_anybody_speaks_is_dropped() -> None:
    assert _verdict(_segment("Please subscribe to my channel and see you next time", end=0.5)) == "too_fast"


def test_punctuation_alone_is_silence() -> None:
    assert _verdict(_segment("...")) == "silence"


def test_third_equal_sentence_in_a_row_is_a_loop_but_short_words_are_talk() -> None:
    def dropped(text: str) -> list[str | None]:
        same = [_segment(text, start=i * 3.0, end=i * 3.0 + 2) for i in range(4)]
        return [segment.dropped for segment in guard(same, SPEECH)]

    assert dropped("I will see you there.") == [None, "loop", "loop", "loop"]
    assert dropped("Okay.") == [None] * 4


def test_sentence_repeated_on_noise_is_dropped_whole() -> None:
    """Seen of base on white noise: surer of itself with every repetition, and never of hearing speech."""
    logprobs = (-0.45, -0.18, -0.08, -0.05)
    same = [
        _segment("I'm going to the next station.", start=i * 3.0, end=i * 3.0 + 2, avg_logprob=p, no_speech_prob=0.77)
        for i, p in enumerate(logprobs)
    ]
    assert {segment.dropped for segment in guard(same, SPEECH)} == {"loop"}


def test_prompt_read_out_is_dropped_and_a_name_that_was_said_is_kept() -> None:
    def verdict(text: str, **kind: float) -> str | None:
        terms = ["Zorbify", "Tavuna Flex", "Nimvero", "Quellaro"]
        return guard([_segment(text, **kind)], SPEECH, vocabulary=terms)[0].dropped

    assert verdict("Zorbify, Tavuna Flex, Nimvero.") == "vocabulary"
    assert verdict("Quellaro. Tavuna Flex, Nimvero, Quellaro.") == "vocabulary"
    assert verdict("Zorbify.", no_speech_prob=0.5) == "vocabulary"
    assert verdict("Zorbify, Nimvero, Lulio, Quellaro.", no_speech_prob=0.5) == "vocabulary"
    assert verdict("Zorbify.", avg_logprob=-0.9) == "vocabulary"
    assert verdict("Zorbify.") is None
    assert verdict("Nimvero and Zorbify, please.", avg_logprob=-0.9) is None
    assert verdict("Quellaro or Nimvero?") is None
    assert verdict("Flex.", avg_logprob=-0.9) is None


def test_guard_keeps_every_segment_and_earlier_verdicts() -> None:
    segments = [_segment("Hello."), Segment(0, "agent", 5, 6, "Hm.", dropped="because")]
    judged = guard(segments, SPEECH)
    assert [segment.text for segment in judged] == ["Hello.", "Hm."]
    assert judged[1].dropped == "because"


def test_speech_without_accepted_text_is_lost() -> None:
    spans = [Span(0, 5), Span(10, 14), Span(20, 20.4)]
    kept = _segment("Hello.", start=0, end=5)
    gone = Segment(0, "agent", 10, 14, "la la", dropped="loop")
    assert lost_speech([kept, gone], spans) == [Span(10, 14)]


def test_ten_hours_take_seconds() -> None:
    spans = [Span(i * 2.0, i * 2.0 + 1.5) for i in range(18_000)]
    segments = [_segment(f"number {i}", start=i * 4.0, end=i * 4.0 + 3) for i in range(9_000)]
    begun = time.perf_counter()
    assert lost_speech(guard(segments, spans), spans) == []
    assert time.perf_counter() - begun < 10


def test_soft_end_of_a_sentence_and_a_hum_are_not_lost() -> None:
    assert lost_speech([_segment("Hello.", start=0, end=4.2)], [Span(0, 5)]) == []
    assert lost_speech([_segment("Hello.", start=0, end=5)], [Span(0, 5), Span(7, 7.7)]) == []


def test_second_half_of_a_sentence_is_lost() -> None:
    [lost] = lost_speech([_segment("Hello.", start=0, end=3)], [Span(0, 5)])
    assert (lost.start, lost.end) == (3.2, 5)


def test_short_words_in_a_row_are_lost_together() -> None:
    """The customer's "Oh. Okay. Goodbye." of a demo call was three spans, each shorter than what is noticed."""
    spans = [Span(71.9, 72.2), Span(72.6, 73.1), Span(73.4, 74.0)]
    assert lost_speech([], spans) == [Span(71.9, 74.0)]
    assert lost_speech([], spans[:1]) == []
    assert lost_speech([], spans[:1], least_s=0.2) == spans[:1]


def test_the_same_speech_heard_three_times_is_no_loop() -> None:
    """A later look at the same place says what the first said, with more certainty."""
    looks = [_segment("Please call me back tomorrow.", start=1, end=3, avg_logprob=p) for p in (-2.1, -2.05, -0.5)]
    assert [s.dropped for s in guard(looks, [Span(1, 3)])] == ["unlikely", "unlikely", None]
