"""What each question drew out of the customer: words, and what had not been said before.

New facts are a stand-in that needs no model: the numbers, names and other content words of the answer that nobody said
earlier in the call. They tell a long answer that repeats from a short one that adds.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from coach.measures.figures import ONE_SIDED, absent, cite, counted
from coach.measures.speech import both_speak, is_backchannel, n_words
from coach.types import Question, Score, Turn

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")  # noqa: RUF001 (typographic apostrophe)
_EMPTY = """
    a about above after again all almost already also although always am an and another any anybody anyone
    anything are around as across at away back be because been before being both but by came can cannot come comes
    coming could day did do does doing done down each either else even ever every everybody everyone everything
    few for from get gets getting give given go goes going gone good got guess had has have having he hello her
    here hers hi him his how however i if in into is it its just keep kind know lady last least less let like
    little look lot made make makes making many may maybe me mean might mine more most much must my need never
    next no nobody none nor not nothing now of off oh ok okay on once one only onto or other others our ours out
    over own part people perhaps please put quite rather really right said same saw say saying says see she should
    since seem seems seen sir so some somebody someone something sort still such sure take taken than thank thanks
    that the their them then there these they thing things think this those though through time to today together
    too took try trying two uh um under until up upon us use used very want wanted was way we well went were what
    whatever when where which while who whole whose why will with would yeah yep yes yet you your yours actually
    basically certainly definitely honestly literally obviously probably absolutely exactly fine great sorry bye
    goodbye hmm mhm mm ah er erm aha hey wow don didn doesn isn wasn aren weren haven hasn hadn won wouldn couldn
    shouldn ain ve re ll
"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
"""Words that say nothing by themselves, and what is left of shortened ones (don't, you're) around the apostrophe."""

_HISSING = ("sses", "ches", "shes", "xes")
"""Endings whose plural takes an e."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the customer said to one question."""

    question: Question
    turns: tuple[int, ...]
    """The customer's turns that answer it; empty when nobody answered."""
    words: int
    facts: tuple[str, ...]
    """New content words, numbers and names, in order, in lower case and without a plural's s."""


def answers(turns: Sequence[Turn], questions: Sequence[Question]) -> tuple[Answer, ...]:
    """One for the last question of each turn, in order: what follows a turn answers the last thing asked in it.

    The answer is what the customer says until the agent takes the floor; a backchannel of the agent that asks nothing
    does not end it. Empty without questions.
    """
    last = {question.turn: question for question in sorted(questions, key=lambda q: (q.turn, q.start_char))}
    first_said = _first_said(turns)
    found = []
    for index, question in last.items():
        places = answer_turns(turns, index, last)
        facts = dict.fromkeys(
            word for place in places for word in content_words(turns[place].text) if first_said[word] in places
        )
        found.append(Answer(question, places, sum(n_words(turns[place]) for place in places), tuple(facts)))
    return tuple(found)


def answer_turns(turns: Sequence[Turn], index: int, asking: Collection[int]) -> tuple[int, ...]:
    """The customer's turns after turn `index`, until the agent asks (a turn in `asking`) or says more than a word."""
    places = []
    for place in range(index + 1, len(turns)):
        turn = turns[place]
        if turn.role == "customer":
            if turn.text.strip():
                places.append(place)
        elif turn.role != "agent" or place in asking or not is_backchannel(turn):
            break
    return tuple(places)


def measure_answers(turns: Sequence[Turn], questions: Sequence[Question]) -> Iterator[Score]:
    """Mean words and mean new facts in the customer's answers, by the form of the question; `of` counts answers."""
    found = [answer for answer in answers(turns, questions) if answer.words] if both_speak(turns) else None
    for form in ("open", "closed"):
        chosen = None if found is None else [answer for answer in found if answer.question.form == form]
        yield _mean(f"reply_words_{form}", form, "words", chosen, [answer.words for answer in chosen or ()])
        yield _mean(f"new_facts_{form}", form, "new facts", chosen, [len(answer.facts) for answer in chosen or ()])


def _mean(name: str, form: str, what: str, chosen: Sequence[Answer] | None, values: Sequence[int]) -> Score:
    if chosen is None:
        return absent(name, "count", ONE_SIDED)
    if not chosen:
        return absent(name, "count", f"no {form} question was answered", of=0)
    mean = sum(values) / len(values)
    words = f"After {form} questions the customer answered with {mean:.0f} {what} on average"
    explained = f"{words} ({counted(len(chosen), 'answer')})."
    evidence = cite(answer.question for answer in chosen)
    return Score(name, mean, "count", explained, of=len(chosen), evidence=evidence)


def _first_said(turns: Sequence[Turn]) -> dict[str, int]:
    """The turn in which each content word is first said, by anybody."""
    first: dict[str, int] = {}
    for index, turn in enumerate(turns):
        for word in content_words(turn.text):
            first.setdefault(word, index)
    return first


def content_words(text: str) -> Iterator[str]:
    """Numbers, names and other words that say something by themselves, in order, as `Answer.facts` writes them."""
    for token in _TOKEN.findall(text.lower()):
        word = re.split(r"['’]", token)[0]  # noqa: RUF001
        if len(word) > 3 and not word.endswith("ss"):
            word = word.removesuffix("es" if word.endswith(_HISSING) else "s")
        if token[0].isdigit() or (len(word) > 1 and not {word, f"{word}s"} & _EMPTY_WORDS):
            yield word
