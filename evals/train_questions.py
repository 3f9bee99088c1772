"""Trains the question classifier's head: `python -m evals train_questions --shared PATH`.

It lives here and not in coach/: it reads labelled data that no wheel carries. Deterministic. Learns from primock57
(CC BY 4.0), stc3 (MIT, CC BY 4.0) and our own written questions only.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from coach.questions.features import FACTS_SHA256, features
from coach.questions.head import HEAD_FILE, Head, HeadCard, kernel, save_head
from coach.retrieval.embeddings import PACKAGED_NAME, PACKAGED_SHA256, Embedder, load_embedder
from coach.types import FORMS, FUNCTIONS
from evals.questions_data import Item, read_natural, read_written

ASKED = tuple(function for function in FUNCTIONS if function != "none")
GAMMA = 0.2
RIDGE = 0.5
JITTER = 1e-6  # equal questions make the kernel matrix singular
BALANCE = 0.5
"""How far rare labels are weighted up: 0 not at all, 1 until all labels weigh the same. Chosen on held-out folds."""
MIN_FORM_SCORE = 0.6
MIN_FUNCTION_SCORE = 0.5


def main(argv: Sequence[str] | None = None) -> int:
    """Trains on all labelled questions, calibrates on held-out folds, writes the head, prints the temperatures."""
    parser = argparse.ArgumentParser(prog="python -m evals train_questions", description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="folder with data/primock57 and data/stc3")
    parser.add_argument("--out", type=Path, default=HEAD_FILE)
    options = parser.parse_args(argv)
    items = [*read_natural(options.shared), *read_written()]
    table = FeatureTable(items, load_embedder())
    temperatures = calibrate(items, table)
    save_head(fit(items, table, temperatures=temperatures), options.out)
    print(f"{options.out}: {len(items)} questions, temperatures {temperatures[0]:.2f} and {temperatures[1]:.2f}")
    return 0


class FeatureTable:
    """Features of items and of their augmented copies, computed once, so that folds only index them."""

    def __init__(self, items: Sequence[Item], encoder: Embedder) -> None:
        variants = [variant for item in items for variant in _variants(item)]
        matrix = features(encoder, [(one.prev, one.text) for one in variants])
        self._rows = {(one.prev, one.text): matrix[row] for row, one in enumerate(variants)}

    def of(self, items: Sequence[Item]) -> np.ndarray:
        """(n, F) float32; every item must be one the table was built from, as it is or bare."""
        return np.stack([self._rows[item.prev, item.text] for item in items])


def _variants(item: Item) -> tuple[Item, ...]:
    """What is learned from one label: the words as written, and as a recogniser writes them."""
    return item, item.bare()


def fit(items: Sequence[Item], table: FeatureTable, *, temperatures: tuple[float, float] = (1.0, 1.0)) -> Head:
    """A head fitted to `items` and their bare copies by weighted kernel ridge regression.

    It remembers only the questions written for this project: what was learned from the corpora lies in the weights,
    so nothing of theirs is shipped. Closed form: the same data give the same head. Function is fitted on what asks.
    """
    variants = [variant for item in items for variant in _variants(item)]
    support = table.of([item for item in items if item.source == "written"]).astype(np.float64)
    likeness = kernel(table.of(variants).astype(np.float64), support, GAMMA)
    asked = [row for row, one in enumerate(variants) if one.form != "none"]
    own = kernel(support, support, GAMMA)
    card = HeadCard(
        encoder=PACKAGED_NAME,
        encoder_sha256=PACKAGED_SHA256,
        facts_sha256=FACTS_SHA256,
        forms=FORMS,
        functions=ASKED,
        gamma=GAMMA,
        form_temperature=temperatures[0],
        function_temperature=temperatures[1],
        min_form_score=MIN_FORM_SCORE,
        min_function_score=MIN_FUNCTION_SCORE,
    )
    form = _ridge(likeness, own, [one.form for one in variants], FORMS)
    function = _ridge(likeness[asked], own, [variants[row].function for row in asked], ASKED)
    return Head(card, support.astype(np.float32), form.astype(np.float32), function.astype(np.float32))


def _ridge(likeness: np.ndarray, own: np.ndarray, labels: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """Weights (S, labels) that minimise the weighted squared error to 1 (the label) and -1 (others), plus RIDGE."""
    said = np.array(labels)[:, None] == np.array(names)
    counts = said.sum(axis=0)
    weight = (said * (counts[counts > 0].mean() / np.maximum(counts, 1)) ** BALANCE).sum(axis=1, keepdims=True)
    left = likeness.T @ (weight * likeness) + RIDGE * own + JITTER * np.eye(len(own))
    return np.asarray(np.linalg.solve(left, likeness.T @ (weight * np.where(said, 1.0, -1.0))))


def folds(items: Sequence[Item], n: int = 5, seed: int = 0) -> list[np.ndarray]:
    """Row numbers of `n` parts of about equal size; a group is never divided."""
    groups = sorted({item.group for item in items})
    np.random.default_rng(seed).shuffle(groups)
    sizes = {group: sum(item.group == group for item in items) for group in groups}
    part_of, filled = {}, [0] * n
    for group in sorted(groups, key=lambda g: -sizes[g]):
        part = filled.index(min(filled))
        part_of[group] = part
        filled[part] += sizes[group]
    return [np.array([row for row, item in enumerate(items) if part_of[item.group] == part]) for part in range(n)]


def held_out(
    items: Sequence[Item], table: FeatureTable, *, bare: bool, temperatures: tuple[float, float] = (1.0, 1.0)
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, 3) and (n, 8) of each item by a head that never saw its group."""
    forms, functions = np.zeros((len(items), 3)), np.zeros((len(items), len(ASKED)))
    for part in folds(items):
        inside = set(part.tolist())
        head = fit([item for row, item in enumerate(items) if row not in inside], table, temperatures=temperatures)
        asked = [items[row].bare() if bare else items[row] for row in part]
        forms[part], functions[part] = head.probabilities(table.of(asked))
    return forms, functions


def calibrate(items: Sequence[Item], table: FeatureTable) -> tuple[float, float]:
    """Temperatures of form and function that make held-out probabilities likeliest."""
    forms, functions = held_out(items, table, bare=False)
    asked = [row for row, item in enumerate(items) if item.form != "none"]
    return (
        _temperature(forms, [FORMS.index(item.form) for item in items]),
        _temperature(functions[asked], [ASKED.index(items[row].function) for row in asked]),
    )


def _temperature(probabilities: np.ndarray, truth: Sequence[int]) -> float:
    logits = np.log(np.maximum(probabilities, 1e-9))

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        likely = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-likely[np.arange(len(truth)), truth].mean())

    return float(min(np.geomspace(0.02, 5.0, 200), key=loss))
