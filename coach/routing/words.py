"""A question's words while they are being understood: what was recognised is replaced by a mark, the rest stays."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

MARK = "@"
"""Begins the place of a recognised thing: "@0", "@1"... No question's own word begins so."""
_TOKEN = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d+:\d{2}|\d+(?:\.\d+)?(?:st|nd|rd"
    r"|th)?(?!\w)|[^\W_]+(?:'[^\W\d_]+)*|[<>]=?|[=%,;:?]"
)
_RANGE = re.compile(r"(?<![\w-])(\d+) ?[-–] ?(\d+)(?![\w-])")  # noqa: RUF001 (a dash)
_SHORT = {
    "what's": "what is", "who's": "who is", "how's": "how is", "where's": "where is", "that's": "that is",
    "it's": "it is", "there's": "there is", "when's": "when is", "let's": "let us", "can't": "can not",
    "won't": "will not", "wk": "week", "wks": "weeks", "mth": "month", "mths": "months", "yr": "year", "qtr": "quarter",
    "cust": "customer", "custs": "customers", "cx": "customers", "avg": "average",
    "shan't": "shall not",
}  # fmt: skip
_ENDINGS = ((re.compile(r"(\w)n't$"), r"\1 not"), (re.compile(r"'(s|d|ll|ve|re|m)$"), ""), (re.compile(r"s'$"), "s"))
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u0060\u00b4", "'"))


def plain_words(text: str) -> str:
    """`text` in lower case without accents, its words and the signs that matter (, ; : ? < > = %) apart by blanks.

    Short forms are written out ("isn't": "is not"), a possessive's "'s" goes, "&" becomes "and".
    """
    text = text.translate(_APOSTROPHES).casefold().replace("&", " and ")
    if not text.isascii():
        text = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    tokens = _TOKEN.findall(_RANGE.sub(r"\1 to \2", text))
    return " ".join(_written_out(token) for token in tokens)


def _written_out(token: str) -> str:
    if token in _SHORT:
        return _SHORT[token]
    for ending, instead in _ENDINGS:
        token = ending.sub(instead, token)
    return token


@dataclass(slots=True)
class Draft:
    """A question half understood."""

    text: str
    """As `plain_words` gives it, with a mark for each thing in `found`."""
    found: list[Any] = field(default_factory=list)
    """What the marks stand for, by their number."""

    def take(self, start: int, end: int, thing: Any) -> None:
        """Replaces `text[start:end]` by the mark of `thing`."""
        self.text = f"{self.text[:start]}{MARK}{len(self.found)}{self.text[end:]}"
        self.found.append(thing)

    def drop(self, start: int, end: int) -> None:
        """Takes words out that say nothing more."""
        self.text = " ".join(f"{self.text[:start]} {self.text[end:]}".split())

    def thing(self, mark: str) -> Any:
        """What a mark in the text stands for."""
        return self.found[int(mark.removeprefix(MARK))]

    def marks(self, kind: type) -> list[tuple[int, int, Any]]:
        """(start, end, thing) of the marks in the text that stand for a thing of that type, in order."""
        places = ((match.start(), match.end(), self.thing(match.group())) for match in re.finditer(r"@\d+", self.text))
        return [place for place in places if isinstance(place[2], kind)]


def whole(pattern: str) -> re.Pattern[str]:
    """The pattern for whole words of a draft's text."""
    return re.compile(rf"(?<![^ ])(?:{pattern})(?![^ ])")
