"""How well questions are labelled: `python -m evals questions [--shared PATH]`.

With `--shared` the natural questions (primock57, stc3) are judged by five-fold cross-validation grouped by dialogue;
the written ones always, grouped by scenario; each fold learns from the rest of both kinds. Each figure has a 95 %
bootstrap interval that resamples whole dialogues, and stands beside two baselines. The same questions with case and
punctuation removed are judged by the same heads.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from coach.questions.features import plain
from coach.retrieval.embeddings import load_embedder
from coach.types import FORMS, FUNCTIONS
from evals.questions_data import Item, read_natural, read_written
from evals.train_questions import ASKED, FeatureTable, held_out

MIN_SUPPORT = 30
"""Function macro-F1 averages over classes with at least so many items."""
RESAMPLES = 1000
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
_FILLERS = {
    "um",
    "uh",
    "er",
    "okay",
    "ok",
    "right",
    "alright",
    "well",
    "so",
    "and",
    "but",
    "now",
    "yeah",
    "oh",
    "hi",
    "sorry",
}

Labels = tuple[np.ndarray, np.ndarray]
"""Forms and functions, arrays of str."""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a table per set; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m evals questions", description=__doc__)
    parser.add_argument("--shared", type=Path, help="folder with data/primock57 and data/stc3")
    options = parser.parse_args(argv)
    written = read_written()
    natural = read_natural(options.shared) if options.shared else []
    items = [*natural, *written]
    table = FeatureTable(items, load_embedder())
    truth = np.array([item.form for item in items]), np.array([item.function for item in items])
    said = {"as written": held_out(items, table, bare=False), "bare words": held_out(items, table, bare=True)}
    predicted = {name: _decide(*probabilities) for name, probabilities in said.items()}
    predicted["wh-word rule"] = _wh_rule(items)
    predicted["majority"] = _majority(items)
    for title, kinds in (("natural", ("primock57", "stc3")), ("written", ("written",))):
        rows = np.array([row for row, item in enumerate(items) if item.source in kinds])
        if len(rows):
            _report(
                title,
                [items[row] for row in rows],
                _take(truth, rows),
                {k: _take(v, rows) for k, v in predicted.items()},
            )
    return 0


def _decide(forms: np.ndarray, functions: np.ndarray) -> Labels:
    form = np.array(FORMS)[forms.argmax(axis=1)]
    function = np.array(ASKED)[functions.argmax(axis=1)]
    return form, np.where(form == "none", "none", function)


def _wh_rule(items: Sequence[Item]) -> Labels:
    """Open when the first word after fillers is a wh-word or a prompt, else closed; function diagnostic."""
    forms = []
    for item in items:
        words = [word for word in plain(item.text).replace("'", "").split() if word not in _FILLERS]
        forms.append("open" if words and words[0] in _WH else "closed")
    return np.array(forms), np.full(len(items), "diagnostic")


def _majority(items: Sequence[Item]) -> Labels:
    return np.full(len(items), "closed"), np.full(len(items), "diagnostic")


def _take(labels: Labels, rows: np.ndarray) -> Labels:
    return labels[0][rows], labels[1][rows]


def f1(truth: np.ndarray, said: np.ndarray, label: str) -> float:
    """F1 of one class; 0 when it is neither there nor said."""
    hits = int(((truth == label) & (said == label)).sum())
    total = int((truth == label).sum() + (said == label).sum())
    return 2 * hits / total if total else 0.0


def _figures(classes: Sequence[str]) -> dict[str, Callable[[Labels, Labels], float]]:
    return {
        "form macro-F1": lambda t, s: float(np.mean([f1(t[0], s[0], form) for form in FORMS])),
        "form accuracy": lambda t, s: float((t[0] == s[0]).mean()),
        "recall of open": lambda t, s: (
            float((s[0][t[0] == "open"] == "open").mean()) if (t[0] == "open").any() else 0.0
        ),
        "function macro-F1": lambda t, s: float(np.mean([f1(t[1], s[1], name) for name in classes])),
        "impact F1": lambda t, s: f1(t[1], s[1], "impact"),
    }


def _report(title: str, items: Sequence[Item], truth: Labels, predicted: dict[str, Labels]) -> None:
    """Prints one set's figures and their intervals."""
    counts = {name: int((truth[1] == name).sum()) for name in FUNCTIONS}
    classes = [name for name, count in counts.items() if count >= MIN_SUPPORT]
    groups = sorted({item.group for item in items})
    n_open, n_none = int((truth[0] == "open").sum()), int((truth[0] == "none").sum())
    print(f"\n{title}: {len(items)} questions in {len(groups)} dialogues; open {n_open}, none {n_none}")
    print("functions: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    print(f"function macro-F1 over: {', '.join(classes)}")
    samples = _resamples(items, groups)
    print(f"{'':20}" + "".join(f"{name:>24}" for name in predicted))
    for figure, measure in _figures(classes).items():
        cells = []
        for labels in predicted.values():
            spread = [measure(_take(truth, rows), _take(labels, rows)) for rows in samples]
            low, high = np.percentile(spread, [2.5, 97.5])
            cells.append(f"{measure(truth, labels):.3f} [{low:.3f}, {high:.3f}]")
        print(f"{figure:20}" + "".join(f"{cell:>24}" for cell in cells))


def _resamples(items: Sequence[Item], groups: Sequence[str]) -> list[np.ndarray]:
    """Row numbers of RESAMPLES draws of whole groups with replacement."""
    members: dict[str, list[int]] = {group: [] for group in groups}
    for row, item in enumerate(items):
        members[item.group].append(row)
    generator = np.random.default_rng(0)
    draws = generator.integers(len(groups), size=(RESAMPLES, len(groups)))
    return [np.array([row for pick in draw for row in members[groups[pick]]]) for draw in draws]
