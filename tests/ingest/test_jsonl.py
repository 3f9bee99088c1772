"""Reading ready transcripts: good lines become calls, bad ones a sentence."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.errors import InputError
from coach.types import Call, Turn
from ingest.formats import jsonl
from ingest.formats.jsonl import Problem, read_transcripts

GOOD: dict[str, Any] = {
    "id": "c1",
    "started_at": "2026-01-31T14:05:00+01:00",
    "medium": "voice",
    "agent": "Ada",
    "customer": "K-1",
    "metadata": {
        "team": "north",
        "csat": 4,
        "resolved": True,
        "handle_time_s": "2:05",
        "floor": 3,
        "tags": ["a"],
        "x": None,
    },
    "turns": [
        {"role": "agent", "start": 0, "end": 1.5, "text": "How can I help?"},
        {"role": "customer", "speaker": "Bob", "start": 2, "end": 3, "text": "My bill."},
    ],
}


def read(tmp_path: Path, content: bytes) -> list[Call | Problem]:
    path = tmp_path / "calls.jsonl"
    path.write_bytes(content)
    return list(read_transcripts(path))


def line(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode() + b"\n"


def problem(tmp_path: Path, content: bytes) -> str:
    """The message about a line that stands before a good one, which must survive it."""
    bad, good = read(tmp_path, content.rstrip(b"\n") + b"\n" + line(id="good"))
    assert isinstance(bad, Problem)
    assert isinstance(good, Call)
    assert good.id == "good"
    assert bad.message.startswith("calls.jsonl line 1: ")
    assert bad.message.endswith(".")
    assert "\n" not in bad.message
    return bad.message.removeprefix("calls.jsonl line 1: ")


def test_whole_line_becomes_a_call(tmp_path: Path) -> None:
    (call,) = read(tmp_path, line())
    assert isinstance(call, Call)
    assert (call.id, call.recording_sha256, call.source, call.duration_s) == ("c1", None, "calls.jsonl line 1", 3.0)
    assert call.turns == (
        Turn("agent", "How can I help?", 0.0, 1.5),
        Turn("customer", "My bill.", 2.0, 3.0, speaker="Bob"),
    )
    metadata = call.metadata
    assert metadata.started_at == datetime(2026, 1, 31, 13, 5, tzinfo=UTC)
    assert (metadata.agent, metadata.team, metadata.csat, metadata.resolved) == ("Ada", "north", 4.0, True)
    assert metadata.handle_time_s == 125.0
    assert metadata.extra == {"floor": "3", "tags": '["a"]'}


def test_required_keys_alone_suffice_and_unknown_keys_are_ignored(tmp_path: Path) -> None:
    turns = [{"role": "unknown", "text": "hi", "at": "2026-01-01T00:00:00Z", "mood": 1}]
    content = json.dumps({"id": "m", "medium": "chat", "turns": turns, "scorecard": {"anything": []}})
    (call,) = read(tmp_path, content.encode())
    assert isinstance(call, Call)
    assert call.turns == (Turn("unknown", "hi", at=datetime(2026, 1, 1, tzinfo=UTC)),)
    assert call.duration_s is None


def test_bom_blank_lines_and_windows_line_ends_are_passed_over(tmp_path: Path) -> None:
    calls = read(tmp_path, b"\xef\xbb\xbf" + line().replace(b"\n", b"\r\n") + b"\r\n\n  \n" + line(id="c2")[:-1])
    assert [call.source for call in calls if isinstance(call, Call)] == ["calls.jsonl line 1", "calls.jsonl line 5"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"turns": [*GOOD["turns"], {"role": "boss", "text": "x"}]},
            "turns.2.role is 'boss'; expected agent, customer or unknown.",
        ),
        ({"turns": [{"role": "agent"}]}, "turns.0.text is missing; expected text."),
        ({"turns": [{"role": "agent", "text": 5}]}, "turns.0.text is 5; expected text."),
        ({"turns": ["hello"]}, "turns.0 is 'hello'; expected an object."),
        ({"turns": None}, "turns is None; expected a list of turns."),
        ({"medium": "fax"}, "medium is 'fax'; expected voice, chat, email or social."),
        ({"id": 7}, "id is 7; expected text."),
        ({"id": "a/b"}, "id is 'a/b'; expected 1 to 128 printable characters without slashes."),
        ({"id": "a\0b"}, "id is 'a\\x00b'; expected 1 to 128 printable characters without slashes."),
        ({"started_at": "yesterday"}, "started_at is 'yesterday'; expected a date and time like"),
        ({"metadata": {"csat": "high"}}, "metadata.csat is 'high'; expected a number."),
        ({"metadata": {"agent": "Ada"}}, "metadata.agent is out of place; expected it beside metadata, not in it."),
        ({"metadata": []}, "metadata is []; expected an object."),
    ],
)
def test_wrong_value_is_told_with_its_place(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    assert problem(tmp_path, line(**changes)).startswith(message)


@pytest.mark.parametrize(
    "time", ["-1", "1e300", "1e999", "NaN", "Infinity", "-Infinity", "9" * 400, "9" * 5000, "true", '"3"']
)
def test_absurd_times_are_refused(tmp_path: Path, time: str) -> None:
    turn = f'{{"role": "agent", "text": "x", "start": {time}}}'
    problem(tmp_path, f'{{"id": "c", "medium": "voice", "turns": [{turn}]}}'.encode())


def test_end_before_start_is_refused(tmp_path: Path) -> None:
    turn = {"role": "agent", "text": "x", "start": 2.0, "end": 1.0}
    assert "turns.0.start is 2, after its end 1" in problem(tmp_path, line(turns=[turn]))


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"5", b"\0\0\0", b"\xff\xfe{\0}\0", b'{"id": "\xe9"}', b"[" * 100_000, b'{"a":' * 100_000, b"null"],
)
def test_line_that_is_no_object_in_utf8_is_told(tmp_path: Path, content: bytes) -> None:
    problem(tmp_path, content)


def test_second_line_of_an_id_is_left_out(tmp_path: Path) -> None:
    first, second = read(tmp_path, line() + line(agent="Eve"))
    assert isinstance(first, Call)
    assert isinstance(second, Problem)
    assert (second.line, second.code) == (2, "duplicate_id")
    assert second.message == "calls.jsonl line 2: the id 'c1' is that of line 1 already; expected another."


def test_line_longer_than_the_bound_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE", 4096)
    huge = line(agent="x" * 5000)
    items = read(tmp_path, huge + line(id="good") + huge[:-1])
    assert [type(item) for item in items] == [Problem, Call, Problem]


def test_nul_and_half_surrogates_in_text_are_replaced(tmp_path: Path) -> None:
    content = line(turns=[{"role": "agent", "text": "@"}]).replace(b"@", rb"a\u0000b \ud83d c \ud83d\ude00")
    (call,) = read(tmp_path, content)
    assert isinstance(call, Call)
    assert call.turns[0].text == "a\ufffdb \ufffd c \U0001f600"


def test_turns_are_put_in_order_of_time_and_empty_ones_left_out(tmp_path: Path) -> None:
    turns = [{"role": "agent", "text": text, "start": start} for text, start in (("b", 2), (" ", 1), ("a", 0))]
    (call,) = read(tmp_path, line(turns=turns))
    assert isinstance(call, Call)
    assert [turn.text for turn in call.turns] == ["a", "b"]


def test_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        list(read_transcripts(tmp_path / "none.jsonl"))


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*GOOD, "role", "text", "start", "at"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*GOOD, "duration_s"]), _JSON, max_size=4))
def test_any_value_gives_a_call_or_a_problem(tmp_path: Path, changes: dict[str, Any]) -> None:
    (item,) = read(tmp_path, line(**changes))
    assert isinstance(item, Call | Problem)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_are_read_to_the_end(tmp_path: Path, content: bytes) -> None:
    assert all(isinstance(item, Problem) for item in read(tmp_path, content))
