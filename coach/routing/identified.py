"""One contact named by its id: "in call c017", "what was said in contact 2026-08-114?"."""

import re

from coach.routing.values import Condition, Names
from coach.routing.words import Draft, plain_words, whole
from coach.store.filters import Filter

_NAMED = re.compile(
    r"\b(?:call|contact|conversation|case|chat|email|recording)\s+(?:id\s+|no\.?\s+|number\s+|nr\.?\s+|#\s*)?[\"'“]?"
    r"(?P<id>\w[\w-]*)"
    r"|^(?P<first>[a-z]{1,8}[-_]?\d{3,})(?=\s*:)",
    re.IGNORECASE,
)
_NO_ID = re.compile(r"\d+(?:st|nd|rd|th|s|m|h|mins?|secs?|k|x)?|20\d\d-\d\d(?:-\d\d)?|[a-z]+-[a-z]+", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_COUNTED = re.compile(r"\s*(?:%|percent|times|o.?clock|hours?|min\w*|sec\w*|days?|weeks?|months?|years?|[a-z]{3,}s\b)")
"""After a number that tells how many, and is no id: "call 10 customers"."""
_LED = re.compile(r"(?:^|\b(?:in|of|from|during|for|on|open|show)\s+(?:the\s+)?|[,:;(]\s*)$", re.IGNORECASE)
_MIN_DIGITS = 3
"""A plain number as long as this is an id wherever it stands, a shorter one only after "in call"."""


def take_calls(draft: Draft, question: str, names: Names) -> None:
    """Replaces each id of a contact by the mark of a `Condition`. Ids keep the capitals they are asked with."""
    for match in _NAMED.finditer(question):
        text = match["id"] or match["first"]
        if not _is_id(text, question[: match.start()], question[match.end() :]) or plain_words(text) in names.offers:
            continue
        said = whole(
            r"(?:(?:in|of|from|during|for|on) )?(?:the )?(?:(?:call|contact|conversation|case|chat|email|recording) "
            rf"(?:(?:id|no|number|nr) )?)?{re.escape(plain_words(text))}"
        ).search(draft.text)
        if said is not None:
            draft.take(said.start(), said.end(), Condition(Filter("call", "=", (text,)), said.group()))


def _is_id(text: str, before: str, after: str) -> bool:
    if text.isdigit():
        if _COUNTED.match(after.casefold()) or _YEAR.fullmatch(text):
            return False
        return len(text) >= _MIN_DIGITS or (len(text) > 1 and _LED.search(before) is not None)
    return any(letter.isdigit() for letter in text) and not _NO_ID.fullmatch(text)
