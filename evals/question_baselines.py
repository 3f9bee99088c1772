"""What the trained network must beat: a rule on the first word, sentence embeddings as they are, and the majority."""

from collections.abc import Sequence

import numpy as np

from coach.plain import plain
from coach.retrieval.embeddings import load_embedder
from evals.questions_data import Item

_WH = {
    "what",
    "how",
    "why",
    "when",
    "where",
    "who",
    "which",
    "whose",
    "whereabouts",
    "whats",
    "hows",
    "tell",
    "describe",
}
_FILLERS = {"um", "uh", "er", "okay", "ok", "right", "alright", "well", "so", "and", "but", "now", "yeah", "oh", "hi"}

Labels = tuple[np.ndarray, np.ndarray]


def wh_rule(items: Sequence[Item]) -> Labels:
    """Open when the first word after fillers is a wh-word or a prompt, else closed; function diagnostic."""
    forms = []
    for item in items:
        words = [word for word in plain(item.text).replace("'", "").split() if word not in _FILLERS]
        forms.append("open" if words and words[0] in _WH else "closed")
    return np.array(forms), np.full(len(items), "diagnostic")


def majority_label(items: Sequence[Item]) -> Labels:
    return np.full(len(items), "closed"), np.full(len(items), "diagnostic")


def frozen_embeddings(items: Sequence[Item], parts: Sequence[np.ndarray]) -> Labels:
    """Logistic regression on the installed encoder's vectors of question and customer's words, over the same folds."""
    from sklearn.linear_model import LogisticRegression

    embedder = load_embedder()
    features = np.hstack(
        [embedder.embed([item.text for item in items]), embedder.embed([item.prev or "." for item in items])]
    )
    truth = [np.array([item.form for item in items]), np.array([item.function for item in items])]
    said = [np.empty_like(labels) for labels in truth]
    for part in parts:
        rest = np.setdiff1d(np.arange(len(items)), part)
        for labels, found in zip(truth, said, strict=True):
            model = LogisticRegression(max_iter=2000, C=10.0, class_weight="balanced")
            found[part] = model.fit(features[rest], labels[rest]).predict(features[part])
    return said[0], said[1]
