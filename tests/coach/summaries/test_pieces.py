"""What a summary may quote of a turn."""

from coach.summaries.pieces import MAX_WORDS, pieces_of
from coach.types import Turn


def texts(text: str) -> list[str]:
    found = pieces_of([Turn("customer", text)], 0)
    assert all(text[piece.start : piece.end] == piece.text for piece in found)
    return [piece.text for piece in found]


def test_sentences_are_quoted_whole() -> None:
    assert texts("The router blinks all day. I cannot work like that.") == [
        "The router blinks all day.",
        "I cannot work like that.",
    ]


def test_a_short_sentence_is_quoted_with_the_next() -> None:
    assert texts("The peeping! It never stops at night.") == ["The peeping! It never stops at night."]
    assert texts("It blinks.\nNobody came to look at it.") == ["It blinks.", "Nobody came to look at it."]


def test_greetings_alone_are_left_out() -> None:
    assert texts("Good morning. Yes. My bill is much too high.") == ["My bill is much too high."]
    assert texts("Hello!") == texts("") == texts("...") == []


def test_speech_without_punctuation_is_cut_at_clauses() -> None:
    spoken = "so i rang on monday and they said somebody would come, " * 8
    found = texts(spoken.strip())
    assert len(found) > 1
    assert all(len(one.split()) <= MAX_WORDS for one in found)
    assert all(one.startswith(("so", "and")) for one in found)
    assert "".join(spoken.split()) == "".join("".join(one.split()) for one in found)


def test_words_without_any_clause_are_cut_all_the_same() -> None:
    found = texts("word " * 100)
    assert [len(one.split()) for one in found] == [35, 35, 30]
