"""What to practise in a call, and which suggestion belongs to which moment."""

from dataclasses import replace

import pytest

from coach.measures.missed import OPENINGS
from coach.practice import practice_of
from coach.types import Call, Cue, Function, Metadata, Question, Suggestion, Turn

TURNS = (
    Turn("agent", "How can I help?"),
    Turn("customer", "I was late for work. And I am leaving."),
    Turn("agent", "Is the light red?"),
    Turn("customer", "It is urgent."),
    Turn("agent", "Which cable is it?"),
    Turn("customer", "The blue one."),
    Turn("agent", "Thank you, I will note that down."),
)
QUESTIONS = (
    Question(0, 0, 15, None, "How can I help?", "open", "opener", 0.9, 0.9, False),
    Question(2, 0, 17, None, "Is the light red?", "closed", "diagnostic", 0.9, 0.9, False),
    Question(4, 0, 18, None, "Which cable is it?", "closed", "diagnostic", 0.9, 0.9, False),
)
IMPACT = Cue("impact_stated", 1, 0, 20, None, "I was late for work.", 0.9)
LEAVING = Cue("leaving", 1, 21, 38, None, "And I am leaving.", 0.9)
URGENT = Cue("urgency", 3, 0, 13, None, "It is urgent.", 0.9)


def call_with(*cues: Cue) -> Call:
    return Call("c", Metadata(), TURNS, None, "c.jsonl", None, questions=QUESTIONS, cues=cues)


def suggest(turn: int, start_char: int, reason: str, function: Function = "impact") -> Suggestion:
    return Suggestion(turn, start_char, reason, function, "bank", f"{reason} at {turn}?", "written exemplar")


def test_suggestions_go_to_their_moment_and_their_question() -> None:
    one, other, third = suggest(1, 21, "leaving"), suggest(1, 0, "impact_stated"), suggest(4, 0, "closed", "diagnostic")
    practice = practice_of(call_with(IMPACT, LEAVING), [one, other, third])
    (opening,) = practice.openings
    assert opening.moment.cue == LEAVING
    assert opening.suggestions == (one, other)
    (rework,) = practice.reworks
    assert (rework.question, rework.suggestions) == (QUESTIONS[2], (third,))


def test_headline_names_what_would_have_helped_most_often() -> None:
    leaving = practice_of(call_with(LEAVING), ()).headline
    impact = practice_of(call_with(IMPACT), ()).headline
    assert leaving is not None
    assert "leaving" in leaving
    assert practice_of(call_with(replace(LEAVING, turn=1), URGENT), ()).headline == leaving
    assert practice_of(call_with(URGENT), ()).headline == impact


def test_without_missed_moments_the_first_question_to_open_gives_the_headline() -> None:
    practice = practice_of(call_with(), [suggest(4, 0, "closed", "need"), suggest(2, 0, "closed", "diagnostic")])
    assert [rework.turn for rework in practice.reworks] == [2, 4]
    assert practice.headline is not None
    assert "narrowing" in practice.headline


def test_nothing_to_practise_is_nothing() -> None:
    practice = practice_of(replace(call_with(), questions=()), ())
    assert (practice.openings, practice.reworks, practice.strengths, practice.headline) == ((), (), (), None)
    unknown = replace(call_with(LEAVING), turns=tuple(replace(turn, role="unknown") for turn in TURNS))
    assert practice_of(unknown, ()).headline is None


@pytest.mark.parametrize("tracker", OPENINGS)
def test_every_opening_has_words_for_what_was_not_asked_and_what_to_practise(tracker: str) -> None:
    practice = practice_of(call_with(replace(LEAVING, tracker=tracker)), ())
    assert practice.openings[0].unasked.startswith("Nobody asked")
    assert practice.headline


def test_open_question_whose_answer_brings_new_facts_is_a_strength() -> None:
    story = Turn("customer", "The engineer came on Friday, drilled through the kitchen wall and left.")
    turns = (TURNS[0], story, TURNS[2], Turn("customer", "Red, since the storm flooded the cellar on Sunday."))
    call = replace(call_with(), turns=turns, questions=QUESTIONS[:2])
    (strength,) = practice_of(call, ()).strengths
    assert (strength.question, strength.words) == (QUESTIONS[0], 12)
    unsure = replace(call, questions=(replace(QUESTIONS[0], unsure=True), QUESTIONS[1]))
    assert practice_of(unsure, ()).strengths == ()
