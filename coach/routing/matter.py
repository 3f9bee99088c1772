"""What is left of a question to be looked for in what was said."""

import re

from coach.routing.lexicon import Lexicon
from coach.routing.values import Doubtful
from coach.routing.words import Draft

MAX_WORDS = 40
"""Of what is searched for: a longer story is no clearer."""


def matter(draft: Draft, lexicon: Lexicon, *, doubtful: bool = True) -> str | None:
    """The question's words that are neither recognised nor ask, and say something; None when none are left.

    A name that may be what is spoken about stays in where it is `doubtful`.
    """
    asking = lexicon.figure.sub(" ", lexicon.wanted.sub(" ", draft.text))
    text = re.sub(r"@\d+", lambda mark: _named(draft.thing(mark.group())) if doubtful else " ", asking)
    words = [word for word in text.split() if _tells(word, lexicon)]
    return " ".join(words[:MAX_WORDS]) or None


def content(text: str, lexicon: Lexicon) -> list[str]:
    """The words of a text that say something."""
    return [word for word in text.split() if not word.startswith("@") and _tells(word, lexicon)]


def _named(thing: object) -> str:
    return thing.condition.words if isinstance(thing, Doubtful) else " "


def _tells(word: str, lexicon: Lexicon) -> bool:
    return word not in lexicon.stop and (len(word) > 1 or word.isdigit())
