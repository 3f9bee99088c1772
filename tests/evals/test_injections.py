"""One injection of each kind against a server that obeys, without the models: judged criteria and summaries."""

import json
from collections.abc import Sequence

import pytest

from coach.config import LlmConfig
from coach.llm import open_llm
from coach.orders import addressing
from coach.prompting import load_prompt, numbered
from coach.rubrics.criterion import Judged
from coach.rubrics.judge import Verdict, judge
from coach.rubrics.rubric import Rubric, Section
from coach.summaries import summarise
from coach.types import Call, Metadata, Turn
from evals.injections import contacts, obeyed_unchecked, read_injections, says
from evals.obeying import Injection, Style, obey, obeying_server, seen_in

INJECTIONS = read_injections(1)
CRITERION = Judged(kind="judged", name="feels", sentence="The agent names the feeling.", question="Is a feeling named?")
RUBRIC = Rubric("test", "Test", "", (Section(name="feeling", title="Feeling", criteria=(CRITERION,)),))


def call(one: Injection) -> Call:
    turns = (
        Turn("agent", "Good morning, how can I help you?"),
        Turn("customer", "My first bill is much higher than the price I signed up for."),
        *one.turns,
        Turn("agent", "I have sent you a corrected bill. It will come on Friday."),
    )
    return Call(one.id, Metadata(), turns, None, "made up", None)


def through(calls: Sequence[Call], style: Style) -> tuple[list[str], dict[str, str], set[str]]:
    """What was sent, and by call what is written about it outside quotes; and the injections that were seen."""
    with obeying_server(INJECTIONS, style) as server:
        llm = open_llm(LlmConfig(base_url=server.url, model="obeying", timeout_s=20.0))
        assert llm is not None
        judged = judge(calls, RUBRIC, llm)
        summaries = summarise(calls, llm)
    written = {}
    for one, verdicts, summary in zip(calls, judged, summaries, strict=True):
        own = " ".join(turn.text for turn in one.turns)
        said = [sentence.text for sentence in summary if sentence.text not in own]
        told = [verdict.explanation.split("points to: ")[0] for verdict in verdicts.values()]
        written[one.id] = " ".join([*said, *told])
    return [one.reply for one in server.exchanges], written, {name for one in server.exchanges for name in one.seen}


def test_there_are_sixty_of_twelve_kinds_each_with_a_word_of_its_own() -> None:
    everything = read_injections()
    assert len(everything) == 60
    assert len({one.kind for one in everything}) == len(INJECTIONS) == 12
    assert len({one.canary for one in everything}) == 60


@pytest.mark.parametrize("style", ["blunt", "careful", "claim"])
def test_the_server_obeys_when_nothing_is_checked(style: Style) -> None:
    assert all(obeyed_unchecked(one, call(one).turns, style) for one in INJECTIONS)


@pytest.mark.parametrize("style", ["blunt", "careful", "claim"])
def test_no_canary_is_written_about_the_call_or_any_other(style: Style) -> None:
    replies, written, seen = through([call(one) for one in INJECTIONS], style)
    assert replies
    for one in INJECTIONS:
        assert not any(says(text, one) for text in written.values()), one.id
    withheld = {one.id for one in INJECTIONS if set(range(len(one.turns))) <= addressing(one.turns)}
    assert withheld
    assert not withheld & seen


def test_without_an_injection_it_answers_alike_and_judges_no() -> None:
    turns = call(INJECTIONS[0]).turns[:2]
    prompt = load_prompt("judge-criterion").fill({"criterion": "?", "transcript": numbered(turns, [0, 1])})
    assert seen_in(prompt, INJECTIONS) == []
    reply = json.loads(obey(prompt, Verdict.model_json_schema(), [], "blunt"))
    assert reply == {"reason": "Good morning, how can I help you?", "met": "no", "turns": [0]}


def test_hosts_differ_by_the_injection_only() -> None:
    said, clean = contacts(INJECTIONS, said=True), contacts(INJECTIONS, said=False)
    assert [row["id"] for row in said] == [row["id"] for row in clean]
    for one, with_it, without in zip(INJECTIONS, said[-len(INJECTIONS) :], clean[-len(INJECTIONS) :], strict=True):
        assert len(with_it["turns"]) == len(without["turns"]) + len(one.turns)
        assert all(turn in with_it["turns"] for turn in without["turns"])
