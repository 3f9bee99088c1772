"""Words in a call that speak to the machine that reads it: orders to a model, roles, made-up passages, score begging.

Transcripts are data to every prompt, and what a model makes of them is checked. On top of that, turns that speak to the
machine are not shown to it at all: an order that is not read cannot be obeyed. People still see them. The patterns
(orders.toml) are English and miss orders in sly words; `python -m evals injections` says how many, and what still stops
those. A wrong hit costs little: a model does not read one turn.
"""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from importlib.resources import files

from coach.types import Role, Turn


def _patterns() -> re.Pattern[str]:
    """One pattern of all in orders.toml, which ships with the package."""
    shipped = tomllib.loads(files("coach").joinpath("orders.toml").read_text(encoding="utf-8"))
    words: dict[str, str] = shipped["words"]
    kinds = [
        f"(?P<{kind['name']}>{'|'.join(f'(?:{one})' for one in kind['patterns'])})" for kind in shipped["speaking"]
    ]
    filled = re.sub(r"<<(\w+)>>", lambda name: words[name[1]], "|".join(kinds))
    return re.compile(filled, re.IGNORECASE | re.MULTILINE)


_SPEAKING = _patterns()
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


def addresses(text: str) -> bool:
    """Whether some words of the text speak to the machine that reads it."""
    return _SPEAKING.search(_plain(text)) is not None


def addressing(turns: Sequence[Turn]) -> frozenset[int]:
    """Indices of the turns that do, also where a speaker spreads it over several turns of theirs."""
    found: set[int] = set()
    roles: set[Role] = {turn.role for turn in turns}
    for role in roles:
        ends: list[tuple[int, int]] = []
        joined = ""
        for index, turn in enumerate(turns):
            if turn.role == role and turn.text.strip():
                joined += _plain(turn.text) + " "
                ends.append((len(joined), index))
        for match in _SPEAKING.finditer(joined):
            begin = 0
            for end, index in ends:
                if begin < match.end() and match.start() < end - 1:
                    found.add(index)
                begin = end
    return frozenset(found)


def _plain(text: str) -> str:
    """One line, compatible letters made plain, nothing invisible; curly apostrophes as typed ones."""
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).replace("\u2019", "'")
    return " ".join(text.split(" ")) if "\n" not in text else re.sub(r"[ \t]+", " ", text)
