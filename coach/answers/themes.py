"""What recurs: quotes of many contacts grouped by what they say, each group named by its own words.

Groups are found by average linkage (Sokal and Michener, 1958) over the similarities of the quotes' embeddings.
"""

import re
from collections.abc import Sequence

import numpy as np

from coach.answers.answer import Citation, Theme
from coach.answers.subject import stem
from coach.counts.figure import Figure
from coach.intervals import wilson
from coach.retrieval.embeddings import Embedder
from coach.retrieval.words import content_words

MIN_CALLS = 4  # with evidence: of fewer, everything is said in the quotes
MIN_THEME_CALLS = 2  # what one contact says does not recur
MAX_QUOTES = 60  # grouped, one a contact
MAX_THEMES = 6
ALIKE = 0.40  # mean similarity of two groups' quotes from which they are one; read on the development questions' themes
NAME_WORDS = 3

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

    `n_calls` is the number of contacts with evidence, of which each theme's figure counts. Words of the question,
    `asked`, name no theme: all quotes have them in common.
    """
    if len(quotes) < MIN_CALLS:
        return ()
    some = quotes[:MAX_QUOTES]
    matrix = embedder.embed([quote.quote for quote in some])
    alike = matrix @ matrix.T
    groups = [rows for rows in _linked(alike) if len(rows) >= MIN_THEME_CALLS]
    groups.sort(key=lambda rows: (-len(rows), rows))
    words = [content_words(quote.quote) for quote in some]
    return tuple(_theme(some, words, alike, rows, n_calls, asked) for rows in groups[:MAX_THEMES])


def _theme(
    quotes: Sequence[Citation],
    words: Sequence[Sequence[str]],
    alike: np.ndarray,
    rows: Sequence[int],
    n_calls: int,
    asked: str,
) -> Theme:
    centre = rows[int(alike[np.ix_(rows, rows)].sum(axis=1).argmax())]
    name = _name(words, rows, centre, asked) or quotes[centre].quote
    n = len(rows)
    low, high = wilson(n, n_calls) or (None, None)
    figure = Figure(f"contacts that speak of {name}", n, n_calls, n / n_calls, "share", low, high, name)
    return Theme(name, figure, tuple(quotes[row].call for row in rows), quotes[centre])


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


def _name(words: Sequence[Sequence[str]], rows: Sequence[int], centre: int, asked: str) -> str:
    """Up to NAME_WORDS words of the central quote that the group's other quotes have and the rest have not."""
    taken = {stem(word) for word in content_words(asked)}
    stems = [{stem(word) for word in each} for each in words]
    inside, outside = set(rows), len(words) - len(rows)

    def weight(root: str) -> float:
        here = sum(root in stems[row] for row in inside) / len(inside)
        there = sum(root in each for row, each in enumerate(stems) if row not in inside) / max(1, outside)
        return here - there

    known = {stem(word): word for word in reversed(words[centre])}
    shared = [root for root in known if root not in taken and sum(root in stems[row] for row in inside) > 1]
    best = sorted(shared or [root for root in known if root not in taken], key=lambda root: (-weight(root), root))
    chosen = set(best[:NAME_WORDS])
    return ", ".join(word for word in words[centre] if stem(word) in chosen and known[stem(word)] == word)
