"""`serve` in a process of its own: address, token file, refusals, and what it does not load."""

import os
import re
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from coach.config import ServeConfig, StoreConfig
from coach.errors import ConfigError, StoreError
from coach.web.serving import is_loopback, load_token, serve

ROOT = Path(__file__).parents[3]
SERVE = """
import sys
from pathlib import Path
from coach.config import ServeConfig, StoreConfig
from coach.web import serve
serve(Path(sys.argv[1]), ServeConfig(port=0, token=sys.argv[2] == "token"), StoreConfig())
heavy = {"torch", "chromadb", "transformers", "sentence_transformers", "whisper"} & set(sys.modules)
print("loaded", sorted(heavy))
"""


class Served:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stderr is not None
        self.announced = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/(?:\?token=(\S+))?", self.announced)
        assert found, self.announced
        self.port, self.token = int(found[1]), found[2]

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers or {})
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=20)
        assert self.process.returncode == 0
        return out


def start(data_dir: Path, token: str = "token") -> Served:
    return Served(
        subprocess.Popen(
            [sys.executable, "-c", SERVE, str(data_dir), token],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    )


@pytest.fixture
def served(data_dir: Path) -> Iterator[Served]:
    server = start(data_dir)
    yield server
    if server.process.poll() is None:
        server.process.kill()
        server.process.communicate()


def test_pages_are_served_on_a_free_port_without_loading_a_model(served: Served, data_dir: Path) -> None:
    assert served.port > 0
    assert served.get("/calls")[0] == 401
    status, text = served.get(f"/calls/spoken-1?token={served.token}")
    assert (status, "Maya Brooks" in text) == (200, True)
    assert served.get("/calls", {"Host": "evil.example"})[0] == 400
    assert stat.S_IMODE((data_dir / "serve.token").stat().st_mode) == 0o600
    assert served.stop() == "loaded []\n"


def test_missing_store_is_served_and_its_calls_appear_once_it_exists(tmp_path: Path, data_dir: Path) -> None:
    server = start(tmp_path / "not" / "there", "no token")
    try:
        assert "coach run INBOX" in server.get("/calls")[1]
        assert not (tmp_path / "not" / "there").exists()
        (tmp_path / "not").mkdir()
        (tmp_path / "not" / "there").symlink_to(data_dir)
        assert "Maya Brooks" in server.get("/calls")[1]
    finally:
        server.stop()


def test_store_that_cannot_be_used_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "callcoach.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="not a SQLite database"):
        serve(tmp_path, ServeConfig(port=0), StoreConfig())


def test_token_is_made_once_and_kept(tmp_path: Path) -> None:
    token = load_token(tmp_path / "data")
    assert len(token) >= 32
    assert load_token(tmp_path / "data") == token
    (tmp_path / "data" / "serve.token").chmod(0o644)
    load_token(tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "data" / "serve.token").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["serve.token"]


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe"])
def test_token_file_without_a_token_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "serve.token").write_bytes(content)
    with pytest.raises(ConfigError, match=r"serve\.token"):
        load_token(tmp_path)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "coach.example"])
def test_no_token_is_refused_where_others_can_reach_the_pages(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="need a token"):
        serve(tmp_path, ServeConfig(host=host, port=0, token=False), StoreConfig())


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.9.9.9", True), ("0.0.0.0", False)],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


def test_port_in_use_is_a_sentence(served: Served, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"port {served.port} cannot be used"):
        serve(tmp_path, ServeConfig(port=served.port), StoreConfig())
