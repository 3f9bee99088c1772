from talks import talk

from coach.measures import answers


def test_an_answer_goes_on_over_backchannels_until_the_agent_takes_the_floor() -> None:
    said = talk(
        "A What happened? <open diagnostic>",
        "C The router failed",
        "A mhm",
        "C on Monday and again on Tuesday",
        "A Let me have a look",
        "C thanks",
    )
    (answer,) = answers(said.turns, said.questions)
    assert answer.turns == (1, 3)
    assert answer.words == 9
    assert answer.facts == ("router", "failed", "monday", "tuesday")


def test_a_short_turn_that_asks_ends_the_answer_before() -> None:
    said = talk(
        "A When? <closed diagnostic>",
        "C Monday",
        "A And why? <open diagnostic>",
        "C A storm",
        "A Where? <closed check>",
    )
    assert [(answer.turns, answer.words) for answer in answers(said.turns, said.questions)] == [
        ((1,), 1),
        ((3,), 2),
        ((), 0),
    ]


def test_what_was_said_before_or_in_the_question_is_no_new_fact() -> None:
    said = talk(
        "C The broken meter",
        "A Is it the meter in the kitchen? <closed diagnostic>",
        "C Yes, the kitchen meter, number 4711, and the meters next door",
    )
    (answer,) = answers(said.turns, said.questions)
    assert answer.facts == ("number", "4711", "door")


def test_facts_ignore_empty_words_shortened_verbs_and_plurals() -> None:
    said = talk(
        "A Why? <open diagnostic>", "C Well, I don't know, you're right, it's the bills. And the bill, in boxes!"
    )
    assert answers(said.turns, said.questions)[0].facts == ("bill", "box")


def test_the_last_question_of_a_turn_is_answered() -> None:
    said = talk("A What? Or when? <open need><closed diagnostic>", "C Tomorrow at 5.30")
    (answer,) = answers(said.turns, said.questions)
    assert answer.question.form == "closed"
    assert answer.facts == ("tomorrow", "5.30")
    assert answers(said.turns, ()) == ()


def test_yield_is_measured_by_form_over_answered_questions() -> None:
    card = talk(
        "A What then? <open impact>",
        "C My shop stayed shut all morning",
        "A Shut? <closed check>",
        "C yes",
        "A Anything else? <closed closing>",
    ).scores()
    assert (card["reply_words_open"].value, card["reply_words_open"].of) == (6, 1)
    assert (card["reply_words_closed"].value, card["new_facts_closed"].value) == (1, 0)
    assert card["new_facts_open"].value == 4
    assert talk("A What then? <open impact>").scores()["reply_words_open"].value is None
