"""Recordings are sent by opaque name, in the ranges a player asks for, and nothing else in the folder tree is."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from coach.web.audio import open_recording, parse_range

RawGet = Callable[[str], tuple[int, str]]
NAME = "0f1e2d3c4b5a69788796a5b4c3d2e1f0.ogg"


@pytest.fixture
def sound(data_dir: Path) -> bytes:
    return (data_dir / "audio" / NAME).read_bytes()


def test_whole_recording(client: TestClient, sound: bytes) -> None:
    answer = client.get(f"/audio/{NAME}")
    assert answer.status_code == 200
    assert answer.content == sound
    assert answer.headers["content-type"] == "audio/ogg"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(sound))


@pytest.mark.parametrize("name", ["-spZESk447hbkkd7LJAR5A.ogg", "_a.ogg"])
def test_recording_whose_random_name_begins_with_a_sign_is_sent(
    client: TestClient, data_dir: Path, sound: bytes, name: str
) -> None:
    (data_dir / "audio" / name).write_bytes(sound)
    assert client.get(f"/audio/{name}").content == sound


def test_head_has_the_headers_and_no_body(client: TestClient, sound: bytes) -> None:
    answer = client.head(f"/audio/{NAME}", headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer.content) == (206, b"")
    assert answer.headers["content-length"] == "10"
    assert client.head(f"/audio/{NAME}").headers["content-length"] == str(len(sound))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("0-0", 0, 1),
        ("10-19", 10, 20),
        ("100-", 100, None),
        ("-7", -7, None),
        ("5-99999999", 5, None),
        ("-99999999", 0, None),
    ],
)
def test_one_range(client: TestClient, sound: bytes, asked: str, start: int, end: int | None) -> None:
    answer = client.get(f"/audio/{NAME}", headers={"range": f"bytes={asked}"})
    assert answer.status_code == 206
    assert answer.content == sound[start:end]
    first = start % len(sound)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(sound)}"


@pytest.mark.parametrize("asked", ["99999999-", "99999999-999999999", "-0"])
def test_range_outside_is_416(client: TestClient, sound: bytes, asked: str) -> None:
    answer = client.get(f"/audio/{NAME}", headers={"range": f"bytes={asked}"})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{len(sound)}"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,3-4",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(500)),
        "bytes=",
        "bytes=-",
        "bytes=5-2",
        "items=0-1",
        "bytes=a-b",
        "bytes=0x1-2",
        "bytes=--1",
        "bytes=1-2-3",
        "bytes=" + "9" * 5000 + "-",
        "0-1",
        "bytes=\u0661-2",
    ],
)
def test_other_ranges_are_ignored_and_the_whole_is_sent(client: TestClient, sound: bytes, asked: str) -> None:
    answer = client.get(f"/audio/{NAME}", headers={"range": asked.encode("utf-8")})
    assert (answer.status_code, answer.content) == (200, sound)


def test_etag_saves_a_second_copy_and_guards_ranges(client: TestClient, sound: bytes) -> None:
    etag = client.get(f"/audio/{NAME}").headers["etag"]
    assert client.get(f"/audio/{NAME}", headers={"if-none-match": etag}).status_code == 304
    same = client.get(f"/audio/{NAME}", headers={"range": "bytes=0-9", "if-range": etag})
    other = client.get(f"/audio/{NAME}", headers={"range": "bytes=0-9", "if-range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


@pytest.mark.parametrize(
    "path",
    [
        "../callcoach.sqlite",
        "..%2Fcallcoach.sqlite",
        "%2e%2e/callcoach.sqlite",
        "..%5Ccallcoach.sqlite",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "",
        ".",
        "%00.ogg",
        f"{NAME}%00",
        f"{NAME}/",
        f"./{NAME}",
        f"x/../{NAME}",
        "CON.ogg",
        "notes.txt",
        "secret.ogg",
        "folder.ogg",
        "pipe.ogg",
        "a" * 300 + ".ogg",
        "-rf.ogg",
        ".hidden.ogg",
    ],
)
def test_no_path_leads_out_and_only_plain_recordings_are_sent(raw_get: RawGet, data_dir: Path, path: str) -> None:
    audio = data_dir / "audio"
    (audio / "notes.txt").write_text("private")
    if not (audio / "secret.ogg").is_symlink():
        (audio / "secret.ogg").symlink_to(data_dir / "callcoach.sqlite")
    (audio / "folder.ogg").mkdir(exist_ok=True)
    if not (audio / "pipe.ogg").exists():
        os.mkfifo(audio / "pipe.ogg")
    status, body = raw_get(f"/audio/{path}")
    assert status == 404
    assert "SQLite" not in body
    assert "private" not in body


def test_static_files_stay_in_their_folder(raw_get: RawGet) -> None:
    for path in (
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2Fapp.py",
        "/static/",
        "/static/../../types.py",
    ):
        assert raw_get(path)[0] == 404


def test_missing_folder_is_no_recording(tmp_path: Path) -> None:
    assert open_recording(tmp_path / "none", NAME) is None


def test_empty_file_has_no_range(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="past the end"):
        parse_range("bytes=0-", 0)
