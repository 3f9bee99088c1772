from itertools import pairwise

import pytest

from coach.questions import find_questions
from coach.questions.find import MAX_PREV_WORDS, candidate_spans, last_words, sentence_spans
from coach.types import Turn


def texts(text: str) -> list[str]:
    return [text[start:end] for start, end in candidate_spans(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Okay. And when did it start?", ["And when did it start?"]),
        ("Is it slow? Or does it drop?", ["Is it slow?", "Or does it drop?"]),
        ("Tell me about your evening. I'll write it down.", ["Tell me about your evening."]),
        ("Right, talk me through what happened.", ["talk me through what happened."]),
        (
            "what does that do to your work and when did it start",
            ["what does that do to your work", "when did it start"],
        ),
        ("okay so can you tell me when did it start", ["can you tell me when did it start"]),
        ("what's your postcode okay thank you let me look", ["what's your postcode"]),
        ("whats the problem", ["whats the problem"]),
        ("Dr. Evans will ring you at 3.15 p.m. tomorrow.", []),
        ("If you have any problem please call us.", []),
        ("I will do that for you. Give me a call.", []),
        ("", []),
        ("?! ...", []),
    ],
)
def test_candidates_of_a_turn(text: str, found: list[str]) -> None:
    assert texts(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "a\n\nb? c.",
        "  What now?  Or “then”? ",
        "so um what is it and um",
        "¿Qué? 何ですか\uff1f how are you",
        "and " * 500,
    ],
)
def test_spans_are_ordered_disjoint_and_without_blank_edges(text: str) -> None:
    for spans in (sentence_spans(text), candidate_spans(text)):
        assert spans == sorted(spans)
        assert all(first[1] <= second[0] for first, second in pairwise(spans))
        assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)


def test_only_the_agent_asks() -> None:
    turns = [Turn("customer", "Why is it slow?"), Turn("unknown", "What is it?"), Turn("agent", "When did it start?")]
    assert [found.turn for found in find_questions(turns)] == [2]
    assert [found.marked for found in find_questions(turns)] == [True]
    assert find_questions([]) == []


def test_what_no_mark_or_wording_shows_is_a_candidate_of_its_own_kind() -> None:
    turn = Turn("agent", "Okay. And your postcode. When did it start? I will look.")
    found = [(one.text, one.marked) for one in find_questions([turn])]
    assert found == [("And your postcode.", False), ("When did it start?", True), ("I will look.", False)]


def test_time_is_interpolated_by_character() -> None:
    turn = Turn("agent", "0123456. What is it?", start=10.0, end=12.0)
    (found,) = [one for one in find_questions([turn]) if one.marked]
    assert found.time_s == pytest.approx(10.0 + 2.0 * found.start_char / len(turn.text))
    assert turn.text[found.start_char : found.end_char] == found.text


def test_a_message_without_times_has_none() -> None:
    assert find_questions([Turn("agent", "What is it?")])[0].time_s is None


def test_the_customers_last_words_come_with_the_question_and_are_bounded() -> None:
    long = " ".join(f"w{i}" for i in range(100))
    turns = [Turn("customer", long), Turn("agent", "Okay."), Turn("customer", "yes"), Turn("agent", "When?")]
    words = last_words(turns, 3).split()
    assert words[-2:] == ["w99", "yes"]
    assert len(words) == MAX_PREV_WORDS
    assert last_words([Turn("agent", "When?")], 0) == ""


def test_an_hour_does_not_end_a_sentence_unless_a_capital_follows() -> None:
    text = "We open at 8 a.m. and close at 5 p.m. Shall I book you in for 9 a.m. or 10 a.m.?"
    pieces = [text[start:end] for start, end in sentence_spans(text)]
    assert pieces == ["We open at 8 a.m. and close at 5 p.m.", "Shall I book you in for 9 a.m. or 10 a.m.?"]
