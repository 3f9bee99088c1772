import json

import pytest
from commandline import DEMO

from coach.roles import SURE, facts, probability_of_agent

AGENT = (
    "Thank you for calling Parker and Brown, this is Ruth. How can I help you?",
    "I'm sorry to hear that. Can I take your postcode, please? Bear with me, let me check that for you.",
    "Is there anything else I can help you with today?",
)
CUSTOMER = (
    "Hi, I'm calling about my boiler. It stopped working on Sunday and my kids are cold.",
    "Yes, it's ten forty-two. I've been waiting all week.",
    "No, thank you.",
)


def test_who_greets_and_asks_for_details_is_the_agent() -> None:
    assert probability_of_agent(AGENT, CUSTOMER) > SURE


def test_exchanging_the_sides_turns_the_answer_round() -> None:
    assert probability_of_agent(CUSTOMER, AGENT) == pytest.approx(1 - probability_of_agent(AGENT, CUSTOMER))
    assert facts(CUSTOMER, AGENT) == [-fact for fact in facts(AGENT, CUSTOMER)]


def test_two_alike_sides_give_no_hint() -> None:
    assert probability_of_agent(AGENT, AGENT) == 0.5


@pytest.mark.parametrize("side", [(), ("Hello.",), ("", "Yes. No.")])
def test_a_side_that_hardly_speaks_is_not_judged(side: tuple[str, ...]) -> None:
    assert probability_of_agent(side, AGENT) is None
    assert probability_of_agent(AGENT, side) is None


def test_nothing_is_certain_however_long_they_talk() -> None:
    assert probability_of_agent(AGENT * 3000, CUSTOMER * 3000) == pytest.approx(0.99)
    assert probability_of_agent(CUSTOMER * 3000, AGENT * 3000) == pytest.approx(0.01)


def test_every_demo_call_is_told_right_and_surely() -> None:
    for line in (DEMO / "reference.jsonl").read_text(encoding="utf-8").splitlines():
        turns = json.loads(line)["turns"]
        agent, customer = ([turn["text"] for turn in turns if turn["role"] == role] for role in ("agent", "customer"))
        assert probability_of_agent(agent, customer) > SURE
