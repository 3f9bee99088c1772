"""A question of several sentences: what only tells how it came up names days that are not asked about."""

import re
from dataclasses import dataclass
from datetime import date

from coach.routing.periods import Dated, take_periods
from coach.routing.words import Draft, plain_words, whole
from coach.store.query import Period

_ENDS = re.compile(r"(?<=[.!?])\s+(?=[\w\"'(])")
_TELLS = re.compile(
    r"(?:(?:hi|hello|ok|so|well|as you know) ,? ?)?(?:we|i|our|my|they|he|she|there|it|the|a|an|this|some|last"
    r"|in|on|since"
    r"|after|during|back)(?= )"
)
_ASKS = whole(
    r"how|what|which|who|why|show|find|list|give|tell|please|want|like|need|compare|count|only|just|interested|wonder\w*"
)
_SINCE_THEN = whole(
    r"(?:ever )?since(?: then| that| it)?(?= (?:\?|,)|$)|(?:ever )?since then|from then on|after that|afterwards"
)


@dataclass(frozen=True, slots=True)
class Sentences:
    text: str
    """All of it in plain words, without the days of what is only told."""
    since: Dated | None
    """From the last day told on, where the question says "since then"."""


def sentences(question: str, today: date) -> Sentences:
    """The question taken apart. With one sentence, or where each may ask, it is all as it stands."""
    parts = [(part, plain_words(part)) for part in _ENDS.split(question.strip())]
    if len(parts) < 2 or not any(_is_told(*part) for part in parts) or all(_is_told(*part) for part in parts):
        return Sentences(plain_words(question), None)
    texts, dated = [], []
    for part, text in parts:
        if _is_told(part, text):
            draft = Draft(text)
            take_periods(draft, today)
            dated += [thing for _, _, thing in draft.marks(Dated)]
            text = " ".join(re.sub(r"(?<![^ ])@\d+", " ", draft.text).split()) + " ,"
        texts.append(text)
    whole_text = " ".join(texts)
    if not dated or dated[-1].period.since is None or not _SINCE_THEN.search(whole_text):
        return Sentences(whole_text, None)
    since = Dated(Period(dated[-1].period.since, None), f"since {dated[-1].words}")
    return Sentences(_SINCE_THEN.sub(" ", whole_text, count=1), since)


def _is_told(part: str, text: str) -> bool:
    return not part.rstrip().endswith("?") and _TELLS.match(text) is not None and not _ASKS.search(text)
