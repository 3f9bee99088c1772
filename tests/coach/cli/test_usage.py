"""Wrong usage: one sentence on stderr, nothing on stdout, exit code 2 (or 1 for an input that is not there)."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from commandline import Coach

from coach.cli.run import next_instant
from coach.errors import ConfigError


@pytest.mark.parametrize(
    "args",
    [
        ("run", "no-such-folder"),
        ("run",),
        ("search",),
        ("search", "x", "-k", "0"),
        ("search", "x", "--where", "nonsense"),
        ("forget",),
        ("forget", "one", "--customer", "two"),
        ("nonsense",),
        ("status", "--config", "no-such.toml"),
    ],
)
def test_wrong_usage_exits_2_with_a_sentence(coach: Coach, tmp_path: Path, args: tuple[str, ...]) -> None:
    ran = coach(*args, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.strip()
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "args", [("status",), ("show", "x"), ("search", "x"), ("export", "--format", "csv"), ("forget", "x")]
)
def test_without_a_store_commands_say_how_to_begin(coach: Coach, tmp_path: Path, args: tuple[str, ...]) -> None:
    ran = coach(*args, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "coach run" in ran.err
    assert "Traceback" not in ran.err
    assert not list(tmp_path.iterdir())


def test_init_writes_a_configuration_that_doctor_accepts(coach: Coach, tmp_path: Path) -> None:
    assert coach("init", "--data", tmp_path / "data").code == 0
    assert coach("init", "--data", tmp_path / "data").code == 2
    checks = coach("doctor", "--data", tmp_path / "data", "--json")
    assert checks.code == 0, checks.out
    assert {check["name"] for check in checks.json} >= {"python", "whisper weights", "embedding weights", "store"}


def test_help_and_version_load_no_model_library(coach: Coach) -> None:
    ran = coach("--help", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert ran.code == 0
    assert "transcribe" in ran.out
    assert " torch" not in ran.err


def test_until_means_the_next_such_hour() -> None:
    now = datetime(2026, 1, 31, 22, 0)
    assert next_instant("23:30", now).replace(tzinfo=None) == now + timedelta(hours=1, minutes=30)
    assert next_instant("06:00", now).replace(tzinfo=None) == datetime(2026, 2, 1, 6, 0)
    with pytest.raises(ConfigError, match="HH:MM"):
        next_instant("6 am", now)
