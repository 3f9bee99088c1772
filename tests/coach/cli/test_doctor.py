"""What `coach doctor` says of the LLM: which, and whether it answers now."""

from pathlib import Path

import pytest
from chatserver import Behaviour, chat_server, fails, says
from click.testing import CliRunner

from coach.cli.doctor import doctor_command

OTHERS = ("_device", "_whisper", "_embedding", "_decoder", "_store")


@pytest.fixture(autouse=True)
def nothing_else_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OTHERS:
        monkeypatch.setattr(f"coach.cli.doctor.{name}", lambda *_: "not looked at")


def llm_line(folder: Path, toml: str) -> str:
    (folder / "coach.toml").write_text(toml, encoding="utf-8")
    printed = CliRunner().invoke(doctor_command, ["--data", str(folder)]).output
    (line,) = [line for line in printed.splitlines() if line[9:].startswith("llm ")]
    return line


def test_without_an_llm_nothing_is_wrong(tmp_path: Path) -> None:
    assert llm_line(tmp_path, "").startswith("--       llm                none; everything works without one")


@pytest.mark.parametrize(
    ("behaviour", "mark", "told"),
    [
        (says({"ready": True}), "ok", "answers in"),
        (says("Hello there!"), "PROBLEM", "cannot be used"),
        (fails(404), "PROBLEM", "does not know this address or model (HTTP 404; see llm.base_url and llm.model)"),
    ],
)
def test_the_llm_is_asked_one_small_thing(tmp_path: Path, behaviour: Behaviour, mark: str, told: str) -> None:
    with chat_server(behaviour) as server:
        line = llm_line(tmp_path, f'llm = {{base_url = "{server.url}", model = "tiny"}}\n')
    assert line.startswith(mark)
    assert f"tiny at 127.0.0.1:{server.server_port}" in line
    assert told in line
