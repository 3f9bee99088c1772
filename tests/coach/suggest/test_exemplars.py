"""Which questions may serve colleagues, and which of them is found."""

import numpy as np
import pytest
from colleagues import SharedWords, pool_of
from talks import talk

from coach.store import ExemplarPool
from coach.suggest import exemplars_of
from coach.suggest.exemplars import MIN_SIMILARITY, nearest, stands_alone
from coach.suggest.moments import Moment
from coach.types import Call, Metadata, Turn

SAID = "the broadband drops every evening at eight"
ASKED = "How does that affect your evenings?"


def call(call_id: str = "here", agent: str | None = "Ann", *, said: str = SAID) -> Call:
    return Call(call_id, Metadata(agent=agent), (Turn("customer", said),), None, "made up", None)


def looked_up(pool: ExemplarPool, *, of: Call | None = None, said: str = SAID) -> list[str]:
    of = of or call(said=said)
    moment = Moment(0, 0, "closed", "impact", said, "Is it bad?")
    (found,) = nearest([(of, moment)], SharedWords().embed([said]), pool)
    assert [similarity for _, similarity in found] == sorted((s for _, s in found), reverse=True)
    assert all(similarity >= MIN_SIMILARITY for _, similarity in found)
    return [pool.entries[entry].text for entry, _ in found]


@pytest.mark.parametrize(
    ("mark", "serves"),
    [
        ("open impact", True),
        ("open need", True),
        ("open diagnostic", True),
        ("closed impact", False),
        ("open procedural", False),
        ("open closing", False),
    ],
)
def test_open_questions_that_explore_may_serve(mark: str, serves: bool) -> None:
    told = talk(f"C {SAID}", f"A {ASKED} <{mark}>").call()
    (exemplars,) = exemplars_of([told], SharedWords())
    assert len(exemplars) == serves
    for one in exemplars:
        assert one.turn == 1
        assert one.prev_embedding.shape == (SharedWords.dimension,)
        assert np.linalg.norm(one.prev_embedding) == pytest.approx(1)


def test_what_is_asked_before_the_customer_told_anything_serves_only_where_no_matter_is_needed() -> None:
    opening = "A How can I help you today? <open opener>"
    calls = [
        talk(opening).call(),
        talk("C Good morning.", opening).call(),
        talk("C Yes.", f"A {ASKED} <open need>").call(),
    ]
    assert [len(of_call) for of_call in exemplars_of(calls, SharedWords())] == [0, 1, 0]


@pytest.mark.parametrize(
    "text",
    [
        "Why so?",
        "And so, um, why?",
        "How does the",
        "What, what do you mean by it?",
        "What happened on the 14th of May?",
        "What did you see on [card number] then?",
        " ".join(["word"] * 41),
    ],
)
def test_what_cannot_stand_alone_does_not_serve(text: str) -> None:
    assert not stands_alone(text)


def test_what_can_stand_alone_serves_with_its_hesitation() -> None:
    assert stands_alone("So, um, how does that affect you at home?")


def test_the_nearest_question_of_the_wished_function_is_found() -> None:
    pool = pool_of(
        ("a", "Bo", "impact", "the broadband drops every evening", ASKED),
        ("b", "Bo", "impact", SAID, "What does that do to your day?"),
        ("c", "Bo", "need", SAID, "What are you hoping for?"),
        ("d", "Bo", "impact", "my parcel was left with a neighbour", "How did that make you feel?"),
    )
    assert looked_up(pool) == ["What does that do to your day?", ASKED]


def test_neither_the_call_itself_nor_the_same_agent_is_quoted() -> None:
    pool = pool_of(("here", "Bo", "impact", SAID, ASKED), ("there", "Ann", "impact", SAID, ASKED))
    assert looked_up(pool) == []
    assert looked_up(pool, of=call("elsewhere", None)) == [ASKED, ASKED]


def test_a_question_that_names_what_this_call_never_spoke_of_does_not_fit() -> None:
    pool = pool_of(("a", "Bo", "impact", SAID, "How does the barking dog affect you?"))
    assert looked_up(pool) == []
    assert looked_up(pool, said=f"{SAID} and the dog keeps barking") == ["How does the barking dog affect you?"]


def test_an_empty_pool_holds_nothing() -> None:
    assert looked_up(pool_of()) == []
