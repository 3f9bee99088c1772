"""Typing errors set right: a word nobody knows that is one slip away from a word that means something here."""

from coach.routing.phrasebook import PhraseBook
from coach.routing.values import Names

MIN_LENGTH = 4
"""A shorter word is too near to too many others."""


def respelled(text: str, names: Names, book: PhraseBook) -> tuple[str, tuple[str, ...]]:
    """The text with such words put right, and for each what was done."""
    known = book.words | names.words | book.lexicon.words
    notes, words = [], text.split()
    for at, word in enumerate(words):
        if len(word) < MIN_LENGTH or word in known or not word.isalpha():
            continue
        # Its plural or its past is no slip.
        if any(word.removesuffix(ending) in known for ending in ("s", "es", "d", "ed", "ing", "ly")):
            continue
        near = [other for other in names.words | book.lexicon.terms | book.terms if _is_slip(word, other)]
        if near:
            # More letters are left out than typed too much or changed.
            words[at] = min(near, key=lambda other: (-len(other), other))
            notes.append(f"{word}: read as {words[at]}")
    return " ".join(words), tuple(notes)


def _is_slip(word: str, other: str) -> bool:
    """One letter left out, added or changed, or two neighbours exchanged (Damerau, 1964)."""
    if abs(len(word) - len(other)) > 1 or word == other or len(other) < MIN_LENGTH:
        return False
    if word[0] != other[0] and word[:2] != other[1::-1]:
        return False  # the first letter is seldom wrong, but for being exchanged with the second
    at = next(
        (at for at, (one, two) in enumerate(zip(word, other, strict=False)) if one != two), min(len(word), len(other))
    )
    if len(word) > len(other):
        return word[at + 1 :] == other[at:]
    if len(word) < len(other):
        return word[at:] == other[at + 1 :]
    swapped = word[at + 1 : at + 2] + word[at : at + 1] == other[at : at + 2]
    return word[at + 1 :] == other[at + 1 :] or (swapped and word[at + 2 :] == other[at + 2 :])
