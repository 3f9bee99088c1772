"""How fast questions are labelled: `python -m evals questions-bench [--rounds N] [--device DEVICE] [--shared PATH]`.

Beside transformers' text-classification pipeline over a BERT classifier of the same encoder weights with one linear
head, at batches of 1, 8, 32 and 64 in float32 and bfloat16. All read the same pairs of customer's words and question,
in alternation; the ratio is to the peer's best. Also how many labels 16-bit numbers change.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from coach.questions import QuestionClassifier
from coach.questions.classifier import probabilities
from coach.questions.find import MAX_PREV_WORDS
from coach.questions.network import PairReader, QuestionNetwork
from coach.questions.weights import load_weights
from coach.retrieval.bert import Bert, read_config, read_weights
from coach.retrieval.embeddings import PACKAGED_SHA256, resolve_weights
from evals.questions_data import read_natural, read_written

BATCHES = (1, 8, 32, 64)
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
N_PAIRS = 1000
_MAX_PIECES = 160

Pairs = list[tuple[str, str]]


def main(argv: Sequence[str] | None = None) -> int:
    """Prints questions per second of each and the ratio; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m evals questions-bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--shared", type=Path, help="folder with data/primock57 and data/stc3; default: our written ones"
    )
    options = parser.parse_args(argv)
    pairs = _pairs(options.shared)
    classifier = QuestionClassifier.load(options.device)
    runs: dict[str, Callable[[], object]] = {"callcoach": lambda: classifier.classify(pairs)}
    for name, kind in TYPES.items():
        pipe = _peer(kind, options.device)
        for batch in BATCHES:
            runs[f"pipeline {name}, batch {batch}"] = _piped(pipe, pairs, batch)
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            speeds[name].append(len(pairs) / (time.perf_counter() - began))
    medians = {name: statistics.median(found) for name, found in speeds.items()}
    for name, found in speeds.items():
        shown = ", ".join(f"{speed:.0f}" for speed in found)
        print(f"{name:28} {medians[name]:7.0f} questions/s  (rounds {shown})")
    best = max((name for name in medians if name != "callcoach"), key=lambda name: medians[name])
    ratios = [
        ours / max(speeds[name][at] for name in speeds if name != "callcoach")
        for at, ours in enumerate(speeds["callcoach"])
    ]
    print(f"ratio to the peer's best ({best}): {medians['callcoach'] / medians[best]:.2f}")
    print("by round, to the round's best: " + ", ".join(f"{ratio:.2f}" for ratio in ratios))
    _report_precision(pairs, classifier)
    return 0


def _pairs(shared: Path | None) -> Pairs:
    """N_PAIRS drawn at random, all different, the customer's words cut to what the network reads."""
    items = read_natural(shared) if shared else read_written()
    unique = sorted({(" ".join(item.prev.split()[-MAX_PREV_WORDS:]), item.text) for item in items})
    order = np.random.default_rng(0).permutation(len(unique))[:N_PAIRS]
    return [unique[row] for row in order]


def _peer(kind: torch.dtype, device: str) -> Any:
    from transformers import AutoTokenizer, BertForSequenceClassification, pipeline

    folder, _ = resolve_weights(None)
    model: Any = BertForSequenceClassification.from_pretrained(folder, num_labels=9)
    base = read_weights(folder)
    tuned = load_weights(base, PACKAGED_SHA256)
    model.bert.load_state_dict({**model.bert.state_dict(), **tuned.encoder})
    model.classifier.load_state_dict({"weight": tuned.function.weight, "bias": tuned.function.bias})
    model = model.to(kind).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return pipeline("text-classification", model=model, tokenizer=tokenizer, device=device)


def _piped(pipe: Any, pairs: Pairs, batch: int) -> Callable[[], object]:
    inputs = [{"text": prev, "text_pair": text} for prev, text in pairs]

    def run() -> object:
        with torch.inference_mode():
            return list(pipe(inputs, batch_size=batch, truncation=True, max_length=_MAX_PIECES))

    return run


def _report_precision(pairs: Pairs, classifier: QuestionClassifier) -> None:
    folder, _ = resolve_weights(None)
    base = read_weights(folder)
    tuned = load_weights(base, PACKAGED_SHA256)
    bert = Bert({**base, **tuned.encoder}, read_config(folder), "cpu", torch.float32)
    reader = PairReader(str(folder / "tokenizer.json"))
    whole = QuestionNetwork(bert, tuned.form, tuned.function, reader, tuned.card, "float32")
    forms, functions = probabilities(tuned.card, *whole.logits(pairs))
    labels = classifier.classify(pairs)
    form = [tuned.card.forms[at] for at in forms.argmax(axis=1)]
    function = [
        "none" if name == "none" else tuned.card.functions[at]
        for name, at in zip(form, functions[:, :-1].argmax(axis=1), strict=True)
    ]
    same_form = np.mean([label.form == name for label, name in zip(labels, form, strict=True)])
    same_function = np.mean([label.function == name for label, name in zip(labels, function, strict=True)])
    print(f"as in float32: form {same_form:.2%}, function {same_function:.2%} of {len(pairs)}")
