import pytest
from talks import Talk, talk

from coach.measures import STEPS, Chain, chain

GOOD = talk(
    "A How can I help? <open opener>",
    "C The heating is off",
    "A When did it fail? <closed diagnostic>",
    "C Last night",
    "A How does that affect you? <open impact>",
    "C My mother is ill and freezing",
    "A What would help you most? <open need>",
    "C Somebody today",
    "A I'll send an engineer at four. <promise>",
    "C Thank you so much",
    "A Goodbye. <closing>",
)


def found(said: Talk) -> Chain:
    return chain(said.turns, said.questions, said.cues)


def proof(said: Talk) -> dict[str, tuple[int | None, str | None]]:
    return {step.name: (step.turn, step.by) for step in found(said).steps}


def test_a_call_that_goes_the_whole_way() -> None:
    assert [step.turn for step in found(GOOD).steps] == [0, 2, 4, 6, 8]
    assert {step.by for step in found(GOOD).steps} == {"agent"}
    assert found(GOOD).reached == 5
    card = GOOD.scores()
    assert (card["chain"].value, card["next_step"].value) == (5, 1)
    assert [evidence.turn for evidence in card["chain"].evidence] == [0, 2, 4, 6, 8]


def test_what_the_customer_offers_first_is_the_customers() -> None:
    said = talk(
        "C My heating has been off since yesterday and nobody came",
        "C you said you would come <cause_promise_broken>",
        "C my mother is freezing <impact_stated>",
        "A How does that affect you? <open impact>",
        "C as I said",
    )
    assert proof(said) == {
        "situation": (0, "customer"),
        "problem": (1, "customer"),
        "impact": (2, "customer"),
        "need": (None, None),
        "next_step": (None, None),
    }
    assert said.scores()["next_step"].value == 0.0


def test_a_long_answer_to_another_question_is_no_story() -> None:
    said = talk(
        "A Your number? <closed procedural>", "C It is eight eight two one five seven four", "A Thank you so much"
    )
    assert proof(said)["situation"] == (None, None)


def test_a_question_nobody_answers_proves_nothing() -> None:
    assert proof(talk("C hello", "A How does that affect you? <open impact>"))["impact"] == (None, None)


@pytest.mark.parametrize(
    ("reply", "agreed"),
    [
        ("C Okay, thank you", True),
        ("C Tuesday, then", True),  # a promise only must not be refused
        ("C No problem at all", True),
        ("C No, that's fine", True),
        ("C No, I need it today", False),
        ("C Well, that's not good enough", False),
        ("A Anything else?", False),  # nobody says anything to it
    ],
)
def test_a_promise_near_the_end_counts_unless_it_is_refused(reply: str, agreed: bool) -> None:
    said = talk("A Hello", "C My line is down", "A We come on Tuesday. <promise>", reply)
    assert (found(said).steps[-1].turn == 2) is agreed


def test_a_promise_in_the_first_half_is_no_next_step() -> None:
    said = talk("A I'll take care of it. <ownership>", "C good", *["A and so on", "C and so on"] * 3)
    assert proof(said)["next_step"] == (None, None)


@pytest.mark.parametrize(
    ("asked", "reply", "agreed"),
    [
        ("A Shall I book Tuesday? <closed procedural>", "C um, yes please", True),
        ("A So Tuesday it is? <closed check>", "C That works", True),
        ("A Shall I book Tuesday? <closed procedural>", "C Tuesday is my birthday", False),
        ("A What do you want? <open need>", "C yes", False),
    ],
)
def test_a_proposal_as_a_question_has_to_be_agreed_to(asked: str, reply: str, agreed: bool) -> None:
    assert (found(talk("A Hello", "C My line is down", asked, reply)).steps[-1].turn == 2) is agreed


def test_one_side_only_proves_nothing() -> None:
    said = talk("A How can I help? <open opener>", "? It is broken and it should not be, you know")
    assert found(said).reached == 0
    assert [step.name for step in found(said).steps] == list(STEPS)
    assert said.scores()["chain"].value is None
