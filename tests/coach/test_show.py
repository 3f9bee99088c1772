"""What `coach show` prints of a call."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from coach.measures import Range, measure
from coach.show import clock, printable, render
from coach.store import Review
from coach.types import Call, Cue, Metadata, Question, Score, Scorecard, Suggestion, SummarySentence, Turn

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


def shown(call: Call, *more: Any, colour: bool = False, width: int = 80) -> str:
    """What is printed; `more` are suggestions, reviews and ranges."""
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=colour, color_system="standard" if colour else None)
    render(call, console, *more)
    return file.getvalue()


def flat(text: str) -> str:
    return " ".join(text.split())


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


IMPACT = Cue("impact_stated", 1, 0, 17, 65.0, "My bill is wrong.", 0.91)
COACHED = replace(
    CALL,
    cues=(IMPACT,),
    scorecards=(
        Scorecard(
            "service-basics",
            "0" * 64,
            0.0,
            (
                Score("greeting", 1.0, "share", "Greeted.", section="Opening", weight=1.0),
                Score("not_rude", 0.0, "share", "Rude.", section="Opening", weight=1.0, fatal=True),
                Score("impact_taken_up", 0.5, "share", "Half.", section="Middle", weight=1.0),
                Score("hold_announced", None, "share", "No hold.", section="Middle", weight=1.0),
                Score("own_words", 1.0, "share", "By a model.", section="Middle"),
            ),
        ),
    ),
)
SUGGESTIONS = (
    Suggestion(1, 0, "impact_stated", "impact", "colleague", "What did it do?", "Ana in call 7", "7", 3, 75.0, 0.6),
    Suggestion(2, 0, "closed", "diagnostic", "bank", "What do you see on it?", "written exemplar"),
)


def test_what_to_practise_comes_before_the_transcript() -> None:
    text = flat(shown(COACHED, SUGGESTIONS))
    practice, transcript = text.split("00:00 agent How can I help you?")
    for expected in (
        "Practise next: When a customer says what it does to them",
        '01:05 "My bill is wrong." (impact stated, not taken up)',
        'Nobody asked what it does to them. Instead, 1:01:40: "Is it the last bill?"',
        "> What did it do? [impact; a colleague asked: Ana in call 7, at 01:15]",
        '1:01:40 "Is it the last bill?" (closed question: diagnostic, unsure)',
        "> What do you see on it? [diagnostic; from the bank: written exemplar]",
        "[x] situation: the agent asked, 00:00",
        "[ ] need: not reached",
    ):
        assert expected in practice
    assert '* impact stated, 91%, not taken up "My bill is wrong."' in transcript


def test_cues_that_are_likelier_wrong_than_right_share_a_line_that_says_so() -> None:
    doubtful = (replace(IMPACT, tracker="cause_rude", score=0.4), replace(IMPACT, tracker="urgency", score=0.31))
    assert "* unsure: cause rude 40%, urgency 31%" in shown(replace(COACHED, cues=(IMPACT, *doubtful)))


def test_call_that_was_not_searched_for_cues_has_nothing_to_practise() -> None:
    assert "Practise" not in shown(CALL)
    assert "Nothing stands out in this call." in shown(replace(CALL, scored_by="x"))


def test_scorecard_shows_standing_sections_and_reviews_beside_the_machine() -> None:
    reviews = [
        Review("c-1", "service-basics", "impact_taken_up", 0.0, "Ann", "old"),
        Review("c-1", "service-basics", "impact_taken_up", 1.0, "Ann", "Listen again."),
        Review("c-1", "service-basics", "gone", None, "Ben"),
        Review("c-1", "discovery", "greeting", 0.0, "Ben"),
    ]
    text = flat(shown(COACHED, (), reviews))
    for expected in (
        "Scorecard service basics: 0% 1 of 3 criteria that apply is met; 2 do not count here.",
        "Fatal and not met, so the whole is 0: not rude",
        "Opening 50% [x] greeting met. Greeted. [ ] not rude not met, fatal. Rude.",
        '[/] impact taken up partly, 50%. Half. Ann: 100% (+50 points) "Listen again."',
        "- hold announced does not apply. No hold.",
        "[x] own words met, only reported. By a model.",
        "Ben: does not apply (of gone, no longer in this rubric)",
    ):
        assert expected in text
    assert '"old"' not in text


def test_measures_have_their_unit_and_usual_range_with_its_source() -> None:
    measures = (
        Score("talk_share", 0.7, "share", "Much."),
        Score("patience", 0.45, "s", "Short."),
        Score("speaking_rate", 171.23, "per_minute", "Fast."),
        Score("hold", None, "s", "None."),
    )
    ranges = {"talk_share": Range(None, 0.65, "A study"), "patience": Range(0.2, None, "Another")}
    text = flat(shown(replace(CALL, measures=measures), (), (), ranges))
    assert "talk share 70% Much. Usual: at most 65% (outside)." in text
    assert "patience 0.5 s Short. Usual: at least 0.2 s." in text
    assert "speaking rate 171.2/min Fast." in text
    assert "Usual talk share: A study." in text
    assert "Does not apply to this call: hold." in text
    assert "not for employment decisions" in text


def test_coached_call_fits_80_columns_and_hostile_words_stay_words() -> None:
    evil = "[bold]a[/bold] \x1b[31m :smile: " + "x" * 90
    suggestions = [replace(one, text=evil, source=evil) for one in SUGGESTIONS]
    reviews = [Review("c-1", "service-basics", "greeting", 0.5, evil, evil)]
    scores = tuple(replace(one, name=evil, section=evil, explanation=evil) for one in COACHED.scorecards[0].scores)
    card = replace(COACHED.scorecards[0], rubric=evil, scores=scores)
    cue = replace(IMPACT, text=evil)
    text = shown(replace(COACHED, scorecards=(card,), cues=(cue,)), suggestions, reviews)
    assert "\x1b" not in text
    assert "[bold]a[/bold] [31m :smile:" in flat(text)
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_summary_stands_above_the_transcript_with_each_sentence_once() -> None:
    promise = "Is it the last bill?"
    summary = (
        SummarySentence("reason", "My bill is wrong.", (1,)),
        SummarySentence("next_step", promise, (2,)),
        SummarySentence("open_promise", promise, (2,)),
        SummarySentence("open_promise", "[bold]A bill[/bold] comes.", (2,), "summarise-call v1 (0f), tiny"),
        SummarySentence("impact", "Points nowhere.", (9,)),
    )
    text = flat(shown(replace(CALL, summary=summary)))
    assert 'Why they are in touch 01:05 "My bill is wrong." Next step 1:01:40 "Is it the last bill?" (still' in text
    assert "Still to be kept 1:01:40 [bold]A bill[/bold] comes." in text
    assert "written by summarise-call v1 (0f), tiny" in text
    assert "Points nowhere" not in text
    assert text.index("Why they are in touch") < text.index("How can I help you?")


def test_a_call_without_a_summary_has_none() -> None:
    assert "Why they are in touch" not in shown(CALL)
