"""The page of one call: what is shown for speech, chat, silence and hostile words, and under which address."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from coach.config import StoreConfig
from coach.measures import measure
from coach.store import Store, migrate, open_store
from coach.types import FUNCTIONS, Call, Metadata, Turn
from coach.web.app import create_app
from coach.web.call_page import view_call
from coach.web.formats import call_path
from coach.web.timeline import call_length, lay_out
from coach.web.transcript import QuestionView, cut
from coach.web.wording import explain_dropped, explain_flag

AskRaw = Callable[[Starlette, str], tuple[int, str]]
RawGet = Callable[[str], tuple[int, str]]


TAGS = r'<span class="label.*?</span>|<span class="cue-tag.*?</span>.*?</span>.*?</span>'
"""What the page writes behind a question or a cue."""


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_call_page_shows_transcript_scores_and_metadata(client: TestClient) -> None:
    text = client.get("/calls/spoken-1").text
    assert 'src="/audio/0f1e2d3c4b5a69788796a5b4c3d2e1f0.ogg"' in text
    seen = words(text)
    for shown in (
        "Maya Brooks with C-1003",
        "4 Mar 2026, 13:05 UTC",
        "Recording cut short.",
        "What does that mean for your family?",
        "open · impact",
        "closed · procedural",
        "closed · check · unsure",
        "Open questions",
        "1 of 3",
        "6 s",
        "spring",
        "the recogniser repeated itself",
        "Thank you. Thank you. Thank you.",
    ):
        assert shown in seen


def test_dropped_text_is_folded_away(client: TestClient) -> None:
    assert "Thank you. Thank you" in client.get("/calls/spoken-1").text.split('<details class="card dropped"')[1]


def test_all_words_of_every_turn_are_on_the_page(client: TestClient, spoken: Callable[..., Call]) -> None:
    text = client.get("/calls/spoken-1").text
    shown = [words(re.sub(TAGS, "", part.split("</p>")[0])) for part in
             text.split('<p class="turn-text" dir="auto">')[1:]]  # fmt: skip
    assert [line.replace(" ", "") for line in shown] == [turn.text.replace(" ", "") for turn in spoken(None).turns]


def test_evidence_links_to_the_turn_and_its_time(client: TestClient) -> None:
    text = client.get("/calls/spoken-1").text
    assert re.search(r'<a class="moment" href="#turn-1" data-time="[\d.]+" title="[^"]+">0:01</a>', text)
    assert 'id="turn-1"' in text


def test_chat_has_no_player_and_shows_the_time_of_day(client: TestClient) -> None:
    text = client.get("/calls/chat-1").text
    assert "<audio" not in text
    assert 'id="timeline"' not in text
    assert "13:05" in text
    assert "A written contact" in text
    assert "Zoë" in text


def test_transcript_without_times_and_a_silent_call_are_shown(client: TestClient) -> None:
    untimed = client.get("/calls/untimed-1")
    assert untimed.status_code == 200
    assert "came without times" in untimed.text
    silent = client.get("/calls/silent-1")
    assert silent.status_code == 200
    assert "Nothing was said" in silent.text


def test_a_silent_recording_can_still_be_played(tmp_path: Path) -> None:
    page = view_call(Call("s", Metadata(), (), "b" * 64, "s.wav", 12.0, audio="abc.ogg"))
    assert page.length_s == 12.0
    assert page.silent is None


@pytest.mark.parametrize(
    "call_id",
    [
        "a/b",
        "/a",
        "a/",
        "//",
        ".",
        "..",
        "a/../../etc",
        "%2F",
        "%",
        "a b",
        "a+b",
        "?",
        "#",
        "&=;",
        "\\",
        "é漢字🎧",
        "x" * 200,
        "\"'<>",
        "calls",
        "id=1",
        ":",
        "~",
        "*",
    ],
)
def test_any_printable_call_id_has_an_address_that_works(tmp_path: Path, call_id: str, ask_raw: AskRaw) -> None:
    migrate(tmp_path, StoreConfig())
    with open_store(tmp_path, StoreConfig()) as store:
        store.save_call(Call(call_id, Metadata(), (Turn("agent", "Found it."),), None, "x.wav", 1.0))
        store.save_call(Call("other", Metadata(), (Turn("agent", "Another."),), None, "y.wav", 1.0))
        app = create_app(store, audio_dir=tmp_path, token=None)
        path = call_path(call_id)
        assert path.isascii()
        assert f'href="{path}"' in ask_raw(app, "/calls")[1]
        assert "Found it." in ask_raw(app, path)[1]


def test_unknown_call_is_404_that_tells_nothing(client: TestClient) -> None:
    for path in ("/calls/nobody", "/calls/", "/calls/<script>alert(1)</script>", "/calls/%00", "/calls/%FF"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "<script>alert" not in answer.text
        assert "nobody" not in answer.text


def test_hostile_call_is_shown_as_it_is_and_inert(raw_get: RawGet, attack: str, attack_id: str) -> None:
    status, text = raw_get(call_path(attack_id))
    assert status == 200
    assert "<script>window" not in text
    assert "<img" not in text
    assert unescape(text).count(attack) >= 8
    assert not [value for value in re.findall(r'(?:href|src)="([^"]*)"', text) if not value.startswith(("/", "#"))]


def view(start: int, end: int) -> QuestionView:
    return QuestionView(1, 0, start, end, None, "", "open", "need", False, 1.0, 1.0, None)


@pytest.mark.parametrize(
    "spans", [[], [(0, 4)], [(5, 9), (9, 12)], [(0, 12)], [(3, 6), (4, 8)], [(8, 90)], [(-2, 3)], [(6, 6)], [(7, 2)]]
)
def test_cutting_a_turn_keeps_every_character_once(spans: list[tuple[int, int]]) -> None:
    text = "Why? Or how?"
    assert "".join(piece.text for piece in cut(text, [view(*span) for span in spans])) == text


def test_questions_outside_the_transcript_are_left_out(spoken: Callable[..., Call]) -> None:
    call = spoken(None)
    wild = replace(call.questions[0], turn=99)
    none = replace(call.questions[0], form="none", function="none")
    assert len(view_call(replace(call, questions=(wild, none, *call.questions))).questions) == 3


def test_timeline_stays_within_the_call_and_keeps_the_order() -> None:
    turns = (Turn("customer", "b", 5.0, 999.0), Turn("agent", "a", 0.0, 4.0), Turn("agent", "c", 4.0, 4.0))
    length_s = call_length(10.0, turns, has_sound=False)
    assert length_s == 999.0
    for lane in lay_out(turns, 10.0):
        for stretch in lane.stretches:
            assert 0 <= stretch.x <= 100
            assert stretch.width > 0
    assert [lane.role for lane in lay_out(turns, 10.0)] == ["agent", "customer"]


def test_ten_hours_of_turns_are_drawn_with_a_bounded_number_of_stretches() -> None:
    turns = [Turn("agent", "x", float(at), at + 0.9) for at in range(36_000)]
    (agent, customer) = lay_out(turns, 36_000.0)
    assert len(agent.stretches) <= 5001
    assert customer.stretches == ()


def test_calls_without_length_have_no_timeline() -> None:
    assert call_length(None, (Turn("agent", "x"),), has_sound=False) is None
    assert call_length(30.0, (Turn("agent", "x"),), has_sound=False) is None
    assert call_length(0.0, (), has_sound=True) is None


def test_page_is_made_from_the_store_as_it_is_now(store: Store) -> None:
    stored = store.get_call("spoken-1")
    assert stored is not None
    assert [figure.value for figure in view_call(stored).figures] == ["3", "33 %", "1×", "50 %"]  # noqa: RUF001


def test_every_measure_is_shown_once_or_said_not_to_apply(spoken: Callable[..., Call]) -> None:
    call = spoken(None)
    measures = measure(call.turns, call.questions, call.cues, call.duration_s)
    page = view_call(replace(call, measures=measures)).measures
    assert page is not None
    names = [line.figure.name for line in (*page.scores, *page.counts)] + list(page.absent)
    by_function = [score for score in measures if score.name.removesuffix("_share") in FUNCTIONS]
    assert len(names) == len(measures) - len(by_function)
    assert len(set(names)) == len(names)
    assert not [name for name in names if "_" in name]
    impact = next(line for line in page.counts if line.function == "impact")
    assert (impact.figure.value, impact.figure.detail) == ("1", "33 %")


def test_without_an_agent_nothing_is_claimed_about_questions() -> None:
    page = view_call(Call("m", Metadata(), (Turn("unknown", "Why?", 0.0, 1.0),), "c" * 64, "m.wav", 2.0, ("mono",)))
    assert page.figures == ()


FLAGS = """
    truncated damaged length_corrected gaps_filled more_tracks_ignored mono duplicated_mono one_sided silent_channel
    sides_differ_in_length second_channel_ignored speech_lost
"""


@pytest.mark.parametrize("flag", FLAGS.split())
def test_flags_are_explained_in_words(flag: str) -> None:
    explained = explain_flag(flag)
    assert "out of the ordinary" not in explained.meaning
    assert "_" not in explained.name + explained.meaning


def test_a_flag_nobody_explained_is_still_shown() -> None:
    assert explain_flag("new_kind").name == "New kind"
    assert explain_dropped("new_kind") == "new kind"
    assert explain_dropped(None) == "not reliable"
