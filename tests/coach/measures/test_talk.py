from random import Random
from time import process_time

import pytest
from talks import talk

from coach.measures import measure
from coach.types import Role, Turn


def test_talk_share_counts_each_sides_own_seconds() -> None:
    said = talk("A 0-2 one", "C 2-8 two", "A 8-10 three", "C 9-9.5 mhm", "A 10.5-12 I see.")
    assert said.scores()["talk_share"].value == pytest.approx(5.5 / 12.0)


def test_overlapping_turns_of_one_side_count_once_and_times_end_with_the_recording() -> None:
    said = talk("A 0-10 a", "A 5-10 b", "C 10-99 c")
    assert said.scores(20.0)["talk_share"].value == pytest.approx(0.5)


def test_a_backchannel_does_not_end_a_monologue_but_words_and_long_pauses_do() -> None:
    said = talk("A 0-2 one", "C 2-8 I have words to say", "A 8-10 so have I", "C 9-9.5 mhm", "A 10.5-12 I see.")
    assert said.scores()["longest_monologue"].value == pytest.approx(4.0)
    assert said.scores()["customer_longest_monologue"].value == pytest.approx(6.0)
    hold = talk("A 0-3 one", "A 60-65 two", "C 66-67 yes")
    assert hold.scores()["longest_monologue"].value == pytest.approx(5.0)
    assert [evidence.turn for evidence in hold.scores()["longest_monologue"].evidence] == [1]


@pytest.mark.parametrize(
    ("agent", "interrupts"),
    [
        ("A 4-9 Let me stop you there", True),
        ("A 5.7-9 Let me stop you there", False),  # begins as the customer ends
        ("A 1-9 Let me stop you there", False),  # the customer goes on for five seconds
        ("A 4-5.5 Let me stop you there", False),  # comes in and gives up
        ("A 4-9 mhm okay", False),  # a sign of listening
        ("A 0-9 Let me stop you there", False),  # both begin at once: nobody had the floor
    ],
)
def test_who_takes_the_floor_from_whom(agent: str, interrupts: bool) -> None:
    card = talk("C 0-6 It has been down since Monday and", agent).scores()
    assert card["interruptions"].value == float(interrupts)
    assert card["customer_interruptions"].value == 0.0


def test_nobody_interrupts_a_backchannel() -> None:
    assert talk("C 0-2 yeah", "A 1-5 and then we look at it").scores()["interruptions"].value == 0.0


def test_speaking_rate_is_words_per_minute_of_own_talk() -> None:
    said = talk("A 0-6 one two three four five six", "C 6-7 mhm", "A 20-24 one two three four")
    card = said.scores()
    assert card["speaking_rate"].value == pytest.approx(60.0)
    assert card["speaking_rate"].unit == "per_minute"
    assert card["customer_speaking_rate"].value is None  # too little


def test_messages_and_zero_length_turns_have_no_times() -> None:
    for said in (talk("A What is it?", "C A long bill of words."), talk("A 1-1 What is it?", "C 2-2 A bill of words.")):
        card = said.scores()
        for name in ("talk_share", "longest_monologue", "interruptions", "speaking_rate", "patience"):
            assert card[name].value is None, name


def invent(seed: int) -> list[Turn]:
    """Up to eight turns of anybody at any time, overlapping, empty and without length among them."""
    random = Random(seed)
    turns = []
    for _ in range(random.randrange(9)):
        role: Role = random.choice(["agent", "customer", "unknown"])
        start = random.uniform(0, 40)
        text = random.choice(["", "mhm", "one two three four"])
        turns.append(Turn(role, text, start, start + random.choice([0.0, 1.0, 5.0, 12.0])))
    return turns


@pytest.mark.parametrize("duration_s", [None, 0.0, 25.0])
def test_whatever_the_turns_values_are_possible(duration_s: float | None) -> None:
    for turns in map(invent, range(100)):
        for score in measure(turns, (), (), duration_s):
            assert score.value is None or score.value >= 0.0
            assert score.unit != "share" or score.value is None or score.value <= 1.0
            assert all(0 <= evidence.turn < len(turns) for evidence in score.evidence)


SWAPPED: dict[Role, Role] = {"agent": "customer", "customer": "agent", "unknown": "unknown"}


def test_exchanged_sides_exchange_their_measures() -> None:
    for turns in map(invent, range(100)):
        swapped = [Turn(SWAPPED[turn.role], turn.text, turn.start, turn.end) for turn in turns]
        here = {score.name: score.value for score in measure(turns, (), (), None)}
        there = {score.name: score.value for score in measure(swapped, (), (), None)}
        for name in ("longest_monologue", "interruptions", "speaking_rate"):
            assert here[name] == there[f"customer_{name}"]
        if here["talk_share"] is not None:
            assert here["talk_share"] + (there["talk_share"] or 0.0) == pytest.approx(1.0)


def test_ten_hours_of_talk_are_measured_in_a_moment() -> None:
    said = talk(
        *(
            line
            for at in range(0, 36_000, 10)
            for line in (
                f"A {at}-{at + 6} What does that cost you then? <open impact>",
                f"C {at + 5}-{at + 11} We lose a day <impact_stated>",
            )
        )
    )
    began = process_time()
    card = said.scores(36_000.0)
    assert process_time() - began < 3.0
    assert card["customer_interruptions"].value == 3600
    assert card["taken_up"].of == 3599
