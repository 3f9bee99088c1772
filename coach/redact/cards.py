"""Which numbers of a conversation are card data: the rules, over numbers that already know their setting."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from coach.redact.context import FILLERS, Placed, Setting, place_numbers
from coach.redact.cues import Cue
from coach.redact.digits import Token, words
from coach.types import Role

CARD, CODE = "[card number]", "[security code]"

_CARD = 13  # digits of the shortest card number (ISO/IEC 7812-1 allows up to 19)
_NEARLY_CARD = 12  # where a card is spoken of: a recogniser may have lost a digit
_ANNOUNCED = 8  # digits, in pieces, after which an announced card number counts as being read out
_GROUP = 4  # digits of an announced card number that are removed even alone
_CODE = (3, 8)  # digits: a security code, repeated or corrected
_PHONE = 15  # digits of the longest telephone number (ITU-T E.164)
_UNANNOUNCED_PHONE = 14  # a national number and a correction of it
_WHOLE_PHONE = range(9, 13)  # digits written without a space: cards are grouped otherwise, two of these are a list
_LONG = ("4", "5", "6")
_SHORT = ("22", "23", "24", "25", "26", "27", "30", "35", "36", "38", "39")
# How card numbers of the networks in use begin, by length. An IMEI too has 15 digits and a check digit, but starts 35.
_FIRST_DIGITS = {13: ("4",), 14: ("30", "36", "38", "39"), 15: ("34", "37"), 16: (*_SHORT, *_LONG)} | dict.fromkeys(
    (17, 18, 19), _LONG
)
_WHOLE_OTHER = 6  # digits after which an announced number has been given
_TAIL = 48  # digits kept to recognise an echo
_PAY_GAP = (3, 2)  # utterances and content words that may stand between the pieces of a number near a card
_REPEATED = 7  # digits so many are not said twice by chance
_LOOK_BACK = 30  # characters between a number and the phrase that says what it was
_ASIDE = 4  # words inside a number that are too many to be swallowed by the placeholder
_MONTHS = frozenset(
    words("""january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec""")
)
_BEFORE_YEAR = frozenset(words("in since from until till by year during of")) | _MONTHS


@dataclass(frozen=True, slots=True)
class Span:
    """Characters to be replaced by `placeholder`."""

    start: int
    end: int
    placeholder: str


class _Run(list[Placed]):
    """Numbers read as one: only fillers stand between them."""

    @property
    def setting(self) -> Setting:
        return self[0].setting

    @property
    def digits(self) -> str:
        return "".join(placed.token.text for placed in self)

    @property
    def is_soft(self) -> bool:
        """Whether most of it is written as dates, times or decimals."""
        return 2 * sum(len(placed.token.text) for placed in self if placed.token.soft) > len(self.digits)


def find_card_data(roles: Sequence[Role], utterances: Sequence[Sequence[Token]], cues: Sequence[Cue]) -> list[Span]:
    """The stretches of card numbers, their dates and security codes, in order, none overlapping."""
    page = _Page(utterances, cues)
    others = _OtherNumbers()
    spans: list[Span] = []
    for chain in _chains(_runs(place_numbers(utterances, cues))):
        total = _count_digits(roles, (placed for run in chain for placed in run))
        for run in chain:
            length = total if len(chain) == 1 else _count_digits(roles, run)
            if others.explain(run):
                placeholder = _judge_other(run, roles)
            else:
                placeholder = page.look_back(run, length) or _judge(run, length, total, page)
            if placeholder:
                spans += page.cut(run, placeholder)
    return spans


def _runs(numbers: Iterable[Placed]) -> Iterator[_Run]:
    run = _Run()
    for placed in numbers:
        if run and not placed.gap.tight:
            yield run
            run = _Run()
        run.append(placed)
    if run:
        yield run


def _chains(runs: Iterable[_Run]) -> Iterator[list[_Run]]:
    """Runs that may be pieces of one card number because a card is being talked of all the while."""
    chain: list[_Run] = []
    for run in runs:
        if chain and not _continues(chain[-1], run):
            yield chain
            chain = []
        chain.append(run)
    if chain:
        yield chain


def _continues(before: _Run, run: _Run) -> bool:
    old, new, gap = before[-1].setting, run[0].setting, run[0].gap
    if old.session != new.session or new.other or new.topic == "none":
        return False
    utterances, words = _PAY_GAP
    if new.topic == "card":
        return True
    amount_or_name = run.is_soft or run[0].token.glued
    return not amount_or_name and (gap.utterances <= utterances and gap.content_words <= words)


def _count_digits(roles: Sequence[Role], numbers: Iterable[Placed]) -> int:
    """How many digits were said, not counting what is only read back or said again."""
    total, tail, speaker = 0, "", None
    said: set[str] = set()
    for utterance, piece in _by_utterance(numbers):
        role = roles[utterance]
        # Mono recordings have no roles: there only a long repetition is sure to be an echo, 4242 4242 is not.
        shortest = 5 if role == "unknown" else 2 if role != speaker else _TAIL
        if piece in said or (shortest <= len(piece) and piece in tail):
            continue
        total += len(piece)
        tail, speaker = (tail + piece)[-_TAIL:], role
        if len(piece) >= _REPEATED:
            said.add(piece)
    return total


def _by_utterance(numbers: Iterable[Placed]) -> Iterator[tuple[int, str]]:
    for utterance, group in groupby(numbers, key=lambda placed: placed.utterance):
        yield utterance, "".join(placed.token.text for placed in group)


def _judge(run: _Run, length: int, total: int, page: "_Page") -> str | None:
    """The placeholder for a run of `length` digits in a chain of `total` digits; None if it stays."""
    setting = run.setting
    if _has_card_checksum(run):
        return CARD
    if setting.code and length <= _CODE[1] and not run.is_soft and (length >= _CODE[0] or page.is_dense(run)):
        return CODE
    if setting.topic == "card" and _is_announced(run, length, total, page):
        return CARD
    if setting.topic == "pay" and total >= _NEARLY_CARD and not run.is_soft and (length >= 2 or page.is_dense(run)):
        return CARD
    return CARD if length >= _CARD and not _is_something_else(run, length) else None


def _judge_other(run: _Run, roles: Sequence[Role]) -> str | None:
    """The placeholder for a number announced as another one: it stays unless it cannot be that."""
    said: dict[str, int] = {}  # by each speaker; where speakers are not known, in each utterance
    for utterance, group in groupby(run, key=lambda placed: placed.utterance):
        speaker = roles[utterance] if roles[utterance] != "unknown" else str(utterance)
        said[speaker] = said.get(speaker, 0) + sum(len(p.token.text) for p in group if not p.token.soft)
    too_long = run.setting.other == "phone" and max(said.values()) > _PHONE and not _lists_phones(run)
    return CARD if too_long or _has_card_checksum(run) else None


def _is_announced(run: _Run, length: int, total: int, page: "_Page") -> bool:
    """Whether digits said while a card number is being given belong to it (or to its dates)."""
    if run.setting.expiry:
        return length >= 2 or page.is_dense(run)
    if run.setting.last_four and length == total == _GROUP:
        return False
    if run.is_soft and total < _ANNOUNCED:
        return False
    if length == _GROUP and run.digits[:2] in ("19", "20") and page.word_before(run) in _BEFORE_YEAR:
        return False
    return length >= _GROUP or (total >= _ANNOUNCED and (length >= 2 or page.is_dense(run)))


def _is_something_else(run: _Run, length: int) -> bool:
    """Whether a long number that nobody announced is clearly no card number."""
    first = run[0].token
    if first.glued or length - sum(len(placed.token.text) for placed in run if placed.token.soft) < _CARD:
        return True
    if _lists_phones(run):
        return True
    if (first.plus and length <= _PHONE) or (first.text.startswith("0") and length <= _UNANNOUNCED_PHONE):
        return True
    return length - sum(len(group.digits) for group in _utterances(run) if _counts(group)) < _CARD


def _lists_phones(run: _Run) -> bool:
    return sum(len(placed.token.text) in _WHOLE_PHONE for placed in run) > 1


def _utterances(run: _Run) -> Iterator[_Run]:
    for _, group in groupby(run, key=lambda placed: placed.utterance):
        yield _Run(group)


def _counts(run: _Run) -> bool:
    """Whether the numbers go up or down in even steps: someone counts."""
    if len(run) < 4 or any(len(placed.token.text) > 4 for placed in run):
        return False
    values = [int(placed.token.text) for placed in run]
    steps = {after - before for before, after in pairwise(values)}
    return len(steps) == 1 and steps != {0}


def _has_card_checksum(run: _Run) -> bool:
    """Whether it is a whole card number by length, first digit and check digit (ISO/IEC 7812-1, Luhn)."""
    parts = [placed.token.text for placed in run if not placed.token.soft]
    return any(_is_card_number(digits) for digits in {"".join(parts), *parts})


def _is_card_number(digits: str) -> bool:
    if not digits.startswith(_FIRST_DIGITS.get(len(digits), ())) or len(set(digits)) == 1:
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(int(digit) for digit in digits[::-2])) % 10 == 0


class _OtherNumbers:
    """What was given after another number than a card's was announced, session by session.

    One announcement explains one number and its repetitions; what is read out afterwards has to be judged by itself.
    """

    def __init__(self) -> None:
        self._session = -1
        self._given = ""

    def explain(self, run: _Run) -> bool:
        """Whether the announcement before a run explains it."""
        if run.setting.other is None:
            return False
        if run.setting.session != self._session:
            self._session, self._given = run.setting.session, ""
        digits = run.digits
        size = min(len(digits), _WHOLE_OTHER)
        repeats = any(digits[i : i + size] in self._given for i in range(min(len(digits), _TAIL) - size + 1))
        if len(self._given) >= _WHOLE_OTHER and not repeats:
            return False
        self._given = (self._given + digits)[-_TAIL:]
        return True


class _Page:
    """The conversation's words and cues by position, to look around a run."""

    def __init__(self, utterances: Sequence[Sequence[Token]], cues: Sequence[Cue]) -> None:
        self._utterances = utterances
        self._tokens = [token for tokens in utterances for token in tokens]
        self._starts = [token.start for token in self._tokens]
        self._cues = cues
        self._cue_starts = [cue.start for cue in cues]
        self._content = [
            sum(token.kind == "word" and token.text not in FILLERS and token.text not in _MONTHS for token in tokens)
            for tokens in utterances
        ]

    def is_dense(self, run: _Run) -> bool:
        """Whether little but numbers was said in the utterance."""
        return self._content[run[0].utterance] <= 1

    def word_before(self, run: _Run) -> str:
        i = bisect_left(self._starts, run[0].token.start) - 1
        return self._tokens[i].text if i >= 0 else ""

    def look_back(self, run: _Run, length: int) -> str | None:
        """The placeholder for a number that the words after it explain: "one two three, that's the security code"."""
        last = run[-1]
        i = bisect_left(self._cue_starts, last.token.end)
        if i == len(self._cues) or run.is_soft or last.token.plus:
            return None
        cue = self._cues[i]
        near = cue.start - last.token.end <= _LOOK_BACK
        if (
            cue.kind == "code"
            and near
            and length in (3, 4)
            and not last.setting.expiry
            and cue.end <= self._utterances[last.utterance][-1].end
        ):
            return CODE
        is_phone = run[0].token.text.startswith("0") and length <= _UNANNOUNCED_PHONE
        return CARD if cue.kind == "card" and near and length >= _ANNOUNCED and not is_phone else None

    def cut(self, run: _Run, placeholder: str) -> Iterator[Span]:
        """The spans of a run, one for each utterance and each stretch without a longer aside."""
        start = end = run[0].token.start
        utterance = run[0].utterance
        for placed in run:
            if placed.utterance != utterance or (placed.gap.words > _ASIDE and end > start):
                yield Span(start, end, placeholder)
                utterance, start = placed.utterance, placed.token.start
            end = placed.token.end
        yield Span(start, end, placeholder)
