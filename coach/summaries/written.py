"""Summaries written by an LLM, each sentence believed only when its own turns bear it out.

A model may put into its own words what cues, questions and the call's order show to tell of a part (its candidates).
A sentence that rests on anything else, or that brings words from elsewhere in the call, is not believed: somebody who
says what is to be written lends it no words. A part of which any sentence fails stays quoted, as it is without an LLM:
who invents once is not trusted for the rest of the part. Turns that speak to the machine that reads them (coach.orders)
are not shown to it and bear out nothing.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from coach.llm import Llm, Request
from coach.measures.answers import content_words
from coach.orders import addresses
from coach.prompting import load_prompt, numbered, shown_turns
from coach.summaries.extract import candidates
from coach.types import SUMMARY_PARTS, Call, SummaryPart, SummarySentence, Turn

MAX_SENTENCES = 2
MAX_WORDS = 30
MAX_TURNS = 4
"""More turns would bear out nearly anything."""
MIN_BORNE_OUT = 0.6
"""Share of a sentence's content words that its turns say. Of the sentences in tests/coach/summaries/test_written.py the
true ones reach .67 and more, those that invent a matter 0; wrong numbers, names and places fall to other checks."""
COMMON_TURNS = 3
_STEM = 5  # letters: "charged" and "charges" are one word, "promise" and "price" are two
_FRAMING = """
    customer agent caller call contact ask asks asked tell told says explain explained promise promised offer offered
    agree agreed confirm confirmed report reported want complain apologise apologised feel felt mention mentioned expect
    expected hear heard happen happened company
"""
_FRAME = frozenset(_FRAMING.split())
"""What a summary says about anything: neither borne out nor invented."""
_NUMBERS = """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million half quarter double first
    second third monday tuesday wednesday thursday friday saturday sunday january february march april june july august
    september october november december
"""
_NUMBER_WORDS = frozenset(_NUMBERS.split())
_WORD = re.compile(r"[^\W_]+(?:['’.,:/][^\W_]+)*")  # noqa: RUF001 (typographic apostrophe)
_NAME = re.compile(r"(?<=[^.!?:\s]\s)[^\W\d_a-z]\w*")
_STRANGE = re.compile(r"https?:|www\.|\w\.(?:com|net|org|io|de|uk|ly)\b|[@{}<>\[\]|`$\\=_#*~^]|\n")
"""Addresses, mark-up and code."""


class Sentence(BaseModel):
    """One sentence of a Summary."""

    model_config = ConfigDict(extra="forbid")

    part: SummaryPart
    text: str
    turns: list[int]


class Summary(BaseModel):
    """What the prompt summarise-call asks for."""

    model_config = ConfigDict(extra="forbid")

    sentences: list[Sentence]


def improve(
    calls: Sequence[Call], quoted: Sequence[tuple[SummarySentence, ...]], llm: Llm
) -> list[tuple[SummarySentence, ...]]:
    """Each call's summary with the parts that the LLM wrote well in place of the quoted ones.

    Calls in which the agent or the customer says nothing, beside orders to machines, are not asked about.
    """
    prompt = load_prompt("summarise-call")
    shown = [shown_turns(call.turns) for call in calls]
    asked = [
        at for at, call in enumerate(calls) if {"agent", "customer"} <= {call.turns[index].role for index in shown[at]}
    ]
    requests = [
        Request(prompt, {"transcript": numbered(calls[at].turns, shown[at])}, Summary, calls[at].id) for at in asked
    ]
    improved = list(quoted)
    for at, reply in zip(asked, llm.ask_all(requests), strict=True):
        if reply is not None:
            source = str(reply.provenance)
            improved[at] = _merged(calls[at], shown[at], quoted[at], reply.value, source)
    return improved


def _merged(
    call: Call, shown: Collection[int], quoted: Sequence[SummarySentence], summary: Summary, source: str
) -> tuple[SummarySentence, ...]:
    telling = candidates(call.turns, call.questions, call.cues)
    merged: list[SummarySentence] = []
    for part in SUMMARY_PARTS:
        written = [one for one in summary.sentences if one.part == part]
        said = {index: [one.text for one in telling.get(part, ()) if one.turn == index] for index in shown}
        if 0 < len(written) <= MAX_SENTENCES and all(_is_borne_out(one, said, call.turns) for one in written):
            merged += [
                SummarySentence(part, " ".join(one.text.split()), tuple(sorted(set(one.turns))), source)
                for one in written
            ]
        else:
            merged += [one for one in quoted if one.part == part]
    return tuple(merged)


def _is_borne_out(sentence: Sentence, said: Mapping[int, Sequence[str]], turns: Sequence[Turn]) -> bool:
    """Whether the sentence may stand. `said` is what each turn that was shown says of the sentence's part."""
    text = " ".join(sentence.text.split())
    places = set(sentence.turns)
    return (
        0 < len(text.split()) <= MAX_WORDS
        and 0 < len(places) <= MAX_TURNS
        and all(said.get(place) for place in places)
        and not _STRANGE.search(text)
        and not addresses(text)
        and _says_the_same(text, pieces := [piece for place in places for piece in said[place]])
        and not _brought_along(text, pieces, turns, said)
    )


def _says_the_same(text: str, said: Sequence[str]) -> bool:
    """Whether `said` has all numbers and names of `text`, and most of its content words."""
    heard = _words(" ".join(said))
    exact = {word for word in _words(text) if word[0].isdigit() or word in _NUMBER_WORDS}
    names = {name.casefold() for name in _NAME.findall(text)} - _FRAME
    if not (exact | names) <= heard:
        return False
    words = [word for word in dict.fromkeys(content_words(text)) if word not in _FRAME]
    stems = _stems(word for line in said for word in content_words(line))
    borne_out = sum(word[:_STEM] in stems for word in words)
    return bool(words) and borne_out >= MIN_BORNE_OUT * len(words)


def _brought_along(text: str, pieces: Sequence[str], turns: Sequence[Turn], shown: Collection[int]) -> set[str]:
    """Words of `text` that the call says elsewhere than in `pieces`: in few turns, or only where it was not shown.

    What is said in COMMON_TURNS turns is what the call is about, and may be named anywhere.
    """
    here = _words(" ".join(pieces))
    said = Counter(word for index in shown for word in _words(turns[index].text))
    heard = _words(" ".join(turn.text for turn in turns))
    content = {word for word in _words(text) if next(content_words(word), None)}
    return {word for word in content & heard - here - _FRAME if said[word] < COMMON_TURNS}


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


def _stems(words: Iterable[str]) -> set[str]:
    return {word[:_STEM] for word in words}
