"""The configuration file: strict, with sentences that name file and field."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from coach.config import Config, LlmConfig, load_config
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
    for name in LlmConfig.__dataclass_fields__:
        assert f"{name} = " in example, f"llm.{name} is not in the example"


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
        ('llm = "gpt"\n', 'llm: write "none", "ollama:MODEL"'),
        ('llm = "ollama:"\n', "llm: write"),
        ("llm = 3\n", "llm: write"),
        ('llm = {model = "m"}\n', "llm.base_url"),
        ('llm = {base_url = "ftp://host/v1", model = "m"}\n', "llm.base_url: must be an http"),
        ('llm = {base_url = "http://me:secret@host/v1", model = "m"}\n', "llm.base_url: must be an http"),
        ('llm = {base_url = "http://host/v1", model = "m", timeout_s = 0}\n', "llm.timeout_s"),
        ('llm = {base_url = "http://host/v1", model = "m", temprature = 1}\n', "llm.temprature"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "coach.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(str(file))) as caught:
        load_config(file)
    assert told in str(caught.value)


@pytest.mark.parametrize("field", ["api_key", "api_key_env"])
def test_a_key_in_the_file_is_refused_and_not_repeated(tmp_path: Path, field: str) -> None:
    file = tmp_path / "coach.toml"
    file.write_text(f'[llm]\nbase_url = "http://host/v1"\nmodel = "m"\n{field} = "sk-secret"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="environment variable") as caught:
        load_config(file)
    assert "llm" in str(caught.value)
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('llm = "none"', None),
        ('llm = "ollama:qwen:7b"', ("http://127.0.0.1:11434/v1", "qwen:7b", None, 1, 4096)),
        ('llm = "openai:gpt"', ("https://api.openai.com/v1", "gpt", "OPENAI_API_KEY", 4, 32_000)),
        ('llm = {base_url = "http://[::1]:80/v1", model = "m"}', ("http://[::1]:80/v1", "m", None, 4, 32_000)),
        ('[llm]\nbase_url = "https://h"\nmodel = "m"\napi_key_env = "K_2"', ("https://h", "m", "K_2", 4, 32_000)),
    ],
)
def test_an_llm_can_be_written_in_short(tmp_path: Path, text: str, meant: tuple[object, ...] | None) -> None:
    file = tmp_path / "coach.toml"
    file.write_text(text, encoding="utf-8")
    llm = load_config(file).llm
    found = llm and (llm.base_url, llm.model, llm.api_key_env, llm.concurrency, llm.context_tokens)
    assert found == meant


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
