"""The list of calls: rows, figures, filters, order, pages, and clear sentences for what cannot be meant."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from coach.config import StoreConfig
from coach.errors import StoreError
from coach.store import Store, migrate, open_store
from coach.types import Call, Metadata
from coach.web.app import create_app
from coach.web.call_list import PAGE_SIZE, sum_up, view_list
from coach.web.list_query import ORDERS, ListQuery


def links(text: str) -> list[str]:
    """Addresses of the calls a page lists, in order."""
    return [part.split('"')[0] for part in text.split('class="row-link" href="')[1:]]


def test_every_call_is_listed_newest_first_with_its_figures(client: TestClient) -> None:
    text = client.get("/calls").text
    assert links(text)[:2] == ["/calls/spoken-1", "/calls/chat-1"]
    assert len(links(text)) == 5
    for shown in (
        "4 Mar 2026",
        "13:05",
        "Maya Brooks",
        "C-1003",
        "home insurance",
        "1:00",
        "33 %",
        "Recording cut short",
    ):
        assert shown in text


def test_missing_values_are_dashes(client: TestClient) -> None:
    row = client.get("/calls").text.split('href="/calls/silent-1"')[1].split("</tr>")[0]
    assert row.count("–") >= 4  # noqa: RUF001
    assert "None" not in row
    assert "nan" not in row


def test_calls_where_nobody_is_known_to_be_the_agent_do_not_count_as_not_asked(store: Store) -> None:
    summaries = store.list_calls()
    mono = replace(summaries[-1], flags=("mono",), n_questions=0, impact_count=0)
    overview = sum_up([*summaries, mono])
    assert (overview.calls, overview.agent_calls, overview.impact_share) == (6, 5, pytest.approx(0.2))


def test_figures_on_top_count_the_calls_where_impact_was_asked(store: Store) -> None:
    overview = view_list(store, ListQuery()).overview
    assert (overview.calls, overview.impact_calls) == (5, 1)
    assert overview.impact_share == pytest.approx(0.2)
    assert (overview.open_questions, overview.questions) == (3, 6)
    assert overview.recorded_s == pytest.approx(81.0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"team": "North"}, ["spoken-1"]),
        ({"agent": "Maya Brooks", "product": "home insurance"}, ["spoken-1"]),
        ({"q": "parcel"}, ["chat-1"]),
        ({"q": "PARCEL IS", "medium": "chat"}, ["chat-1"]),
        ({"where": "csat>=4"}, ["spoken-1"]),
        ({"where": "csat>=4; resolved=no"}, []),
        ({"where": "campaign=spring"}, ["spoken-1"]),
        ({"since": "2026-03-04"}, ["spoken-1"]),
        ({"since": "2026-03-03", "until": "2026-03-03"}, ["chat-1"]),
        ({"team": "North,South"}, []),
        ({"q": "100%"}, []),
    ],
)
def test_filters(client: TestClient, query: dict[str, str], found: list[str]) -> None:
    answer = client.get("/calls", params=query)
    assert answer.status_code == 200
    assert links(answer.text) == [f"/calls/{call}" for call in found]
    assert ("No call matches" in answer.text) == (not found)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"where": "csat>=high"}, "is not a number"),
        ({"where": "csat"}, "key=value"),
        ({"where": "team>=North"}, "works for"),
        ({"medium": "fax"}, "the media are"),
        ({"since": "yesterday"}, "is not a day"),
        ({"order": "password"}, "is not an order"),
        ({"page": "0"}, "is not the number of a page"),
        ({"page": "-1"}, "is not the number of a page"),
        ({"page": "²"}, "is not the number of a page"),
        ({"q": "x" * 301}, "longer than"),
        ({"where": "<script>alert(1)</script>"}, "key=value"),
    ],
)
def test_a_query_that_makes_no_sense_is_answered_with_a_sentence(
    client: TestClient, query: dict[str, str], sentence: str
) -> None:
    answer = client.get("/calls", params=query)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert "<script>alert" not in answer.text
    assert len(links(answer.text)) == 5


def test_what_was_typed_stays_in_the_form_after_an_error(client: TestClient) -> None:
    assert 'value="csat&gt;=high"' in client.get("/calls", params={"where": "csat>=high"}).text


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_offered_works(client: TestClient, order: str) -> None:
    assert len(links(client.get("/calls", params={"order": order}).text)) == 5


def test_a_heading_orders_and_says_so(client: TestClient) -> None:
    text = client.get("/calls", params={"order": "-duration_s"}).text
    assert 'aria-sort="descending"><a href="/calls?order=duration_s"' in text
    assert links(text)[0] == "/calls/spoken-1"


def test_pages_cover_all_calls_once(tmp_path: Path) -> None:
    migrate(tmp_path, StoreConfig())
    with open_store(tmp_path, StoreConfig()) as store:
        for number in range(PAGE_SIZE + 3):
            store.save_call(Call(f"c{number}", Metadata(), (), None, "x.wav", 1.0))
        client = TestClient(create_app(store, audio_dir=tmp_path, token=None), base_url="http://localhost")
        first = client.get("/calls?agent=").text
        second = client.get("/calls?page=2").text
        assert 'rel="next" href="/calls?page=2"' in first
        assert len(links(first)) == PAGE_SIZE
        assert len({*links(first), *links(second)}) == PAGE_SIZE + 3
        assert links(client.get("/calls?page=99").text) == links(second)


def test_figures_of_a_large_store_are_of_the_newest_calls_and_say_so(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.web.call_list.FIGURES_OVER", 2)
    view = view_list(store, ListQuery())
    assert (view.total, view.overview.calls, len(view.rows)) == (5, 2, 5)
    assert "figures: newest 2" in client.get("/calls").text


def test_pages_are_answered_while_a_run_writes(client: TestClient, data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / "callcoach.sqlite", isolation_level=None)) as run:
        run.execute("BEGIN IMMEDIATE")
        run.execute("DELETE FROM calls")
        try:
            assert len(links(client.get("/calls").text)) == 5
            assert client.get("/calls/spoken-1").status_code == 200
        finally:
            run.execute("ROLLBACK")


def test_empty_and_missing_store_say_how_to_begin(empty_store: Store, tmp_path: Path) -> None:
    for store in (empty_store, lambda: None):
        client = TestClient(create_app(store, audio_dir=tmp_path, token=None), base_url="http://localhost")
        answer = client.get("/calls")
        assert answer.status_code == 200
        assert "coach run INBOX" in answer.text
        assert client.get("/calls/x").status_code == 404


def test_a_store_that_fails_is_503_and_a_bug_500_without_details(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise StoreError("/secret/folder: the database is damaged.")

    def bug() -> None:
        raise RuntimeError("secret words")

    for store, status in ((broken, 503), (bug, 500)):
        app = create_app(store, audio_dir=tmp_path, token=None)
        client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
        answer = client.get("/calls")
        assert answer.status_code == status
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "the database is damaged" in caplog.text  # the page points to the terminal


def test_hostile_names_are_inert_and_link_to_their_call(client: TestClient, attack_id: str) -> None:
    text = client.get("/calls").text
    assert "<script>window" not in text
    assert "<img" not in text
    assert f"/calls/{quote(attack_id, safe='')}" in links(text)


def test_choices_offered_are_the_values_found(store: Store) -> None:
    choices = view_list(store, ListQuery()).choices
    assert "Maya Brooks" in choices["agent"]
    assert choices["medium"] == ("chat", "voice")


def test_a_condition_can_be_taken_away(store: Store) -> None:
    query = replace(ListQuery(), text="is", fields=(("team", "North & South"),))
    chips = view_list(store, query).chips
    assert [chip.address for chip in chips] == ["/calls?team=North+%26+South", "/calls?q=is"]
