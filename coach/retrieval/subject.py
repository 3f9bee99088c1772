"""What a question is about, without the words that questions about calls share and calls do not contain."""

import re

_OPENING = re.compile(
    r"^(what (do|did|does|is|are|was|were)|which|who|whose|how (many|often)|is there any"
    r"|did|do|does|has|have|were|are|was)\s",
    re.IGNORECASE,
)
_PEOPLE = re.compile(r"\b(customers?|callers?|people|anyone|anybody|patients?|users?|clients?)\b", re.IGNORECASE)
_SAYING = re.compile(
    r"\b(say|said|says|think|mention(ed)?|talk(ed)?|complain(ed)?|ask(ed)?|reported)\b( (about|for)\b)?", re.IGNORECASE
)


def subject(question: str) -> str:
    """ "What do customers say about the price?" gives "the price"; the question itself where nothing would be left.

    Nobody says "customers say" in a call: those words pull a question away from every passage, and "customer" alone
    pulls it to whichever passage mentions one.
    """
    text = _OPENING.sub("", question.strip().rstrip("?").rstrip())
    text = _SAYING.sub(" ", _PEOPLE.sub(" ", text))
    return " ".join(text.split()) or question
