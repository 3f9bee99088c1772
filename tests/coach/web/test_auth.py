"""Nobody sees a page without the token, by a foreign host name, or inside a foreign page."""

import pytest
from starlette.testclient import TestClient

from coach.store import Store
from coach.web.app import create_app
from coach.web.auth import is_known_host

PATHS = ["/", "/calls", "/calls/spoken-1", "/audio/0f1e2d3c4b5a69788796a5b4c3d2e1f0.ogg", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_without_token_nothing_is_shown(locked: TestClient, path: str) -> None:
    answer = locked.get(path)
    assert answer.status_code == 401
    assert "Maya" not in answer.text
    assert "insurance" not in answer.text


def test_token_becomes_a_strict_cookie_and_leaves_the_address(locked: TestClient, token: str) -> None:
    answer = locked.get("/calls/spoken-1", params={"t": "12.5", "token": token})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/calls/spoken-1?t=12.5"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert token not in cookie
    assert locked.get("/calls/spoken-1").status_code == 200


def test_wrong_token_is_refused_and_sets_nothing(locked: TestClient, token: str) -> None:
    for wrong in ("", "wrong", token[:-1], token + "x", "\u00e9", "x" * 10_000):
        answer = locked.get("/calls", params={"token": wrong})
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers


def test_cookie_of_another_token_is_refused(locked: TestClient, token: str, store: Store, data_dir: object) -> None:
    locked.get("/calls", params={"token": token})
    name, value = next(iter(locked.cookies.items()))
    locked.cookies.clear()
    locked.cookies.set(name, value[:-1] + ("0" if value[-1] != "0" else "1"))
    assert locked.get("/calls").status_code == 401


def test_redirect_after_sign_in_stays_on_this_server(locked: TestClient, token: str) -> None:
    for path in ("//evil.example/x", "///evil.example", "/%5Cevil.example", "/\\evil.example"):
        answer = locked.get(f"http://127.0.0.1:8765{path}?token={token}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/")
        assert not answer.headers["location"].startswith(("//", "/\\"))


def test_redirect_keeps_a_percent_encoded_call_id(locked: TestClient, token: str) -> None:
    answer = locked.get(f"/calls/a%2Fb%3Fc?token={token}")
    assert answer.headers["location"] == "/calls/a%2Fb%3Fc"


def test_sign_in_page_keeps_where_one_wanted_to_go_inert(locked: TestClient) -> None:
    answer = locked.get("/calls", params={"q": '"><script>1</script>'})
    assert "<script>1" not in answer.text
    assert "&lt;script&gt;" in answer.text


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8765", "localhost:1", "[::1]:8765", "192.168.1.5", "LOCALHOST"]
)
def test_addresses_and_localhost_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/calls", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8765",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "a@127.0.0.1",
        "127.0.0.1/x",
        "127.0.0.1:99999",
        "[::1",
        "127.1.evil:80",
        "evil.example#127.0.0.1",
    ],
)
def test_foreign_host_names_are_refused(client: TestClient, host: str) -> None:
    answer = client.get("/calls", headers={"host": host})
    assert answer.status_code == 400
    assert "Maya" not in answer.text


def test_two_host_headers_are_refused() -> None:
    assert not is_known_host(["localhost", "localhost"], frozenset({"localhost"}))
    assert not is_known_host([], frozenset({"localhost"}))


def test_a_configured_host_name_is_answered(store: Store, data_dir: object) -> None:
    app = create_app(store, audio_dir=store.data_dir / "audio", token=None, hosts=["Coach.Example"])
    client = TestClient(app, base_url="http://coach.example")
    assert client.get("/calls").status_code == 200
    assert client.get("/calls", headers={"host": "other.example"}).status_code == 400


@pytest.mark.parametrize("path", [*PATHS, "/static/base.css", "/static/nothing.css"])
def test_every_answer_carries_the_security_headers(locked: TestClient, client: TestClient, path: str) -> None:
    for answer in (locked.get(path), client.get(path)):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert ("no-store" in answer.headers["cache-control"]) != (path == "/static/base.css")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(client: TestClient, method: str) -> None:
    for path in ("/calls", "/calls/spoken-1", "/audio/x.ogg", "/static/base.css"):
        assert client.request(method, path).status_code == 405


def test_no_script_style_or_handler_stands_in_a_page(client: TestClient) -> None:
    for path in ("/calls", "/calls/spoken-1", "/nothing"):
        text = client.get(path).text
        assert "<style" not in text
        assert " style=" not in text
        assert " onclick=" not in text
        assert "http://" not in text
        assert "https://" not in text
        assert all("src=" in tag for tag in text.split("<script")[1:])
