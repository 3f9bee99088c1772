"""The words of a query worth looking up."""

import pytest

from coach.retrieval.words import FUNCTION_WORDS, content_words


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("What do customers say about the first bill?", ["customers", "first", "bill"]),
        ("They didn't ring back, isn't that rude", ["ring", "back", "rude"]),
        ("the router's lights, the router\u2019s E-4711", ["router", "lights", "e", "4711"]),
        ("Bill BILL bill", ["bill"]),
        ("ZÜRICH 漢字 _bill_score_", ["zürich", "漢字", "bill", "score"]),
        ("cafe\u0301", ["café"]),
        ('"OR" NEAR(a b) * ^ {} -- ; \x00 \ud800 😀', ["near", "b"]),
        ("how is it", []),
        ("", []),
    ],
)
def test_content_words(query: str, words: list[str]) -> None:
    assert content_words(query) == words


def test_function_words_are_as_words_are_compared() -> None:
    assert all(word == word.lower() and word.isalpha() for word in FUNCTION_WORDS)
