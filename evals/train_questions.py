"""Trains the question classifier: `python -m evals train_questions --shared PATH [--held-out FILE]`.

It lives here and not in coach/: it reads labelled data that no wheel carries. Learns from primock57 (CC BY 4.0), stc3
(MIT, CC BY 4.0) and our own written questions only. First five networks are trained, each without a fifth of the
dialogues, to calibrate on what they never saw (`--held-out` keeps those probabilities, or takes them when they are
there: `python -m evals questions` reads the same file); then one on everything and one on everything and agents' plain
statements, and the mean of their weights is written.
"""

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from coach.questions.classifier import probabilities
from coach.questions.network import PairReader, QuestionNetwork, number_type
from coach.questions.weights import WEIGHTS_FILE, Card, Head, Weights, save_weights
from coach.retrieval.bert import Bert, read_config, read_weights
from coach.retrieval.embeddings import PACKAGED_SHA256, resolve_weights
from coach.types import FORMS, FUNCTIONS
from evals import question_training
from evals.question_training import Trained, train
from evals.questions_data import Item, read_natural, read_statements, read_written

FOLDS = 5
MIN_FORM_SCORE = 0.7
MIN_FUNCTION_SCORE = 0.55
"""Calibrated probabilities below either of which a label is unsure: it is wrong about as often as right."""
UNMARKED_PRECISION = 0.6
"""How often a sentence that only the classifier takes for a question should be one. Most others are recaps, which a
reader may take for a check; .8 is reached at no threshold, and without these an eighth of all questions is lost."""
VARIANTS = ("as written", "bare words")

Logits = dict[str, tuple[np.ndarray, np.ndarray]]
"""By variant: float32 of form (n, 3) and of function (n, 9)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Trains, calibrates, writes the weights and prints what they are; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m evals train_questions", description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="folder with data/primock57 and data/stc3")
    parser.add_argument("--held-out", type=Path, help="file for the held-out predictions, made when it is not there")
    parser.add_argument("--out", type=Path, default=WEIGHTS_FILE)
    options = parser.parse_args(argv)
    items = [*read_natural(options.shared), *read_written()]
    card = calibrate(items, held_out(items, options.held_out))
    folder, _ = resolve_weights(None)
    trained = mean_of(train(items), train([*items, *read_statements()]))
    weights = Weights(card, trained.encoder, trained.form, trained.function)
    save_weights(read_weights(folder), weights, options.out)
    print(f"{options.out}: {len(items)} questions, {options.out.stat().st_size / 1e6:.1f} MB, {card}")
    return 0


def mean_of(first: Trained, second: Trained) -> Trained:
    """The mean of two networks that began at the same weights (Wortsman et al., "Model soups", 2022)."""
    heads = [
        Head((one.weight + other.weight) / 2, (one.bias + other.bias) / 2)
        for one, other in ((first.form, second.form), (first.function, second.function))
    ]
    encoder = {name: (first.encoder[name] + second.encoder[name]) / 2 for name in first.encoder}
    return Trained(encoder, heads[0], heads[1])


def folds(items: Sequence[Item], n: int = FOLDS, seed: int = 0) -> list[np.ndarray]:
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


def held_out(items: Sequence[Item], file: Path | None = None) -> Logits:
    """Each item's logits by a network that never saw its dialogue; from `file` when they belong to these items."""
    mark = _fingerprint(items)
    if file is not None and file.exists():
        stored = np.load(file)
        if str(stored["mark"]) == mark:
            return {name: (stored[f"{name} form"], stored[f"{name} function"]) for name in VARIANTS}
        print(f"{file}: belongs to other labels or another recipe; made again")
    found: Logits = {
        name: (np.zeros((len(items), len(FORMS)), np.float32), np.zeros((len(items), len(FUNCTIONS)), np.float32))
        for name in VARIANTS
    }
    for number, part in enumerate(folds(items), start=1):
        inside = set(part.tolist())
        network = network_of(train([item for row, item in enumerate(items) if row not in inside]))
        for name, variants in zip(VARIANTS, _variants([items[row] for row in part]), strict=True):
            found[name][0][part], found[name][1][part] = network.logits([(one.prev, one.text) for one in variants])
        print(f"fold {number} of {FOLDS}", flush=True)
    if file is not None:
        arrays = {f"{name} form": found[name][0] for name in VARIANTS}
        arrays |= {f"{name} function": found[name][1] for name in VARIANTS}
        with file.open("wb") as out:
            np.savez(out, allow_pickle=False, mark=np.array(mark), **arrays)
    return found


def _variants(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    return list(items), [item.bare() for item in items]


def _fingerprint(items: Sequence[Item]) -> str:
    """Of the items with their labels, and of the recipe's code."""
    recipe = Path(question_training.__file__).read_text(encoding="utf-8")
    return hashlib.sha256((recipe + repr(list(items))).encode()).hexdigest()


PLAIN_CARD = Card(PACKAGED_SHA256, FORMS, FUNCTIONS, 1.0, 1.0, 0.0, 0.0, 0.0)
"""Not calibrated, nothing unsure."""


def network_of(trained: Trained, card: Card = PLAIN_CARD) -> QuestionNetwork:
    """The trained network as the product runs it, on the CPU."""
    folder, _ = resolve_weights(None)
    base = read_weights(folder)
    bert = Bert({**base, **trained.encoder}, read_config(folder), "cpu", number_type("cpu"))
    return QuestionNetwork(
        bert, trained.form, trained.function, PairReader(str(folder / "tokenizer.json")), card, "not kept"
    )


def calibrate(items: Sequence[Item], logits: Logits) -> Card:
    """The card that makes held-out probabilities likeliest, and what it takes for an unmarked sentence to count.

    Both variants count.
    """
    both = [np.concatenate([logits[name][kind] for name in VARIANTS]) for kind in (0, 1)]
    twice = [*items, *items]
    form = np.array([FORMS.index(item.form) for item in twice])
    function = np.array([FUNCTIONS.index(item.function) for item in twice])
    card = replace(
        PLAIN_CARD, form_temperature=_temperature(both[0], form), function_temperature=_temperature(both[1], function)
    )
    forms, _ = probabilities(card, both[0], both[1])
    unmarked = np.array([not item.marked for item in twice])
    asked = 1 - forms[:, -1]
    return replace(
        card,
        min_form_score=MIN_FORM_SCORE,
        min_function_score=MIN_FUNCTION_SCORE,
        min_asked_unmarked=_lowest(asked[unmarked], form[unmarked] != len(FORMS) - 1, UNMARKED_PRECISION),
    )


def _temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    def loss(temperature: float) -> float:
        scaled = torch.from_numpy(logits.astype(np.float64) / temperature)
        return float(torch.nn.functional.cross_entropy(scaled, torch.from_numpy(truth)))

    return round(float(min(np.geomspace(0.2, 5.0, 200), key=loss)), 3)


def _lowest(scores: np.ndarray, right: np.ndarray, share: float) -> float:
    """The lowest score from which on at least `share` are right; 1 when there is none."""
    order = np.argsort(-scores)
    good = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(good >= share)
    return round(float(scores[order[enough[-1]]]), 5) if len(enough) else 1.0
