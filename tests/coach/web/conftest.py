"""A real store on SQLite with a handful of calls, the pages over it, and ways to ask for them."""

from collections.abc import Callable, Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
import av
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from coach.config import StoreConfig
from coach.store import Store, migrate, open_store
from coach.types import Call, Cue, Evidence, Metadata, Question, Score, Scorecard, Segment, Suggestion, Turn
from coach.web.app import create_app

TOKEN = "a-token-that-is-long-enough-for-the-tests"
STARTED = datetime(2026, 3, 4, 13, 5, 48, tzinfo=UTC)
ATTACK = '<script>window.pwned=1</script><img src=x onerror="window.pwned=1">\'"{{7*7}}'
ATTACK_ID = "a/../b?c#d%2Fe&f=g;\\" + ATTACK
SPOKEN = "Good morning. What does that mean for your family? Can I take the number?"


def question(
    turns: tuple[Turn, ...], turn: int, text: str, form: str, function: str, *, unsure: bool = False
) -> Question:
    start_char = turns[turn].text.index(text)
    start, end = turns[turn].start, turns[turn].end
    time_s = None if start is None or end is None else start + (end - start) * start_char / len(turns[turn].text)
    return Question(
        turn,
        start_char,
        start_char + len(text),
        time_s,
        text,
        form,
        function,
        0.9,
        0.8,
        unsure,  # type: ignore[arg-type]
    )


def cue(tracker: str, turns: tuple[Turn, ...], turn: int, text: str) -> Cue:
    start_char = turns[turn].text.index(text)
    return Cue(tracker, turn, start_char, start_char + len(text), turns[turn].start, text, 0.9)


def scorecard(questions: tuple[Question, ...]) -> Scorecard:
    """Every way in which a criterion can come out."""
    evidence = tuple(Evidence(one.turn, one.time_s, one.text) for one in questions[:1])
    scores = (
        Score("opening_story", 1.0, "share", "A story was invited.", evidence=evidence, section="Opening", weight=1.0),
        Score("impact_taken_up", 0.25, "share", "One of four.", 1, 4, section="Exploring", weight=3.0),
        Score("need_asked", 0.0, "share", "No need was asked.", section="Exploring", weight=1.0),
        Score("hold_announced", None, "share", "Does not apply: no hold.", section="Exploring", weight=1.0),
        Score("own-words", 0.5, "share", "Judged by a model.", section="Exploring"),
        Score("not_rude", 1.0, "share", "Nothing rude.", section="Exploring", weight=0.5, fatal=True),
    )
    return Scorecard("discovery", "0" * 64, 0.4375, scores)


SUGGESTIONS = (
    Suggestion(1, 0, "impact_stated", "impact", "bank", "What is hard about it for you?", "written exemplar"),
    Suggestion(6, 38, "closed", "diagnostic", "bank", "What has happened since Monday?", "written exemplar"),
)
"""For the spoken call."""


def measures(questions: tuple[Question, ...], talk: float | None) -> tuple[Score, ...]:
    opened = [one for one in questions if one.form == "open"]
    evidence = tuple(Evidence(one.turn, one.time_s, one.text) for one in opened)
    return (
        Score(
            "open_share",
            len(opened) / len(questions) if questions else None,
            "share",
            "Own words.",
            len(opened),
            len(questions),
            evidence,
        ),
        Score("talk_share", talk, "share", "The agent's part of the talking."),
        Score("longest_monologue", 6.0, "s", "The longest turn."),
    )


def spoken_call(audio: str | None) -> Call:
    """60 s, a turn every 6 s, agent first; two questions in the first turn and one, unsure, in turn 6.

    In turn 1 the customer states an impact that nobody takes up; the question in turn 6 is a reflection as well.
    """
    texts = [SPOKEN, "It is hard for us."] + [f"This is turn {index}, and we go on talking." for index in range(2, 10)]
    texts[6] += " So since Monday?"
    turns = tuple(
        Turn("agent" if index % 2 == 0 else "customer", text, 6.0 * index + 0.5, 6.0 * index + 5.5)
        for index, text in enumerate(texts)
    )
    questions = (
        question(turns, 0, "What does that mean for your family?", "open", "impact"),
        question(turns, 0, "Can I take the number?", "closed", "procedural"),
        question(turns, 6, "So since Monday?", "closed", "check", unsure=True),
    )
    metadata = Metadata(
        "spoken-1",
        STARTED,
        "voice",
        "Maya Brooks",
        "North",
        "C-1003",
        "homeowner",
        "home insurance",
        "claims",
        csat=5,
        resolved=True,
        churned=False,
        handle_time_s=181.0,
        extra={"campaign": "spring"},
    )
    dropped = (Segment(0, "agent", 50.0, 52.0, "Thank you. Thank you. Thank you.", dropped="loop"),)
    return Call(
        "spoken-1",
        metadata,
        turns,
        "a" * 64,
        "spoken-1.ogg",
        60.0,
        ("truncated",),
        dropped,
        "whisper",
        "base",
        "en",
        audio,
        questions,
        (cue("impact_stated", turns, 1, texts[1]), cue("reflection", turns, 6, "So since Monday?")),
        measures(questions, 0.5),
        (scorecard(questions),),
        scored_by="made by hand",
    )


def chat_call() -> Call:
    turns = (
        Turn("agent", "Hi! How can I help?", at=STARTED - timedelta(days=1)),
        Turn("customer", "My parcel is lost.\nHelp!", speaker="Zoë", at=STARTED - timedelta(days=1, minutes=-1)),
        Turn("agent", "Anything else?", at=STARTED - timedelta(days=1, minutes=-2)),
    )
    questions = (
        question(turns, 0, "How can I help?", "open", "opener"),
        question(turns, 2, "Anything else?", "closed", "closing"),
    )
    metadata = Metadata("chat-1", STARTED - timedelta(days=1), "chat", "Ana Silva", "South", "C-2")
    return Call("chat-1", metadata, turns, None, "chats.jsonl", None, questions=questions)


def untimed_call() -> Call:
    return Call("untimed-1", Metadata(), (Turn("unknown", "Words without times."),), None, "old.jsonl", None)


def hostile_call() -> Call:
    turns = (Turn("agent", f"{ATTACK} Why? {ATTACK}", 0.0, 5.0, ATTACK), Turn("customer", ATTACK, 5.0, 9.0))
    questions = (question(turns, 0, "Why?", "open", "diagnostic"),)
    metadata = Metadata(
        ATTACK_ID,
        STARTED - timedelta(days=2),
        "voice",
        ATTACK,
        ATTACK,
        ATTACK,
        ATTACK,
        ATTACK,
        ATTACK,
        extra={ATTACK: ATTACK},
    )
    score = Score(ATTACK, 0.5, "share", ATTACK, evidence=(Evidence(0, 1.0, ATTACK),), section=ATTACK, weight=1.0)
    cue = Cue(ATTACK, 0, 0, 5, 1.0, ATTACK[:5], 0.9)
    return Call(
        ATTACK_ID,
        metadata,
        turns,
        None,
        ATTACK,
        9.0,
        (ATTACK,),
        (Segment(0, "agent", 1, 2, ATTACK, dropped=ATTACK),),
        ATTACK,
        ATTACK,
        ATTACK,
        questions=questions,
        cues=(cue,),
        measures=(score,),
        scorecards=(Scorecard(ATTACK, "0" * 64, 0.5, (score,)),),
    )


def write_ogg(path: Path, seconds: float) -> None:
    """A quiet stereo tone as Ogg/Opus, as the kept copies are."""
    rate = 48_000
    with av.open(str(path), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=rate, layout="stereo")
        tone = (np.sin(np.arange(int(rate * seconds)) * 2 * np.pi * 220 / rate) * 3000).astype(np.int16)
        for at in range(0, len(tone), rate):
            both = np.repeat(tone[at : at + rate], 2)[None, :]
            frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
            frame.sample_rate = rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with five calls; one has sound, `audio/0f1e2d3c4b5a69788796a5b4c3d2e1f0.ogg`."""
    folder = tmp_path_factory.mktemp("web") / "data"
    migrate(folder, StoreConfig())
    (folder / "audio").mkdir()
    audio = "0f1e2d3c4b5a69788796a5b4c3d2e1f0.ogg"
    write_ogg(folder / "audio" / audio, 60.0)
    with open_store(folder, StoreConfig()) as store:
        silent = Call("silent-1", Metadata(), (), None, "silent.wav", 12.0)
        for call in (spoken_call(audio), chat_call(), untimed_call(), hostile_call(), silent):
            store.save_call(call)
        store.save_suggestions("spoken-1", [(one, None) for one in SUGGESTIONS])
    return folder


@pytest.fixture
def store(data_dir: Path) -> Iterator[Store]:
    with open_store(data_dir, StoreConfig(), create=False) as store:
        yield store


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[Store]:
    migrate(tmp_path / "empty", StoreConfig())
    with open_store(tmp_path / "empty", StoreConfig(), create=False) as store:
        yield store


@pytest.fixture
def locked(store: Store, data_dir: Path) -> TestClient:
    """Somebody who has not signed in."""
    app = create_app(store, audio_dir=data_dir / "audio", token=TOKEN)
    return TestClient(app, base_url="http://127.0.0.1:8765", follow_redirects=False)


@pytest.fixture
def client(store: Store, data_dir: Path) -> TestClient:
    """The pages without a token."""
    app = create_app(store, audio_dir=data_dir / "audio", token=None)
    return TestClient(app, base_url="http://127.0.0.1:8765")


@pytest.fixture
def ask_raw() -> Callable[[Starlette, str], tuple[int, str]]:
    """Status and body for a path sent to an application as it stands.

    HTTP clients resolve `..` before they send, and the test client decodes percent signs twice.
    """

    async def ask(app: Starlette, path: str) -> tuple[int, str]:
        sent: list[MutableMapping[str, Any]] = []
        raw, _, query = path.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(raw),
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"localhost")],
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
            "asgi": {"version": "3.0", "spec_version": "2.4"},
        }

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await app(scope, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode("utf-8", "replace")

    return lambda app, path: anyio.run(ask, app, path)


@pytest.fixture
def raw_get(
    store: Store, data_dir: Path, ask_raw: Callable[[Starlette, str], tuple[int, str]]
) -> Callable[[str], tuple[int, str]]:
    """`ask_raw` for the pages without a token."""
    app = create_app(store, audio_dir=data_dir / "audio", token=None)
    return lambda path: ask_raw(app, path)


@pytest.fixture(scope="session")
def token() -> str:
    return TOKEN


@pytest.fixture(scope="session")
def attack() -> str:
    return ATTACK


@pytest.fixture(scope="session")
def attack_id() -> str:
    return ATTACK_ID


@pytest.fixture
def spoken() -> Callable[..., Call]:
    return spoken_call
