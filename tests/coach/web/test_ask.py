"""The page Ask: an address is a question, its answer figures, drawings and quotes, and only its own forms write."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import answering
import anyio
import httpx
import pytest
from answering import COMPARED, COUNT, GROUPED, NOTHING, TREND, Answering, found, share
from starlette.testclient import TestClient

from coach.answers import Citation
from coach.config import StoreConfig
from coach.errors import ModelError
from coach.saved import Ask, rerun, save_question
from coach.store import SavedQuestion, Store, migrate, open_store
from coach.types import Call
from coach.web.app import create_app
from coach.web.ask import MAX_FORM_BYTES, MAX_WAITING
from coach.web.ask_query import MAX_QUESTION, MAX_QUESTIONS
from coach.web.auth import form_key, form_token

ADDRESS = "http://127.0.0.1:8765"
AUDIO = "0f1e2d3c4b5a69788796a5b4c3d2e1f0.ogg"
SAID = Citation("spoken-1", 6.5, 11.5, "It is hard for us.", 1, 0, 18, "customer")
WRITTEN = Citation("chat-1", None, None, "My parcel is lost.", 1, 0, 18, "customer")
GONE = Citation("forgotten", 1.0, 2.0, "Nobody may read this.", 0, 0, 21, "customer")


@pytest.fixture
def own_store(tmp_path: Path, spoken: Callable[..., Call]) -> Iterator[Store]:
    migrate(tmp_path, StoreConfig())
    with open_store(tmp_path, StoreConfig()) as store:
        store.save_call(spoken(AUDIO))
        yield store


@pytest.fixture
def answers() -> Answering:
    return Answering({"count": COUNT, "team": GROUPED, "trend": TREND, "compare": COMPARED})


@pytest.fixture
def pages(own_store: Store, token: str, answers: Answering) -> TestClient:
    """Somebody who has signed in."""
    app = create_app(own_store, audio_dir=own_store.data_dir / "audio", token=token, askers=answers)
    client = TestClient(app, base_url=ADDRESS, follow_redirects=False)
    client.get("/calls", params={"token": token})
    return client


def ask(client: TestClient, *questions: str, **others: Sequence[str]) -> str:
    pairs = [("q", each) for each in questions] + [(name, each) for name, all_ in others.items() for each in all_]
    response = client.get("/ask?" + urlencode(pairs))
    assert response.status_code == 200
    return response.text


def words(html: str) -> str:
    """What is to be read, without marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def form_of(html: str, action: str) -> list[tuple[str, str]]:
    """The hidden fields of a form."""
    form = next(part for part in html.split("<form")[1:] if f'action="{action}"' in part).split("</form>")[0]
    return [(name, unescape(value)) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)]


def test_all_pages_lead_to_ask(pages: TestClient, locked: TestClient) -> None:
    for path in ("/calls", "/calls/spoken-1", "/calls/none"):
        assert '<a href="/ask">Ask</a>' in pages.get(path).text
    assert '<a href="/ask" aria-current="page">Ask</a>' in pages.get("/ask").text
    assert "/ask" not in locked.get("/calls").text
    assert locked.get("/ask").status_code == 401


def test_pages_without_anything_that_answers_do_not_offer_it(client: TestClient) -> None:
    assert 'href="/ask"' not in client.get("/calls").text
    assert client.get("/ask").status_code == 404


def test_empty_page_offers_questions_of_the_store(pages: TestClient, answers: Answering) -> None:
    html = pages.get("/ask").text
    assert "Why do customers leave?" in html
    assert "How has satisfaction developed by month?" in html  # the call has a satisfaction
    assert "by segment" not in html  # there is one segment only
    assert answers.asked == []


def test_empty_store_says_how_to_begin(empty_store: Store, answers: Answering) -> None:
    app = create_app(empty_store, audio_dir=empty_store.data_dir, token=None, askers=answers)
    client = TestClient(app, base_url=ADDRESS)
    assert "coach run INBOX" in client.get("/ask").text
    nowhere = create_app(lambda: None, audio_dir=empty_store.data_dir, token=None, askers=answers)
    assert "coach run INBOX" in TestClient(nowhere, base_url=ADDRESS).get("/ask?q=count").text


def test_count_is_shown_with_what_it_is_of_and_its_interval(pages: TestClient, answers: Answering) -> None:
    text = words(ask(pages, "count"))
    assert "20 % 12 of 60 95 % interval 12 % to 32 %" in text
    assert answers.asked == [("count", (), (), (), True)]


def test_groups_are_drawn_with_their_intervals_and_stand_in_a_table(pages: TestClient) -> None:
    html = ask(pages, "team")
    assert html.count('class="chart-bar"') == 2  # nothing is drawn of what is not known
    assert html.count('class="whisker"') == 6
    assert "Quay 35 %" in words(html)
    assert "(not given) –" in words(html)  # noqa: RUF001
    assert "style=" not in html


def test_trend_is_drawn_through_time_with_a_table(pages: TestClient) -> None:
    html = ask(pages, "trend")
    assert html.count('class="trend-point"') == 3
    assert html.count('class="trend-line"') == 1  # no line across the month of which nothing is known
    assert "Jul 2026 33 % 5 of 15" in words(html)
    assert "+30 points beyond chance" in words(html)


def test_two_sides_stand_beside_each_other_with_their_difference(pages: TestClient) -> None:
    text = words(ask(pages, "compare"))
    assert "new customer 45 %" in text
    assert "+23 points within chance" in text


def test_quotes_lead_to_the_second_and_play(pages: TestClient, own_store: Store, answers: Answering) -> None:
    answers.answers["why"] = found(SAID, GONE, against=[SAID], caveats=["Small."])
    html = ask(pages, "why")
    assert 'href="/calls/spoken-1#t=6.5"' in html
    assert f'data-audio="/audio/{AUDIO}" data-start="5.50" data-end="12.50"' in html
    assert "Quote [1] It is hard for us." in words(html)
    assert "Maya Brooks with C-1003 at 0:06" in words(html)
    assert "Nobody may read this" not in html
    assert "What speaks against it It is hard for us." in words(html).replace("“", "").replace("”", "")
    for part in ("Praises the bill", "the first bill", "Small."):
        assert part in html


def test_written_contact_leads_to_the_message(client: TestClient, store: Store, answers: Answering) -> None:
    answers.answers["why"] = found(WRITTEN)
    app = create_app(store, audio_dir=store.data_dir, token=None, askers=answers)
    html = ask(TestClient(app, base_url=ADDRESS), "why")
    assert 'href="/calls/chat-1#turn-2"' in html
    assert "at message 2" in words(html)
    assert "listen-button" not in html


def test_not_enough_evidence_says_what_could_help(pages: TestClient) -> None:
    text = words(ask(pages, "swimming"))
    assert NOTHING.statement in text
    assert "What could help Take a condition away" in text


def test_conversation_goes_on_with_its_conditions(pages: TestClient, answers: Answering) -> None:
    html = ask(pages, "count", "and by team?", where=["product=TV box"], without=["period"])
    assert answers.asked == [("and by team?", ("product=TV box",), ("count",), ("period",), True)]
    fields = form_of(html, "/ask")
    assert fields == [("q", "count"), ("q", "and by team?"), ("where", "product=TV box"), ("without", "period")]
    earlier = unescape(re.findall(r'<li><a href="([^"]+)" dir="auto">count</a>', html)[0])
    assert earlier == "/ask?q=count&where=product%3DTV+box&without=period"


def test_each_condition_can_be_taken_away_and_brought_back(pages: TestClient) -> None:
    html = ask(pages, "count", where=["product=TV box"])
    chips = dict(re.findall(r'class="chip" href="([^"]+)" aria-label="Take away: ([^"]+)"', html))
    assert {unescape(address): name for address, name in chips.items()} == {
        "/ask?q=count": "Product TV box",
        "/ask?q=count&where=product%3DTV+box&without=team%3DQuay": "Team Quay",
        "/ask?q=count&where=product%3DTV+box&without=period": "When 1 Jul 2026 to 31 Jul 2026",
    }
    less = ask(pages, "count", without=["team=Quay"])
    assert "Take away: Team" not in less
    assert '<a href="/ask?q=count"><bdi>team=Quay</bdi>, bring it back</a>' in less


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("q=" + "x" * (MAX_QUESTION + 1), f"longer than {MAX_QUESTION}"),
        ("&".join(["q=x"] * (MAX_QUESTIONS + 1)), f"more than {MAX_QUESTIONS} questions"),
        ("q=count&where=team", "write key=value"),
        ("q=count&where=medium%3Dsmoke", "the media are"),
        ("where=" + "x" * 301, "longer than 300"),
        ("&".join(f"where=a{n}%3Db" for n in range(21)), "more than 20 conditions"),
        ("q=impossible", "there is no 'moon'"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(pages: TestClient, query: str, sentence: str) -> None:
    response = pages.get(f"/ask?{query}")
    assert response.status_code == 400
    assert sentence in unescape(response.text)
    assert "--where" not in response.text


def test_answers_are_made_one_at_a_time_and_few_may_wait(own_store: Store, answers: Answering) -> None:
    go, at_work, together = threading.Event(), [], []

    def slow(store: Store, with_llm: bool) -> Ask:
        at_work.append(1)
        together.append(len(at_work))
        assert go.wait(30)
        at_work.pop()
        return answers(store, with_llm)

    app = create_app(own_store, audio_dir=own_store.data_dir, token=None, askers=slow)

    async def all_at_once() -> list[int]:
        statuses: list[int] = []
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, timeout=60) as client:

            async def one() -> None:
                statuses.append((await client.get("/ask?q=count")).status_code)
                go.set()  # the first to be answered is the one that is told to come later

            async with anyio.create_task_group() as tasks:
                for _ in range(MAX_WAITING + 2):
                    tasks.start_soon(one)
        return statuses

    assert sorted(anyio.run(all_at_once)) == [200] * (MAX_WAITING + 1) + [503]
    assert max(together) == 1


def test_missing_weights_are_told_without_what_is_inside(own_store: Store) -> None:
    def broken(store: Store, with_llm: bool) -> Ask:
        raise ModelError("/secret/place is missing")

    client = TestClient(create_app(own_store, audio_dir=own_store.data_dir, token=None, askers=broken))
    client.base_url = ADDRESS  # type: ignore[assignment]
    response = client.get("/ask?q=count")
    assert (response.status_code, "secret" in response.text) == (503, False)


def test_hostile_words_are_shown_inert(
    store: Store, answers: Answering, attack: str, attack_id: str, client: TestClient
) -> None:
    cited = Citation(attack_id, 5.0, 9.0, attack, 1, 0, len(attack), "customer")
    bad = [share(3, 9, attack, attack), share(4, 9, "b", attack)]
    plain = found(cited, against=[cited], caveats=[attack])
    plan = replace(plain.plan, understood=(attack,), where=COUNT.plan.where)
    answers.answers[attack] = replace(plain, statement=attack, figures=tuple(bad), plan=plan, source=attack)
    app = create_app(store, audio_dir=store.data_dir, token=None, askers=answers)
    html = ask(TestClient(app, base_url=ADDRESS), attack, attack, where=[f'site="{attack.replace(chr(34), "")}"'])
    assert "<script>window" not in html
    assert "<img" not in html
    assert unescape(html).count(attack) >= 9


def test_looking_writes_nothing(pages: TestClient, own_store: Store) -> None:
    ask(pages, "count")
    assert own_store.saved_questions() == []
    for path in ("/questions", "/questions/remove"):
        assert pages.get(path).status_code == 405


def save(client: TestClient, name: str, *questions: str, **others: Sequence[str]) -> int:
    fields = [*form_of(ask(client, *questions, **others), "/questions"), ("name", name)]
    return client.post("/questions", content=urlencode(fields)).status_code


def test_question_is_saved_answered_without_the_llm_and_shown_as_saved(
    pages: TestClient, own_store: Store, answers: Answering
) -> None:
    assert save(pages, "July", "earlier", "count", where=["team=Mill"], without=["period"]) == 303
    (saved,) = own_store.saved_questions()
    assert (saved.name, saved.question, saved.before) == ("July", "count", ("earlier",))
    assert (saved.where, saved.without) == (("team=Mill",), ("period",))
    assert answers.asked[-1] == ("count", ("team=Mill",), ("earlier",), ("period",), False)
    html = ask(pages, "earlier", "count", where=["team=Mill"], without=["period"])
    assert "Saved as July" in words(html)
    assert "20 %, 12 of 60" in words(html)


def test_saved_question_tells_what_changed(pages: TestClient, own_store: Store, answers: Answering) -> None:
    save_question(own_store, answers(own_store, False), SavedQuestion("July", "count"))
    answers.answers["count"] = answering.answered(share(40, 70), query=COUNT.plan.count)
    rerun(own_store, answers(own_store, False))
    assert "20 % → 57 %, +37 points, beyond chance" in words(pages.get("/ask").text)
    rerun(own_store, answers(own_store, False))
    assert "Nothing changed since" in words(pages.get("/ask").text)


def test_saved_question_is_removed(pages: TestClient, own_store: Store) -> None:
    save(pages, "July", "count")
    fields = form_of(pages.get("/ask").text, "/questions/remove")
    assert ("name", "July") in fields
    assert pages.post("/questions/remove", content=urlencode(fields)).status_code == 303
    assert own_store.saved_questions() == []
    assert pages.post("/questions/remove", content=urlencode(fields)).status_code == 404


@pytest.mark.parametrize(
    ("name", "question", "sentence"),
    [
        ("", "count", "1 to 80 characters"),
        ("x" * 81, "count", "1 to 80 characters"),
        ("taken", "count", "already"),
        ("new", "impossible", "there is no 'moon'"),
        ("new", "", "no question to save"),
        ("new", "x" * 501, "longer than 500"),
    ],
)
def test_what_cannot_be_saved_is_told(
    pages: TestClient, own_store: Store, name: str, question: str, sentence: str
) -> None:
    assert save(pages, "taken", "count") == 303
    token = dict(form_of(pages.get("/ask").text, "/questions/remove"))["form_token"]
    response = pages.post("/questions", data={"form_token": token, "q": question, "name": name})
    assert response.status_code == 422
    assert sentence in unescape(response.text)
    assert len(own_store.saved_questions()) == 1


def test_only_forms_of_these_pages_write(pages: TestClient, own_store: Store, token: str) -> None:
    fields = [*form_of(ask(pages, "count"), "/questions"), ("name", "July")]
    body = urlencode(fields)
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        for path in ("/questions", "/questions/remove"):
            assert pages.post(path, content=body, headers=headers).status_code == 403
    of_a_call = form_token(form_key(token), "questions")
    for wrong in ("", "0" * 64, of_a_call):
        assert pages.post("/questions", data={"form_token": wrong, "q": "count", "name": "x"}).status_code == 403
    assert pages.post("/questions", content=b"x" * (MAX_FORM_BYTES + 1)).status_code == 413
    pages.cookies.clear()
    assert pages.post("/questions", content=body).status_code == 401
    assert own_store.saved_questions() == []
