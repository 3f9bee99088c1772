"""The pages in a real browser: sound, seeking, following, links, keys, and hostile words that stay words."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from coach.config import StoreConfig
from coach.store import open_store
from coach.web.app import create_app
from coach.web.formats import call_path
from coach.web.serving import listen

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--autoplay-policy=no-user-gesture-required", "--mute-audio",
]  # fmt: skip
ASIDE = {"width": 1280, "height": 700}

Open = Callable[[str], Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is missing; apt-get install chromium"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(data_dir: Path, token: str) -> Iterator[str]:
    """The address of the pages, served from a thread."""
    store = open_store(data_dir, StoreConfig(), create=False)
    app = create_app(store, audio_dir=data_dir / "audio", token=token)
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=20)
    listener.close()
    store.close()


@pytest.fixture
def context(browser: Browser, site: str, token: str) -> Iterator[BrowserContext]:
    """A signed-in browser."""
    context = browser.new_context(viewport=ASIDE, base_url=site)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/calls?token={token}")
    assert "token" not in page.url
    page.close()
    yield context
    context.close()


@pytest.fixture
def visit(context: BrowserContext) -> Iterator[Open]:
    """Opens an address; at the end there must have been no message on the console, no error and no blocked load."""
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: _note_failure(complaints, request.url, request.failure))
    page.on("dialog", lambda dialog: complaints.append("a dialog opened"))

    def go(path: str) -> Page:
        page.goto(path)
        return page

    yield go
    assert complaints == []


def _note_failure(complaints: list[str], url: str, failure: str | None) -> None:
    if failure != "net::ERR_ABORTED":  # what a player does with a range it no longer wants
        complaints.append(f"{url}: {failure}")


def now(page: Page) -> float:
    return float(page.evaluate("document.querySelector('#sound').currentTime"))


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def in_view(page: Page, selector: str) -> bool:
    """Whether the element lies between the player's lower edge and the window's."""
    return bool(
        page.evaluate(
            """selector => {
                const box = document.querySelector(selector).getBoundingClientRect();
                const top = document.querySelector('#player')?.getBoundingClientRect().bottom ?? 0;
                return box.top >= top - 1 && box.top < innerHeight - 20;
            }""",
            selector,
        )
    )


def test_click_on_a_turn_or_its_time_seeks(visit: Open) -> None:
    page = visit("/calls/spoken-1")
    page.locator("#turn-3 .turn-text").click(position={"x": 4, "y": 4})
    until(lambda: abs(now(page) - 12.5) < 0.2, "the sound is at turn 3")
    expect(page.locator("#turn-3")).to_have_class(re.compile("is-current"))
    page.locator("#turn-5 .turn-when a").click()
    until(lambda: abs(now(page) - 24.5) < 0.2, "the sound is at turn 5")
    expect(page.locator("#now")).to_have_text("0:24")
    assert page.url.endswith("#t=24.5")


def test_click_on_the_timeline_seeks(visit: Open) -> None:
    page = visit("/calls/spoken-1")
    box = page.locator("#timeline").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    until(lambda: abs(now(page) - 30) < 0.5, "the sound is in the middle")
    expect(page.locator("#timeline")).to_have_attribute("aria-valuetext", re.compile("0:(29|30)"))


def test_transcript_follows_the_sound_until_somebody_scrolls(visit: Open) -> None:
    page = visit("/calls/spoken-1#t=40")
    expect(page.locator("#turn-7")).to_have_class(re.compile("is-current"))
    page.select_option("#speed", "2")
    page.click("#play")
    expect(page.locator("#turn-8")).to_have_class(re.compile("is-current"))
    expect(page.locator("#turn-9")).to_have_class(re.compile("is-current"))
    until(lambda: in_view(page, "#turn-9"), "the turn spoken is in view")
    expect(page.locator("#follow")).to_be_hidden()
    page.mouse.move(300, 500)
    page.mouse.wheel(0, -5000)
    expect(page.locator("#follow")).to_be_visible()
    until(lambda: page.evaluate("scrollY") == 0, "we are at the top")
    expect(page.locator("#turn-10")).to_have_class(re.compile("is-current"))
    assert page.evaluate("scrollY") == 0
    page.click("#follow")
    until(lambda: in_view(page, "#turn-10"), "we are back at the sound")
    expect(page.locator("#follow")).to_be_hidden()


@pytest.mark.parametrize("address", ["#t=54.7", "?t=54.7", "#t=0:54.7"])
def test_deep_link_leads_to_the_moment(visit: Open, address: str) -> None:
    page = visit(f"/calls/spoken-1{address}")
    until(lambda: abs(now(page) - 54.7) < 0.2, "the sound is at the moment")
    expect(page.locator("#turn-10")).to_have_class(re.compile("is-current"))
    until(lambda: in_view(page, "#turn-10"), "the turn is in view")
    assert page.evaluate("document.querySelector('#sound').paused")


@pytest.mark.parametrize("address", ["#t=abc", "?t=-1", "#t=1e9", "?t=99999", "#t=%3Cimg%3E", "#turn-99", "#q-99"])
def test_nonsense_in_a_deep_link_harms_nothing(visit: Open, address: str) -> None:
    page = visit(f"/calls/spoken-1{address}")
    expect(page.locator("#now")).to_be_visible()


def test_keys_play_step_and_go_from_question_to_question(visit: Open) -> None:
    page = visit("/calls/spoken-1")
    page.wait_for_function("document.querySelector('#sound').readyState >= 1")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    until(lambda: abs(now(page) - 15) < 0.2, "three steps forward")
    page.keyboard.press("ArrowLeft")
    until(lambda: abs(now(page) - 10) < 0.2, "one step back")
    page.keyboard.press("j")
    expect(page.locator("#q-3")).to_have_class(re.compile("is-reached"))
    assert 36.5 < now(page) < 41.5
    page.keyboard.press("k")
    expect(page.locator("#q-2")).to_have_class(re.compile("is-reached"))
    page.keyboard.press("k")
    expect(page.locator("#q-1")).to_have_class(re.compile("is-reached"))
    page.keyboard.press("k")
    expect(page.locator("#q-1")).to_have_class(re.compile("is-reached"))
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    until(lambda: now(page) > 2.5, "it plays")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_question_list_and_evidence_lead_into_the_transcript(visit: Open) -> None:
    page = visit("/calls/spoken-1")
    page.locator(".question-list a").nth(2).click()
    until(lambda: 36.5 < now(page) < 41.5, "the sound is at the question")
    until(lambda: in_view(page, "#q-3"), "the question is in view")
    page.locator(".criterion summary").first.click()
    page.locator(".criterion .evidence .moment").first.click()
    until(lambda: 0.5 < now(page) < 2, "the sound is at the evidence")
    until(lambda: in_view(page, "#turn-1"), "the turn is in view")


def test_form_and_function_are_written_out_not_only_coloured(visit: Open) -> None:
    page = visit("/calls/spoken-1")
    expect(page.locator("#turn-1 .label")).to_have_text(["open · impact", "closed · procedural"])
    solid, outlined = (
        page.locator("#turn-1 .label").nth(index).evaluate("label => getComputedStyle(label).backgroundColor")
        for index in (0, 1)
    )
    assert solid != outlined


def test_questions_only_folds_the_rest_away(visit: Open) -> None:
    page = visit("/calls/spoken-1")
    page.click("#only-questions")
    expect(page.locator(".turn:visible")).to_have_count(3)
    page.click("#only-questions")
    expect(page.locator(".turn:visible")).to_have_count(10)


def test_chat_has_keys_for_questions_and_no_player(visit: Open) -> None:
    page = visit("/calls/chat-1")
    expect(page.locator("#player")).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#q-2")).to_have_class(re.compile("is-reached"))
    page.keyboard.press(" ")
    page.keyboard.press("ArrowLeft")


def test_call_without_sound_still_leads_through_its_times(visit: Open, attack_id: str) -> None:
    page = visit(call_path(attack_id) + "#t=6")
    expect(page.locator("#turn-2")).to_have_class(re.compile("is-current"))
    expect(page.locator("#now")).to_have_text("0:06")


def test_hostile_words_are_shown_and_inert(visit: Open, attack: str, attack_id: str) -> None:
    page = visit("/calls")
    page.get_by_role("row").filter(has_text="window.pwned").get_by_role("link").click()
    page.wait_for_url(lambda url: url.endswith(call_path(attack_id)))
    expect(page.locator("#turn-2 .turn-text")).to_have_text(attack)
    page.keyboard.press("j")
    page.locator(".mark").hover()
    expect(page.locator("#hover")).to_contain_text("Why?")
    page.locator("#hover").evaluate("element => element.textContent")
    assert page.evaluate("window.pwned") is None
    assert page.locator("main img, main script, main iframe").count() == 0


def test_policy_stops_a_script_that_got_into_a_page(context: BrowserContext) -> None:
    page = context.new_page()
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text))
    page.goto("/calls")
    page.evaluate("""() => {
        const image = document.createElement("div");
        image.innerHTML = "<img src=x onerror='window.pwned=1'>";
        document.body.append(image);
        const script = document.createElement("script");
        script.textContent = "window.pwned=1";
        document.body.append(script);
    }""")
    until(lambda: any("Content Security Policy" in line for line in blocked), "the policy speaks up")
    assert page.evaluate("window.pwned") is None


def test_missing_sound_is_said_and_the_transcript_still_works(context: BrowserContext) -> None:
    page = context.new_page()
    page.route("**/audio/*", lambda route: route.fulfill(status=404))
    page.goto("/calls/spoken-1")
    expect(page.locator("#no-sound")).to_be_visible()
    page.locator("#turn-4 .turn-when a").click()
    expect(page.locator("#turn-4")).to_have_class(re.compile("is-current"))
    expect(page.locator("#now")).to_have_text("0:18")


def test_list_sends_only_the_filters_given(visit: Open) -> None:
    page = visit("/calls")
    page.fill("#team", "North")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.endswith("/calls?team=North"))
    expect(page.locator("tbody tr")).to_have_count(1)
    page.select_option("#order", "-talk_share")
    page.wait_for_url(lambda url: url.endswith("/calls?team=North&order=-talk_share"))
    page.get_by_role("link", name="Remove Team North").click()
    expect(page.locator("tbody tr")).to_have_count(5)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/calls", "/calls/spoken-1", "/calls/chat-1"])
def test_pages_fit_a_telephone(browser: Browser, site: str, token: str, scheme: str, path: str) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        color_scheme=scheme,  # type: ignore[arg-type]
        base_url=site,
    )
    page = context.new_page()
    page.goto(f"{path}?token={token}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_signing_in_by_the_form_leads_to_the_page_asked_for(browser: Browser, site: str, token: str) -> None:
    context = browser.new_context(base_url=site)
    page = context.new_page()
    page.goto("/calls/spoken-1?t=12")
    page.fill("#token", "wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.fill("#token", token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: url.endswith("/calls/spoken-1?t=12"))
    expect(page.locator("h1")).to_contain_text("Maya Brooks")
    context.close()


def test_missed_moment_is_heard_where_one_reads_about_it(visit: Open) -> None:
    page = visit("/calls/spoken-1")
    page.wait_for_function("document.querySelector('#sound').readyState >= 1")
    page.locator(".missed .listen").click()
    until(lambda: now(page) > 6.6, "the missed moment is heard")
    assert page.evaluate("scrollY") == 0
    page.locator(".missed-mark").hover()
    expect(page.locator("#hover")).to_contain_text("It is hard for us.")
    page.locator(".practice .moment").first.click()
    until(lambda: in_view(page, "#turn-3"), "the agent's reply is in view")


def test_review_is_written_by_keyboard_and_stands_open_beside_the_score(visit: Open) -> None:
    page = visit("/calls/spoken-1")
    page.locator(".criterion summary").nth(1).focus()
    page.keyboard.press("Enter")
    form = page.locator(".criterion").nth(1).locator("form")
    form.get_by_label("Your score").select_option("Met")
    form.get_by_label("Your name").fill("Ann Lee")
    form.get_by_label("Note").fill("<b>Listen</b> at 0:08")
    form.get_by_role("button").press("Enter")
    page.wait_for_url(lambda url: url.endswith("/calls/spoken-1#criterion-1-2"))
    expect(page.locator("#criterion-1-2 .reviews")).to_be_visible()
    expect(page.locator("#criterion-1-2 .reviews")).to_contain_text("Ann Lee 100")
    expect(page.locator("#criterion-1-2 .note")).to_have_text("<b>Listen</b> at 0:08")
    expect(page.locator(".criterion").first.get_by_label("Your name")).to_have_value("Ann Lee")
