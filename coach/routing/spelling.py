"""Typing errors set right: a word nobody knows that is one slip away from a word that means something here."""

from coach.routing.phrasebook import PhraseBook
from coach.routing.values import Names

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
"""Of the keyboards that most people who write English have."""
_VOWELS = "aeiou"
MIN_LENGTH_VOWEL = 8
"""In shorter words another vowel makes another word ("still", "stall")."""
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


def _may_be_mistyped(word: str, other: str) -> bool:
    """Whether the letters that differ are neighbours on the keyboard or exchanged; other changes make other words."""
    differing = [(one, two) for one, two in zip(word, other, strict=True) if one != two]
    if len(differing) != 1:
        return True
    one, two = differing[0]
    if one in _VOWELS and two in _VOWELS:
        return len(word) >= MIN_LENGTH_VOWEL
    return any(abs(row.index(one) - row.index(two)) == 1 for row in _ROWS if one in row and two in row)


def _is_slip(word: str, other: str) -> bool:
    """One letter left out, added or changed, or two neighbours exchanged (Damerau, 1964)."""
    if abs(len(word) - len(other)) > 1 or word == other or len(other) < MIN_LENGTH:
        return False
    if word[0] != other[0] and word[:2] != other[1::-1]:
        return False  # the first letter is seldom wrong, but for being exchanged with the second
    if len(word) == len(other) and not _may_be_mistyped(word, other):
        return False
    at = next(
        (at for at, (one, two) in enumerate(zip(word, other, strict=False)) if one != two), min(len(word), len(other))
    )
    if len(word) > len(other):
        return word[at + 1 :] == other[at:]
    if len(word) < len(other):
        return word[at:] == other[at + 1 :]
    swapped = word[at + 1 : at + 2] + word[at : at + 1] == other[at : at + 2]
    return word[at + 1 :] == other[at + 1 :] or (swapped and word[at + 2 :] == other[at + 2 :])
