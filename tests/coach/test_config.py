"""The configuration file: strict, with sentences that name file and field."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from coach.config import Config, load_config
from coach.errors import ConfigError


def test_no_file_means_the_defaults() -> None:
    assert load_config(None) == Config()


def test_the_example_is_inert_as_written_and_complete(tmp_path: Path) -> None:
    example = files("coach").joinpath("example.toml").read_text(encoding="utf-8")
    file = tmp_path / "coach.toml"
    file.write_text(example, encoding="utf-8")
    assert load_config(file) == Config()
    file.write_text(re.sub(r"^# (\w+ = )", r"\1", example, flags=re.MULTILINE), encoding="utf-8")
    load_config(file)
    for section in ("inbox", "transcribe", "redact", "store", "score", "retrieval", "serve"):
        for name in vars(getattr(Config(), section)):
            assert f"# {name} = " in example, f"{section}.{name} is not in the example"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[inbox]\nagent_chanel = 1\n", "inbox.agent_chanel"),
        ("[inbox]\nagent_channel = 2\n", "inbox.agent_channel"),
        ("[transcribe]\nbatch_size = 0\n", "transcribe.batch_size"),
        ("[score]\nrubric = []\n", "score.rubric"),
        ("[score.ranges]\ntalk_share = { lowest = 1 }\n", "score.ranges.talk_share.lowest"),
        ("[score.ranges]\ntalk_share = { low = nan }\n", "score.ranges.talk_share.low"),
        ("[serve\n", "not valid TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "coach.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(str(file))) as caught:
        load_config(file)
    assert told in str(caught.value)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="coach init"):
        load_config(tmp_path / "none.toml")


def test_language_auto_means_detection(tmp_path: Path) -> None:
    file = tmp_path / "coach.toml"
    file.write_text('[transcribe]\nlanguage = "auto"\n', encoding="utf-8")
    assert load_config(file).transcribe.language is None


def test_rubrics_and_trackers_lie_beside_the_file_and_shipped_names_stay(tmp_path: Path) -> None:
    file = tmp_path / "coach.toml"
    file.write_text('[score]\nrubrics = ["discovery", "own/sales.toml"]\ntrackers = "own"\n', encoding="utf-8")
    score = load_config(file).score
    assert score.rubrics == ("discovery", str(tmp_path / "own" / "sales.toml"))
    assert score.trackers == str(tmp_path / "own")
