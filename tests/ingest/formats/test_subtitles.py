"""WebVTT and SRT, written by hand to the W3C's structure and to SubRip's custom."""

from pathlib import Path

import pytest

from coach.types import Call, Turn
from ingest.formats.contacts import Problem, Sides, sides
from ingest.formats.subtitles import read_subtitles

VTT = """WEBVTT - a call

STYLE
::cue(v) { color: red }

NOTE this is
a comment --> with an arrow? no: the arrow ends nothing here

1
00:00.500 --> 00:02.000 align:start position:10%
<v Agent>How can I <i>help</i> you &amp; yours?

intro-2
00:00:02.250 --> 01:00:04.000
<v.loud.customer Bob &lt;B&gt; Smith>My bill
is <00:00:03.000>wrong.</v>

00:00:05.000 --> 00:00:06.000
<v Agent>Oh.</v><v Bob>Yes.</v>

00:00:07.000 --> 00:00:08.000
no voice
"""
SRT = (
    "1\r\n00:00:01,000 --> 00:00:02,500\r\nAgent: Good morning.\r\n\r\n"
    "2\r\n00:00:03,000 --> 00:00:04,000\r\nJane Doe: Hello,\r\nit broke.\r\n\r\n"
    "3\r\n00:00:05,000 --> 00:00:06,000\r\n- JOHN: <i>Me too.</i>\r\n"
)


def read(
    tmp_path: Path, content: str | bytes, name: str = "call-7.vtt", who: Sides | None = None
) -> list[Call | Problem]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_subtitles(path, who or Sides()))


def call_of(tmp_path: Path, content: str | bytes, name: str = "call-7.vtt", who: Sides | None = None) -> Call:
    (call,) = read(tmp_path, content, name, who)
    assert isinstance(call, Call)
    return call


def test_voices_times_and_roles_of_webvtt(tmp_path: Path) -> None:
    call = call_of(tmp_path, VTT)
    assert (call.id, call.metadata.medium, call.duration_s) == ("call-7", "voice", 3604.0)
    assert call.turns == (
        Turn("agent", "How can I help you & yours?", 0.5, 2.0, "Agent"),
        Turn("customer", "My bill is wrong.", 2.25, 3604.0, "Bob <B> Smith"),
        Turn("agent", "Oh.", 5.0, 6.0, "Agent"),
        Turn("unknown", "Yes.", 5.0, 6.0, "Bob"),
        Turn("unknown", "no voice", 7.0, 8.0),
    )


def test_speakers_of_srt_stand_before_a_colon(tmp_path: Path) -> None:
    call = call_of(tmp_path, SRT, "x.srt")
    assert [(t.role, t.speaker, t.text, t.start, t.end) for t in call.turns] == [
        ("agent", "Agent", "Good morning.", 1.0, 2.5),
        ("unknown", "Jane Doe", "Hello, it broke.", 3.0, 4.0),
        ("unknown", "JOHN", "Me too.", 5.0, 6.0),
    ]


def test_pattern_tells_the_agent_and_makes_the_others_customers(tmp_path: Path) -> None:
    call = call_of(tmp_path, SRT.replace("Agent", "Mr. Lee"), "x.srt", sides("^jane", ()))
    assert [turn.role for turn in call.turns] == ["customer", "agent", "customer"]
    assert call.metadata.agent == "Jane Doe"


def test_colon_in_ordinary_text_names_nobody(tmp_path: Path) -> None:
    cues = "".join(
        f"{i}\n00:00:0{i},000 --> 00:00:0{i},900\n{text}\n\n" for i, text in enumerate(["Listen: now", "a", "b"])
    )
    assert [turn.text for turn in call_of(tmp_path, cues, "x.srt").turns] == ["Listen: now", "a", "b"]


@pytest.mark.parametrize(
    "times", ["00:00:05 -> 00:00:06 --> x", "00:00:aa --> 00:00:06.000", "00:00:09.000 --> 00:00:03.000"]
)
def test_bad_cue_is_told_with_its_line_and_harms_no_other(tmp_path: Path, times: str) -> None:
    problem, call = read(tmp_path, f"WEBVTT\n\n{times}\nlost\n\n00:10.000 --> 00:11.000\nkept\n")
    assert isinstance(problem, Problem)
    assert isinstance(call, Call)
    assert (problem.line, problem.code) == (3, "bad_transcript")
    assert problem.message.startswith("call-7.vtt line 3: ")
    assert [turn.text for turn in call.turns] == ["kept"]


def test_missing_blank_line_between_cues(tmp_path: Path) -> None:
    call = call_of(
        tmp_path, "1\n00:00:01,000 --> 00:00:02,000\nfirst\n2\n00:00:03,000 --> 00:00:04,000\nsecond\n", "x.srt"
    )
    assert [turn.text for turn in call.turns] == ["first", "second"]


def test_windows_text_and_empty_file(tmp_path: Path) -> None:
    assert call_of(tmp_path, "WEBVTT\n\n00:01.000 --> 00:02.000\nCaf\u00e9".encode("cp1252")).turns[0].text == "Café"
    (problem,) = read(tmp_path, "WEBVTT\n")
    assert isinstance(problem, Problem)
    assert problem.message == "call-7.vtt: it holds no words that anybody said or wrote."
