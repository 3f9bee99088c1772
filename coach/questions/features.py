"""What the classifier reads of a question: two sentence vectors and a row of plain facts about its wording.

Text is read without case and punctuation, so that a recogniser's bare words and a typed question look alike; only the
question mark is kept, as a fact of its own. The facts are function words and set phrases, written by hand
(patterns.py): they tell a question's shape (which the sentence vector blurs), never its subject.
"""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from coach.questions import patterns
from coach.retrieval.embeddings import Embedder

_QUESTION = tuple(re.compile(pattern) for pattern in patterns.QUESTION)
_PREV = tuple(re.compile(pattern) for pattern in patterns.PREV)
_NOT_WORD = re.compile(r"[^\w\s']|_")
_APOSTROPHE = re.compile("['’]")  # noqa: RUF001 (typographic apostrophe)
PREV_WEIGHT = 0.5
FACTS_WEIGHT = 0.5
"""What the customer's words and the facts count beside the question's own vector. Chosen on held-out folds."""
_RECIPE = [*patterns.QUESTION, *patterns.PREV, "? length echo", str(PREV_WEIGHT), str(FACTS_WEIGHT)]
FACTS_SHA256 = hashlib.sha256("\n".join(_RECIPE).encode()).hexdigest()
"""Weights belong to the patterns they were trained with."""
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are at be but can could did do does for from had has have how i in is it just me my of oh ok okay"
        " on or right so that the then there they this to um uh was we well were what when where which who will with"
        " would yeah yes no you your",
    )
)
N_FACTS = len(_QUESTION) + 4 + len(_PREV) + 2


def plain(text: str) -> str:
    """`text` in lower case, without punctuation, single blanks: what a bare recogniser would have written."""
    return " ".join(_NOT_WORD.sub(" ", _APOSTROPHE.sub("'", text.lower())).split())


def facts(prev: str, text: str) -> np.ndarray:
    """float32, shape (N_FACTS,): 0 or 1 per pattern, question mark, length, what `prev` looks like, what is echoed."""
    words = plain(text).replace("'", "")
    before = plain(prev).replace("'", "")
    n = len(words.split())
    values = [1.0 if pattern.search(words) else 0.0 for pattern in _QUESTION]
    values += ["?" in text or "？" in text, n <= 3, n >= 15, np.log1p(n) / 3]  # noqa: RUF001
    values += [1.0 if pattern.search(before) else 0.0 for pattern in _PREV]
    content = set(words.split()) - _FUNCTION_WORDS
    echoed = len(content & set(before.split())) / len(content) if content else 0.0
    values += [echoed >= 0.5, echoed]
    return np.asarray(values, dtype=np.float32)


def features(encoder: Embedder, items: Sequence[tuple[str, str]]) -> np.ndarray:
    """float32, shape (len(items), 2 * encoder.dimension + N_FACTS), one row per (prev, text).

    An empty `prev` has a zero vector. Equal texts are embedded once.
    """
    unique = sorted({plain(part) for item in items for part in item} - {""})
    place = {text: row for row, text in enumerate(unique, start=1)}
    vectors = np.vstack([np.zeros((1, encoder.dimension), np.float32), encoder.embed(unique)])
    prev = vectors[[place.get(plain(prev), 0) for prev, _ in items]]
    text = vectors[[place.get(plain(text), 0) for _, text in items]]
    told = np.stack([facts(*item) for item in items]) if items else np.zeros((0, N_FACTS), np.float32)
    return np.hstack([text, PREV_WEIGHT * prev, FACTS_WEIGHT * told]).astype(np.float32)
