"""Measures and what they are about, found in a question: what is asked for, and what only narrows it down."""

import re
from dataclasses import dataclass

from coach.routing.lexicon import Lexicon
from coach.routing.phrasebook import PhraseBook, Subject
from coach.routing.values import Condition
from coach.routing.words import Draft, whole
from coach.store.filters import Filter

_CONDITION = whole(
    r"(?:where(?! (?:do|does|did|is|are|was|were|has|have) )|when|whenever|(?:calls|contacts|conversations"
    r"|cases|chats|emails|customers|people|ones|those) that|in which|in those which|that (?:were"
    r"|was|are|had|have|has|ended"
    r"|did|do|got|contain\w*|includ\w*)"
    r"|who(?: \w+)?|whose|with|without|among|if|after|once|despite|of those|having|containing"
    r"|involving|including|while)"
)
_NOT = whole(
    r"(?:without|never|no|not|nobody|nothing|no one|none|neither|nor|lacking|missing|failed to|fail to"
    r"|forgot to|but not)"
    r"(?: (?!(?:although|though|but|and|when|where|because|after|if|while|who|that|even) )[^ ,?@]+){0,3} ?$"
)
_NOT_ASKED = whole(r"(?:not|never) (?:\w+ )?(?:asked|explored|enquired|inquired)")
_NOT_AFTER = re.compile(
    r" (?:(?:was|were|is|are|has been|did|does) (?:not|never)"
    r"(?: (?:asked|given|made|offered|shown|mentioned|said|used|done|happen\w*|there|present|taken|stated"
    r"|expressed|heard))|(?:was|were|is|are) (?:missing|absent|lacking))(?![^ ])"
)
""" "Where an apology was not given"."""
_AND = whole("and|or|nor|but")
_AND_NOT = whole(r"(?:neither) (?:an? )?@\d+ nor(?: an?)? ?$")
_BREAK = re.compile(r"[,?:;]")
_ONCE = {"customers", "repeat", "reasons"}


@dataclass(frozen=True, slots=True)
class Mention:
    """A measure that a question names."""

    subject: Subject
    words: str
    is_negated: bool
    is_condition: bool
    """It stands where a question says which contacts it means: "when the customer is confused"."""
    is_adjective: bool
    """It stands before what it describes: "confused customers"."""

    @property
    def filter(self) -> Filter | None:
        """As a condition on contacts; None for what is no yes or no."""
        measure, about = self.subject
        if self.subject == ("measure", "hold"):
            measure = "cue"  # "calls with holds"
        if measure == "outcome" and about is not None:
            return Filter(about, "=", ("false" if self.is_negated else "true",))
        if measure in ("cue", "asked", "function") and about is not None:
            return Filter("cue" if measure == "cue" else "question", "!=" if self.is_negated else "=", (about,))
        return None


def take_mentions(draft: Draft, book: PhraseBook) -> None:
    """Replaces every phrase of the book by the mark of a `Mention`; marks inside a phrase stay before it, and what
    stands for its ".." after it."""
    offset, last = 0, -1
    text = draft.text
    for said in book.find(text):
        words = text[said.start : said.end]
        mention = Mention(
            said.subject,
            " ".join(word for word in words.split() if not word.startswith("@")),
            _is_negated(text[: said.start], words, text[said.end :], said.subject),
            _is_condition(text[: said.start], text[said.end :], last, words, book.lexicon),
            _is_adjective(words, text[said.end :], book.lexicon),
        )
        inner = "".join(f"{mark} " for mark in re.findall(r"@\d+", words) if mark not in said.between.split())
        before = len(draft.text)
        start, end = said.start + offset, said.end + offset
        draft.text = f"{draft.text[:start]}{inner}@{len(draft.found)} {said.between}".rstrip() + draft.text[end:]
        draft.found.append(mention)
        offset += len(draft.text) - before
        last = said.end


def _is_negated(before: str, words: str, after: str, subject: Subject) -> bool:
    if _NOT_AFTER.match(after) or (subject[0] == "asked" and _NOT_ASKED.search(words)):
        return True
    if words in ("unresolved", "unsolved", "unsold") or words.startswith("stay"):
        return True
    return _NOT.search(before) is not None


def _is_condition(before: str, after: str, last: int, words: str, lexicon: Lexicon) -> bool:
    """`last` is the end of the phrase found before. A "when" or "who" goes with the first after it, and what "and"
    or "or" joins to that."""
    if " who " in words:
        return True
    clause = _BREAK.split(before)[-1]
    leads = list(_CONDITION.finditer(clause))
    lead = len(before) - len(clause) + (leads[-1].start() if leads else 0)
    joined = last <= lead or _AND.search(before[last:]) is not None
    if (
        leads
        and joined
        and not re.search(r"(?<![^ ])(?:how many|how often|what|which|show)(?![^ ])", clause[leads[-1].end() :])
    ):
        return True
    following = after.split()[:1]
    # "in resolved calls", "do confused customers ..."
    return (
        bool(following)
        and following[0] in lexicon.things
        and bool(
            re.search(r"(?<![^ ])(?:in|for|of|from|by|on|among|do|does|did|are|with)(?: (?:the|our|all))? $", before)
        )
    )


def _is_adjective(words: str, after: str, lexicon: Lexicon) -> bool:
    following = after.split()[:1]
    return words.split()[-1] in ("customers", "callers", "people") or (
        bool(following) and following[0] in lexicon.things
    )


def as_condition(mention: Mention) -> Condition | None:
    return None if mention.filter is None else Condition(mention.filter, mention.words)
