"""Text as a bare recogniser would have written it."""

import re

_NOT_WORD = re.compile(r"[^\w\s']|_")
_APOSTROPHE = re.compile("['’]")  # noqa: RUF001 (typographic apostrophe)


def plain(text: str) -> str:
    """`text` in lower case, without punctuation, single blanks; apostrophes inside words stay."""
    return " ".join(_NOT_WORD.sub(" ", _APOSTROPHE.sub("'", text.lower())).split())
