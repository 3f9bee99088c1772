"""Candidate questions in an agent's turns, each with its exact place, its time and the customer's last words.

A candidate is a sentence that ends with a question mark, or a stretch that begins like a question or a prompt
("what made you…", "did it…", "tell me about…"), and those are marked; recognisers drop punctuation, so the second kind
matters as much as the first. Every other sentence is a candidate too ("and your postcode"); of it the classifier must
be surer. Finding is generous on purpose: what asks nothing is labelled form `none` and left out.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coach.types import Turn

MAX_PREV_WORDS = 40
"""How much of the customer's last words is read with a question."""
_MIN_PREV_WORDS = 3
"""A shorter customer turn ("yeah") is read together with the one before it."""
MAX_LEAD_IN_WORDS = 12
_MIN_WORDS = 2
"""A shorter sentence without a question's mark or wording ("Okay.") is not looked at."""
_MAX_WORDS_BEFORE = 4
"""In a sentence that ends with a full stop a question begins within so many words ("okay, and then tell me...")."""
_MAX_TAIL = 60  # characters in which a loose "and um" is looked for
_MIN_WORDS_BETWEEN_ONSETS = 2
"""An onset that follows the words of another so closely belongs to it: "can you tell me | when did it start"."""

_ABBREVIATION = re.compile(r"(?:\b(?:mr|mrs|ms|dr|prof|st|no|vs|approx|e\.g|i\.e|etc)|(?:^|\s)[a-z])\.$", re.IGNORECASE)
_HALF_DAY = re.compile(r"\b[ap]\.m\.$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.?!…。？！]+[\"')\]]*(?=\s|$)|\n+")  # noqa: RUF001 (full-width marks occur in chats)

_PRONOUN = r"(?:you|your|yours|it|its|there|he|she|they|we|i|that|this|any|anyone|anybody|anything|someone|somebody)"
_SUBJECT = rf"(?:{_PRONOUN}|these|those|the|everything|all|both|one|my|our|his|her|their)"
_AUXILIARY = (
    r"(?:is|are|was|were|am|do|does|did|have|has|had|can|could|will|would|should|shall|may|might"
    r"|isn't|aren't|wasn't|weren't|don't|doesn't|didn't|haven't|hasn't|hadn't|can't|couldn't|won't|wouldn't|shouldn't)"
)
_WH = r"(?:what|when|where|who|whom|whose|which|why|how)"


def _not_after(words: str) -> str:
    """A pattern for a place that does not follow one of `words` (blank-separated)."""
    return "".join(rf"(?<!\b{word}\ )" for word in words.split())


_NOT_INVERTED = _not_after(  # "if you | have any", "I'll | do that", "so | do I": the subject stands before the verb
    "i you we they he she it to that this who which there as than neither not will can could would should"
    " i'll we'll you'll you've we've i've they've cannot can't don't"
)
_ASKED = r"(?:(?:can|could|would|will|may|might)\s+(?:you|i)\s+(?:please\s+|just\s+|possibly\s+|maybe\s+)*)?"
_PROMPT = rf"""
      {_ASKED}(?:tell|give|show|remind)\s+(?:me|us)\b(?!\s+an?\s+(?:call|ring|shout|bell|moment|second|minute))
    | {_ASKED}(?:talk|walk|take|run)\s+(?:me|us)\s+through\b
    | {_ASKED}(?:describe|explain|provide)\b(?!\s+(?:it\s+)?(?:to\s+)?you\b)
    | {_ASKED}let\s+(?:me|us)\s+know\b
    | {_ASKED}help\s+(?:me|us)\s+(?:to\s+)?understand\b
    | (?:i'd|i\s+would|we'd)\s+(?:like|love)\s+to\s+(?:hear|know|understand|learn|ask)\b
"""
_INVERTED = rf"""
      (?:what|who|where|when|how|why)(?:'s|'re|'d|'ve|'ll|s)\b    # what's, and "whats" as recognisers write it
    | {_WH}\s+(?:\w+\s+){{0,4}}?{_AUXILIARY}\s+{_SUBJECT}\b       # what kind of phone do you, how long have they
    | (?:what|how)\s+(?:is|are|was|were|would|could|can)\b
    | (?:what|who|which)\s+(?:\w+\s+){{0,2}}?(?:made|makes|brings?|brought|happen(?:s|ed)?|seems?|led|caused?|causes
        |prompted|worries|matters|went|comes|helps|changed|else)\b
    | (?:how|what)\s+(?:about|come|else)\b
    | how\s+(?:much|many|long|often|old|far|bad|severe|soon|urgent|important)\b
    | {_NOT_INVERTED}{_AUXILIARY}\s+{_PRONOUN}\b
    | (?:^|(?<=[,;:]\s)|(?<=\band\s)|(?<=\bso\s)|(?<=\bbut\s)|(?<=\bokay\s)){_AUXILIARY}\s+{_SUBJECT}\b
    | (?:i'm|i\s+am|i\s+was)\s+(?:just\s+)?(?:wondering|curious|interested\s+to)\b
    | i\s+wonder(?:ed)?\b
    | {_not_after("have has had with without for is are was got get notice noticed of to in if about at on there be")}
      (?:any|anything|anyone)\s+(?:other|else|more|further|particular|idea|ideas|chance|problems?|questions?|allergies
        |history|pain|feelings?|thoughts?)\b
    | (?:your|the)\s+(?:full\s+|first\s+|last\s+)?(?:name|date\s+of\s+birth|postcode|address|number)\s+please\b
"""
_ONSET = re.compile(rf"\b(?:(?P<prompt>{_PROMPT})|{_INVERTED})", re.IGNORECASE | re.VERBOSE)
_STOP = re.compile(
    r"\s+(?:okay|ok|alright|all\s+right|right|great|perfect|lovely|brilliant|thank\s+you|thanks|let\s+me\s+(?!know)|i'll|i\s+will|i'm\s+going)\b",
    re.IGNORECASE,
)
_LOOSE_END = re.compile(r"(?:[\s,]+(?:and|so|but|or|um|uh|er|then|well))+\s*$", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")  # noqa: RUF001 (typographic apostrophe)


@dataclass(frozen=True, slots=True)
class FoundQuestion:
    """One stretch of an agent's turn that may be a question."""

    turn: int
    start_char: int
    end_char: int
    """`turns[turn].text[start_char:end_char] == text`."""
    text: str
    prev: str
    """The customer's last words before it, at most MAX_PREV_WORDS; empty when the customer has not spoken."""
    time_s: float | None
    """When it begins, interpolated inside the turn by character; None without times."""
    asked: str
    """`text` with what its sentence has before it, at most MAX_LEAD_IN_WORDS words: what is read to label it."""
    marked: bool
    """Whether a question mark or its first words say that it asks."""


def find_questions(turns: Sequence[Turn]) -> list[FoundQuestion]:
    """All candidates of one call in order of turn and character; empty when no role is `agent`."""
    found = []
    for index, turn in enumerate(turns):
        if turn.role != "agent":
            continue
        prev = last_words(turns, index)
        for sentence in sentence_spans(turn.text):
            marked = _asking(turn.text, *sentence)
            for start, end in marked or [sentence]:
                text = turn.text[start:end]
                if marked or len(text.split()) >= _MIN_WORDS:
                    asked, time_s = _lead_in(turn.text, sentence[0], start, end), time_at(turn, start)
                    found.append(FoundQuestion(index, start, end, text, prev, time_s, asked=asked, marked=bool(marked)))
    return found


def with_lead_in(text: str, start: int, end: int) -> str:
    """The span of `text` with the words before it in its sentence: "if it happens again, | tell us" asks nothing."""
    first = next((a for a, b in sentence_spans(text) if a <= start < b), start)
    return _lead_in(text, first, start, end)


def _lead_in(text: str, first: int, start: int, end: int) -> str:
    return " ".join([*text[first:start].split()[-MAX_LEAD_IN_WORDS:], *text[start:end].split()])


def candidate_spans(text: str) -> list[tuple[int, int]]:
    """Character spans of what may be a question in `text`: ordered, disjoint, without blank edges."""
    return [span for sentence in sentence_spans(text) for span in _asking(text, *sentence)]


def _asking(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The candidates in one sentence: all of it where it ends with a question mark."""
    if re.search(r"[?？][\"')\]]*$", text[start:end]):  # noqa: RUF001
        return [(start, end)]
    return list(_unmarked(text, start, end))


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Character spans of sentences: cut after . ? ! before a blank (not in an abbreviation), and at newlines."""
    spans, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        if match.group() == "." and _goes_on(text[start : match.end()], text[match.end() :].lstrip()):
            continue
        spans.append((start, match.end()))
        start = match.end()
    spans.append((start, len(text)))
    return [trimmed for span in spans if (trimmed := _trim(text, *span))]


def _goes_on(before: str, after: str) -> bool:
    """Whether a full stop belongs to an abbreviation: always after Mr., after 8 a.m. when small letters follow."""
    return bool(_ABBREVIATION.search(before) or (_HALF_DAY.search(before) and after[:1].islower()))


def last_words(turns: Sequence[Turn], index: int) -> str:
    """The customer's last words before turn `index`: the nearest customer turn, or two when that one is very short."""
    words: list[str] = []
    for turn in reversed(turns[:index]):
        if turn.role == "customer" and turn.text.strip():
            again = bool(words)
            words = turn.text.split() + words
            if again or len(words) >= _MIN_PREV_WORDS:
                break
    return " ".join(words[-MAX_PREV_WORDS:])


def time_at(turn: Turn, char: int) -> float | None:
    """Seconds at which character `char` of the turn is said, if speech ran evenly; None when the turn has no times."""
    if turn.start is None:
        return None
    if turn.end is None or turn.end <= turn.start or not turn.text:
        return turn.start
    return turn.start + (turn.end - turn.start) * char / len(turn.text)


def _unmarked(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Questions in a sentence without a question mark: from each onset to the next, or to words that end the asking.

    In a sentence that was given a full stop, whoever set it heard no question further in: there only prompts count, and
    what stands at its beginning.
    """
    onsets: list[int] = []
    reached = start
    stopped = text[start:end].rstrip()[-1] in ".!…。！"  # noqa: RUF001
    for match in _ONSET.finditer(text, start, end):
        if stopped and not match["prompt"] and len(_WORD.findall(text[start : match.start()])) > _MAX_WORDS_BEFORE:
            continue
        if not onsets or len(_WORD.findall(text[reached : match.start()])) >= _MIN_WORDS_BETWEEN_ONSETS:
            onsets.append(match.start())
        reached = match.end()
    for onset, limit in itertools.pairwise([*onsets, end]):
        stop = next(
            (m.start() for m in _STOP.finditer(text, onset, limit) if len(_WORD.findall(text[onset : m.start()])) >= 3),
            limit,
        )
        tail = max(onset, stop - _MAX_TAIL)
        if loose := _LOOSE_END.search(text[tail:stop]):
            stop = tail + loose.start()
        if span := _trim(text, onset, stop):
            yield span


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without blanks at its edges, or None when no letter or digit is left."""
    piece = text[start:end]
    if not _WORD.search(piece):
        return None
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
