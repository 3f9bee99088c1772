"""Numbers in running text, written or spoken: where they stand and which digits they stand for."""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple


def words(text: str) -> list[str]:
    """The words of a list written as running text."""
    return text.split()


_UNITS = {word: str(i) for i, word in enumerate(words("zero one two three four five six seven eight nine"))} | {
    "nought": "0", "naught": "0", "nil": "0", "aught": "0", "niner": "9"
}  # fmt: skip
_TEENS = {
    word: str(10 + i)
    for i, word in enumerate(words("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"))
}
_TENS = {
    word: str(20 + 10 * i) for i, word in enumerate(words("twenty thirty forty fifty sixty seventy eighty ninety"))
} | {"fourty": "40"}
_RUN_TOGETHER = {
    tens + unit: value[0] + digit for tens, value in _TENS.items() for unit, digit in _UNITS.items() if digit != "0"
}
_SMALL = _UNITS | _TEENS | _TENS | _RUN_TOGETHER
_SCALES = frozenset({"hundred", "thousand"})
_REPEATS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_PLURALS = {"zeros": "0", "zeroes": "0", "noughts": "0", "ohs": "0", "ones": "1", "twos": "2", "threes": "3",
            "fours": "4", "fives": "5", "sixes": "6", "sevens": "7", "eights": "8", "nines": "9"}  # fmt: skip

# Ordinary words that recognisers write for a digit. They count only in the company of digits.
_ZEROS = {"oh": "0", "o": "0", "owe": "0", "ow": "0"}
_HOMOPHONES = _ZEROS | {"won": "1", "wan": "1", "to": "2", "too": "2", "tu": "2", "free": "3", "tree": "3", "for": "4",
                        "fore": "4", "fife": "5", "sicks": "6", "sex": "6", "ate": "8", "nein": "9"}  # fmt: skip
_HESITATIONS = frozenset(words("um uh er erm and then"))
_COMPANY = 3  # digits that a homophone at the edge of an utterance needs beside it: "for one one one"

_UNIT_WORDS = frozenset(
    words("""pounds pound quid dollars dollar bucks euros euro pence cents percent o'clock oclock am pm years year
    months month weeks week days day hours hour hrs minutes seconds mins times people kilos kg miles meters metres
    milligrams mg ml grams litres degrees digits digit numbers figures characters letters working business gb mb
    megabytes gigabytes megs gigs""")
)
_MOMENTS = frozenset(words("moment sec second minute mo"))
_CURRENCIES = frozenset(words("pounds pound quid dollars dollar euros euro"))
_COUNTED = frozenset(words("first next other last final middle"))  # "the next four": how many, not which
_MAX_MEASURED_DIGITS = 7  # a longer number is not an amount, whatever follows it
_MAX_MEASURED_TOKENS = 2  # "nineteen ninety-nine pounds" is two; "four one one one pounds" is no amount

_LEXER = re.compile(
    r"""
    (?P<place>\[(?:card\ number|security\ code|name)\])
  | (?P<money>[£$€¥]\s?\d[\d,]*(?:\.\d{1,2}(?!\d))?)
  | (?P<date>(?<![\d./-])
        (?:(?:19|20)\d\d(?P<s1>[-/.])(?:0?[1-9]|1[0-2])(?P=s1)\d{1,2}|\d{1,2}(?P<s2>[-/.])\d{1,2}(?P=s2)(?:19|20)\d\d)
        (?!\d|[-/.]\d))
  | (?P<time>(?<![\d:])(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?![\d:]))
  | (?P<dotted>(?<![\d.])\d{1,3}(?:\.\d{1,3}){2}(?:\.\d{1,5})?(?![\d-]|\.\d))
  | (?P<decimal>(?<![\d.,])\d{1,6}\.\d{1,2}(?!\d|[.,-]\d))
  | (?P<measured>(?<!\d)\d{1,4}(?:st|nd|rd|th|[ap]m|p|k|mg|ml|kg|gb|mb|g|mm|cm|km|x)\b)
  | (?P<digits>\d+)
  | (?P<word>[^\W\d_]+(?:['\u2019][^\W\d_]+)*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SOFT = frozenset({"date", "time", "dotted", "decimal"})

TokenKind = Literal["number", "word", "break"]


@dataclass(frozen=True, slots=True)
class Token:
    """A number, a word, or something that ends any number ("break": an amount of money, an earlier placeholder)."""

    kind: TokenKind
    start: int
    end: int
    text: str
    """A number's digits in ASCII; a word in lower case."""
    soft: bool = False
    """Written as a date, a time, a version or a decimal: most likely not part of a longer number."""
    glued: bool = False
    """Letters stand directly before it, as in REF12345678901234."""
    plus: bool = False
    """A plus sign stands before it, as in +44."""


class _Piece(NamedTuple):
    kind: str
    start: int
    end: int
    text: str


def read_tokens(text: str, offset: int = 0) -> list[Token]:
    """The numbers, words and breaks of one utterance in order; `offset` is added to every position. Linear in time."""
    pieces = [_piece(match, offset) for match in _LEXER.finditer(text)]
    reader = _Reader(text, offset, pieces, _homophones_meant(text, offset, pieces))
    tokens: list[Token] = []
    i = 0
    while i < len(pieces):
        token, i = reader.read(i)
        tokens.append(token)
    return _without_measures(text, offset, tokens)


def _piece(match: re.Match[str], offset: int) -> _Piece:
    kind = match.lastgroup or "word"
    text = match.group().lower().replace("\u2019", "'") if kind == "word" else match.group()
    return _Piece(kind, match.start() + offset, match.end() + offset, text)


def ascii_digits(text: str) -> str:
    """The decimal digits of `text`, whatever their script, in ASCII."""
    if text.isascii():
        return "".join(filter(str.isdecimal, text))
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads tokens from the pieces of one utterance."""

    text: str
    offset: int
    pieces: list[_Piece]
    homophones: frozenset[int]

    def read(self, i: int) -> tuple[Token, int]:
        """The token at piece `i` and the index of the piece after it."""
        piece = self.pieces[i]
        if piece.kind == "word":
            digits, after = self._spoken(i)
            if digits:
                return Token("number", piece.start, self.pieces[after - 1].end, digits), after
            return Token("word", piece.start, piece.end, piece.text), i + 1
        if piece.kind == "digits":
            return self._written(i)
        if piece.kind == "measured":
            return Token("word", piece.start, piece.end, piece.text.lower()), i + 1
        digits = ascii_digits(piece.text)
        if piece.kind == "place" or (piece.kind == "money" and len(digits) <= _MAX_MEASURED_DIGITS):
            return Token("break", piece.start, piece.end, piece.text), i + 1
        return Token("number", piece.start, piece.end, digits, soft=piece.kind in _SOFT), i + 1

    def _written(self, i: int) -> tuple[Token, int]:
        piece = self.pieces[i]
        before = self.text[max(0, piece.start - self.offset - 2) : piece.start - self.offset]
        after = self.text[piece.end - self.offset : piece.end - self.offset + 1]
        glued = before[-1:].isalpha()
        if (glued or after.isalpha()) and len(piece.text) <= 2:  # SW1A 1AA, 4x4, B12
            return Token("word", piece.start, piece.end, piece.text), i + 1
        digits = ascii_digits(piece.text)
        plural = _PLURALS.get(self._word(i + 1))
        if len(digits) == 1 and plural:
            return Token("number", piece.start, self.pieces[i + 1].end, plural * int(digits)), i + 2
        return Token("number", piece.start, piece.end, digits, glued=glued, plus="+" in before), i + 1

    def _spoken(self, i: int) -> tuple[str, int]:
        """The digits of the number that starts at word `i`, "" if none does, and the index after it."""
        word = self.pieces[i].text
        following = self._word(i + 1)
        if word in _REPEATS:
            digit = _UNITS.get(following) or _ZEROS.get(following) or self._single_digit(i + 1)
            return (digit * _REPEATS[word], i + 2) if digit else ("", i + 1)
        if word in _UNITS and following in _PLURALS and _UNITS[word] > "1":
            return _PLURALS[following] * int(_UNITS[word]), i + 2
        if i in self.homophones:
            return _HOMOPHONES[word], i + 1
        if word in _SMALL:
            return self._cardinal(i)
        return "", i + 1

    def _cardinal(self, i: int) -> tuple[str, int]:
        """ "forty-one", "nine hundred and five", "four thousand one hundred eleven": as digits, and the index after."""
        digits, i = self._below_hundred(i)
        if not self._joined(i) or self._word(i) not in _SCALES:
            return digits, i
        value = int(digits)
        if self._word(i) == "hundred":
            rest, i = self._rest(i + 1)
            value = value * 100 + rest
        if self._joined(i) and self._word(i) == "thousand":
            rest, i = self._rest(i + 1)
            if self._joined(i) and self._word(i) == "hundred" and 0 < rest < 10:
                tail, i = self._rest(i + 1)
                rest = rest * 100 + tail
            value = value * 1000 + rest
        return str(value), i

    def _rest(self, i: int) -> tuple[int, int]:
        """What follows "hundred" or "thousand", 0 if nothing does: "and five", "eleven"."""
        j = i + 1 if self._word(i) == "and" else i
        if self._joined(i) and self._joined(j) and self._word(j) in _SMALL:
            digits, after = self._below_hundred(j)
            return int(digits), after
        return 0, i

    def _below_hundred(self, i: int) -> tuple[str, int]:
        word = self.pieces[i].text
        unit = _UNITS.get(self._word(i + 1), "0")
        if word in _TENS and unit != "0" and self._joined(i + 1):
            return _TENS[word][0] + unit, i + 2
        return _SMALL[word], i + 1

    def _word(self, i: int) -> str:
        return self.pieces[i].text if i < len(self.pieces) and self.pieces[i].kind == "word" else ""

    def _single_digit(self, i: int) -> str:
        if i < len(self.pieces) and self.pieces[i].kind == "digits" and len(self.pieces[i].text) == 1:
            return ascii_digits(self.pieces[i].text)
        return ""

    def _joined(self, i: int) -> bool:
        """Whether only a space or hyphen stands before piece `i`: "forty, one" is two numbers."""
        if not 0 < i < len(self.pieces):
            return False
        between = self.text[self.pieces[i - 1].end - self.offset : self.pieces[i].start - self.offset]
        return not between.strip(" \t\n-\u2010\u2011\u2013\u00a0")


def _homophones_meant(text: str, offset: int, pieces: list[_Piece]) -> frozenset[int]:
    """Indices of the pieces such as "for", "to" and "oh" that stand among spoken digits and so mean digits."""
    meant: set[int] = set()
    i = 0
    while i < len(pieces):
        j = i
        while j < len(pieces) and (_is_single(pieces[j]) or _is_homophone(pieces[j]) or pieces[j].text in _HESITATIONS):
            j += 1
        singles = [k for k in range(i, j) if _is_single(pieces[k])]
        if not singles:  # "oh oh" is two zeros, one "oh" is surprise
            zeros = [k for k in range(i, j) if pieces[k].text in _ZEROS]
            meant.update(zeros if len(zeros) > 1 else ())
        if singles:
            first = i if i == 0 and len(singles) >= _COMPANY else singles[0]
            last = j - 1 if j == len(pieces) and len(singles) >= _COMPANY else singles[-1]
            meant.update(
                k for k in range(i, j) if _is_homophone(pieces[k]) and (first <= k <= last or pieces[k].text in _ZEROS)
            )
        i = max(j, i + 1)
    return frozenset(meant)


def _is_single(piece: _Piece) -> bool:
    if piece.kind == "digits":
        return len(piece.text) == 1
    return piece.kind == "word" and (piece.text in _SMALL or piece.text in _REPEATS)


def _is_homophone(piece: _Piece) -> bool:
    return piece.kind == "word" and piece.text in _HOMOPHONES


def _without_measures(text: str, offset: int, tokens: list[Token]) -> list[Token]:
    """The tokens with numbers that measure something ("fifty pounds", "12 %", "one moment") turned into words."""
    result = list(tokens)
    i = 0
    while i < len(tokens):
        j = i
        while j < len(tokens) and tokens[j].kind == "number":
            j += 1
        if i < j <= i + _MAX_MEASURED_TOKENS:
            before = tokens[i - 1].text if i else ""
            after = tokens[j].text if j < len(tokens) else ""
            sign = text[tokens[j - 1].end - offset : tokens[j - 1].end - offset + 2].lstrip()[:1]
            measure = _measure(tokens[i:j], before, after, sign)
            for k in range(i, j) if measure else ():
                result[k] = replace(tokens[k], kind="word", text=measure)
        i = max(j, i + 1)
    return result


def _measure(group: list[Token], before: str, after: str, sign: str) -> str:
    """What word stands for a number between two words that make it one; "" if it is a number of its own."""
    digits = "".join(token.text for token in group)
    if len(digits) > _MAX_MEASURED_DIGITS:
        return ""
    if after in _MOMENTS and digits == "1":
        return "moment"
    if after in _UNIT_WORDS or sign == "%":
        return "amount"
    if len(group) == 1 and len(digits) <= 2 and before in _CURRENCIES:  # forty-nine pounds ninety-nine
        return "amount"
    return "next" if len(digits) == 1 and before in _COUNTED and len(group) == 1 else ""
