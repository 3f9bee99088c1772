"""Cutting transcripts."""

import random

from coach.retrieval.passages import MAX_WORDS, cut
from coach.types import Role, Turn


def words(n: int) -> str:
    return " ".join(f"word{i}" for i in range(n))


def test_no_words_give_no_passages() -> None:
    assert cut([]) == []
    assert cut([Turn("agent", "  ", 0.0, 1.0), Turn("customer", "", 1.0, 2.0)]) == []


def test_every_turn_with_words_is_in_exactly_one_passage_in_order() -> None:
    rng = random.Random(0)
    roles: tuple[Role, ...] = ("agent", "customer", "unknown")
    for _ in range(50):
        turns = [
            Turn(rng.choice(roles), words(rng.choice([0, 1, 5, 20, 60, 300])) + rng.choice(["", "?"]), i, i + 1)
            for i in range(rng.randrange(40))
        ]
        spans = cut(turns)
        covered = [i for span in spans for i in range(span.first_turn, span.last_turn + 1) if turns[i].text.strip()]
        assert covered == [i for i, turn in enumerate(turns) if turn.text.strip()]
        for span in spans:
            assert span.text.split() == [w for t in turns[span.first_turn : span.last_turn + 1] for w in t.text.split()]
            assert len(span.text.split()) <= MAX_WORDS or span.text.count("\n") == 0
            assert (span.start, span.end) == (turns[span.first_turn].start, turns[span.last_turn].end)


def test_a_question_stays_with_its_answer() -> None:
    turns = [
        Turn(role, text, float(i), i + 1.0)
        for i in range(20)
        for role, text in ((("agent", words(20) + "?"), ("customer", words(20)))[i % 2],)
    ]
    for span in cut(turns):
        assert turns[span.first_turn].role == "agent"
        assert turns[span.last_turn].role == "customer"


def test_a_long_turn_is_one_passage() -> None:
    spans = cut([Turn("agent", "Tell me."), Turn("customer", words(900)), Turn("agent", "I see.")])
    assert [(span.first_turn, span.last_turn) for span in spans] == [(0, 0), (1, 1), (2, 2)]


def test_a_chat_has_passages_without_times() -> None:
    (span,) = cut([Turn("customer", "Where is my parcel?"), Turn("agent", "On its way.")])
    assert (span.start, span.end, span.text) == (None, None, "Where is my parcel?\nOn its way.")
