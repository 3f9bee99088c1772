"""What the call page says first: missed moments, questions to open, the chain; and cues, scorecards and ranges."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest
from starlette.testclient import TestClient

from coach.measures import Range
from coach.store import Review
from coach.types import Call, Cue, Metadata, Question, Score, Suggestion, Turn
from coach.web.call_page import CallPage, view_call
from coach.web.scores import RangeView, view_measures, write_value
from coach.web.transcript import CueView, QuestionView, cut
from coach.web.wording import name_cue

TURNS = (
    Turn("agent", "How can I help?", 0.0, 2.0),
    Turn("customer", "I could not open the shop. I want to leave.", 2.0, 6.0),
    Turn("agent", "Is the light red?", 6.0, 8.0),
    Turn("customer", "Yes.", 8.0, 9.0),
    Turn("agent", "Which colour is the cable?", 9.0, 11.0),
    Turn("customer", "It has to work by six.", 11.0, 13.0),
    Turn("agent", "What happens if it does not?", 13.0, 15.0),
    Turn("customer", "I lose the day.", 15.0, 17.0),
)
QUESTIONS = (
    Question(0, 0, 15, 0.0, "How can I help?", "open", "opener", 0.9, 0.9, False),
    Question(2, 0, 17, 6.0, "Is the light red?", "closed", "diagnostic", 0.9, 0.9, False),
    Question(4, 0, 26, 9.0, "Which colour is the cable?", "closed", "diagnostic", 0.5, 0.5, True),
    Question(6, 0, 28, 13.0, "What happens if it does not?", "open", "impact", 0.9, 0.9, False),
)
CUES = (
    Cue("impact_stated", 1, 0, 26, 2.0, "I could not open the shop.", 0.9),
    Cue("leaving", 1, 27, 43, 4.5, "I want to leave.", 0.8),
    Cue("urgency", 5, 0, 22, 11.0, "It has to work by six.", 0.7),
)
COLLEAGUE = Suggestion(
    1, 27, "leaving", "need", "colleague", "What made you think of it?", "Ana Silva in call a/b", "a/b", 3, 12.34, 0.6
)
BANK = Suggestion(2, 0, "closed", "diagnostic", "bank", "What do you see on the box?", "written exemplar")


def coached(**changes: object) -> Call:
    call = Call("c", Metadata(agent="Maya"), TURNS, None, "c.wav", 17.0, questions=QUESTIONS, cues=CUES)
    return replace(call, **changes)  # type: ignore[arg-type]


def first(page: CallPage) -> str:
    assert page.practice is not None
    return page.practice.headline


def test_missed_moment_shows_words_what_was_not_asked_and_what_was_said_instead() -> None:
    page = view_call(coached(), [COLLEAGUE, BANK])
    assert page.practice is not None
    (missed,) = page.practice.missed
    assert missed.moment.text == "I want to leave."
    assert missed.cues == ("Leaving", "Impact stated")
    assert missed.unasked == "Nobody asked what is behind it."
    assert missed.reply.text == "Is the light red?"
    assert missed.x == pytest.approx(100 * 4.5 / 17, abs=0.001)
    assert "leaving" in first(page)


def test_advice_names_its_source_and_leads_to_the_colleague_at_that_second() -> None:
    practice = view_call(coached(), [COLLEAGUE, BANK]).practice
    assert practice is not None
    (advice,) = practice.missed[0].advice
    assert (advice.text, advice.source) == ("What made you think of it?", "Ana Silva in call a/b")
    assert (advice.address, advice.when) == ("/calls/a%2Fb#t=12.3", "0:12")
    (rework,) = practice.reworks
    assert (rework.moment.text, rework.form) == ("Is the light red?", "closed")
    assert rework.advice[0].address is None


def test_every_suggestion_is_shown_once_also_when_its_question_is_gone() -> None:
    lost = replace(BANK, turn=3, start_char=1, text="Lost?")
    outside = replace(BANK, turn=99)
    practice = view_call(coached(), [COLLEAGUE, BANK, lost, outside]).practice
    assert practice is not None
    shown = [one.text for view in (*practice.missed, *practice.reworks, *practice.more_reworks) for one in view.advice]
    assert sorted(shown) == sorted([COLLEAGUE.text, BANK.text, lost.text])


def test_a_call_without_anything_to_practise_says_so_and_an_unsearched_call_says_nothing() -> None:
    taken_up = coached(cues=CUES[2:])
    assert first(view_call(taken_up)) == "Nothing stands out to practise in this call."
    assert view_call(coached(cues=())).practice is None
    assert view_call(coached(cues=(), scored_by="x")).practice is not None


def test_chain_names_each_step_who_brought_it_and_where() -> None:
    steps = view_call(coached()).chain
    assert [step.name for step in steps] == ["Situation", "Problem", "Impact", "Need", "Next step"]
    assert [step.by for step in steps[:3]] == ["the agent asked", "the customer said it", "the customer said it"]
    assert steps[2].moment is not None
    assert (steps[2].moment.turn, steps[2].moment.label) == (1, "0:02")
    assert (steps[3].moment, steps[3].by) == (None, "not reached")


def test_cues_outside_the_transcript_are_left_out_of_everything() -> None:
    wild = Cue("leaving", 40, 0, 3, 1.0, "huh", 0.9)
    assert view_call(coached(cues=(*CUES, wild))) == view_call(coached())


SPANS = [(0, 4), (0, 12), (5, 12), (2, 8), (11, 12), (3, 3), (8, 90), (-2, 3)]


@pytest.mark.parametrize("asked", SPANS)
def test_cutting_keeps_every_character_and_names_each_cue_once(asked: tuple[int, int]) -> None:
    text = "Why? Or how?"
    question = QuestionView(1, 0, *asked, None, "", "open", "need", False, 1.0, 1.0, None)
    for said in SPANS:
        cues = [CueView("A", "Agent", 0, *span, 0.9, False, False) for span in (said, (5, 11))]
        pieces = cut(text, [question], cues)
        assert "".join(run.text for piece in pieces for run in piece.runs) == text
        inside = [cue for cue in cues if 0 <= cue.start_char < cue.end_char <= len(text)]
        assert sorted(map(id, inside)) == sorted(id(cue) for piece in pieces for cue in piece.cues)
        covered = {at for cue in inside for at in range(cue.start_char, cue.end_char)}
        underlined = "".join(run.text for piece in pieces for run in piece.runs if run.cue == "sure")
        assert underlined == "".join(text[at] for at in sorted(covered))


def test_cue_is_underlined_where_it_was_said_and_named_behind_its_sentence() -> None:
    sentence, rest = cut(TURNS[1].text, [], [view_cue(0, 26), view_cue(27, 43)])
    assert [(run.text, run.cue) for run in (*sentence.runs, *rest.runs)] == [
        ("I could not open the shop.", "sure"),
        (" ", "none"),
        ("I want to leave.", "sure"),
    ]
    assert (len(sentence.cues), len(rest.cues)) == (1, 1)


def view_cue(start: int, end: int) -> CueView:
    return CueView("Leaving", "Customer", 1, start, end, 0.9, False, True)


def test_cue_that_is_likelier_wrong_than_right_is_shown_as_unsure() -> None:
    doubtful = replace(CUES[1], score=0.41)
    turn = view_call(coached(cues=(CUES[0], doubtful))).turns[1]
    assert [(cue.unsure, cue.missed) for piece in turn.pieces for cue in piece.cues] == [(False, True), (True, False)]
    assert [run.cue for piece in turn.pieces for run in piece.runs] == ["sure", "none", "unsure"]
    assert view_call(coached(cues=(CUES[0], doubtful))).unsure_cues == 1


def test_page_shows_cues_beside_questions_and_marks_what_nobody_took_up(client: TestClient) -> None:
    text = client.get("/calls/spoken-1").text
    assert re.search(r'<span class="cue is-sure">It is hard for us.</span> <span class="cue-tag is-missed"', text)
    assert re.search(r'id="q-3"[^>]*><span class="cue is-sure">So since Monday\?</span></mark>.*?Reflection', text)
    assert "unsure" in text
    practice = text.split('id="practice"')[1].split("</section>")[0]
    for shown in ("Nobody asked what it does to them.", "What is hard about it for you?", "written exemplar"):
        assert shown in unescape(practice)
    assert 'data-names="missed-1"' in text


def test_cue_families_are_named_by_their_kind() -> None:
    assert [name_cue(name) for name in ("cause_long_wait", "reason_price", "impact_stated", "cause")] == [
        "Cause: long wait",
        "Reason: price",
        "Impact stated",
        "Cause",
    ]


def test_scorecard_says_how_each_criterion_came_out(spoken: Callable[..., Call]) -> None:
    (card,) = view_call(spoken(None)).scorecards
    assert (card.name, card.value, card.fatal) == ("Discovery", "44 %", ())
    assert [(section.name, section.value) for section in card.sections] == [("Opening", "100 %"), ("Exploring", "28 %")]
    verdicts = {one.name: (one.verdict, one.counts) for section in card.sections for one in section.criteria}
    assert verdicts == {
        "Opening story": ("met", True),
        "Impact taken up": ("partly, 25 %", True),
        "Need asked": ("not met", True),
        "Hold announced": ("does not apply", True),
        "Own words": ("partly, 50 %", False),
        "Not rude": ("met", True),
    }
    assert card.summary == "2 of 4 criteria that apply are met; 2 do not count here."


def test_missed_fatal_criterion_is_named(spoken: Callable[..., Call]) -> None:
    call = spoken(None)
    (card,) = call.scorecards
    rude = replace(card.scores[-1], value=0.0)
    (view,) = view_call(
        replace(call, scorecards=(replace(card, value=0.0, scores=(*card.scores[:-1], rude)),))
    ).scorecards
    assert (view.value, view.fatal) == ("0 %", ("Not rude",))


def test_reviews_stand_beside_the_machines_value_with_their_difference(spoken: Callable[..., Call]) -> None:
    at = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
    reviews = [
        Review("spoken-1", "discovery", "impact_taken_up", 1.0, "Ben", "first thought", at),
        Review("spoken-1", "discovery", "impact_taken_up", 0.0, "Ben", "heard it again", at),
        Review("spoken-1", "discovery", "impact_taken_up", 0.25, "Ann", "", at),
        Review("spoken-1", "discovery", "hold_announced", 1.0, "Ann", "", at),
        Review("spoken-1", "discovery", "gone", None, "Ann", "", at),
        Review("spoken-1", "other", "impact_taken_up", 0.5, "Ann", "", at),
    ]
    (card,) = view_call(spoken(None), reviews=reviews).scorecards
    taken_up, hold = (
        next(one for section in card.sections for one in section.criteria if one.name == name)
        for name in ("Impact taken up", "Hold announced")
    )
    assert taken_up.verdict == "partly, 25 %"
    assert [(one.person, one.value, one.difference, one.note) for one in taken_up.reviews] == [
        ("Ben", "0 %", "\N{MINUS SIGN}25 points", "heard it again"),
        ("Ann", "25 %", "same as the machine", ""),
    ]
    assert [(one.value, one.difference) for one in hold.reviews] == [("100 %", "")]
    assert [(name, review.value) for name, review in card.left_over] == [("Gone", "does not apply")]


def test_measure_with_a_range_says_whether_it_lies_within_and_where_the_range_is_from() -> None:
    scores = (Score("talk_share", 0.7, "share", "x"), Score("patience", 0.45, "s", "x"), Score("hold", None, "s", "x"))
    ranges = {"talk_share": Range(None, 0.65, "A study"), "patience": Range(0.2, 1.5, "Another")}
    view = view_measures(scores, TURNS, ranges)
    assert [(line.figure.value, line.range) for line in view.scores] == [
        ("70 %", RangeView("at most 65 %", False, "A study")),
        ("0.5 s", RangeView("0.2 s to 1.5 s", True, "Another")),
    ]
    assert view.absent == ("On hold",)


def test_values_are_written_in_their_unit() -> None:
    written = [write_value(12.34, unit) for unit in ("count", "per_minute", "per_10_minutes", "s")]
    assert written == ["12.3", "12.3 a minute", "12.3 in 10 min", "12 s"]
    assert write_value(None, "per_minute") == "\N{EN DASH}"
