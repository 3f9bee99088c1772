import pytest
from talks import Talk, talk

from coach.measures import missed_moments


def missed(said: Talk) -> list[int]:
    return [moment.cue.turn for moment in missed_moments(said.turns, said.questions, said.cues)]


@pytest.mark.parametrize(
    ("reply", "taken_up"),
    [
        ("A What does that cost you? <open impact>", True),
        ("A Is it urgent? <closed impact>", True),
        ("A What would help? <open need>", True),
        ("A What happened? <open diagnostic>", True),
        ("A When did it start? <closed diagnostic>", False),
        ("A Your postcode? <closed procedural>", False),
        ("A How awful for you. When was it? <empathy><closed diagnostic>", True),
        ("A So it costs you a day. Right? <reflection><closed check>", True),
        ("A Every bill has two parts. Clear? <teaching><closed check>", True),
        ("A When was it? How awful. <closed diagnostic><empathy>", False),  # acknowledged, not asked further
        ("A I am so sorry. <apology>", False),
        ("A I can hear how hard it is. <empathy>", False),
    ],
)
def test_what_counts_as_a_probe(reply: str, taken_up: bool) -> None:
    said = talk("C We lost a day's sales <impact_stated>", reply, "C yes", "A I see what you mean", "C good")
    assert (missed(said) == []) is taken_up
    assert said.scores()["taken_up"].value == float(taken_up)


def test_a_probe_may_come_in_the_agents_second_turn_but_not_in_the_third() -> None:
    probe = "A What does that cost you? <open impact>"
    first, second = ("A let me see first", "C yes"), ("A there you are now", "C yes")
    assert missed(talk("C We lost sales <impact_stated>", *first, probe, "C a lot")) == []
    assert missed(talk("C We lost sales <impact_stated>", *first, *second, probe, "C a lot")) == [0]
    assert missed(talk("C We lost sales <impact_stated>", "A mhm", "C yes", *first, probe, "C a lot")) == []


def test_acknowledging_in_one_turn_and_asking_in_the_next_is_a_probe() -> None:
    said = talk(
        "C I am lost <confusion>",
        "A That is confusing, I know. <empathy>",
        "C yes",
        "A Which line? <closed diagnostic>",
    )
    assert missed(said) == []


def test_cues_before_the_same_answer_are_one_moment_named_by_the_weightiest() -> None:
    said = talk("C I need it today <urgency>", "C or I cancel <leaving>", "A Let me see what I can do")
    (moment,) = missed_moments(said.turns, said.questions, said.cues)
    assert (moment.cue.tracker, [cue.tracker for cue in moment.others], moment.agent_turns) == (
        "leaving",
        ["urgency"],
        (2,),
    )
    assert (said.scores()["taken_up"].n, said.scores()["taken_up"].of) == (0, 1)


def test_a_cue_that_is_likelier_wrong_than_right_accuses_nobody() -> None:
    reply = ("A Let me see what I can do", "C good")
    assert missed(talk("C I may leave <leaving=0.59>", *reply)) == []
    assert missed(talk("C I may leave <leaving=0.6>", *reply)) == [0]


def test_what_nobody_could_answer_is_not_missed() -> None:
    assert missed(talk("A Goodbye then", "C It ruined my week <impact_stated>")) == []


def test_other_cues_other_roles_and_calls_without_moments_are_left_alone() -> None:
    said = talk("C You are wonderful <praise>", "? I leave <leaving>", "A Let me see what I can do")
    assert missed(said) == []
    assert said.scores()["taken_up"].value is None
