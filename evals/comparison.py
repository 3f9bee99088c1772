"""How sure a difference between two recognisers' word error rates is: a paired bootstrap over what the calls come from.

Calls of one source say the same words through another telephone, so they are drawn together. Drawing is with
replacement within each kind of call, 10,000 times; the interval is the middle 95 % of the differences (percentile
method, as in Bisani and Ney, "Bootstrap estimates for confidence intervals in ASR performance evaluation", 2004).
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import jiwer
import numpy as np

from evals.asr_scores import normalised
from evals.recordings import Kind, TrueCall
from ingest.transcribe import CallTranscript

DRAWS = 10_000
NORMALISER = "whisper's EnglishTextNormalizer, then digits apart, no punctuation, ok as okay, alright as all right"
SPELLINGS = {"ok": "okay", "alright": "all right"}


@dataclass(frozen=True, slots=True)
class Errors:
    """What is wrong in one call's text, in words."""

    source: str
    kind: Kind
    words: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def wrong(self) -> int:
        return self.substitutions + self.deletions + self.insertions


@dataclass(frozen=True, slots=True)
class Difference:
    """WER of one recogniser minus WER of another on the same calls, in shares of 1, with its 95 % interval."""

    calls: int
    sources: int
    words: int
    wer: float
    other_wer: float
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.wer - self.other_wer


def count_errors(call: TrueCall, transcript: CallTranscript) -> Errors:
    """The errors in a call's accepted text, a side at a time."""
    true, heard = [], []
    for role in dict.fromkeys(channel.role for channel in call.channels):
        true.append(comparable(call.text_of(role)))
        heard.append(comparable(heard_text(transcript, role)))
    counted = [_counted(one, other) for one, other in zip(true, heard, strict=True)]
    substitutions, deletions, insertions = (sum(column) for column in zip(*counted, strict=True))
    words = sum(len(text.split()) for text in true)
    return Errors(call.source or call.name, call.kind, words, substitutions, deletions, insertions)


def _counted(true: str, heard: str) -> tuple[int, int, int]:
    if not true:
        return 0, 0, len(heard.split())
    result = jiwer.process_words(true, heard)
    return result.substitutions, result.deletions, result.insertions


def heard_text(transcript: CallTranscript, role: str) -> str:
    """What one side said in the accepted segments, in order."""
    return " ".join(s.text.strip() for s in transcript.segments if s.role == role and s.dropped is None)


@cache
def comparable(text: str) -> str:
    """Words as NORMALISER has them: "279-3722" and "two seven nine three seven two two" become one text."""
    digits_apart = re.sub(r"\d", r" \g<0> ", normalised(text))
    words = re.sub(r"[^\w\s']", " ", digits_apart).split()
    return " ".join(SPELLINGS.get(word, word) for word in words)


def wer(errors: Sequence[Errors]) -> float:
    """Wrong words over all true words of the calls; 0 where nothing was said."""
    return sum(call.wrong for call in errors) / max(1, sum(call.words for call in errors))


def compare(errors: Sequence[Errors], others: Sequence[Errors], seed: int = 1) -> Difference:
    """Their difference; `others` are the other recogniser's errors on the same calls in the same order."""
    tables: dict[Kind, dict[str, np.ndarray]] = defaultdict(lambda: defaultdict(lambda: np.zeros(3)))
    for own, other in zip(errors, others, strict=True):
        tables[own.kind][own.source] += (own.wrong, other.wrong, own.words)
    random = np.random.default_rng(seed)
    drawn = np.zeros((DRAWS, 3))
    for by_source in tables.values():
        table = np.stack(list(by_source.values()))
        counts = random.multinomial(len(table), np.full(len(table), 1 / len(table)), size=DRAWS)
        drawn += counts @ table
    differences = (drawn[:, 0] - drawn[:, 1]) / np.maximum(drawn[:, 2], 1)
    low, high = (float(value) for value in np.percentile(differences, (2.5, 97.5)))
    sources = sum(len(by_source) for by_source in tables.values())
    words = sum(call.words for call in errors)
    return Difference(len(errors), sources, words, wer(errors), wer(others), low, high)
