"""A question after another one: a change of what was asked before ("and for new customers?"), or a new question."""

import re
from dataclasses import replace
from datetime import date

from coach.routing.comparing import Sides, against_rest, opposite
from coach.routing.phrasebook import Subject
from coach.routing.plan import Compare
from coach.routing.planning import EXPLICIT, Draught, start
from coach.routing.reading import Reading
from coach.routing.values import Condition
from coach.routing.words import whole
from coach.store.filters import Filter

_LEADS = re.compile(
    r"^(?:(?:ok|okay|good|great|thanks|right|hmm|so|well|and|but|now|then|also|please|yes|no|fine|cool|nice) ?,? ?)*"
    r"(?:and|but|now|then|also|what about|how about|same|only|just|instead|by|per|for|in|on|or"
    r"|not|without|except|excluding"
    r"|with|break|split|group|why(?: is that| so|\?| \?|$)|since|until|last|this|compared"
    r"|show me (?:some |a few |the )?(?:examples|quotes|one|them|those|that)"
    r"|compare (?:that|it|this|them|with)|versus|vs|against|more|less|which of (?:them|those|these)|who|as a|over time"
    r"|let me (?:hear|see)|examples?|quotes?)(?= |$)"
)
_POINTS_BACK = whole(
    r"them|those|these|they|it|he|she|his|him|her|there|same|instead|too|this(?= (?:look|by|per|\?))|such"
    r"|that(?= (?:look|better|worse|more|less|per|by|in|for|compare\w*|different|change\w*|to|with|going|\?|$))"
)
_ABOUT = whole(r"about|regarding|concerning|on")
_THOSE = whole(r"(?:in|of|for|with|among|by) (?:those|these|them|such|that group)")
_AGAINST = re.compile(
    r"^(?:(?:ok|okay|and|now|so|then|how does (?:that|this|it)|how is (?:that|it)|what about) ,? ?)*"
    r"(?:vs|versus|against|(?:compare[ds]?|put|set)(?: (?:that|it|this|them|him|her))?"
    r" (?:with|to|against)|compared|than)(?= )"
)
"""Begins the other side of what was asked before."""
_OWN = re.compile(r"^(?:who|in|for|show me|why|on|with|let me) ")
"""Begins a change as well as a question of its own."""
_CONTACTS = whole(
    r"(?:how many|number of|count of|volume of) (?:@\d+ )*(?:contacts|calls|conversations"
    r"|cases|chats|emails|@\d+)|volumes?"
)
_WHY = whole(r"why|how come|reasons?|what is behind")


def follow(current: Draught, reading: Reading, today: date) -> Draught:
    """The question after what was understood before: new words replace what they contradict, the rest stays."""
    new = start(reading, today)
    if not _is_change(reading):
        return new
    result = _narrowed(current, new, reading)
    explicit = EXPLICIT.search(reading.rest) is not None
    if _WHY.search(reading.rest) and (reasons := _reasons(current.subject)) is not None:
        return replace(
            result, subject=("reasons", None), where=(*result.where, *reasons), wants_words=True, search=None
        )
    if _names_measure(reading):
        result = replace(result, subject=new.subject, search=new.search, left=new.left, wants_words=new.wants_words)
        if _THOSE.search(reading.text) and (kept := _as_filter(current.subject)) is not None:
            result = replace(result, where=(*result.where, Condition(kept, "those")))
        if explicit:
            result = replace(result, group_by=new.group_by, group_words=new.group_words, compare=new.compare)
    elif explicit:
        result = replace(result, wants_words=True, search=reading.matter or current.search)
    elif reading.matter and current.subject is not None and _ABOUT.search(reading.text):
        result = replace(result, wants_words=True, search=reading.matter)
    elif reading.matter and current.subject is None and not (new.where or new.group_by or reading.period):
        result = replace(result, search=reading.matter)
    return result


def _narrowed(current: Draught, new: Draught, reading: Reading) -> Draught:
    """What was asked before with the new conditions, period, groups and sides."""
    added = list(new.where)
    if reading.narrowing is not None and current.subject is not None and not _names_measure(reading):
        added.append(Condition(reading.narrowing, reading.text))
    keys = {each.filter.key for each in added} - {"cue", "question"}
    kept = [each for each in current.where if each.filter.key not in keys]
    sides = _sides(kept, reading) or _other_side(current, added, reading)
    if sides is not None:
        kept = [each for each in kept if each.filter != sides.one]
        added = [each for each in added if each.filter != sides.other]
    compare: Compare = new.compare if sides is None else ((sides.one,), (sides.other,))
    stays = not (reading.period or keys & _compared(current.compare))
    return replace(
        current,
        where=(*kept, *added),
        period=reading.period or current.period or new.period,
        period_words=new.period_words or current.period_words,
        group_by=new.group_by or current.group_by,
        group_words=new.group_words or current.group_words,
        compare=compare or (current.compare if stays else None),
        compare_words=new.compare_words or current.compare_words,
        unknown=new.unknown,
        notes=(*current.notes, *new.notes),
    )


def _sides(where: list[Condition], reading: Reading) -> Sides | None:
    """ "Against the rest of the team" of what was asked before: the last condition against all others."""
    if reading.compare is not None or not against_rest(reading.rest):
        return None
    one = next((each.filter for each in reversed(where) if each.filter.op == "=" and each.filter.values), None)
    return None if one is None else Sides(one, opposite(one), reading.text)


def _other_side(current: Draught, added: list[Condition], reading: Reading) -> Sides | None:
    """ "Versus Ben" after a question about Samir."""
    if reading.compare is not None or not _AGAINST.search(reading.text):
        return None
    for new in added:
        for old in current.where:
            one, other = old.filter, new.filter
            if one.key == other.key and one.op == other.op == "=" and one != other:
                return Sides(one, other, f"{old.words} / {new.words}")
    return None


def _names_measure(reading: Reading) -> bool:
    """Whether the question says what to count, and does not only narrow it down."""
    if reading.subject is None:
        return False
    if reading.narrowing is not None and not reading.wants_figure and not EXPLICIT.search(reading.rest):
        return False
    return reading.subject not in (("contacts", None), ("customers", None)) or bool(_CONTACTS.search(reading.rest))


def _reasons(subject: Subject | None) -> tuple[Condition, ...] | None:
    """What "why?" after that measure is about; None where it has no reasons that are counted."""
    if subject == ("cue", "leaving") or subject == ("outcome", "churned"):
        kept = _as_filter(subject)
        return () if kept is None else (Condition(kept, "why"),)
    return None


def _as_filter(subject: Subject | None) -> Filter | None:
    """The contacts that a measure counts, as a condition; None for what is no yes or no."""
    measure, about = subject or ("", None)
    if about is None:
        return None
    if measure == "outcome":
        return Filter(about, "=", ("true",))
    return Filter("cue" if measure == "cue" else "question", "=", (about,)) if measure in ("cue", "asked") else None


def _compared(compare: Compare) -> set[str]:
    return {each.key for side in compare for each in side} if isinstance(compare, tuple) else set()


def _is_change(reading: Reading) -> bool:
    if _LEADS.search(reading.text) and not (_names_measure(reading) and _OWN.search(reading.text)):
        return True
    if _POINTS_BACK.search(reading.text) and len(reading.text.split()) <= 14:
        return True
    return reading.subject in (None, ("contacts", None)) and reading.matter is None
