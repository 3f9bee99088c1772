"""The summary on the page of a call."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from coach.config import StoreConfig
from coach.store import open_store
from coach.types import Call, Metadata, SummarySentence, Turn
from coach.web.app import create_app
from coach.web.summary import view_summary

TURNS = (
    Turn("customer", "Hello. <b>My bill</b> is wrong.", 0.0, 10.0),
    Turn("agent", "I will send a new one on Friday.", 10.0, 12.0),
)
SUMMARY = (
    SummarySentence("reason", "<b>My bill</b> is wrong.", (0,)),
    SummarySentence("next_step", "I will send a new one on Friday.", (1,)),
    SummarySentence("open_promise", "I will send a new one on Friday.", (1,)),
    SummarySentence("open_promise", "A new bill on Friday.", (0, 1), "summarise-call v1 (0f), <i>tiny</i>"),
)
CALL = Call("c", Metadata(agent="Maya"), TURNS, None, "c.wav", 12.0, summary=SUMMARY)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with open_store(tmp_path / "data", StoreConfig()) as store:
        store.save_call(CALL)
        store.save_call(replace(CALL, id="plain", summary=()))
        app = create_app(store, audio_dir=tmp_path / "data" / "audio", token=None)
        yield TestClient(app, base_url="http://127.0.0.1")


def test_sentences_lead_to_where_they_are_said() -> None:
    reason, step, promise = view_summary(SUMMARY, TURNS)
    (said,) = reason.sentences
    assert (reason.name, said.text) == ("Why they are in touch", "<b>My bill</b> is wrong.")
    assert (said.moments[0].turn, said.moments[0].time_s) == (0, pytest.approx(10.0 * 7 / len(TURNS[0].text)))
    assert [(one.text, one.is_open) for one in step.sentences] == [("I will send a new one on Friday.", True)]
    assert [moment.turn for moment in promise.sentences[0].moments] == [0, 1]


def test_sentences_that_point_outside_the_transcript_are_left_out() -> None:
    assert view_summary((SummarySentence("reason", "x", (2,)), SummarySentence("done", "y", (0, -1))), TURNS) == ()


def test_the_page_quotes_the_words_and_names_who_wrote_the_rest(client: TestClient) -> None:
    page = client.get("/calls/c").text
    section = page[page.index('id="summary"') : page.index('class="wrap columns"')]
    assert '<q dir="auto">&lt;b&gt;My bill&lt;/b&gt; is wrong.</q>' in section
    assert section.count("I will send a new one on Friday.</q>") == 1
    assert "still to be kept" in section
    assert "summarise-call v1 (0f), &lt;i&gt;tiny&lt;/i&gt;" in section
    assert "<b>My" not in section


def test_a_call_without_a_summary_has_no_such_section(client: TestClient) -> None:
    assert 'id="summary"' not in client.get("/calls/plain").text
