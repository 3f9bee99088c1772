import pytest
from talks import talk

from coach.measures import measure, measure_names

TWO_SIDED = talk(
    "A 0-2 How can I help you? <open opener>",
    "C 2-8 It drops every evening and I work from home",
    "A 8-10 What does that do to your work? Every day? <open impact><closed check>",
    "C 9-9.5 mhm",
    "A 10.5-12 I see.",
)


def test_questions_are_counted_by_form_and_function() -> None:
    card = TWO_SIDED.scores()
    assert (card["questions"].value, card["open_questions"].value, card["closed_questions"].value) == (3, 2, 1)
    assert (card["impact_questions"].value, card["need_questions"].value) == (1, 0)
    assert (card["open_share"].value, card["open_share"].n, card["open_share"].of) == (pytest.approx(2 / 3), 2, 3)
    assert card["impact_share"].value == pytest.approx(1 / 3)
    assert card["need_share"].value == 0.0
    assert [evidence.turn for evidence in card["impact_share"].evidence] == [2]


def test_function_shares_add_up() -> None:
    card = TWO_SIDED.scores()
    shares = [score.value for name, score in card.items() if name.endswith("_share") and score.of == 3]
    assert sum(value for value in shares if value is not None) == pytest.approx(1.0 + 2 / 3)  # functions, and open


def test_pace_is_of_the_whole_call() -> None:
    assert TWO_SIDED.scores(60.0)["questions_per_10_minutes"].value == pytest.approx(30.0)
    assert TWO_SIDED.scores()["questions_per_10_minutes"].value == pytest.approx(150.0)
    assert TWO_SIDED.scores()["questions_per_10_minutes"].unit == "per_10_minutes"
    assert talk("A Why?", "C Because.").scores()["questions_per_10_minutes"].value is None


def test_no_questions_is_zero_counted_and_no_share() -> None:
    card = talk("A 0-2 Hello.", "C 2-3 Hello.").scores()
    assert card["questions"].value == 0
    assert card["open_share"].value is None
    assert card["impact_share"].value is None
    assert card["reflections_per_question"].value is None


@pytest.mark.parametrize("lines", [[], ["? 0-3 What is it?"], ["C 0-1 Hello?"]])
def test_nothing_about_the_agent_is_known_without_one(lines: list[str]) -> None:
    of_the_call = {"customer_speaking_rate", "silence_share", "hold"}
    for score in talk(*lines).scores(10.0).values():
        if score.name not in of_the_call:
            assert score.value is None
            assert score.explanation.startswith("Does not apply")


def test_a_one_sided_call_has_questions_but_nothing_that_compares() -> None:
    card = talk("A 0-3 What is it? <closed diagnostic>").scores()
    assert card["questions"].value == 1
    for name in ("talk_share", "longest_monologue", "patience", "interruptions", "chain", "taken_up", "hold"):
        assert card[name].value is None, name


def test_reflections_are_counted_beside_questions() -> None:
    card = talk("A So it wears you out. <reflection>", "C Yes.", "A What then? Why? <open need><open need>").scores()
    assert card["reflections"].value == 1
    assert (card["reflections_per_question"].value, card["reflections_per_question"].of) == (0.5, 2)


def test_an_unlikely_reflection_is_not_counted() -> None:
    assert talk("A So it wears you out. <reflection=0.49>", "C Yes.").scores()["reflections"].value == 0


def test_measures_are_always_the_same_and_explained() -> None:
    for found in (measure((), (), (), None), tuple(TWO_SIDED.scores(12.0).values())):
        assert [score.name for score in found] == [score.name for score in measure((), (), (), None)]
        assert {score.name for score in found} == measure_names()
        assert len(found) == len(measure_names())
        assert all(score.explanation.endswith(".") for score in found)
        assert all(score.unit in {"count", "share", "s", "per_minute", "per_10_minutes"} for score in found)
