"""A coach's review is saved beside the machine's value, only from this server's own pages, and shown inert."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from coach.config import StoreConfig
from coach.store import Store, migrate, open_store
from coach.types import Call
from coach.web.app import create_app
from coach.web.auth import form_key, form_token
from coach.web.formats import call_path
from coach.web.reviewing import MAX_FORM_BYTES

ADDRESS = "http://127.0.0.1:8765"


@pytest.fixture
def own_store(tmp_path: Path, spoken: Callable[..., Call]) -> Iterator[Store]:
    migrate(tmp_path, StoreConfig())
    with open_store(tmp_path, StoreConfig()) as store:
        store.save_call(spoken(None))
        yield store


@pytest.fixture
def pages(own_store: Store, token: str) -> TestClient:
    """Somebody who has signed in."""
    app = create_app(own_store, audio_dir=own_store.data_dir / "audio", token=token)
    client = TestClient(app, base_url=ADDRESS, follow_redirects=False)
    client.get("/calls", params={"token": token})
    return client


def form_of(client: TestClient, call_id: str = "spoken-1", **changes: str) -> dict[str, str]:
    """What the page's form for the criterion "impact_taken_up" sends."""
    html = client.get(call_path(call_id)).text
    form = next(part for part in html.split("<form")[1:] if 'value="impact_taken_up"' in part)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
    return {name: unescape(value) for name, value in hidden.items()} | {"value": "0.5", "person": "Ann Lee"} | changes


def test_review_is_saved_and_shown_beside_the_machines_value(pages: TestClient, own_store: Store) -> None:
    answer = pages.post("/reviews", data=form_of(pages, note="Heard it.\r\nTwice."))
    assert (answer.status_code, answer.headers["location"]) == (303, "/calls/spoken-1#criterion-1-2")
    (review,) = own_store.get_reviews("spoken-1")
    assert (review.criterion, review.value, review.person) == ("impact_taken_up", 0.5, "Ann Lee")
    assert review.note == "Heard it.\nTwice."
    call = own_store.get_call("spoken-1")
    assert call is not None
    assert call.scorecards[0].scores[1].value == 0.25
    page = pages.get("/calls/spoken-1").text
    assert 'id="criterion-1-2"' in page
    assert "+25 points" in page


def test_does_not_apply_is_no_zero(pages: TestClient, own_store: Store) -> None:
    assert pages.post("/reviews", data=form_of(pages, value="na")).status_code == 303
    assert own_store.get_reviews("spoken-1")[0].value is None


def test_card_number_in_a_note_is_taken_out(pages: TestClient, own_store: Store) -> None:
    pages.post("/reviews", data=form_of(pages, note="Read out 4111 1111 1111 1111 twice."))
    assert own_store.get_reviews("spoken-1")[0].note == "Read out [card number] twice."


def test_hostile_review_is_shown_inert(pages: TestClient, attack: str) -> None:
    assert pages.post("/reviews", data=form_of(pages, person=attack[:80], note=attack)).status_code == 303
    text = pages.get("/calls/spoken-1").text
    assert "<script>window" not in text
    assert "<img" not in text
    assert attack in unescape(text)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"person": "  "}, "needs your name"),
        ({"person": "x" * 81}, "needs your name"),
        ({"value": ""}, "needs a score"),
        ({"value": "2"}, "needs a score"),
        ({"value": "nan"}, "needs a score"),
        ({"note": "x" * 2001}, "at most 2,000"),
        ({"extra": "1"}, "the form of the call"),
        ({"criterion": "invented"}, "no longer has this criterion"),
        ({"rubric": "invented"}, "no longer has this criterion"),
    ],
)
def test_what_is_no_review_is_refused_in_a_sentence(
    pages: TestClient, own_store: Store, changes: dict[str, str], sentence: str
) -> None:
    answer = pages.post("/reviews", data=form_of(pages, **changes))
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    assert own_store.get_reviews("spoken-1") == []


def test_form_that_is_too_long_is_refused(pages: TestClient) -> None:
    assert pages.post("/reviews", content=b"x" * (MAX_FORM_BYTES + 1)).status_code == 413
    for body in (b"", b"\xff=\xfe", b"&" * 100, b"a=1"):
        assert pages.post("/reviews", content=body).status_code == 422


def test_too_many_fields_are_refused(pages: TestClient) -> None:
    assert pages.post("/reviews", content=b"a=1&" * 30).status_code == 422


@pytest.mark.parametrize("wrong", ["", "0" * 64, "é"])
def test_form_without_the_pages_own_token_is_refused(pages: TestClient, own_store: Store, wrong: str) -> None:
    assert pages.post("/reviews", data=form_of(pages, form_token=wrong)).status_code == 403
    assert own_store.get_reviews("spoken-1") == []


def test_form_token_of_another_call_or_another_server_is_refused(pages: TestClient, token: str) -> None:
    for key, call_id in (
        (form_key(token), "other"),
        (form_key("another token"), "spoken-1"),
        (form_key(None), "spoken-1"),
    ):
        assert pages.post("/reviews", data=form_of(pages, form_token=form_token(key, call_id))).status_code == 403
    gone = {"call": "gone", "form_token": form_token(form_key(token), "gone")}
    assert pages.post("/reviews", data=form_of(pages, **gone)).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 303),
        ({"origin": ADDRESS}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
    ],
)
def test_form_from_another_site_is_refused(pages: TestClient, headers: dict[str, str], status: int) -> None:
    assert pages.post("/reviews", data=form_of(pages), headers=headers).status_code == status


def test_without_sign_in_nothing_is_written(pages: TestClient, own_store: Store) -> None:
    form = form_of(pages)
    pages.cookies.clear()
    assert pages.post("/reviews", data=form).status_code == 401
    assert own_store.get_reviews("spoken-1") == []


def test_open_pages_have_form_tokens_too(own_store: Store) -> None:
    one, other = (
        TestClient(
            create_app(own_store, audio_dir=own_store.data_dir, token=None), base_url=ADDRESS, follow_redirects=False
        )
        for _ in range(2)
    )
    form = form_of(one)
    assert other.post("/reviews", data=form).status_code == 403
    assert one.post("/reviews", data=form).status_code == 303


def test_reviews_can_only_be_sent(pages: TestClient) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert pages.request(method, "/reviews").status_code == 405
