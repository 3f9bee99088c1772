"""Takes payment card numbers and security codes out of conversations, and on request names of persons.

The flow: `digits` finds the numbers in each utterance, written or spoken; `cues` finds phrases that announce a number;
`context` follows the conversation and says what is talked of at each number; `cards` decides; `names` asks Presidio.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coach.redact.cards import CARD, CODE, find_card_data
from coach.redact.cues import find_cues
from coach.redact.digits import read_tokens
from coach.types import Role

_PLACEHOLDER = re.compile(r"\[(?:card number|security code|name)\]")
_KINDS = {CARD: "card_number", CODE: "security_code", "[name]": "name"}


@dataclass(frozen=True, slots=True)
class Redaction:
    """One utterance after redaction."""

    text: str
    changed: bool
    kinds: tuple[str, ...] = ()
    """What was removed from it: "card_number" (also the card's dates), "security_code", "name"; sorted, each once."""


class Redactor:
    """Removes card data from conversations; with `names`, also names of persons.

    Raises ConfigError when names are wanted and Presidio or its language model is not installed.
    """

    def __init__(self, names: bool = False) -> None:
        self._names = None
        if names:
            from coach.redact.names import NameFinder

            self._names = NameFinder()

    def redact(self, utterances: Sequence[tuple[Role, str]]) -> list[Redaction]:
        """One redaction per utterance, in order; what is said in one gives meaning to numbers in the next.

        Redacting the result again changes nothing. Spoken numbers are understood in English only.
        """
        roles = [role for role, _ in utterances]
        originals = [text for _, text in utterances]
        kinds: list[set[str]] = [set() for _ in originals]
        texts = originals
        while True:  # each round removes digits or ends: what is left must read as harmless in its final surroundings
            texts, removed = _remove_card_data(roles, texts, kinds)
            if not removed:
                break
        if self._names is not None:
            unnamed = [self._names.remove(text) for text in texts]
            for i, (before, after) in enumerate(zip(texts, unnamed, strict=True)):
                if before != after:
                    kinds[i].add("name")
            texts = unnamed
        return [
            Redaction(text, text != original, tuple(sorted(found)))
            for text, original, found in zip(texts, originals, kinds, strict=True)
        ]


def _remove_card_data(roles: list[Role], texts: list[str], kinds: list[set[str]]) -> tuple[list[str], bool]:
    """One round over the conversation: the texts after it, and whether anything was removed."""
    page = "\n".join(texts)
    starts = [0]
    for text in texts:
        starts.append(starts[-1] + len(text) + 1)
    tokens = [read_tokens(text, start) for text, start in zip(texts, starts, strict=False)]
    # Placeholders of earlier rounds must not announce card numbers themselves.
    cues = find_cues(_PLACEHOLDER.sub(lambda match: "|" * len(match.group()), page))
    spans = iter([*find_card_data(roles, tokens, cues), None])
    result: list[str] = []
    removed = False
    span = next(spans)
    for i, text in enumerate(texts):
        parts: list[str] = []
        done = starts[i]
        while span is not None and span.start < starts[i + 1]:
            parts += [page[done : span.start], span.placeholder]
            done = span.end
            kinds[i].add(_KINDS[span.placeholder])
            removed = True
            span = next(spans)
        result.append("".join(parts) + page[done : starts[i] + len(text)] if parts else text)
    return result, removed


__all__ = ["Redaction", "Redactor"]
