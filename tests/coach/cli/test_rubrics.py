"""`coach rubrics` and `coach review`: what people say stands beside the machine's score."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from talks import talk

from coach.cli import cli
from coach.config import StoreConfig
from coach.errors import ConfigError, InputError
from coach.rubrics import apply, load_rubric
from coach.store import open_store
from coach.trackers import load_trackers

SAID = talk(
    "A How can I help? <open opener>",
    "C The shop is shut because of you <impact_stated>",
    "A That is awful for you. What does it cost you? <empathy><open impact>",
    "C A hundred a day",
)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with three scored calls. Tests must not change it."""
    folder = tmp_path_factory.mktemp("scored") / "data"
    trackers = {tracker.name for tracker in load_trackers(None)}
    cards = tuple(apply(load_rubric(name, trackers), SAID.call()) for name in ("discovery", "service-basics"))
    with open_store(folder, StoreConfig()) as store:
        for number in range(3):
            store.save_call(replace(SAID.call(), id=f"c{number}", scorecards=cards))
    return folder


@pytest.fixture
def data(scored: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(scored, tmp_path / "data"))


@pytest.fixture
def coach(data: Path) -> Callable[..., Result]:
    def run(*args: str) -> Result:
        return CliRunner().invoke(cli, [*args, "--data", str(data)], standalone_mode=False, catch_exceptions=False)

    return run


def criteria(coach: Callable[..., Result]) -> dict[str, Any]:
    shown = json.loads(coach("rubrics", "--json").stdout)
    return {c["name"]: c for rubric in shown for section in rubric["sections"] for c in section["criteria"]}


def test_rubrics_are_listed_with_sections_criteria_and_weights(coach: Callable[..., Result]) -> None:
    shown = json.loads(coach("rubrics", "--json").stdout)
    assert [rubric["name"] for rubric in shown] == ["discovery", "service-basics"]
    assert all(len(rubric["sha256"]) == 64 for rubric in shown)
    found = criteria(coach)
    assert (found["asks_impact"]["kind"], found["asks_impact"]["weight"]) == ("count", 3.0)
    assert found["courteous"]["weight"] is None
    assert found["asks_impact"]["reviews"]["n"] == 0
    text = coach("rubrics").stdout
    assert "asks_impact (count, weight 3): Asks what the matter does to the customer." in text
    assert "courteous (judged, only reported)" in text
    assert "review" not in text


def test_rubrics_need_no_store(tmp_path: Path) -> None:
    ran = CliRunner().invoke(cli, ["rubrics", "--data", str(tmp_path / "none")], standalone_mode=False)
    assert "discovery: " in ran.stdout
    assert not list(tmp_path.iterdir())


def test_a_configured_rubric_and_its_mistakes_are_found_beside_the_file(
    coach: Callable[..., Result], data: Path
) -> None:
    (data / "coach.toml").write_text('[score]\nrubrics = ["own.toml"]\n', encoding="utf-8")
    own = 'name = "own"\ntitle = "Own"\n[[sections]]\nname = "a"\ntitle = "A"\n[[sections.criteria]]\nname = "x"\n'
    (data / "own.toml").write_text(f'{own}sentence = "Does."\nkind = "cue"\ntrackers = ["praise"]\n', encoding="utf-8")
    assert [rubric["name"] for rubric in json.loads(coach("rubrics", "--json").stdout)] == ["own"]
    (data / "own.toml").write_text(f'{own}sentence = "Does."\nkind = "cue"\ntrackers = ["prase"]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"own\.toml, line 10: there is no tracker 'prase'"):
        coach("rubrics")


def test_reviews_are_noted_and_their_agreement_is_shown(coach: Callable[..., Result], data: Path) -> None:
    for call, value in (("c0", "1"), ("c1", "0.5"), ("c2", "na")):
        coach("review", call, "discovery", "asks_impact", value, "--by", "Ann", "--note", "well asked")
    coach("review", "c1", "discovery", "asks_impact", "0", "--by", "Ann")  # thinks again
    found = criteria(coach)["asks_impact"]["reviews"]
    assert (found["n"], found["difference"], found["n_yes_no"]) == (2, 0.5, 2)
    assert "2 reviews, 0.50 apart on average" in coach("rubrics").stdout
    with open_store(data, StoreConfig(), create=False) as store:
        assert [review.value for review in store.get_reviews("c1")] == [0.5, 0.0]
        assert store.get_reviews("c0")[0].note == "well asked"
        call = store.get_call("c0")
    assert call is not None
    assert [score.value for score in call.scorecards[0].scores if score.name == "asks_impact"] == [1.0]


def test_a_card_number_is_taken_out_of_a_note(coach: Callable[..., Result], data: Path) -> None:
    note = "should not have read out 4111 1111 1111 1111"
    coach("review", "c2", "discovery", "asks_impact", "0", "--by", "Ann", "--note", note)
    with open_store(data, StoreConfig(), create=False) as store:
        kept = store.get_reviews("c2")[-1].note
    assert kept.startswith("should not have read out")
    assert "1111" not in kept


def test_the_machines_score_is_told_beside_the_persons(coach: Callable[..., Result]) -> None:
    ran = coach("review", "c0", "discovery", "asks_impact", "0", "--by", "Ann")
    assert (ran.stdout, ran.stderr) == ("", "Noted: Ann says 0, the machine 1.\n")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("nobody", "discovery", "asks_impact"), "no call 'nobody'"),
        (("c0", "discover", "asks_impact"), "no scorecard 'discover'; it has discovery, service-basics"),
        (("c0", "discovery", "asks_impacts"), "no criterion 'asks_impacts'; it has invites_story"),
    ],
)
def test_what_does_not_exist_cannot_be_reviewed(coach: Callable[..., Result], args: tuple[str, ...], told: str) -> None:
    with pytest.raises(InputError, match=told):
        coach("review", *args, "1", "--by", "Ann")


@pytest.mark.parametrize("value", ["2", "nan", "yes", "1e9"])
def test_a_value_that_is_no_score_is_refused(scored: Path, value: str) -> None:
    args = ["review", "c0", "discovery", "asks_impact", value, "--by", "Ann", "--data", str(scored)]
    ran = CliRunner().invoke(cli, args)
    assert ran.exit_code == 2
    assert "from 0 (not met) to 1 (met), or na" in ran.stderr
