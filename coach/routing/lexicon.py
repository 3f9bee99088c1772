"""What people call the fields and values of the metadata: lexicon.toml, read and ready to look words up in."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from coach.routing.words import plain_words, whole

LEXICON_FILE = Path(__file__).with_name("lexicon.toml")
_SPELT = (
    "average", "share", "percentage", "number", "month", "week", "quarter", "yesterday", "january", "february", "april",
    "june", "july", "august", "september", "october", "november", "december", "which", "what", "many", "often",
    "between", "compared", "versus", "trend", "examples", "quotes", "except", "without", "different", "please", "show",
    "interruption", "interruptions", "satisfaction", "resolution", "resolved", "silence", "monologue", "empathy",
    "apology", "transfer", "transfers", "cancellation", "cancellations", "competitor", "competitors",
    "diagnostic", "procedural",
    "discovery", "reflections", "ownership", "vulnerable", "suggestions", "broadband",
)  # fmt: skip
"""Words the routing's own patterns know, worth spelling right."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All words are as `plain_words` writes them."""

    fields: Mapping[str, str]
    """Name of a field as people type it, singular and plural -> its key."""
    things: frozenset[str]
    """What stands after a value that is meant as a condition."""
    weak: frozenset[str]
    """Parts of names that name nothing by themselves."""
    same: Mapping[str, tuple[str, ...]]
    """A word -> all that mean the same, itself among them."""
    media: Mapping[str, tuple[str, ...]]
    """A medium -> its names."""
    stop: frozenset[str]
    """Words that say nothing about a matter."""
    figure: re.Pattern[str]
    """Signals that a figure is asked for..."""
    wanted: re.Pattern[str]
    """...that words or reasons are..."""
    saying: re.Pattern[str]
    """...and that something is to be looked for in what was said."""
    words: frozenset[str]
    """Every word of the lexicon."""
    terms: frozenset[str]
    """Those that a slip of the finger may be meant for."""

    @classmethod
    def load(cls, path: Path = LEXICON_FILE) -> Self:
        """The shipped lexicon, or one of the same form."""
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        signals = {name: whole("|".join(data["signals"][name])) for name in ("figure", "words", "saying")}
        groups = [tuple(plain_words(word) for word in group) for group in data["same"]["words"]]
        return cls(
            {form: key for key, names in data["fields"].items() for name in names for form in forms(plain_words(name))},
            frozenset(form for word in data["things"]["words"] for form in forms(plain_words(word))),
            frozenset(data["weak"]["words"]),
            {word: group for group in groups for word in group},
            {medium: tuple(plain_words(name) for name in names) for medium, names in data["media"].items()},
            frozenset(data["stop"]["words"]),
            signals["figure"],
            signals["words"],
            signals["saying"],
            frozenset(word for text in _texts(data) for word in re.findall(r"[a-z]{3,}", text)),
            frozenset(
                word
                for names in (*data["fields"].values(), *data["media"].values(), data["things"]["words"], _SPELT)
                for name in names
                for form in forms(plain_words(name))
                for word in form.split()
            ),
        )


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield plain_words(data)
    else:
        for part in data.values() if isinstance(data, dict) else data:
            yield from _texts(part)


def forms(words: str) -> tuple[str, ...]:
    """The words themselves and their plural."""
    if words.endswith("s") and not words.endswith("ss"):
        return (words,)
    if words.endswith("y") and not words.endswith(("ay", "ey", "oy")):
        return words, f"{words[:-1]}ies"
    return words, f"{words}{'es' if words.endswith(('x', 'ch', 'sh', 'ss')) else 's'}"
