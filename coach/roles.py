"""Which of two sides is the agent, told from what they say: who greets, who asks for details, who tells of a trouble.

A logistic regression over a few kinds of phrases, counted on both sides. It has no intercept and only sees differences,
so that exchanging the sides gives exactly one minus the probability.
"""
# ruff: noqa: E501 (a pattern reads best on one line)

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from coach.plain import plain
from coach.questions.find import candidate_spans

SURE = 0.9
"""From this confidence on a role told from content is used, and labels that say otherwise are doubted."""
SUREST = 0.99
"""Long calls make the odds endless; of the surest calls of a corpus that taught nothing, 97 in 100 were right."""
MIN_WORDS = 5
"""A side that says less gives nothing to judge by."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Phrases of one kind, and what one such phrase more on a side is worth."""

    name: str
    pattern: re.Pattern[str]


def _kind(name: str, pattern: str) -> _Kind:
    return _Kind(name, re.compile(rf"\b(?:{pattern})\b"))


KINDS = (
    _kind(
        "greets",
        r"(?:thank you|thanks) for (?:calling|contacting|waiting|holding)|welcome to|how (?:can|may|could) (?:i|we) (?:be of )?"
        r"(?:help|assist)|(?:what|anything) can (?:i|we) do for you|you(?:'re| are) (?:through|speaking) (?:to|with)"
        r"|(?:this|it) is \w+ (?:speaking|from)|speaking how|\w+ speaking|what (?:brings|brought|seems)|(?:may be|is|are) recorded",
    ),
    _kind(
        "asks for details",
        r"(?:can|could|may|shall) i (?:please |just )*(?:have|take|get|ask|confirm|check|call)|(?:can|could|would|will) you"
        r" (?:please |just |possibly )*(?:confirm|tell|give|spell|read|provide|describe|verify|try|check|repeat)"
        r"|what(?:'s| is) (?:your|the) (?:full |first |last |phone |account |order )*(?:name|number|address|date|postcode|zip|email)"
        r"|your (?:full |first |last )?(?:name|date of birth|postcode|address)|for (?:your )?security|do you (?:have|know|remember)"
        r"|(?:have|did|are|were|is|has) you(?:r)?|any (?:other|further) (?:questions?|symptoms?|problems?)",
    ),
    _kind(
        "handles",
        r"bear with me|(?:one|just a|a) (?:moment|second|minute)|let me (?!know)(?:just )?\w+|let's|i(?:'ll| will| can| am going to|'m going to)"
        r" (?:just |go ahead and |also )*(?:check|transfer|put|send|arrange|book|refund|raise|look|pull|have a look|get|open|set|make|note)"
        r"|put you (?:through|on)|on hold|on my (?:screen|system|end)|i (?:can )?see (?:that|here|your|you)|our (?:system|records|policy|team|side|service)"
        r"|apologi[sz]e|sorry (?:to hear|about that|for (?:the|any))|i understand|certainly|of course|absolutely|i(?:'d| would) (?:recommend|suggest|advise)"
        r"|we (?:will|can|recommend|suggest)|please (?:contact|try|send|check|call)",
    ),
    _kind(
        "closes",
        r"anything else (?:i|we|you|today)|(?:is|was) there anything else|have a (?:great|good|nice|lovely|wonderful)"
        r"|thank you for (?:your|being)|you(?:'re| are) (?:very |most )?welcome|no problem|my pleasure",
    ),
    _kind(
        "has a reason",
        r"i(?:'m| am|'ve been| was) (?:calling|ringing|phoning|trying|looking|having|getting|wondering|just wondering)"
        r"|i(?:'d| would) like|i want(?:ed)?|i need(?:ed)?|i have an?|i(?:'ve| have) (?:got|had|been)|i (?:tried|bought|ordered|called|rang|got|paid|lost|went)"
        r"|can you help|could you (?:help|put me)|it (?:doesn't|does not|won't|isn't|is not|stopped|keeps|says|started)|(?:doesn't|not) work(?:ing)?"
        r"|please help|help me",
    ),
    _kind(
        "tells of own",
        r"my (?:bill|account|phone|internet|order|card|car|house|home|wife|husband|son|daughter|kids|work|job|number|name is|name's"
        r"|computer|mobile|line|email|password|doctor|stomach|head|back|chest|throat|contract|money|mother|father|mum|dad|boss|business|insurance|policy)",
    ),
    _kind("answers", r"yes|yeah|yep|no|nope|mhm|uh huh|oh|okay thank you|thank you|thanks"),
)
FACTS = (*(kind.name for kind in KINDS), "asks", "you", "i")
WEIGHTS = (1.26, 0.92, 2.88, 0.96, -1.15, -1.19, -0.34, -0.42, 3.55, -1.90)
"""Fitted by `python -m evals roles`, which also tells on what and how often they are right."""


def probability_of_agent(one: Sequence[str], other: Sequence[str]) -> float | None:
    """How probable it is that `one` side's utterances are the agent's and not the `other`'s; 0.5 knows nothing.

    None when either side says less than MIN_WORDS. English only: in other languages it mostly stays near 0.5.
    """
    if min(sum(len(text.split()) for text in side) for side in (one, other)) < MIN_WORDS:
        return None
    odds = sum(weight * fact for weight, fact in zip(WEIGHTS, facts(one, other), strict=True))
    probability = 1.0 / (1.0 + math.exp(-odds))
    return min(max(probability, 1.0 - SUREST), SUREST)


def facts(one: Sequence[str], other: Sequence[str]) -> list[float]:
    """What speaks for `one` being the agent's side, one number for each of FACTS; exchanging the sides negates them."""
    return [a - b for a, b in zip(_of_side(one), _of_side(other), strict=True)]


def _of_side(texts: Sequence[str]) -> list[float]:
    words = plain(" . ".join(texts))
    n_words = max(len(words.split()), 20)
    counts = [math.log1p(len(kind.pattern.findall(words))) for kind in KINDS]
    asks = math.log1p(sum(len(candidate_spans(text)) for text in texts))
    shares = [
        10 * len(re.findall(pattern, words)) / n_words
        for pattern in (r"\byou(?:r|'re)?\b", r"\b(?:i|i'm|i've|my|me|we)\b")
    ]
    return [*counts, asks, *shares]
