"""What is found in an inbox, what waits, and what is reported."""

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coach.config import InboxConfig
from coach.errors import ConfigError
from ingest.inbox import InboxLook, look

NOW = 1_800_000_000.0
Put = Callable[..., Path]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def put(inbox: Path) -> Put:
    def write(name: str, data: bytes | None = None, *, age_s: float = 7200) -> Path:
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() if data is None else data)
        os.utime(path, (NOW - age_s, NOW - age_s))
        return path

    return write


def see(inbox: Path, *, final: bool = False, sleep: Callable[[float], Any] | None = None, **config: Any) -> InboxLook:
    """One look that does not really sleep."""
    slept: list[float] = []
    return look(inbox, InboxConfig(**config), final=final, now=lambda: NOW, sleep=sleep or slept.append)


def names(found: InboxLook) -> list[str]:
    return [recording.name for recording in found.ready]


def test_recordings_come_oldest_first_from_all_folders(inbox: Path, put: Put) -> None:
    put("b.wav", age_s=10)
    put("2026/01/a.mp3", age_s=30)
    put("c", b"OggS" + bytes(100), age_s=20)
    found = see(inbox)
    assert names(found) == ["a.mp3", "c", "b.wav"]
    assert (found.waiting, found.problems, found.duplicates) == ([], [], [])
    assert found.ready[0].sha256 == hashlib.sha256(b"2026/01/a.mp3").hexdigest()
    assert {recording.layout for recording in found.ready} == {"single"}


def test_other_files_are_passed_over(inbox: Path, put: Put) -> None:
    for name in (
        "metadata.csv",
        "a.json",
        "notes.txt",
        "LIST.TXT",
        ".hidden.wav",
        ".cache/x.wav",
        "README",
        "x.unknown",
    ):
        put(name)
    assert see(inbox) == InboxLook()


def test_empty_and_missing_inbox(inbox: Path) -> None:
    assert see(inbox) == InboxLook()
    with pytest.raises(ConfigError, match="no such folder"):
        see(inbox / "gone")


def test_inbox_is_left_as_it_was(inbox: Path, put: Put) -> None:
    put("a.wav")
    put("b_agent.wav")
    inbox.chmod(0o555)
    before = sorted((path.name, path.stat().st_mtime_ns) for path in inbox.iterdir())
    see(inbox)
    assert sorted((path.name, path.stat().st_mtime_ns) for path in inbox.iterdir()) == before
    inbox.chmod(0o755)


@pytest.mark.parametrize("name", ["a.wav.part", "a.WAV.PART", "a.tmp", "a.crdownload", "a.wav.filepart", "a.wav~"])
def test_temporary_names_wait(name: str, inbox: Path, put: Put) -> None:
    put(name)
    found = see(inbox)
    assert found.ready == []
    assert [waiting.path.name for waiting in found.waiting] == [name]


def test_file_that_changes_between_the_looks_waits(inbox: Path, put: Put) -> None:
    growing, touched = put("growing.wav"), put("touched.wav")
    put("still.wav")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        with growing.open("ab") as file:
            file.write(b"more")
        os.utime(growing, (NOW - 7200, NOW - 7200))
        os.utime(touched, (NOW, NOW))

    found = see(inbox, sleep=sleep)
    assert names(found) == ["still.wav"]
    assert sorted(waiting.path.name for waiting in found.waiting) == ["growing.wav", "touched.wav"]
    assert slept == [2.0]


def test_settling_can_be_switched_off(inbox: Path, put: Put) -> None:
    put("a.wav")
    slept: list[float] = []
    assert names(see(inbox, sleep=slept.append, settle_s=0)) == ["a.wav"]
    assert slept == []


def test_file_that_vanishes_between_the_looks_is_reported(inbox: Path, put: Put) -> None:
    path = put("a.wav")
    found = see(inbox, sleep=lambda _: path.unlink())
    assert [problem.code for problem in found.problems] == ["unreadable"]


@pytest.mark.parametrize("other", ["_customer", "_caller", "_client", "_CALLER"])
def test_two_sides_are_one_call(other: str, inbox: Path, put: Put) -> None:
    customer, agent = put(f"x/call1{other}.wav", b"c"), put("x/call1_agent.mp3", b"a", age_s=100)
    found = see(inbox)
    (pair,) = found.ready
    assert pair.paths == (agent, customer)
    assert (pair.layout, pair.name, pair.base) == ("pair", f"call1_agent.mp3 + call1{other}.wav", "call1")
    digests = [hashlib.sha256(data).hexdigest() for data in (b"a", b"c")]
    assert pair.sha256 == hashlib.sha256("".join(digests).encode()).hexdigest()
    assert pair.mtime == NOW - 100


def test_sides_in_different_folders_are_different_calls(inbox: Path, put: Put) -> None:
    put("x/call1_agent.wav")
    put("y/call1_customer.wav")
    assert sorted((r.layout, r.lone_role) for r in see(inbox).ready) == [("lone", "agent"), ("lone", "customer")]


def test_lone_side_waits_then_goes_alone(inbox: Path, put: Put) -> None:
    put("new_agent.wav", age_s=60)
    put("old_caller.wav", age_s=3600)
    found = see(inbox)
    assert [(r.name, r.layout, r.lone_role) for r in found.ready] == [("old_caller.wav", "lone", "customer")]
    assert [w.path.name for w in found.waiting] == ["new_agent.wav"]
    assert len(see(inbox, final=True).ready) == 2
    assert len(see(inbox, lone_side_wait_s=30).ready) == 2


def test_side_does_not_go_alone_while_its_other_is_being_written(inbox: Path, put: Put) -> None:
    put("a_agent.wav")
    other = put("a_customer.wav")
    found = see(inbox, final=True, sleep=lambda _: other.write_bytes(b"longer than before"))
    assert found.ready == []
    assert len(found.waiting) == 2


def test_side_waits_for_its_other_under_a_temporary_name(inbox: Path, put: Put) -> None:
    put("a_agent.wav")
    put("a_customer.wav.part")
    assert see(inbox).ready == []
    assert names(see(inbox, final=True)) == ["a_agent.wav"]


def test_suffixes_are_configurable(inbox: Path, put: Put) -> None:
    put("1-L.wav")
    put("1-R.wav")
    put("2_agent.wav")
    found = see(inbox, agent_suffix="-L$", customer_suffix="-R$")
    assert sorted(r.layout for r in found.ready) == ["pair", "single"]
    with pytest.raises(ConfigError, match="agent_suffix"):
        see(inbox, agent_suffix="(")
    assert {r.layout for r in see(inbox, agent_suffix="", customer_suffix="").ready} == {"single"}


def test_several_files_for_one_side_are_reported(inbox: Path, put: Put) -> None:
    put("a_agent.wav")
    put("a_agent.mp3")
    put("a_customer.wav")
    found = see(inbox)
    assert found.ready == []
    assert {problem.code for problem in found.problems} == {"ambiguous_pair"}
    assert len(found.problems) == 3


def test_same_bytes_under_two_names_are_one_recording(inbox: Path, put: Put) -> None:
    old, new = put("old.wav", b"same", age_s=500), put("sub/new.mp3", b"same", age_s=10)
    for call in ("x", "y"):
        put(f"{call}_agent.wav", b"agent")
        put(f"{call}_customer.wav", b"customer")
    found = see(inbox)
    assert names(found) == ["x_agent.wav + x_customer.wav", "old.wav"]
    assert [(d.paths, d.of.paths) for d in found.duplicates if len(d.paths) == 1] == [((new,), (old,))]
    assert len(found.duplicates) == 2
    assert found.problems == []


def test_links(inbox: Path, put: Put, tmp_path: Path) -> None:
    inside = put("a.wav")
    outside = tmp_path / "secret.wav"
    outside.write_bytes(b"secret")
    (tmp_path / "folder").mkdir()
    (inbox / "in.wav").symlink_to(inside)
    (inbox / "out.wav").symlink_to(outside)
    (inbox / "out_folder").symlink_to(tmp_path / "folder")
    (inbox / "dangling.wav").symlink_to(inbox / "nothing.wav")
    (inbox / "loop.wav").symlink_to(inbox / "loop.wav")
    (inbox / "round").symlink_to(inbox)
    found = see(inbox)
    assert len(found.ready) == 1
    assert len(found.duplicates) == 1
    problems = {problem.path.name: problem.code for problem in found.problems}
    assert problems == {
        "out.wav": "outside_inbox",
        "out_folder": "outside_inbox",
        "dangling.wav": "unreadable",
        "loop.wav": "unreadable",
    }


def test_inbox_may_itself_be_a_link(inbox: Path, put: Put, tmp_path: Path) -> None:
    put("a.wav")
    (inbox / "b.wav").symlink_to(inbox / "a.wav")
    (tmp_path / "link").symlink_to(inbox)
    found = see(tmp_path / "link")
    assert (len(found.ready), found.problems) == (1, [])


def test_pipes_devices_and_sockets_do_not_hang(inbox: Path, put: Put) -> None:
    put("a.wav")
    os.mkfifo(inbox / "pipe.wav")
    os.mkfifo(inbox / "pipe_without_suffix")
    (inbox / "zero.wav").symlink_to("/dev/zero")
    listening = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(inbox)  # a socket's path may have 107 bytes only
    listening.bind("socket.wav")
    os.chdir(here)
    found = see(inbox)
    listening.close()
    assert names(found) == ["a.wav"]
    assert sorted(problem.code for problem in found.problems) == ["not_a_file"] * 3 + ["outside_inbox"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_forbidden_file_and_folder_are_reported(inbox: Path, put: Put) -> None:
    put("a.wav")
    put("closed.wav").chmod(0)
    put("folder/x.wav").parent.chmod(0)
    found = see(inbox)
    (inbox / "folder").chmod(0o755)
    assert names(found) == ["a.wav"]
    assert {problem.path.name: problem.code for problem in found.problems} == {
        "closed.wav": "unreadable",
        "folder": "unreadable",
    }


def test_unreadable_side_holds_its_other_back(inbox: Path, put: Put) -> None:
    put("a_agent.wav")
    (inbox / "a_customer.wav").symlink_to(inbox / "nothing")
    found = look(inbox, InboxConfig(settle_s=0), now=lambda: NOW)
    assert found.ready == []
    assert [waiting.path.name for waiting in found.waiting] == ["a_agent.wav"]


def test_unprintable_names_are_shown_escaped(inbox: Path) -> None:
    path = os.fsencode(inbox) + b"/caf\xe9\n\x1b[31m.wav"
    with open(path, "wb") as file:
        file.write(b"x")
    (recording,) = see(inbox).ready
    assert recording.name == "caf\\udce9\\n\\x1b[31m.wav"
    assert recording.paths[0].read_bytes() == b"x"


def test_known_hashes_need_no_reading(inbox: Path, put: Put) -> None:
    path = put("a.wav")
    asked: list[tuple[Path, int]] = []

    def digest(path: Path, status: os.stat_result) -> str:
        asked.append((path, status.st_size))
        return "0" * 64

    (recording,) = look(inbox, InboxConfig(settle_s=0), digest=digest).ready
    assert recording.sha256 == "0" * 64
    assert asked == [(path, 5)]
