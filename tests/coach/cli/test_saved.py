"""`coach ask` and `coach saved` as a shell sees them, where no model need be loaded."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from answering import COUNT, Answering, share
from commandline import ROOT, Coach, Ran, command

from coach.cli import main
from coach.cli.ask import ask_command
from coach.config import StoreConfig
from coach.store import SavedAnswer, SavedCitation, SavedQuestion, open_store
from coach.types import Call, Metadata, Turn

NIGHT = datetime(2026, 8, 30, 2, tzinfo=UTC)


@pytest.fixture
def coach(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Coach:
    """Runs `coach ARGS` without a process of its own, which would take longer to start than to run."""

    def run(*args: str | Path) -> Ran:
        monkeypatch.setattr("sys.argv", ["coach", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        assert isinstance(code, int)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two saved questions; one has been answered on two nights."""
    folder = tmp_path / "data"
    with open_store(folder, StoreConfig()) as store:
        turns = (Turn("customer", "My bill is wrong.", 61.0, 63.0),)
        store.save_call(Call("a-1", Metadata(), turns, None, "made up", 70.0))
        store.save_question(SavedQuestion("bill", "and the new ones?", ("Who asks about the bill?",), ("team=Quay",)))
        store.save_question(SavedQuestion("later", "Why?"))
        for night, figure in enumerate((share(10, 60), share(40, 70))):
            cited = (SavedCitation("a-1", 0, 0, 7),) * night
            at = NIGHT + timedelta(days=night)
            store.save_answer("bill", SavedAnswer(at, "answered", (figure.to_json(),), figure.n, figure.N, cited))
    return folder


def test_list_tells_what_changed(coach: Coach, data: Path) -> None:
    ran = coach("saved", "--data", data)
    assert ran.code == 0
    assert "Who asks about the bill? / and the new ones? (team=Quay)" in ran.out
    assert "17 % → 57 %, +40 points, beyond chance; 1 new quote" in " ".join(ran.out.split())
    assert "not answered yet" in ran.out
    listed = coach("saved", "--data", data, "--json").json
    assert [(one["name"], len(one["answers"])) for one in listed] == [("bill", 2), ("later", 0)]
    assert listed[0]["changes"]["figures"][0]["beyond_chance"] is True


def test_history_shows_every_night_and_the_quotes(coach: Coach, data: Path) -> None:
    ran = coach("saved", "bill", "--data", data)
    for part in ("2026-08-30 02:00", "2026-08-31 02:00", "10 of 60", "40 of 70", "a-1@01:01: “My bill”"):
        assert part in ran.out
    assert [answer["n_matching"] for answer in coach("saved", "bill", "--data", data, "--json").json["answers"]] == [
        40, 10,
    ]  # fmt: skip


def test_question_is_removed_by_name(coach: Coach, data: Path) -> None:
    assert coach("saved", "--remove", "bill", "--data", data).code == 0
    assert [one["name"] for one in coach("saved", "--data", data, "--json").json] == ["later"]
    again = coach("saved", "--remove", "bill", "--data", data)
    assert (again.code, "'bill'; saved are: 'later'" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ask",), "in quotes"),
        (("ask", "--save", "x"), "in quotes"),
        (("ask", "  "), "is empty"),
        (("ask", "Why?", "--where", "team"), "write key=value"),
        (("ask", "Why?", "--where", "medium=smoke"), "the media are"),
        (("saved", "--remove"), "--remove takes the NAME"),
        (("saved", "bill", "--remove", "--rerun"), "--remove takes the NAME"),
        (("saved", "none"), "no saved question 'none'"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(coach: Coach, data: Path, arguments: tuple[str, ...], sentence: str) -> None:
    ran = coach(*arguments, "--data", data)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert "Traceback" not in ran.err


class Left(StringIO):
    """A pipe whose reader is gone."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_reader_that_leaves_early_is_no_failure(data: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    arguments = command("saved", "--data", data)
    ran = subprocess.run(arguments, stdout=writer, stderr=subprocess.PIPE, cwd=ROOT, check=False, timeout=60)
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_question_is_saved_though_nobody_reads_the_answer(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.cli.asking.asking", lambda *_: Answering({"Who leaves?": COUNT}))
    monkeypatch.setattr("sys.stdout", Left())
    with pytest.raises(BrokenPipeError):
        ask_command.main(["Who leaves?", "--save", "leavers", "--data", str(data)], standalone_mode=False)
    with open_store(data, StoreConfig()) as store:
        assert [len(store.saved_answers(one.name)) for one in store.saved_questions()] == [2, 0, 1]
