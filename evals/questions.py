"""How well questions are labelled: `python -m evals questions [--shared PATH] [--held-out FILE]`.

With `--shared`: the natural questions (primock57, stc3) by five-fold cross-validation grouped by dialogue, the written
ones by scenario, each fold trained on the rest of both kinds (`--held-out` takes or keeps those predictions: training
five networks takes half an hour), against three baselines; how far two readers agree; and, by the shipped weights,
AnnoMI and OASIS, which no weights learn from. Without: the written ones by the rules alone, and the
shipped weights on plain statements. Each figure has a 95 %
bootstrap interval that resamples whole dialogues.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import cohen_kappa_score

from coach.plain import plain
from coach.questions import QuestionClassifier
from coach.questions.classifier import probabilities
from coach.questions.weights import Card
from coach.trackers import load_trackers
from coach.types import FORMS, FUNCTIONS
from evals.clustered import resamples, shown
from evals.cues_data import read_sentences
from evals.question_baselines import frozen_embeddings, majority_label, wh_rule
from evals.question_corpora import Judged, read_annomi, read_oasis
from evals.questions_data import NOT_PLAIN, Item, read_natural, read_written, states
from evals.train_questions import VARIANTS, calibrate, folds, held_out

STATEMENT_PREV = "My heating has been off since Monday and nobody came."
MIN_SUPPORT = 30
"""Function macro-F1 averages over classes with at least so many items."""

Labels = tuple[np.ndarray, np.ndarray]
"""Forms and functions, arrays of str."""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a table per set; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m evals questions", description=__doc__)
    parser.add_argument("--shared", type=Path, help="folder with data/primock57, stc3, annomi and oasis")
    parser.add_argument("--held-out", type=Path, help="file for the held-out predictions, made when it is not there")
    options = parser.parse_args(argv)
    items = [*(read_natural(options.shared) if options.shared else []), *read_written()]
    truth = np.array([item.form for item in items]), np.array([item.function for item in items])
    predicted: dict[str, Labels] = {}
    if options.shared:
        logits = held_out(items, options.held_out)
        card = calibrate(items, logits)
        said = {name: probabilities(card, *logits[name]) for name in VARIANTS}
        predicted = {name: decide(*pair) for name, pair in said.items()}
        predicted["embeddings + logistic"] = frozen_embeddings(items, folds(items))
    predicted["wh-word rule"] = wh_rule(items)
    predicted["majority"] = majority_label(items)
    for title, kinds in (("natural", ("primock57", "stc3")), ("written", ("written",))):
        rows = np.array([row for row, item in enumerate(items) if item.source in kinds])
        if len(rows):
            chosen = {name: take(labels, rows) for name, labels in predicted.items()}
            _report(title, [items[row] for row in rows], take(truth, rows), chosen)
    if options.shared:
        _report_confidence(items, truth, card, *said[VARIANTS[0]])
        _report_finding(items, said, card.min_asked_unmarked)
        _report_readers(items)
        _report_corpora(QuestionClassifier.load(), read_annomi(options.shared), read_oasis(options.shared))
    _report_statements(QuestionClassifier.load())
    return 0


def decide(forms: np.ndarray, functions: np.ndarray) -> Labels:
    """The likeliest form, and of what asks the likeliest function."""
    form = np.array(FORMS)[forms.argmax(axis=1)]
    function = np.array(FUNCTIONS)[functions[:, :-1].argmax(axis=1)]
    return form, np.where(form == "none", "none", function)


def take(labels: Labels, rows: np.ndarray) -> Labels:
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
    groups = [item.group for item in items]
    n_open, n_none = int((truth[0] == "open").sum()), int((truth[0] == "none").sum())
    print(f"\n{title}: {len(items)} questions in {len(set(groups))} dialogues; open {n_open}, none {n_none}")
    print("functions: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    print(f"function macro-F1 over: {', '.join(classes)}")
    samples = resamples(groups)
    print(f"{'':20}" + "".join(f"{name:>24}" for name in predicted))
    for figure, measure in _figures(classes).items():
        cells = [
            shown(lambda at, s=labels, m=measure: m(take(truth, at), take(s, at)), samples, len(items))  # type: ignore[misc]
            for labels in predicted.values()
        ]
        print(f"{figure:20}" + "".join(f"{cell:>24}" for cell in cells))
    first = next(iter(predicted.values()))
    print("F1 by class: " + ", ".join(f"{n} {f1(truth[1], first[1], n):.2f}" for n, c in counts.items() if c))


def _report_confidence(
    items: Sequence[Item], truth: Labels, card: Card, forms: np.ndarray, functions: np.ndarray
) -> None:
    """How often held-out labels of natural questions are unsure, and how often sure and unsure ones are right."""
    rows = np.array([row for row, item in enumerate(items) if item.source != "written"])
    said = take(decide(forms, functions), rows)
    place = np.array([FUNCTIONS.index(name) for name in said[1]])
    score = functions[rows, place]
    unsure = (forms[rows].max(axis=1) < card.min_form_score) | (score < card.min_function_score)
    right = (said[0] == truth[0][rows]) & (said[1] == truth[1][rows])
    bins = np.minimum((score * 10).astype(int), 9)
    error = sum(
        abs(float(score[bins == one].mean()) - float((said[1] == truth[1][rows])[bins == one].mean()))
        * float((bins == one).mean())
        for one in np.unique(bins)
    )
    print(
        f"\nnatural, confidence: {unsure.mean():.1%} unsure; both labels right in {right[~unsure].mean():.1%} of the"
        f" sure and {right[unsure].mean():.1%} of the unsure; expected calibration error of function {error:.3f}"
    )


def _report_finding(items: Sequence[Item], said: dict[str, Labels], least: float) -> None:
    """What becomes of sentences that neither mark nor wording shows as questions: a random sample of the corpora's."""
    rows = np.array([row for row, item in enumerate(items) if not item.marked])
    asks = np.array([items[row].form != "none" for row in rows])
    for name, (forms, _) in said.items():
        found = (1 - forms[rows, -1] >= least) & (forms[rows].argmax(axis=1) != len(FORMS) - 1)
        print(
            f"unmarked sentences, {name}: {asks.sum()} of {len(rows)} ask; {int((found & asks).sum())} of them found,"
            f" {int((found & ~asks).sum())} of the others taken for questions"
        )


def _report_readers(items: Sequence[Item]) -> None:
    """Agreement of two readers who labelled by themselves."""
    pairs = [[reading.split("/") for reading in item.readers] for item in items if item.readers]
    first, second = (np.array([pair[reader] for pair in pairs]) for reader in (0, 1))
    print(
        f"\ntwo readers, {len(pairs)} questions: kappa of form {cohen_kappa_score(first[:, 0], second[:, 0]):.3f},"
        f" of function {cohen_kappa_score(first[:, 1], second[:, 1]):.3f},"
        f" of impact against the rest {cohen_kappa_score(first[:, 1] == 'impact', second[:, 1] == 'impact'):.3f}"
    )


def _report_corpora(classifier: QuestionClassifier, annomi: Sequence[Judged], oasis: Sequence[Judged]) -> None:
    """Kappa with AnnoMI's experts, each expert's label counted, and what OASIS's forms are called."""
    for name, made in (("as written", str), ("bare words", plain)):
        forms = _forms(classifier, annomi, made)
        pairs = [(one, expert, form) for one, form in zip(annomi, forms, strict=True) for expert in one.labels]
        _print_kappa(f"AnnoMI, {name}, all", pairs)
        _print_kappa(f"AnnoMI, {name}, labelled by many experts", [pair for pair in pairs if len(pair[0].labels) > 1])
    forms = _forms(classifier, oasis, str)
    for kind in ("q_yn", "q_wh"):
        rows = np.array([row for row, one in enumerate(oasis) if one.labels == (kind,)])
        opened = forms[rows] == "open"
        samples = resamples([oasis[row].group for row in rows])
        cell = shown(lambda at, o=opened: float(o[at].mean()), samples, len(rows))  # type: ignore[misc]
        print(f"OASIS {kind}: {len(rows)}; called open {cell}, none {(forms[rows] == 'none').mean():.3f}")


def _report_statements(classifier: QuestionClassifier) -> None:
    """How many plain statements of agents, not by those whom the weights learned from, are called questions."""
    trackers = [tracker.name for tracker in load_trackers() if tracker.speaker == "agent"]
    texts = [one.text for name in trackers if name not in NOT_PLAIN for one in read_sentences(name)]
    texts = [text for text in texts if states(text)]
    for prev in (STATEMENT_PREV, ""):
        called = np.mean([label.form != "none" for label in classifier.classify([(prev, text) for text in texts])])
        after = "after a customer's words" if prev else "alone"
        print(f"{len(texts)} plain statements {after}: {called:.1%} called questions by the shipped weights")


def _print_kappa(name: str, pairs: Sequence[tuple[Judged, str, str]]) -> None:
    """An utterance in which we find nothing asked counts as disagreement."""
    experts, ours = np.array([pair[1] for pair in pairs]), np.array([pair[2] for pair in pairs])
    samples = resamples([pair[0].group for pair in pairs])
    print(
        f"{name}: {len(pairs)} labels, kappa "
        + shown(lambda at: float(cohen_kappa_score(experts[at], ours[at])), samples, len(pairs))
    )


def _forms(classifier: QuestionClassifier, judged: Sequence[Judged], made: Callable[[str], str]) -> np.ndarray:
    return np.array([label.form for label in classifier.classify([(made(one.prev), made(one.text)) for one in judged])])
