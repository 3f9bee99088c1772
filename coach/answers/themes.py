"""What recurs: quotes of many contacts grouped by what they say, each group named by its own words.

Groups are found by average linkage (Sokal and Michener, 1958) over the similarities of the quotes' embeddings.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from coach.answers.answer import Citation, Theme
from coach.answers.subject import stem
from coach.counts.figure import Figure
from coach.intervals import wilson
from coach.retrieval.embeddings import Embedder
from coach.retrieval.words import content_words

MIN_CALLS = 4  # with evidence: of fewer, everything is said in the quotes
MIN_THEME_CALLS = 3  # what two contacts say may be chance
MAX_QUOTES = 60  # grouped, one a contact
MAX_THEMES = 6
ALIKE = 0.40  # mean similarity of two groups' quotes from which they are one; read on the development questions' themes
MIN_NAME_WORDS, MAX_NAME_WORDS = 2, 4
_CLAUSE = re.compile(r"[^,.;:!?()\n]+")

_OPEN = re.compile(
    r"^(and |so |but )?(what|why|which|how (do|does|did|come|is|are))\b"
    r"|\b(themes?|recur\w*|learn\w*|reasons?|problems?|issues?|complaints?|common|mostly|tell me about)\b",
    re.IGNORECASE,
)


def is_open(question: str) -> bool:
    """Whether it asks what is said, or why, so that what recurs is an answer; not whether, where or how many."""
    return bool(_OPEN.search(question.strip()))


def themes(embedder: Embedder, quotes: Sequence[Citation], n_calls: int, asked: str) -> tuple[Theme, ...]:
    """What at least MIN_THEME_CALLS of `quotes` (one a contact) have in common, most contacts first; often nothing.

    `n_calls` is the number of contacts with evidence, of which each theme's figure counts. A theme is named by words
    that stand side by side in one of its quotes and occur in others too; what has no such name is no theme. Words of
    the question, `asked`, do not suffice: all quotes have them in common.
    """
    if len(quotes) < MIN_CALLS:
        return ()
    some = quotes[:MAX_QUOTES]
    matrix = embedder.embed([quote.quote for quote in some])
    alike = matrix @ matrix.T
    groups = [rows for rows in _linked(alike) if len(rows) >= MIN_THEME_CALLS]
    groups.sort(key=lambda rows: (-len(rows), rows))
    found = (_theme(some, alike, rows, n_calls, asked) for rows in groups)
    return tuple(theme for theme in found if theme is not None)[:MAX_THEMES]


def named(theme: Theme, name: str, source: str) -> Theme:
    """The theme by a name that a model gave it."""
    figure = replace(theme.figure, label=f"contacts that speak of {name}", group=name)
    return replace(theme, name=name, figure=figure, source=source)


def _theme(
    quotes: Sequence[Citation], alike: np.ndarray, rows: Sequence[int], n_calls: int, asked: str
) -> Theme | None:
    centre = rows[int(alike[np.ix_(rows, rows)].sum(axis=1).argmax())]
    name = _name([quotes[row].quote for row in (centre, *(row for row in rows if row != centre))], asked)
    if name is None:
        return None
    n = len(rows)
    low, high = wilson(n, n_calls) or (None, None)
    figure = Figure(f"contacts that speak of {name}", n, n_calls, n / n_calls, "share", low, high, name)
    alike_quotes = tuple(quotes[row] for row in rows)
    return Theme(name, figure, tuple(one.call for one in alike_quotes), quotes[centre], alike_quotes)


def _linked(alike: np.ndarray) -> list[list[int]]:
    """Rows in groups: the two groups with the highest mean similarity are joined as long as it is at least ALIKE."""
    groups = [[row] for row in range(len(alike))]
    means = alike.astype(float).copy()
    np.fill_diagonal(means, -1.0)
    while len(groups) > 1:
        first, second = sorted(int(at) for at in np.unravel_index(int(means.argmax()), means.shape))
        if means[first, second] < ALIKE:
            break
        n, m = len(groups[first]), len(groups[second])
        means[first] = (n * means[first] + m * means[second]) / (n + m)
        means[:, first] = means[first]
        means[first, first] = -1.0
        means = np.delete(np.delete(means, second, axis=0), second, axis=1)
        groups[first] += groups.pop(second)
    return [sorted(rows) for rows in groups]


def _name(quotes: Sequence[str], asked: str) -> str | None:
    """The words side by side in a quote whose content words most quotes share, at least two; the first of equals."""
    taken = {stem(word) for word in content_words(asked)}
    held = [{stem(word) for word in content_words(text)} for text in quotes]
    best: tuple[int, int, str] | None = None
    for text in quotes:
        for phrase in _phrases(text):
            stems = {stem(word) for word in content_words(phrase)}
            n = sum(stems <= each for each in held)
            if n >= 2 and not stems <= taken and (best is None or (n, len(stems)) > best[:2]):
                best = (n, len(stems), phrase)
    return None if best is None else best[2].casefold()


def _phrases(text: str) -> Iterator[str]:
    """Runs of words of one clause that begin and end with a content word, and have at least two of them."""
    for clause in _CLAUSE.findall(text):
        words = clause.split()
        for first in range(len(words)):
            for last in range(first + MIN_NAME_WORDS, min(first + MAX_NAME_WORDS, len(words)) + 1):
                part = words[first:last]
                if content_words(part[0]) and content_words(part[-1]) and part[0] != part[-1]:
                    yield " ".join(part)
