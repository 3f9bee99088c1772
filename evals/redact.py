"""How much card data the redactor misses, and how much else it takes: `python -m evals redact`."""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from coach.redact import Redactor
from evals.card_calls import Conversation, Piece, card_conversations, other_conversations

_PLACEHOLDER = re.compile(r"\[(?:card number|security code|name)\]")
MAX_LEFT = 4
"""Digits of a card number in a row that may stay: PCI DSS lets the last four be shown."""
FLOORS = {"cards": 0.98, "codes": 0.97, "kept": 0.97}
"""The shares below which the eval fails."""


@dataclass
class _Counts:
    cards: int = 0
    cards_removed: int = 0
    codes: int = 0
    codes_removed: int = 0
    kept: int = 0
    numbers: int = 0
    digits: Counter[str] = field(default_factory=Counter)
    """Digits of card, code and expiry said, and the same with "left " before."""
    failures: Counter[str] = field(default_factory=Counter)


def main(argv: Sequence[str]) -> int:
    """Prints recall of card numbers and codes and how many other numbers survive; 1 when one is below its floor."""
    parser = argparse.ArgumentParser(prog="evals redact", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="conversations with a card; half as many without")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="print that many conversations that went wrong")
    options = parser.parse_args(argv)
    redactor, counts = Redactor(), _Counts()
    conversations = [
        *card_conversations(options.count, options.seed),
        *other_conversations(options.count // 2, options.seed + 1),
    ]
    for conversation in conversations:
        wrong = _measure(conversation, redactor, counts)
        if wrong and options.show > 0:
            options.show -= 1
            _show(conversation, redactor, wrong)
    return _report(counts, len(conversations))


def _measure(conversation: Conversation, redactor: Redactor, counts: _Counts) -> str:
    """Adds one conversation to the counts; says what went wrong, "" if nothing did."""
    said = [(line.role, line.text) for line in conversation.utterances]
    pieces = [
        judged
        for line, redaction in zip(conversation.utterances, redactor.redact(said), strict=True)
        for judged in _survivors(line.pieces, redaction.text)
    ]
    wrong = []
    for piece, left in pieces:
        if piece.kind in ("card", "code", "expiry"):
            counts.digits[piece.kind] += piece.digits
            counts.digits[f"left {piece.kind}"] += piece.digits * left
        if piece.kind == "keep":
            counts.numbers += 1
            counts.kept += left
            if not left:
                wrong.append("lost")
    if any(piece.kind == "card" for piece, _ in pieces):
        counts.cards += 1
        removed = _longest_left(pieces, "card") <= MAX_LEFT
        counts.cards_removed += removed
        wrong += [] if removed else ["card"]
    if any(piece.kind == "code" for piece, _ in pieces):
        counts.codes += 1
        removed = _longest_left(pieces, "code") <= 1
        counts.codes_removed += removed
        wrong += [] if removed else ["code"]
    for what in set(wrong):
        counts.failures[f"{what}: {conversation.name}"] += 1
    return ", ".join(sorted(set(wrong)))


def _survivors(pieces: Sequence[Piece], after: str) -> Iterator[tuple[Piece, bool]]:
    """Each piece and whether any character of it stands in the redacted utterance (of a number to keep: all)."""
    before = " ".join(piece.text for piece in pieces)
    alive = [False] * len(before)
    parts = _PLACEHOLDER.split(after)
    at = 0
    for i, part in enumerate(parts):
        at = len(before) - len(part) if i == len(parts) - 1 and i else before.index(part, at)
        alive[at : at + len(part)] = [True] * len(part)
        at += len(part)
    start = 0
    for piece in pieces:
        inside = alive[start : start + len(piece.text)]
        yield piece, all(inside) if piece.kind == "keep" else any(inside)
        start += len(piece.text) + 1


def _longest_left(pieces: Iterable[tuple[Piece, bool]], kind: str) -> int:
    """The most digits of a kind in a row, in the order they were said, that were not removed."""
    longest = run = 0
    for piece, left in pieces:
        if piece.kind == kind:
            run = run + piece.digits if left else 0
            longest = max(longest, run)
    return longest


def _show(conversation: Conversation, redactor: Redactor, wrong: str) -> None:
    print(f"--- {wrong} ({conversation.name})")
    said = [(line.role, line.text) for line in conversation.utterances]
    for (role, text), redaction in zip(said, redactor.redact(said), strict=True):
        print(f"{role:>9}  {text}" + (f"\n{'':>9}  => {redaction.text}" if redaction.changed else ""))


def _report(counts: _Counts, conversations: int) -> int:
    shares = {
        "cards": (counts.cards_removed, counts.cards, f"card numbers of which at most {MAX_LEFT} digits in a row stay"),
        "codes": (counts.codes_removed, counts.codes, "security codes of which at most 1 digit in a row stays"),
        "kept": (counts.kept, counts.numbers, "other numbers that survive whole"),
    }
    print(f"{conversations} conversations")
    failed = False
    for name, (n, total, words) in shares.items():
        share = n / total if total else 1.0
        failed |= share < FLOORS[name]
        print(f"{share:8.2%}  {n} of {total} {words} (floor {FLOORS[name]:.0%})")
    for kind in ("card", "code", "expiry"):
        total, left = counts.digits[kind], counts.digits[f"left {kind}"]
        print(f"{1 - left / max(1, total):8.2%}  of {total} digits of {kind} removed")
    for name, n in counts.failures.most_common(12):
        print(f"{n:8d}  {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
