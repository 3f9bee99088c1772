"""At which moments another question is suggested. `talk` marks questions `<form function>` and cues `<tracker>`."""

import pytest
from talks import talk

from coach.suggest.moments import MAX_MOMENTS, Moment, moments_of, telling


def found(*lines: str) -> list[Moment]:
    call = talk(*lines)
    return moments_of(call.turns, call.questions, call.cues)


def reasons(*lines: str) -> list[tuple[str, str]]:
    return [(moment.reason, moment.function) for moment in found(*lines)]


def test_a_silent_call_has_no_moments() -> None:
    assert moments_of((), (), ()) == []


@pytest.mark.parametrize(
    ("cue", "function"),
    [("leaving", "need"), ("impact_stated", "impact"), ("urgency", "impact"), ("confusion", "diagnostic")],
)
def test_a_cue_nobody_took_up_wants_a_question(cue: str, function: str) -> None:
    (moment,) = found(f"C I lost a day of work. <{cue}>", "A I will note that down.", "C Fine.", "A It is in the file.")
    assert (moment.turn, moment.reason, moment.function) == (0, cue, function)
    assert moment.asked == ""


def test_what_was_asked_closed_after_a_cue_is_told() -> None:
    (moment,) = found("C We missed the flight. <impact_stated>", "A What is your number? <closed procedural>")
    assert moment.asked == "What is your number?"


def test_a_cue_that_was_taken_up_is_no_moment() -> None:
    assert found("C We missed the flight. <impact_stated>", "A What does that mean for you? <open impact>") == []


@pytest.mark.parametrize(
    ("asked", "wished"),
    [
        ("impact", "impact"),
        ("need", "need"),
        ("opener", "opener"),
        ("diagnostic", "diagnostic"),
        ("closing", "learning"),
    ],
)
def test_a_closed_question_could_have_been_open(asked: str, wished: str) -> None:
    assert reasons("C The line is dead again.", f"A Is it? <closed {asked}>", "C Yes.") == [("closed", wished)]


@pytest.mark.parametrize("function", ["procedural", "check"])
def test_what_must_be_closed_is_left_alone(function: str) -> None:
    assert found("C The line is dead again.", f"A Your number? <closed {function}>") == []


def test_no_suggestion_where_the_agent_asked_openly_soon_after() -> None:
    lines = [
        "C The line is dead.",
        "A Is it urgent? <closed impact>",
        "C Well.",
        "A How does it affect you? <open impact>",
    ]
    assert found(*lines) == []


def test_facts_may_be_narrowed_down_once_the_story_was_asked_for() -> None:
    opened = "A What happened? <open diagnostic>"
    assert found("C It is dead.", opened, "C It fell.", "A Which lamp? <closed diagnostic>") == []


def test_one_closed_question_of_a_function_is_enough() -> None:
    assert reasons(*["A Does it hurt you? <closed impact>", "C Yes it does."] * 4) == [("closed", "impact")]


def test_missed_moments_come_first_and_no_more_than_a_few() -> None:
    lines = ["A Can I help? <closed opener>"]
    for _ in range(4):
        lines += ["C It is dead. <confusion>", "A Right, I have put that into the file."]
        lines += ["C I will leave you. <leaving>", "A Right, I have put that into the file."]
    got = [reason for reason, _ in reasons(*lines)]
    assert len(got) == MAX_MOMENTS
    assert got == sorted(got, key=["leaving", "impact_stated", "urgency", "confusion", "closed"].index)


def test_words_that_tell_and_words_that_do_not() -> None:
    assert telling("The broadband drops every evening at eight.")
    assert not telling("Yes, yes, that is right, yes.")
