"""Rubrics applied to invented calls."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from talks import Talk, talk

from coach.rubrics import apply, load_rubric
from coach.types import Score, Scorecard

ROOT = Path(__file__).parents[3]
TRACKERS = frozenset(path.stem for path in (ROOT / "coach" / "trackers").glob("*/*.toml"))

GOOD = talk(
    "A 0-3 Good morning, what has brought you to us today? <open opener>",
    "C 3.4-12 Our card machine is down again and I already rang on Monday about it <cause_repeat_contact>",
    "A 12.5-18 I'm sorry. So you had to ring twice. What does it do to the shop? <apology><reflection><open impact>",
    "C 18.4-30 People walk out, we lost about three hundred pounds since then <impact_stated>",
    "A 30.5-38 That is hard on a small shop. What would help you most today? <empathy><open need>",
    "C 38.5-44 A machine that works before the weekend <urgency>",
    "A 44.5-50 So before the weekend. How do you take payments until then? <reflection><open need>",
    "C 50.5-55 Only cash at the moment",
    "A 55.5-62 I will send a new one by courier, it is with you on Friday morning. <promise><remedy>",
    "C 62.4-64 Perfect, thank you so much",
    "A 64.5-68 What could we have done better for you? <open learning>",
    "C 68.4-72 Nobody told me that it was a known fault",
    "A 72.5-75 I pass that on. Thanks for calling, goodbye. <ownership><closing>",
    "C 75.2-76 Bye",
)
POOR = talk(
    "A 0-3 Account number please? <closed procedural>",
    "C 3.1-9 Hello, our card machine is down and we are losing customers <impact_stated>",
    "A 7.5-20 That is the terminal provider's fault. Account number? <blame_shifted><closed procedural>",
    "C 20-23 It is four four one",
    "A 23-40 You need to do a PDQ cold reset through the APN profile <jargon>",
    "C 40-44 I don't understand a word of that <confusion>",
    "A 43-60 It is all in the manual really and I have other calls waiting, so <hurrying>",
    "C 58-62 then I may as well cancel <leaving>",
    "A 60.5-75 You can do that online. Is that all? <closed closing>",
    "C 75-76 Unbelievable",
)


def scored(said: Talk, rubric: str) -> tuple[Scorecard, dict[str, Score]]:
    card = apply(load_rubric(rubric, TRACKERS), said.call())
    return card, {score.name: score for score in card.scores}


@pytest.mark.parametrize("rubric", ["discovery", "service-basics"])
def test_shipped_rubrics_tell_a_good_call_from_a_poor_one(rubric: str) -> None:
    good, _ = scored(GOOD, rubric)
    poor, _ = scored(POOR, rubric)
    assert good.value is not None
    assert poor.value is not None
    assert good.value > 0.9
    assert poor.value < 0.35
    for card in (good, poor):
        for score in card.scores:
            assert score.value is None or 0.0 <= score.value <= 1.0
            assert score.section
            assert score.explanation.endswith((".", "?", '"')), score.explanation


def test_the_discovery_rubric_says_what_was_missing_and_where() -> None:
    _, scores = scored(POOR, "discovery")
    assert scores["asks_impact"].value == 0.0
    assert "Ask once what it means for them" in scores["asks_impact"].explanation
    assert scores["takes_up_openings"].value == 0.0
    assert [evidence.turn for evidence in scores["takes_up_openings"].evidence] == [1, 5, 7]
    assert scores["explores_before_solving"].value is None
    assert scores["next_step"].value == 0.0


def test_a_label_that_is_unsure_proves_nothing() -> None:
    call = GOOD.call()
    doubted = replace(call, questions=tuple(replace(one, unsure=True) for one in call.questions))
    scores = {score.name: score for score in apply(load_rubric("discovery", TRACKERS), doubted).scores}
    assert scores["asks_impact"].value == 0.0
    assert scores["open_questions"].value is None


def test_the_basics_apply_only_where_the_call_calls_for_them() -> None:
    _, good = scored(GOOD, "service-basics")
    _, poor = scored(POOR, "service-basics")
    assert (good["makes_good"].value, poor["makes_good"].value) == (1.0, None)
    assert (good["explains"].value, poor["explains"].value) == (None, 0.0)
    assert (good["no_blame"].value, poor["no_blame"].value) == (1.0, 0.5)
    assert good["announces_holds"].value is None


def test_a_judged_criterion_is_only_reported() -> None:
    card, scores = scored(GOOD, "service-basics")
    assert scores["courteous"].value is None
    assert scores["courteous"].weight is None
    assert "Not judged." in scores["courteous"].explanation
    judged = apply(
        load_rubric("service-basics", TRACKERS), GOOD.call(), {"courteous": Judged(0.0, "Shouted.", (2, 99))}
    )
    score = next(score for score in judged.scores if score.name == "courteous")
    assert (score.value, score.weight, [evidence.turn for evidence in score.evidence]) == (0.0, None, [2])
    assert "Shouted." in score.explanation
    assert judged.value == card.value


def test_a_calibrated_judged_criterion_counts() -> None:
    rubric = replace(load_rubric("service-basics", TRACKERS), calibrated=("courteous",))
    low, high = (apply(rubric, GOOD.call(), {"courteous": Judged(value, "Heard.", ())}).value for value in (0.0, 1.0))
    assert low is not None
    assert high is not None
    assert low < high


@dataclass(frozen=True, slots=True)
class Judged:
    value: float | None
    explanation: str
    turns: tuple[int, ...]


@pytest.mark.parametrize("lines", [[], ["? 0-3 Anything else?"], ["C 0-3 hello there <leaving>"]])
def test_nothing_applies_without_an_agent(lines: list[str]) -> None:
    card, scores = scored(talk(*lines), "discovery")
    assert card.value is None
    assert all(score.value is None for score in scores.values())


def test_a_chat_is_scored_by_what_needs_no_times() -> None:
    said = talk(
        "A What brings you here? <open opener>", "C My bill", "A What does it do to you? <open impact>", "C Harm"
    )
    card, scores = scored(said, "discovery")
    assert card.value is not None
    assert scores["talk_share"].value is None
    assert scores["asks_impact"].value == 1.0


RUBRIC = """
name = "own"
title = "Own"
[[sections]]
name = "a"
title = "A"
weight = 3
[[sections.criteria]]
{first}
[[sections.criteria]]
name = "second"
sentence = "Asks about impact."
kind = "count"
functions = ["impact"]
weight = 1
[[sections]]
name = "b"
title = "B"
weight = 1
[[sections.criteria]]
name = "third"
sentence = "Asks for needs."
kind = "count"
functions = ["need"]
"""
CALL = talk(
    "A What? <open impact>",
    "C It hurts <impact_stated>",
    "A I see that. <empathy>",
    "C and again <impact_stated>",
    "A When? And where? <closed diagnostic><closed diagnostic>",
    "C now",
    "A Here is your money. <remedy>",
)


def first_of(folder: Path, criterion: str, said: Talk = CALL) -> tuple[Score, Scorecard]:
    file = folder / "own.toml"
    file.write_text(RUBRIC.format(first=f'name = "first"\nsentence = "Does."\n{criterion}'), encoding="utf-8")
    card = apply(load_rubric(str(file), TRACKERS), said.call())
    return card.scores[0], card


@pytest.mark.parametrize(
    ("criterion", "value", "turns"),
    [
        ('kind = "share"\nforms = ["open"]\nfull_at = 0.5', 2 / 3, [0]),
        ('kind = "share"\nforms = ["open"]\nzero_at = 0.1\nfull_at = 0.2', 1.0, [0]),
        ('kind = "share"\nfunctions = ["diagnostic"]\nzero_at = 1\nfull_at = 0', 1 / 3, [4, 4]),
        ('kind = "count"\nfunctions = ["diagnostic"]\nfull_at = 4', 0.5, [4, 4]),
        ('kind = "count"\nfunctions = ["diagnostic"]\nin_first = 2', 0.0, []),
        ('kind = "count"\nfunctions = ["diagnostic"]\nin_last = 2', 1.0, [4, 4]),
        ('kind = "count"\nforms = ["open"]\nin_last = 9', 1.0, [0]),
        ('kind = "cue"\ntrackers = ["empathy", "remedy"]\nfull_at = 4', 0.5, [2, 6]),
        ('kind = "cue"\ntrackers = ["jargon"]\nzero_at = 1\nfull_at = 0', 1.0, []),
        ('kind = "cue"\ntrackers = ["empathy"]\nzero_at = 1\nfull_at = 0', 0.0, [2]),
        ('kind = "follow_up"\nafter = ["impact_stated"]\ntrackers = ["empathy"]', 0.5, [3]),
        ('kind = "follow_up"\nafter = ["impact_stated"]\ntrackers = ["empathy"]\nwithin = 1', 0.5, [3]),
        ('kind = "follow_up"\nafter = ["impact_stated"]\nfunctions = ["diagnostic"]', 1.0, [4, 4]),
        ('kind = "follow_up"\nafter = ["leaving"]\ntrackers = ["empathy"]', None, []),
        ('kind = "order"\nfirst = { functions = ["impact"] }\nthen = { trackers = ["remedy"] }', 1.0, [0, 6]),
        ('kind = "order"\nfirst = { trackers = ["remedy"] }\nthen = { forms = ["closed"] }', 0.0, [4, 6]),
        ('kind = "order"\nfirst = { trackers = ["apology"] }\nthen = { trackers = ["remedy"] }', 0.0, [6]),
        ('kind = "order"\nfirst = { trackers = ["remedy"] }\nthen = { trackers = ["jargon"] }', None, []),
        ('kind = "range"\nmeasure = "questions"\nlow = 1\nhigh = 3', 1.0, [0, 4, 4]),
        ('kind = "range"\nmeasure = "questions"\nhigh = 2', 0.0, [0, 4, 4]),
        ('kind = "range"\nmeasure = "questions"\nhigh = 2\nmargin = 4', 0.75, [0, 4, 4]),
        ('kind = "range"\nmeasure = "questions"\nlow = 5\nmargin = 4', 0.5, [0, 4, 4]),
        ('kind = "range"\nmeasure = "hold"\nhigh = 30', None, []),
    ],
)
def test_each_kind_comes_out_with_its_evidence(
    tmp_path: Path, criterion: str, value: float | None, turns: list[int]
) -> None:
    score, _ = first_of(tmp_path, criterion)
    assert score.value == (None if value is None else pytest.approx(value))
    assert [evidence.turn for evidence in score.evidence] == turns
    assert score.explanation.startswith("Does. ")


def test_unlikely_cues_neither_praise_nor_accuse(tmp_path: Path) -> None:
    said = talk("A Hello there. <empathy=0.4>", "C I leave <leaving=0.4>", "A It is a DSLAM. <jargon=0.4>")
    assert first_of(tmp_path, 'kind = "cue"\ntrackers = ["empathy"]', said)[0].value == 0.0
    assert first_of(tmp_path, 'kind = "cue"\ntrackers = ["jargon"]\nzero_at = 1\nfull_at = 0', said)[0].value == 1.0
    follow_up = 'kind = "follow_up"\nafter = ["leaving"]\ntrackers = ["empathy"]'
    assert first_of(tmp_path, follow_up, said)[0].value is None


def test_what_does_not_apply_is_left_out_of_the_denominator(tmp_path: Path) -> None:
    with_it, card = first_of(tmp_path, 'kind = "cue"\ntrackers = ["apology"]\nweight = 3')
    assert with_it.value == 0.0
    assert card.value == pytest.approx((3 * 0.25 + 1 * 0.0) / 4)  # first 0 of weight 3, second 1; third 0
    without, card = first_of(tmp_path, 'kind = "follow_up"\nafter = ["leaving"]\ntrackers = ["empathy"]\nweight = 3')
    assert without.value is None
    assert card.value == pytest.approx(3 / 4)


def test_a_section_without_anything_that_applies_is_left_out(tmp_path: Path) -> None:
    said = talk("A Hello there.", "C Hello.")
    text = RUBRIC.replace('kind = "count"\nfunctions = ["impact"]', 'kind = "share"\nforms = ["open"]\nfull_at = 1')
    file = tmp_path / "own.toml"
    file.write_text(
        text.format(first='name = "first"\nsentence = "Does."\nkind = "range"\nmeasure = "hold"\nhigh = 1'),
        encoding="utf-8",
    )
    card = apply(load_rubric(str(file), TRACKERS), said.call())
    assert [score.value for score in card.scores] == [None, None, 0.0]
    assert card.value == 0.0


def test_a_fatal_criterion_that_is_not_met_voids_the_scorecard(tmp_path: Path) -> None:
    missed = 'kind = "cue"\ntrackers = ["apology"]\nfatal = true\nweight = 0'
    score, card = first_of(tmp_path, missed)
    assert (score.value, score.fatal, card.value) == (0.0, True, 0.0)
    _, card = first_of(tmp_path, missed.replace("apology", "empathy"))
    assert card.value == pytest.approx(3 / 4)
    _, card = first_of(tmp_path, 'kind = "follow_up"\nafter = ["leaving"]\ntrackers = ["empathy"]\nfatal = true')
    assert card.value == pytest.approx(3 / 4)  # does not apply


def test_the_agent_is_told_what_belongs_to_the_outcome(tmp_path: Path) -> None:
    answers = 'answers.met = "M!"\nanswers.partly = "P!"\nanswers.not_met = "N!"\nanswers.not_applicable = "A!"'
    for criterion, told in (
        ('kind = "cue"\ntrackers = ["empathy"]', "M!"),
        ('kind = "cue"\ntrackers = ["empathy"]\nfull_at = 2', "P!"),
        ('kind = "cue"\ntrackers = ["apology"]', "N!"),
        ('kind = "follow_up"\nafter = ["leaving"]\ntrackers = ["empathy"]', "A!"),
    ):
        assert first_of(tmp_path, f"{criterion}\n{answers}")[0].explanation.endswith(f" {told}")
