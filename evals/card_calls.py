"""Conversations in which card numbers are given in many ways, and conversations with other long numbers, made by rule.

Every piece of an utterance that is a number carries what it is, so that what a redactor leaves can be judged exactly.
Nothing here uses coach.redact: the phrases were written apart from its lists.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

from coach.types import Role

PieceKind = Literal["card", "code", "expiry", "keep", "talk"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words and, of a number, how many digits they stand for."""

    text: str
    kind: PieceKind = "talk"
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Utterance:
    role: Role
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Conversation:
    name: str
    """How the number was given, for the table of results."""
    utterances: tuple[Utterance, ...]


_PHRASES: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "datasets" / "card_calls" / "phrases.toml").read_text(encoding="utf-8")
)
_ONES = "zero one two three four five six seven eight nine".split()  # noqa: SIM905
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()  # noqa: SIM905
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_MISHEARD = {"1": ("won",), "2": ("to", "too"), "4": ("for", "fore"), "8": ("ate",), "0": ("oh", "o")}
STYLES = ("grouped", "spaced", "words", "doubles", "pairs", "mixed", "misheard")


def card_number(random: Random) -> str:
    """A number with a right check digit, of a network's form."""
    start, length = random.choice(
        (("4", 16), ("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("37", 15), ("6011", 16), ("36", 14), ("6759", 18))
    )
    body = start + "".join(random.choices("0123456789", k=length - len(start) - 1))
    total = sum(sum(divmod(int(digit) * (2 - i % 2), 10)) for i, digit in enumerate(reversed(body)))
    return body + str(-total % 10)


def card_conversations(count: int, seed: int) -> Iterator[Conversation]:
    """Conversations in which a card is paid with; the number is checked for what the recogniser makes of it."""
    random = Random(seed)
    for _ in range(count):
        yield _card_conversation(random)


def other_conversations(count: int, seed: int) -> Iterator[Conversation]:
    """Conversations with numbers that must stay; each kind in turn."""
    random = Random(seed)
    makers = (_phone, _reference, _amounts, _dates, _other_card, _counting, _small_codes)
    for i in range(count):
        yield makers[i % len(makers)](random)


# how a number is said


def say(digits: str, style: str, random: Random, kind: PieceKind) -> list[Piece]:
    """The pieces for some digits, in order, in one of STYLES."""
    if style == "grouped":
        return [Piece(digits, kind, len(digits))]
    if style == "spaced":
        return [Piece(" ".join(digits), kind, len(digits))]
    if style == "pairs":
        return [_pair(digits[i : i + 2], kind) for i in range(0, len(digits), 2)]
    if style == "mixed":
        cut = random.randint(1, max(1, len(digits) - 1))
        return say(digits[:cut], "words", random, kind) + say(digits[cut:], "spaced", random, kind) * bool(digits[cut:])
    pieces: list[Piece] = []
    i = 0
    while i < len(digits):
        run = len(digits[i:]) - len(digits[i:].lstrip(digits[i]))
        if style == "doubles" and run >= 2:
            run = min(run, 3)
            pieces.append(
                Piece(
                    f"{'double' if run == 2 else random.choice(('triple', 'treble'))} {_one(digits[i], random)}",
                    kind,
                    run,
                )
            )
            i += run
            continue
        inside = 0 < i < len(digits) - 1
        misheard = style == "misheard" and inside and digits[i] in _MISHEARD and random.random() < 0.4
        word = random.choice(_MISHEARD[digits[i]]) if misheard else _one(digits[i], random)
        pieces.append(Piece(word, kind, 1))
        i += 1
    return pieces


def _one(digit: str, random: Random) -> str:
    return random.choice(("oh", "zero", "oh", "nought")) if digit == "0" else _ONES[int(digit)]


def _pair(pair: str, kind: PieceKind) -> Piece:
    if len(pair) == 1 or pair[0] == "0":
        return Piece(" ".join("oh" if digit == "0" else _ONES[int(digit)] for digit in pair), kind, len(pair))
    if pair[0] == "1":
        return Piece(_TEENS[int(pair[1])], kind, 2)
    return Piece(_TENS[int(pair[0]) - 2] + (f"-{_ONES[int(pair[1])]}" if pair[1] != "0" else ""), kind, 2)


def _groups(number: str, random: Random) -> list[str]:
    shape = random.choice(
        ((4, 4, 4, 4, 4), (4, 6, 5), (2,) * 10, (3,) * 7, (8, 8, 3), (4, 2, 2, 4, 4, 4), (5, 5, 5, 5), (6, 6, 7), (19,))
    )
    groups, rest = [], number
    for size in shape:
        if rest:
            groups.append(rest[:size])
            rest = rest[size:]
    return groups


# calls with a card


def _card_conversation(random: Random) -> Conversation:
    style = random.choice(STYLES)
    manner = random.choice(
        ("whole", "whole", "turns", "echoes", "questions", "corrected", "read back", "unknown roles", "unasked")
    )
    number = _misheard_by_recogniser(card_number(random), random)
    lines: list[Utterance] = []
    if random.random() < 0.5:
        lines += _phone(random).utterances
        lines += _idle(random, 1)
    lines += _idle(random, random.randint(0, 2))
    if manner != "unasked":
        lines.append(_talk("agent", random.choice(_PHRASES["ask_card"])))
        if random.random() < 0.2:
            lines += [_talk("customer", "Let me find my purse."), _talk("agent", "Take your time.")]
    lines += _tell(number, style, manner, random)
    if random.random() < 0.6:
        lines += _expiry(random)
    if random.random() < 0.8:
        lines += _code(random)
    lines += _after(random)
    if manner == "unknown roles":
        lines = [Utterance("unknown", line.pieces) for line in lines]
    return Conversation(f"{manner}, {style}", tuple(lines))


def _misheard_by_recogniser(number: str, random: Random) -> str:
    """One digit in ten numbers is changed, in ten lost, in ten said twice."""
    chance, at = random.random(), random.randrange(1, len(number))
    if chance < 0.1:
        return number[:at] + random.choice("0123456789") + number[at + 1 :]
    if chance < 0.2:
        return number[:at] + number[at + 1 :]
    return number[:at] + number[at] + number[at:] if chance < 0.3 else number


def _tell(number: str, style: str, manner: str, random: Random) -> list[Utterance]:
    groups = _groups(number, random)
    lead = [Piece(word)] if (word := random.choice(_PHRASES["lead_in"])) and manner != "unasked" else []
    if manner in ("whole", "unasked", "read back"):
        glue = random.choice(("", "", "", "um", "then", "and then"))
        pieces = list(lead)
        for i, group in enumerate(groups):
            pieces += [Piece(glue)] * bool(glue and i) + say(group, style, random, "card")
        lines = [Utterance("customer", tuple(pieces))]
        if manner == "read back":
            back = [
                piece
                for group in _groups(number, random)
                for piece in say(group, random.choice(STYLES), random, "card")
            ]
            lines.append(Utterance("agent", (Piece("So that's"), *back, Piece(", is that right?"))))
            lines.append(_talk("customer", "That's it."))
        return lines
    lines = []
    for i, group in enumerate(groups):
        pieces = [*(lead if i == 0 else []), *say(group, style, random, "card")]
        if manner == "corrected" and random.random() < 0.4:
            wrong = str((int(group[-1]) + 1) % 10)
            pieces = [
                *(lead if i == 0 else []),
                *say(group[:-1] + wrong, style, random, "card"),
                Piece(random.choice(("no sorry,", "sorry, I mean", "no,", "wait, it's"))),
                *say(group[-1], "words", random, "card"),
            ]
        lines.append(Utterance("customer", tuple(pieces)))
        if i + 1 < len(groups):
            lines += _reaction(group, manner, style, random)
    return lines


def _reaction(group: str, manner: str, style: str, random: Random) -> list[Utterance]:
    if manner == "echoes":
        tail = random.choice(([], [Piece("yes")], [Piece(", okay")]))
        return [Utterance("agent", (*say(group, random.choice((style, "words")), random, "card"), *tail))]
    if manner == "questions" and random.random() < 0.5:
        again = Utterance(
            "customer", (Piece(random.choice(("yes,", "it was", "I said"))), *say(group, style, random, "card"))
        )
        return [_talk("agent", random.choice(_PHRASES["question"])), *([again] if random.random() < 0.5 else [])]
    return [_talk("agent", random.choice(_PHRASES["backchannel"]))]


def _expiry(random: Random) -> list[Utterance]:
    month, year = random.randint(1, 12), random.randint(26, 31)
    digits = f"{month:02d}{year}"
    style = random.choice(("slash", "words", "pairs"))
    said = [Piece(f"{month:02d}/{year}", "expiry", 4)] if style == "slash" else say(digits, style, random, "expiry")
    return [_talk("agent", random.choice(_PHRASES["ask_expiry"])), Utterance("customer", tuple(said))]


def _code(random: Random) -> list[Utterance]:
    code = "".join(random.choices("0123456789", k=random.choice((3, 3, 3, 4))))
    said = say(code, random.choice(("grouped", "spaced", "words", "doubles")), random, "code")
    if random.random() < 0.2:
        return [Utterance("customer", (*said, Piece("is the security code")))]
    lead = random.choice(((), (Piece("that's"),), (Piece("it's"),), (Piece("um"),), (Piece("let me see,"),)))
    lines = [_talk("agent", random.choice(_PHRASES["ask_code"])), Utterance("customer", (*lead, *said))]
    if random.random() < 0.3:
        lines.append(Utterance("agent", (*say(code, "words", random, "code"), Piece(", thank you"))))
    return lines


def _after(random: Random) -> list[Utterance]:
    amount = random.choice(
        ("£49.99", "forty-nine pounds ninety-nine", "one hundred and twenty pounds", "$1,250.00", "250 dollars")
    )
    lines = [Utterance("agent", (Piece("Lovely, so that's"), Piece(amount, "keep", 1), Piece("taken today.")))]
    if random.random() < 0.5:
        reference = "".join(random.choices("0123456789", k=random.choice((6, 8, 10))))
        pieces = say(reference, random.choice(("grouped", "words")), random, "keep")
        lines.append(Utterance("agent", (Piece("Your confirmation number is"), *pieces)))
    return lines


# calls without a card


def _phone(random: Random) -> Conversation:
    number = random.choice(("07700900", "02079460", "01632960", "5550142", "2025550")) + f"{random.randint(0, 999):03d}"
    ask = random.choice(
        (
            "What's the best number to reach you on?",
            "Can I take a contact number?",
            "And your mobile number?",
            "What number are you calling from?",
        )
    )
    style = random.choice(("grouped", "words", "doubles", "spaced", "pairs"))
    lines = [
        _talk("agent", ask),
        Utterance("customer", (Piece(random.choice(("it's", "yes,", "um"))), *say(number, style, random, "keep"))),
    ]
    if random.random() < 0.5:
        lines.append(Utterance("agent", tuple(say(number, random.choice(("words", "grouped")), random, "keep"))))
        lines.append(_talk("customer", "that's right"))
    return Conversation("telephone number", tuple(lines))


def _reference(random: Random) -> Conversation:
    noun = random.choice(
        (
            "booking reference",
            "order number",
            "meter number",
            "tracking number",
            "policy number",
            "account number",
            "case number",
            "serial number",
            "invoice number",
            "IMEI",
            "customer reference number",
            "parcel tracking number",
        )
    )
    # 9 to be sure that it is no card number by accident
    number = "9" + "".join(random.choices("0123456789", k=random.choice((5, 7, 9, 11, 13, 15, 15, 15, 17))))
    said = say(number, random.choice(("grouped", "words", "spaced", "pairs", "doubles")), random, "keep")
    if random.random() < 0.5:
        lines = [_talk("agent", f"Do you have your {noun} there?"), Utterance("customer", (Piece("yes it's"), *said))]
    else:
        lines = [Utterance("customer", (Piece(f"I've got a {noun},"), *said))]
    if random.random() < 0.4:
        lines.append(Utterance("agent", (*say(number, "words", random, "keep"), Piece("thanks"))))
    return Conversation("announced reference", tuple(lines))


def _amounts(random: Random) -> Conversation:
    pounds = [random.randint(5, 2000) for _ in range(5)]
    said = ", ".join(f"£{pound:,}.{random.randint(0, 99):02d}" for pound in pounds)
    tens, teens, ones = random.choice(_TENS), random.choice(_TEENS), random.choice(_ONES[2:])
    spoken = f"{tens} pounds, then {teens} pounds and {ones} hundred pounds"
    return Conversation(
        "amounts",
        (
            Utterance("agent", (Piece("The last payments by card were"), Piece(said, "keep", 1))),
            Utterance("customer", (Piece("no I paid"), Piece(spoken, "keep", 1), Piece("over three months"))),
        ),
    )


def _dates(random: Random) -> Conversation:
    day, month, year = random.randint(1, 28), random.randint(1, 12), random.randint(1950, 2026)
    texts = (
        f"{day:02d}/{month:02d}/{year}",
        f"{year}-{month:02d}-{day:02d} at {random.randint(0, 23):02d}:{random.randint(0, 59):02d}",
        f"between {random.randint(1, 9)} and {random.randint(10, 12)} o'clock on the {day}th",
        f"nineteen {_TENS[random.randrange(8)]}-five",
    )
    return Conversation(
        "dates and times",
        (
            _talk("agent", random.choice(("When was that?", "And your date of birth?", "Which day suits you?"))),
            Utterance("customer", tuple(Piece(random.choice(texts), "keep", 1) for _ in range(3))),
        ),
    )


def _other_card(random: Random) -> Conversation:
    noun = random.choice(("loyalty card number", "SIM card number", "membership card number", "library card number"))
    number = "9" + "".join(random.choices("0123456789", k=random.choice((9, 11, 15))))
    pieces = say(number, random.choice(("grouped", "words", "spaced")), random, "keep")
    return Conversation(
        "other cards", (_talk("agent", f"Could you give me your {noun}?"), Utterance("customer", tuple(pieces)))
    )


def _counting(random: Random) -> Conversation:
    first, step = random.randint(1, 20), random.choice((1, 2, 5, 10))
    said = ", ".join(str(first + step * i) for i in range(9))
    rooms = f"{random.randint(2, 9)} of the {random.randint(10, 99)} rooms"
    size = f"{rooms}, {random.randint(100, 999)} square feet on {random.randint(2, 9)} floors"
    return Conversation(
        "counting", (Utterance("customer", (Piece(said, "keep", 1),)), Utterance("customer", (Piece(size, "keep", 1),)))
    )


def _small_codes(random: Random) -> Conversation:
    code = "".join(random.choices("0123456789", k=6))
    return Conversation(
        "codes and postcodes",
        (
            _talk("agent", "We've sent a six digit passcode by text, what is it?"),
            Utterance("customer", tuple(say(code, random.choice(("words", "grouped")), random, "keep"))),
            _talk("agent", "And the post code?"),
            Utterance(
                "customer",
                (
                    Piece(
                        f"S W {random.randint(1, 19)} 9 A B, house number {random.randint(1, 400)}",
                        "keep",
                        1,
                    ),
                ),
            ),
            _talk("customer", "My card ends in"),
            Utterance("customer", (Piece(f"{random.randint(0, 9999):04d}", "keep", 4),)),
        ),
    )


def _talk(role: Role, text: str) -> Utterance:
    return Utterance(role, (Piece(text),))


def _idle(random: Random, count: int) -> Sequence[Utterance]:
    return [_talk(random.choice(("agent", "customer")), random.choice(_PHRASES["other_talk"])) for _ in range(count)]
