import pytest
from talks import talk


def test_patience_is_the_median_pause_before_the_agent_answers() -> None:
    said = talk(
        "C 0-2 my line is down",
        "A 2.5-4 since when is that",
        "C 5-6 since last monday morning",
        "A 5.5-9 and what did you do",  # before the customer has ended: no pause
        "C 9-10 I switched it off",
        "A 12-13 and after that what",
        "C 14-15 it did not help",
        "A 55-56 let me look again",  # a hold, not patience
    )
    patience = said.scores()["patience"]
    assert (patience.value, patience.of) == (pytest.approx(0.5), 3)
    assert patience.evidence[0].turn == 3


def test_who_is_only_listened_to_is_not_answered() -> None:
    said = talk("A 0-5 first we look at it", "C 5-5.5 mhm", "A 6-9 then we mend it", "C 10-12 that is good of you")
    assert said.scores()["patience"].value is None


def test_silence_hold_and_whether_it_was_announced() -> None:
    said = talk(
        "C 0-4 my line is down",
        "A 6-8 one moment please <hold>",  # the two seconds before are no silence
        "A 14-15 thanks for waiting",  # six seconds, announced: a hold
        "C 19-20 that is fine",  # four seconds: silence
        "A 35-36 here it is",  # fifteen seconds, unannounced: a hold
    )
    card = said.scores(40.0)
    assert card["silence_share"].value == pytest.approx(4.0 / 40.0)
    assert (card["hold"].value, card["hold"].of) == (pytest.approx(21.0), 2)
    assert (card["announced_holds"].value, card["announced_holds"].n) == (0.5, 1)
    assert [evidence.turn for evidence in card["announced_holds"].evidence] == [3]


def test_ringing_before_and_after_is_neither() -> None:
    card = talk("A 30-31 hello there", "C 31-33 hello to you").scores(90.0)
    assert (card["silence_share"].value, card["hold"].value) == (0.0, 0.0)
    assert card["announced_holds"].value is None


def test_speech_of_an_unknown_side_is_no_silence_and_one_side_tells_nothing() -> None:
    assert talk("? 0-5 one two three", "? 25-30 four five").scores()["hold"].value == pytest.approx(20.0)
    assert talk("A 0-5 one two three", "? 5-20 x", "A 20-30 four five").scores()["hold"].value == 0.0
    assert talk("A 0-5 one two three", "A 25-30 four five").scores()["hold"].value is None


def test_a_short_turn_inside_a_long_one_ends_no_talk() -> None:
    assert talk("A 0-30 one two three", "C 1-2 mhm", "A 31-32 four").scores()["hold"].value == 0.0


def test_replies_in_writing_are_timed_by_their_instants() -> None:
    said = talk("C @0 hello", "C @60 still there?", "A @90 yes", "C @100 good", "A @400 so", "A @401 then")
    reply = said.scores()["reply_time"]
    assert (reply.value, reply.of) == (pytest.approx(165.0), 2)
    assert reply.evidence[0].turn == 4
    assert talk("C hello", "A yes").scores()["reply_time"].value is None
    assert talk("C 0-1 hello", "A 2-3 yes").scores()["reply_time"].value is None
