"""An answer in the terminal: readable without colour at 80 columns, and hostile words stay words."""

import io
from dataclasses import replace

from answering import COMPARED, COUNT, GROUPED, NOTHING, TREND, found, share
from rich.console import Console

from coach.answers import Answer, Citation
from coach.counts.figure import Figure
from coach.show.answer import BAR_WIDTH, bar, render_answer

SAID = Citation("c-1", 83.0, 85.0, "The bill is wrong.", 3, 0, 18, "customer")
WRITTEN = Citation("m-1", None, None, "Your bill is clear!", 0, 0, 19, "agent")
BAD = "[red]x[/red] \x1b]8;;http://evil.example\x1b\\:smile:\u202egnp.exe"


def printed(answer: Answer) -> str:
    stream = io.StringIO()
    render_answer(answer, Console(file=stream, width=80, highlight=False))
    return stream.getvalue()


def test_count_has_its_denominator_and_interval() -> None:
    text = printed(COUNT)
    assert "20 %  12 of 60  12 % to 32 %" in text
    assert "Quay: team=Quay" in text
    assert "Searched: 60 contacts (team=Quay; 2026-07-01 to 2026-07-31)" in text


def test_groups_have_bars_and_what_is_not_known_has_none() -> None:
    lines = {line.split()[0]: line for line in printed(GROUPED).splitlines() if line}
    assert lines["Quay"].count(bar(1.0, 20.0, "utf-8")) > lines["Mill"].count(bar(1.0, 20.0, "utf-8")) > 0
    assert "0 of 0" in lines["(not"]
    assert bar(0.5, 1.0, "ascii") == "#" * (BAR_WIDTH // 2)
    assert bar(None, 1.0, "utf-8") == bar(1.0, 0.0, "utf-8") == ""


def test_difference_says_whether_chance_may_have_made_it() -> None:
    assert "+23 points" in printed(COMPARED)
    assert "within chance" in printed(COMPARED)
    assert "beyond chance" in printed(TREND)


def test_things_of_a_kind_have_no_common_caption() -> None:
    reasons = [Figure(f"contacts with {name}", 1, 9, 1 / 9, "share", 0.0, 0.4, name) for name in ("price", "moved")]
    assert "contacts with" not in printed(replace(GROUPED, figures=tuple(reasons)))


def test_quotes_say_who_and_where() -> None:
    text = printed(found(SAID, WRITTEN, against=[WRITTEN], caveats=["Few."]))
    assert "[1] “The bill is wrong.”\n    customer, c-1@01:23" in text
    assert "[2] “Your bill is clear!”\n    agent, m-1" in text
    assert "agent, m-1: praises the bill" in text
    assert "- the first bill: 33 %, 4 of 12, 95 % interval 14 % to 61 %" in text
    assert "- Few." in text
    assert "coach show CALL" in text


def test_not_enough_evidence_is_said_with_what_was_understood() -> None:
    text = printed(NOTHING)
    assert text.startswith("Not enough evidence")
    assert "student: segment=student" in text
    assert "coach show" not in text


def test_hostile_words_stay_words() -> None:
    cited = replace(SAID, quote=BAD, call=BAD)
    answer = found(cited, against=[cited], caveats=[BAD])
    plan = replace(answer.plan, understood=(BAD,))
    figures = (share(1, 3, BAD, BAD), share(2, 3, "b", BAD))
    text = printed(replace(answer, statement=BAD, plan=plan, figures=figures, source=BAD))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]x[/red]" in text
    assert ":smile:" in text
