"""What a question is about: without the words that questions about calls share and calls do not contain."""

import re

from coach.retrieval.words import content_words

_OPENING = re.compile(
    r"^(what (do|did|does|is|are|was|were)|where (do|did|does|is|are|was|were)|which|who|whose|how (many|often)"
    r"|is there any"
    r"|did|do|does|has|have|were|are|was)\s",
    re.IGNORECASE,
)
_PEOPLE = re.compile(r"\b(customers?|callers?|people|anyone|anybody|patients?|users?|clients?)\b", re.IGNORECASE)
_SAYING = re.compile(
    r"\b((say|said|says|think|mention(ed)?|talk(ed)?|complain(ed)?|ask(ed)?|reported)\b( (about|for)\b)?"
    r"|(speaks?|spoken) of\b|comes? up$)",
    re.IGNORECASE,
)
_AGENTS = re.compile(r"\b(agents?|advis[eo]rs?|staff|colleagues?|representatives?|doctors?|nurses?|we|our)\b", re.I)
_ENDINGS = (
    "ations",
    "ation",
    "ingly",
    "ings",
    "ing",
    "edly",
    "ies",
    "ied",
    "ers",
    "er",
    "es",
    "ed",
    "ly",
    "s",
    "e",
    "y",
)
_MIN_STEM = 3
_SAID_OF_CALLS = """
    agent agents anybody call caller callers calls client clients complain complained complaining complains complaint
    complaints contact contacts customer customers doctor doctors example examples feel find happen happened happens
    mention mentioned need needs nobody patient patients people quote quotes reported said say says see show somebody
    someone speak speaks spoken talk talked think user users
"""
_TALK_OF_CALLS = frozenset(_SAID_OF_CALLS.split())


def subject(question: str) -> str:
    """ "What do customers say about the price?" gives "the price"; the question itself where nothing would be left.

    Nobody says "customers say" in a call: those words pull a question away from every passage, and "customer" alone
    pulls it to whichever passage mentions one.
    """
    text = _OPENING.sub("", question.strip().rstrip("?").rstrip())
    text = _SAYING.sub(" ", _PEOPLE.sub(" ", text))
    return " ".join(text.split()) or question


def speaks_of_agents(question: str) -> bool:
    """Whether it asks what agents say or do, and not what customers do."""
    return bool(_AGENTS.search(question)) and not _PEOPLE.search(question)


def telling_words(question: str) -> list[str]:
    """The content words of a question without those that only speak of calls and of who says it."""
    return [word for word in content_words(question) if word not in _TALK_OF_CALLS]


def stem(word: str) -> str:
    """The word without its ending, roughly: "charged" and "charges" are one, and "beeping" and "beeps"."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            return word[: -len(ending)]
    return word
