"""The page Ask in a real browser: a quote plays its moment, a question is on its way, and nothing is blocked."""

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from answering import GROUPED, Answering, found
from playwright.sync_api import Page, expect, sync_playwright

from coach.answers import Citation
from coach.config import StoreConfig
from coach.store import open_store
from coach.web.app import create_app
from coach.web.serving import listen

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
FIRST = Citation("spoken-1", 6.5, 8.0, "It is hard for us.", 1, 0, 18, "customer")
SECOND = Citation("spoken-1", 24.5, 29.5, "This is turn 4", 4, 0, 14, "agent")


@pytest.fixture(scope="module")
def site(data_dir: Path) -> Iterator[str]:
    store = open_store(data_dir, StoreConfig(), create=False)
    answering = Answering({"why": found(FIRST, SECOND), "team": GROUPED})
    app = create_app(store, audio_dir=data_dir / "audio", token=None, askers=answering)
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=20)
    listener.close()
    store.close()


@pytest.fixture(scope="module")
def browser_page(site: str) -> Iterator[tuple[Page, list[str]]]:
    """A narrow page, and what it complained about."""
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is missing; apt-get install chromium"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_page(base_url=site, viewport={"width": 390, "height": 800})
        page.set_default_timeout(15_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page, complaints
        browser.close()


def test_quote_plays_its_moment_and_stops(browser_page: tuple[Page, list[str]]) -> None:
    page, complaints = browser_page
    page.goto("/ask?q=why")
    first, second = (page.locator(".quotes").nth(1).get_by_role("button").nth(at) for at in (0, 1))
    expect(second).to_have_accessible_name("Play at 0:24")
    second.click()
    expect(second).to_have_accessible_name("Stop at 0:24")
    first.click()
    expect(second).not_to_have_class(re.compile("is-playing"))
    expect(first).to_have_class(re.compile("is-playing"))
    expect(first).not_to_have_class(re.compile("is-playing"))  # at the quote's end
    second.click()
    page.keyboard.press("Escape")
    expect(second).to_have_accessible_name("Play at 0:24")
    expect(page.locator("#no-sound")).to_be_hidden()
    assert complaints == []


def test_asking_on_a_narrow_screen_needs_no_sideways_scrolling(browser_page: tuple[Page, list[str]]) -> None:
    page, complaints = browser_page
    page.goto("/ask?q=team")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Ask on").fill("why")
    page.get_by_label("Ask on").press("Enter")
    expect(page).to_have_url(re.compile(r"q=team&q=why"))
    expect(page.get_by_role("heading", level=1)).to_have_text("why")
    assert complaints == []
