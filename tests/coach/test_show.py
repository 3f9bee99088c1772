"""What `coach show` prints of a call."""

import io
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from coach.measures import measure
from coach.show import clock, printable, render
from coach.types import Call, Metadata, Question, Turn

TURNS = (
    Turn("agent", "How can I help you?", 0.0, 2.0),
    Turn("customer", "My bill is wrong.", 65.0, 67.5),
    Turn("agent", "Is it the last bill?", 3700.0, 3702.0),
)
QUESTIONS = (
    Question(0, 0, 19, 0.0, TURNS[0].text, "open", "opener", 0.9, 0.9, False),
    Question(2, 0, 20, 3700.0, TURNS[2].text, "closed", "diagnostic", 0.5, 0.5, True),
)
CALL = Call(
    id="c-1",
    metadata=Metadata(started_at=datetime(2026, 1, 31, 14, 5, tzinfo=UTC), agent="Ada", csat=4.0, extra={"floor": "3"}),
    turns=TURNS,
    recording_sha256="ab",
    source="a.wav",
    duration_s=3702.0,
    flags=("mono",),
    questions=QUESTIONS,
    measures=measure(TURNS, QUESTIONS, (), 3702.0),
)


def shown(call: Call, *, colour: bool = False, width: int = 80) -> str:
    file = io.StringIO()
    render(call, Console(file=file, width=width, force_terminal=colour, color_system="standard" if colour else None))
    return file.getvalue()


def test_piped_output_has_no_escape_codes_and_fits_80_columns() -> None:
    text = shown(replace(CALL, turns=(*TURNS, Turn("customer", "word " * 200 + "x" * 300, 3703.0, 3710.0))))
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_heading_turns_questions_and_scores_are_all_there() -> None:
    lines = [" ".join(line.split()) for line in shown(CALL).splitlines()]
    for expected in (
        "Started 2026-01-31 14:05 UTC",
        "Length 1:01:42",
        "Agent Ada",
        "CSAT 4",
        "floor 3",
        "Flags: mono",
        "00:00 agent How can I help you?",
        '^ open question: opener "How can I help you?"',
        "01:05 customer My bill is wrong.",
        '^ closed question: diagnostic, unsure "Is it the last bill?"',
        "1:01:40 agent Is it the last bill?",
    ):
        assert expected in lines
    assert any(line.startswith("open share 50%") for line in lines)


def test_terminal_gets_colours() -> None:
    assert "\x1b[" in shown(CALL, colour=True)


def test_hostile_text_is_neither_markup_nor_escape_sequence() -> None:
    evil = "[bold]a[/bold] [link=http://x]b[/link] :smile: \x1b[31m\x1b]8;;http://x\x07c\x9b31m \u202ed [/"
    metadata = Metadata(agent=evil, extra={evil: evil})
    turns = (Turn("agent", evil, 0.0, 1.0, speaker=evil),)
    questions = (Question(0, 0, 5, 0.0, evil, "open", "opener", 1.0, 1.0, False),)
    text = shown(Call(evil, metadata, turns, None, evil, 1.0, flags=(evil,), questions=questions))
    assert not any(char in text for char in "\x1b\x07\x9b\u202e")
    flat = " ".join(text.split())
    assert "[bold]a[/bold] [link=http://x]b[/link] :smile: [31m]8;;http://xc31m d [/" in flat
    coloured = shown(Call(evil, metadata, turns, None, evil, 1.0, questions=questions), colour=True)
    assert "\x1b[31m" not in coloured
    assert "\x1b]8" not in coloured


def test_call_without_words_or_scorecard_says_so() -> None:
    text = shown(Call("c", Metadata(), (), "ab", "a.wav", 5.0))
    assert "Nothing was said." in text
    assert "Scorecard" not in text


def test_chat_shows_the_time_of_day() -> None:
    turns = (Turn("customer", "hi", at=datetime(2026, 1, 1, 9, 30, 5, tzinfo=UTC)),)
    assert "09:30:05" in shown(Call("c", Metadata(medium="chat"), turns, None, "x", None))


def test_clock_and_printable() -> None:
    assert [clock(0.0), clock(59.99), clock(3599.0), clock(3600.0)] == ["00:00", "00:59", "59:59", "1:00:00"]
    assert clock(None) == "\N{EN DASH}"
    assert printable("a\nb\tc\rd\u2028e") == "a b c de"
