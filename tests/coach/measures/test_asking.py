import pytest

from coach.measures import measure
from coach.types import Form, Function, Question, Score, Turn


def ask(turn: int, form: Form, function: Function, start_char: int = 0) -> Question:
    return Question(turn, start_char, start_char + 1, 1.0, "?", form, function, 0.9, 0.9, False)


def scores(turns: list[Turn], questions: list[Question], duration_s: float | None = None) -> dict[str, Score]:
    return {one.name: one for one in measure(turns, questions, duration_s)}


TWO_SIDED = [
    Turn("agent", "How can I help you?", 0.0, 2.0),
    Turn("customer", "It drops every evening and I work from home", 2.0, 8.0),
    Turn("agent", "What does that do to your work?", 8.0, 10.0),
    Turn("customer", "mhm", 9.0, 9.5),
    Turn("agent", "I see.", 10.5, 12.0),
]


def test_questions_are_counted_by_form_and_function() -> None:
    card = scores(TWO_SIDED, [ask(0, "open", "opener"), ask(2, "open", "impact"), ask(2, "closed", "check", 5)])
    assert (card["questions"].value, card["open_questions"].value, card["closed_questions"].value) == (3, 2, 1)
    assert (card["impact_questions"].value, card["need_questions"].value) == (1, 0)
    assert (card["open_share"].value, card["open_share"].n, card["open_share"].of) == (pytest.approx(2 / 3), 2, 3)
    assert card["impact_share"].value == pytest.approx(1 / 3)
    assert [evidence.turn for evidence in card["impact_share"].evidence] == [2]


def test_no_questions_is_zero_counted_and_no_share() -> None:
    card = scores(TWO_SIDED, [])
    assert card["questions"].value == 0
    assert card["open_share"].value is None
    assert card["impact_share"].value is None


def test_talk_share_counts_each_sides_own_seconds() -> None:
    card = scores(TWO_SIDED, [])
    assert card["talk_share"].value == pytest.approx(5.5 / 12.0)


def test_overlapping_turns_of_one_side_count_once_and_times_end_with_the_recording() -> None:
    turns = [Turn("agent", "a", 0.0, 10.0), Turn("agent", "b", 5.0, 10.0), Turn("customer", "c", 10.0, 99.0)]
    assert scores(turns, [], duration_s=20.0)["talk_share"].value == pytest.approx(0.5)


def test_a_backchannel_does_not_end_a_monologue_but_words_and_long_pauses_do() -> None:
    assert scores(TWO_SIDED, [])["longest_monologue"].value == pytest.approx(4.0)
    assert scores(TWO_SIDED, [])["customer_longest_monologue"].value == pytest.approx(6.0)
    hold = [Turn("agent", "one", 0.0, 3.0), Turn("agent", "two", 60.0, 65.0), Turn("customer", "yes", 66.0, 67.0)]
    assert scores(hold, [])["longest_monologue"].value == pytest.approx(5.0)


def test_reply_words_follow_the_last_question_of_a_turn() -> None:
    card = scores(TWO_SIDED, [ask(0, "open", "opener"), ask(2, "open", "impact"), ask(2, "closed", "check", 5)])
    assert (card["reply_words_open"].value, card["reply_words_open"].of) == (9, 1)
    assert card["reply_words_closed"].value == 1


@pytest.mark.parametrize(
    "turns", [[], [Turn("unknown", "What is it?", 0.0, 3.0)], [Turn("customer", "Hello?", 0.0, 1.0)]]
)
def test_nothing_is_known_without_an_agent(turns: list[Turn]) -> None:
    for one in measure(turns, [], 10.0):
        assert one.value is None
        assert one.explanation.startswith("Does not apply")


def test_one_sided_call_has_questions_but_no_talk_share() -> None:
    card = scores([Turn("agent", "What is it?", 0.0, 3.0)], [ask(0, "closed", "diagnostic")])
    assert card["questions"].value == 1
    assert card["talk_share"].value is None
    assert card["longest_monologue"].value is None


def test_messages_without_times_have_no_talk_share() -> None:
    card = scores([Turn("agent", "What is it?"), Turn("customer", "A bill.")], [ask(0, "closed", "diagnostic")])
    assert card["talk_share"].value is None
    assert card["longest_monologue"].value is None
    assert card["reply_words_closed"].value == 2


def test_scores_are_named_once_and_explained() -> None:
    found = measure(TWO_SIDED, [], 12.0)
    assert len({one.name for one in found}) == len(found)
    assert all(one.explanation.endswith(".") for one in found)
