"""What a question wants measured: the one measure among those it mentions, and whether words are wanted as well."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coach.routing.lexicon import Lexicon
from coach.routing.mentions import Mention
from coach.routing.phrasebook import SEARCH, Subject
from coach.routing.words import whole
from coach.store.filters import Filter

_RATES = frozenset({"csat", "handle_time", "rubric", "measure", "open", "questions", "repeat"})
"""Measures that are meant whenever they are mentioned; others may as well narrow down what is measured."""
_SHARE_OF_QUESTIONS = whole(
    r"(?:share|percentage|proportion|percent|%|fraction|part|rate)(?: .{0,40})? questions?"
    r"|questions? .{0,60}(?:share|percentage|proportion|percent|%|rate)|of (?:all |the |our |their )*(?:\w+ )?questions"
    r"|how many (?:of )?(?:\w+ ){0,4}?questions"
)
_OF_ALL_QUESTIONS = whole(
    r"(?:share|percentage|proportion|percent|%|fraction|part|how many|how much)"
    r" of (?:all |the |our |their |agents |your )*questions"
)
_IN_CONTACTS = whole(
    r"(?:how many|share of|percentage of|proportion of|number of|%|in|of|what) (?:all |the "
    r"|our |@\d+ )*(?:contacts|calls|conversations|cases|chats|emails)"
    r"|contacts|how often|calls (?:in which|where|with)"
)
_RATE_WORDS = whole(r"share|percentage|proportion|percent|rate|rates|%|fraction|ratio")
_WHO = re.compile(r"(?:who|whose|which (?:of|agent|agents|adviser|advisers))(?= )")
_LEAVERS = re.compile(r"leavers|churners|churned customers|lost customers")
_SAME_MATTER = {
    (("asked", "impact"), ("cue", "impact_stated")),
    (("function", "impact"), ("cue", "impact_stated")),
    (("asked", "closing"), ("cue", "closing")),
    (("cue", "closing"), ("asked", "closing")),
}
"""What is asked and what is said of one thing: named together they say the same twice."""
_LEAVING = Filter("cue", "=", ("leaving",))
_WHY = whole(r"why|how come|what makes|reasons?|behind|what drives|drivers?|causes?")


_OPEN_QUESTION = re.compile(
    r"(?:^|[,:;] )(?:and |so |but )?(?:what|where|how) (?:do|does|did|is|are|was|were|should|can|could|would)(?= )"
)


_TALKED_OF = whole(
    r"[^ @]+ (?:was|were|is|are|gets?|got|being|been) (?:talked about|spoken (?:of|about)|mentioned|discussed"
    r"|brought up|raised|named)|[^ @]+ (?:came|comes|come|coming) up"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The measure, None where nothing is measured, and what of the mentions became a condition."""

    subject: Subject | None
    filters: tuple[Filter, ...] = ()
    wants_words: bool = False
    """Reasons, examples or the customers' own words are asked for."""
    wants_figure: bool = False
    narrowing: Filter | None = None
    """The measure as a condition, where the question only says which contacts it means."""


def choose(text: str, rest: str, mentions: Sequence[Mention], conditions: Sequence[Filter], lexicon: Lexicon) -> Asked:
    """The measure that a question's mentions amount to; `rest` is its text with marks, `conditions` those it names."""
    wants_words = lexicon.wanted.search(rest) is not None
    wants_figure = lexicon.figure.search(rest) is not None
    main = _main(text, mentions)
    why = _WHY.search(text) is not None or any(mention.subject[0] == "reasons" for mention in mentions)
    if why and (reasons := _reasons(mentions, main, conditions)) is not None:
        return Asked(("reasons", None), reasons, True, wants_figure)
    if main is None:
        said = tuple(mention.filter for mention in mentions if mention.filter is not None)
        return Asked(None, said, wants_words, wants_figure)
    if all(mention.is_condition for mention in mentions) and not wants_figure and _OPEN_QUESTION.search(rest):
        # "What do agents say when a customer is leaving?"
        said = tuple(mention.filter for mention in mentions if mention.filter is not None)
        return Asked(SEARCH if len(said) == len(mentions) else None, said, True, wants_figure)
    if all(mention.is_condition for mention in mentions) and _TALKED_OF.search(rest):
        # "contacts with something sold where the upload speed was talked about"
        said = tuple(mention.filter for mention in mentions if mention.filter is not None)
        return Asked(SEARCH, said, True, wants_figure)
    others = [mention for mention in mentions if mention is not main and _narrows(mention, main)]
    filters = tuple(dict.fromkeys(mention.filter for mention in others if mention.filter is not None))
    narrowing = main.filter if main.is_condition or main.is_adjective else None
    return Asked(_of_questions(text, main.subject, wants_words), filters, wants_words, wants_figure, narrowing)


def _main(text: str, mentions: Sequence[Mention]) -> Mention | None:
    free = [mention for mention in mentions if not mention.is_condition]
    if len(free) > 1 and free[0].is_adjective and free[0].filter is not None:
        free = free[1:]  # "how many confused customers got an apology"
    for mention in free or mentions:
        if mention.subject[0] in _RATES:
            return mention
    rated = _RATE_WORDS.search(text) is not None
    may = [mention for mention in free or mentions if rated or not mention.is_negated or mention.filter is None]
    if not may and _WHO.search(text):
        may = list(mentions)  # who does it least shows who never does
    specific = [mention for mention in may if (mention.subject[1] or "").startswith(("reason_", "cause_"))]
    first = next((mention for mention in may if mention.subject[0] == "outcome"), None)
    if first is not None and _LEAVERS.fullmatch(first.words) and len(may) > 1:
        # "how many leavers mentioned the price"
        first = next((mention for mention in may if mention.subject[0] in ("cue", "asked")), first)
    if first is None and may and may[0].subject == ("cue", "leaving") and specific:
        return specific[0]
    return first or next(iter(may), None)


def _narrows(mention: Mention, main: Mention) -> bool:
    """Whether a mention beside the main one is a condition: it says so, or it is another thing that happens."""
    if mention.filter is None or mention.subject == main.subject:
        return False
    if (
        mention.subject == ("cue", "leaving")
        and not mention.is_adjective
        and (main.subject[1] or "").startswith(("reason_", "cause_"))
    ):
        return False
    if not mention.is_condition and (main.subject, mention.subject) in _SAME_MATTER:
        return False
    return mention.is_condition or main.subject[0] in ("cue", "asked", "outcome", "customers")


def _reasons(
    mentions: Sequence[Mention], main: Mention | None, conditions: Sequence[Filter]
) -> tuple[Filter, ...] | None:
    """The filters of a question for reasons; None when the question wants the reasons of something else."""
    about = [mention for mention in mentions if mention.subject[0] != "reasons"]
    if not about:
        unhappy = any(one.key == "csat" and one.op == "<=" for one in conditions)
        return () if unhappy or any(mention.subject[0] == "reasons" for mention in mentions) else None
    filters: list[Filter] = []
    has_left = any(mention.subject == ("outcome", "churned") for mention in about)
    for mention in about:
        if mention.subject == ("cue", "leaving") and has_left:
            continue
        if mention.subject == ("cue", "leaving"):
            filters.append(_LEAVING)
        elif (mention.subject == ("outcome", "churned") and mention.filter is not None) or (
            mention.is_condition and mention.filter is not None
        ):
            filters.append(mention.filter)
        else:
            return None
    return tuple(dict.fromkeys(filters))


def _of_questions(text: str, subject: Subject, wants_words: bool) -> Subject:
    """Whether contacts with such a question are counted ("asked"), or such questions among all ("function")."""
    if subject[0] != "asked":
        return subject
    if wants_words and not _RATE_WORDS.search(text):
        return subject  # examples of such questions
    if _OF_ALL_QUESTIONS.search(text):
        return ("function", subject[1])
    if _SHARE_OF_QUESTIONS.search(text) and not _IN_CONTACTS.search(text):
        return ("function", subject[1])
    return subject
