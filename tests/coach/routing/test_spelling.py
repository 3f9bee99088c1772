"""Slips of the finger."""

import pytest
from routes import planned

from coach.routing import PhraseBook


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("chrun by team", "chrun: read as churn"),
        ("interuptions by team", "interuptions: read as interruptions"),
        ("sattisfaction in July", "sattisfaction: read as satisfaction"),
    ],
)
def test_slips_are_put_right(question: str, note: str, book: PhraseBook) -> None:
    assert note in planned(question, book).understood


@pytest.mark.parametrize("word", ["police", "bread", "scar", "salt"])
def test_other_words_stay(word: str, book: PhraseBook) -> None:
    plan = planned(f"What do customers say about the {word}?", book)
    assert (plan.kind, plan.search) == ("search", word)
