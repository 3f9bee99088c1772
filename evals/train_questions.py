"""Trains the question classifier's head: `python -m evals train_questions --shared PATH`.

It lives here and not in coach/: it reads labelled data that no wheel carries. Deterministic on one machine: fixed seeds,
one thread. Learns from primock57 (CC BY 4.0), stc3 (MIT, CC BY 4.0) and our own written questions only.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from coach.questions.features import FACTS_SHA256, features
from coach.questions.head import HEAD_FILE, Head, HeadCard, save_head
from coach.retrieval.embeddings import PACKAGED_NAME, PACKAGED_SHA256, Embedder, load_embedder
from coach.types import FORMS, FUNCTIONS
from evals.questions_data import Item, read_natural, read_written

ASKED = tuple(function for function in FUNCTIONS if function != "none")
MEMBERS = 5
HIDDEN = 96
EPOCHS = 60
BATCH = 64
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 2e-2
DROPOUT = 0.5
INPUT_DROPOUT = 0.1
LABEL_SMOOTHING = 0.05
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
    print(f"{options.out}: trained on {len(items)} questions, temperatures {temperatures[0]:.2f} and {temperatures[1]:.2f}")
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


def fit(
    items: Sequence[Item], table: FeatureTable, *, temperatures: tuple[float, float] = (1.0, 1.0), members: int = MEMBERS
) -> Head:
    """A head trained on `items` and their bare copies."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        variants = [variant for item in items for variant in _variants(item)]
        inputs = torch.from_numpy(table.of(variants))
        forms = torch.tensor([FORMS.index(one.form) for one in variants])  # type: ignore[arg-type]
        functions = torch.tensor([ASKED.index(one.function) if one.form != "none" else -100 for one in variants])  # type: ignore[arg-type]
        networks = [_train(inputs, forms, functions, seed) for seed in range(members)]
    finally:
        torch.set_num_threads(threads)
    card = HeadCard(
        encoder=PACKAGED_NAME,
        encoder_sha256=PACKAGED_SHA256,
        facts_sha256=FACTS_SHA256,
        forms=FORMS,
        functions=ASKED,
        form_temperature=temperatures[0],
        function_temperature=temperatures[1],
        min_form_score=MIN_FORM_SCORE,
        min_function_score=MIN_FUNCTION_SCORE,
    )
    return Head(card, *(_stack(networks, layer, kind) for layer in (0, 1, 2) for kind in ("weight", "bias")))


def _train(inputs: torch.Tensor, forms: torch.Tensor, functions: torch.Tensor, seed: int) -> nn.ModuleList:
    """Three layers (hidden, form, function) trained together; a function of none (-100) teaches the function layer nothing."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    layers = nn.ModuleList([nn.Linear(inputs.shape[1], HIDDEN), nn.Linear(HIDDEN, 3), nn.Linear(HIDDEN, len(ASKED))])
    optimizer = torch.optim.AdamW(layers.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = EPOCHS * -(-len(inputs) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    loss_of = nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(inputs), generator=generator).split(BATCH):
            seen = nn.functional.dropout(inputs[rows], INPUT_DROPOUT)
            hidden = nn.functional.dropout(torch.relu(layers[0](seen)), DROPOUT)
            loss = loss_of(layers[1](hidden), forms[rows]) + loss_of(layers[2](hidden), functions[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return layers


def _stack(networks: Sequence[nn.ModuleList], layer: int, kind: str) -> np.ndarray:
    tensors = [getattr(network[layer], kind).detach() for network in networks]
    return np.stack([tensor.T.numpy() if kind == "weight" else tensor.numpy() for tensor in tensors])


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


def held_out(items: Sequence[Item], table: FeatureTable, *, bare: bool, members: int = MEMBERS) -> tuple[np.ndarray, np.ndarray]:
    """Uncalibrated probabilities (n, 3) and (n, 8) of each item by a head that never saw its group."""
    forms, functions = np.zeros((len(items), 3)), np.zeros((len(items), len(ASKED)))
    for part in folds(items):
        inside = set(part.tolist())
        head = fit([item for row, item in enumerate(items) if row not in inside], table, members=members)
        asked = [items[row].bare() if bare else items[row] for row in part]
        forms[part], functions[part] = head.probabilities(table.of(asked))
    return forms, functions


def calibrate(items: Sequence[Item], table: FeatureTable) -> tuple[float, float]:
    """Temperatures of form and function that make held-out probabilities likeliest."""
    forms, functions = held_out(items, table, bare=False)
    asked = [row for row, item in enumerate(items) if item.form != "none"]
    return (
        _temperature(forms, [FORMS.index(item.form) for item in items]),  # type: ignore[arg-type]
        _temperature(functions[asked], [ASKED.index(items[row].function) for row in asked]),  # type: ignore[arg-type]
    )


def _temperature(probabilities: np.ndarray, truth: Sequence[int]) -> float:
    logits = np.log(np.maximum(probabilities, 1e-9))

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        likely = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-likely[np.arange(len(truth)), truth].mean())

    return float(min(np.arange(0.3, 3.0, 0.02), key=loss))
