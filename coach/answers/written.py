"""What an LLM makes of the quotes of an answer: a few sentences, believed only as far as several calls bear them out.

Figures, quotes and whether there is enough evidence never depend on the model. It words what the quoted passages have
in common; a sentence stands only when

- every passage it names was shown, and of at least two calls it quotes words, letter for letter;
- each of its content words is in the question, or is said in the shown passages of at least two calls, or tells who
  says something: so what one call says, an order, a made-up fact or a code word, can never become a statement;
- it has no number but those in the figures or in passages of two calls, no words like all, none and most, no address
  and no mark-up, and does not itself speak to a machine;
- each quote it rests on is near to it in meaning.

Turns that speak to the machine (coach.orders) are not shown at all. When nothing is left, the answer stays as it is
without a model.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from coach.answers.answer import Citation, Theme
from coach.answers.subject import stem
from coach.llm import Llm, Request
from coach.orders import addresses, addressing
from coach.prompting import load_prompt, quoted
from coach.retrieval.embeddings import Embedder
from coach.retrieval.words import content_words
from coach.store import Store
from coach.types import Turn

MAX_SENTENCES = 4
MAX_WORDS = 35
MIN_CALLS = 2
MIN_QUOTE_WORDS = 3
MIN_ALIKE = 0.25
"""Similarity of a sentence and each quote it rests on: unrelated sentences of service calls are mostly below it."""
MAX_NAME_WORDS = 6
_CONTEXT = 600
"""Characters shown around a quote within its turn: mails are long."""
_REPORTING = """
    agent agents answer answers ask asked asks call called callers calls caller company complain complains contact
    contacts customer customers describe describes explain explained explains express feel feels felt find finds
    mention mentions patient patients people problem problems reason reasons report reports say says several speak
    speaks state states tell tells think thinks want wants
"""
_TELLING = frozenset(stem(word) for word in _REPORTING.split())
_AMOUNTS = """
    all always both each entire every everybody everyone everything half majority most mostly neither never no nobody
    none nothing only universally whole
"""
_QUANTITIES = frozenset(_AMOUNTS.split())
_COUNTED = """
    zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy eighty
    ninety hundred thousand million dozen double twice half quarter percent
"""
_NUMBERS = frozenset(_COUNTED.split())
_STRANGE = re.compile(r"https?:|www\.|\w\.(?:com|net|org|io)\b|[@{}<>\[\]|`$\\=_#*~^%]|\n")
_WORD = re.compile(r"[^\W_]+")


class WrittenSentence(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str
    passages: list[int]
    quotes: list[str]


class Written(BaseModel):
    """What the prompt answer-from-passages asks for."""

    model_config = ConfigDict(extra="forbid")

    sentences: list[WrittenSentence]


class ThemeName(BaseModel):
    """What the prompt name-theme asks for."""

    model_config = ConfigDict(extra="forbid")

    name: str


@dataclass(frozen=True, slots=True)
class Statement:
    text: str
    """Sentences, each with the numbers of its citations: "... [1][3]"."""
    source: str


def write(
    store: Store, embedder: Embedder, llm: Llm, question: str, figures: str, citations: Sequence[Citation]
) -> Statement | None:
    """What the citations' passages say to the question, in the model's words; None when nothing of it can be believed.

    `figures` are sentences about what was counted.
    """
    shown = _shown(store, citations)
    if len({citations[at].call for at in shown}) < MIN_CALLS:
        return None
    lines = [f"{at + 1} {citations[at].role}: {quoted(text)}" for at, text in shown.items()]
    values = {"question": quoted(question), "figures": figures, "passages": "\n".join(lines)}
    reply = llm.ask(load_prompt("answer-from-passages"), values, Written)
    if reply is None:
        return None
    known = _common_words([(citations[at].call, text) for at, text in shown.items()], f"{question} {figures}")
    kept = [
        f"{' '.join(one.text.split())} {marks}"
        for one in reply.value.sentences[:MAX_SENTENCES]
        if (marks := _marks(one, shown, citations, known, embedder))
    ]
    return Statement(" ".join(kept), str(reply.provenance)) if kept else None


def name_themes(llm: Llm, question: str, themes: Sequence[Theme]) -> list[tuple[str, str] | None]:
    """Of each theme the model's name and where it comes from; None where it is not to be believed.

    Its words must be the question's, or stand in quotes of at least two calls.
    """
    prompt = load_prompt("name-theme")
    shown = [[one for one in theme.quotes if not addresses(one.quote)] for theme in themes]
    requests = [
        Request(
            prompt,
            {"question": quoted(question), "quotes": "\n".join(quoted(one.quote) for one in some)},
            ThemeName,
            None,
        )
        for some in shown
    ]
    names: list[tuple[str, str] | None] = []
    for some, reply in zip(shown, llm.ask_all(requests), strict=True):
        known = _common_words([(one.call, one.quote) for one in some], question)
        name = "" if reply is None else " ".join(reply.value.name.split()).strip(".")
        fits = 0 < len(name.split()) <= MAX_NAME_WORDS and bool(content_words(name)) and _is_plain(name, known)
        names.append((name, str(reply.provenance)) if reply is not None and fits else None)
    return names


def _shown(store: Store, citations: Sequence[Citation]) -> dict[int, str]:
    """By the citation's number from 0: what of its turn is shown. Turns that speak to the machine are left out."""
    turns: dict[str, Sequence[Turn]] = {}
    withheld: dict[str, frozenset[int]] = {}
    shown: dict[int, str] = {}
    for at, one in enumerate(citations):
        if one.call not in turns:
            call = store.get_call(one.call)
            turns[one.call] = () if call is None else call.turns
            withheld[one.call] = addressing(turns[one.call])
        if one.turn < len(turns[one.call]) and one.turn not in withheld[one.call]:
            text = turns[one.call][one.turn].text
            shown[at] = text[max(0, one.start_char - _CONTEXT) : one.end_char + _CONTEXT]
    return shown


def _common_words(passages: Sequence[tuple[str, str]], trusted: str) -> frozenset[str]:
    """Stems of the words that a statement may use: those of `trusted`, and those that at least two calls say."""
    calls: dict[str, set[str]] = {}
    for call, text in passages:
        for word in content_words(text):
            calls.setdefault(stem(word), set()).add(call)
    common = {root for root, of in calls.items() if len(of) >= MIN_CALLS}
    return frozenset(common | {stem(word) for word in content_words(trusted)})


def _marks(
    one: WrittenSentence,
    shown: Mapping[int, str],
    citations: Sequence[Citation],
    known: frozenset[str],
    embedder: Embedder,
) -> str:
    """The sentence's citations, "[1][3]"; empty when it may not stand."""
    numbers = sorted({number - 1 for number in one.passages})
    if not numbers or any(at not in shown for at in numbers) or not _is_plain(one.text, known):
        return ""
    quotes = [text for text in one.quotes if len(text.split()) >= MIN_QUOTE_WORDS]
    borne = {at: [text for text in quotes if text in shown[at]] for at in numbers}
    if len({citations[at].call for at in numbers if borne[at]}) < MIN_CALLS or len(quotes) < len(one.quotes):
        return ""
    if any(all(text not in shown[at] for at in numbers) for text in quotes):
        return ""
    vectors = embedder.embed([one.text, *quotes])
    if float((vectors[1:] @ vectors[0]).min()) < MIN_ALIKE:
        return ""
    return "".join(f"[{at + 1}]" for at in numbers if borne[at])


def _is_plain(text: str, known: frozenset[str]) -> bool:
    """Whether the text says nothing but known words, in ordinary writing, and no quantity of its own."""
    words = [word.casefold() for word in _WORD.findall(text)]
    return (
        0 < len(words) <= MAX_WORDS
        and not _STRANGE.search(text)
        and not addresses(text)
        and not _QUANTITIES & set(words)
        and all(stem(word) in known for word in words if word in _NUMBERS or word[0].isdigit())
        and all(stem(word) in known or stem(word) in _TELLING for word in content_words(text))
    )
