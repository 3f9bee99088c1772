"""How the question network is trained: the installed encoder fine-tuned with two heads, on words as written and bare.

Deterministic on one machine and number of threads. Chosen on held-out dialogues (docs/questions.md tells what was
tried): learning rate, epochs, how far rare labels are weighted up, and the shares of the variants.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from coach.plain import plain
from coach.questions.network import PairReader
from coach.questions.weights import Head
from coach.retrieval.bert import padded
from coach.retrieval.embeddings import resolve_weights
from coach.types import FORMS, FUNCTIONS
from evals.questions_data import Item

EPOCHS = 5
BATCH = 32
ENCODER_RATE = 2e-4
HEAD_RATE = 1e-3
WEIGHT_DECAY = 0.01
WARM_UP = 0.1
BALANCE = 0.2
"""How far rare labels are weighted up: 0 not at all, 1 until all labels weigh the same."""
SMOOTHING = 0.05
DROPOUT = 0.1
AVERAGE_RATE = 0.01
"""What each step of the second half adds to the running mean of the weights, which is what is kept."""

BARE_SHARE = 0.6
NOISY_SHARE = 0.25
NOISY_PREV_SHARE = 0.15
NO_PREV_SHARE = 0.08
ALONE_SHARE = 0.25
LEAD_SHARE = 0.2
STATEMENT_SHARE = 0.08
"""Of the items, each time they are seen: without case and punctuation; with slips and fillers; without the customer's
words; without the words before it in its sentence; after what else the agent says before it in the same turn (where it
asks, so that the last thing asked stays the label); after some statement."""
_FILLERS = ("um", "uh", "er", "so", "okay", "right", "yeah", "well", "i mean", "you know", "like")


@dataclass(frozen=True, slots=True)
class Trained:
    """What is learned: the encoder's layers by the package's names, and the heads. All float32, on the CPU."""

    encoder: Mapping[str, torch.Tensor]
    form: Head
    function: Head


class _Net(nn.Module):
    """The encoder without dropout (too slow on a CPU, and the variants regularise), and the heads with it."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        from transformers import AutoModel

        self.encoder: Any = AutoModel.from_pretrained(folder, attn_implementation="eager", add_pooling_layer=False)
        self.encoder.eval()
        self.encoder.embeddings.requires_grad_(False)
        width = int(self.encoder.config.hidden_size)
        self.drop = nn.Dropout(DROPOUT)
        self.form = nn.Linear(width, len(FORMS))
        self.function = nn.Linear(width, len(FUNCTIONS))

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor, own: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            states = self.encoder(ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state
        mean = (states.float() * own[:, :, None]).sum(1) / own.sum(1, keepdim=True).clamp(min=1)
        mean = self.drop(mean)
        return self.form(mean), self.function(mean)


def train(items: Sequence[Item], *, seed: int = 0) -> Trained:
    """The network after EPOCHS over `items`: the mean of its weights over the second half."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    folder, _ = resolve_weights(None)
    reader = PairReader(str(folder / "tokenizer.json"))
    net = _Net(str(folder))
    learned = [weight for weight in net.parameters() if weight.requires_grad]
    heads = [*net.form.parameters(), *net.function.parameters()]
    optimiser = torch.optim.AdamW(
        [
            {"params": [w for w in net.encoder.parameters() if w.requires_grad], "lr": ENCODER_RATE},
            {"params": heads, "lr": HEAD_RATE},
        ],
        betas=(0.9, 0.98),
        weight_decay=WEIGHT_DECAY,
    )
    losses = _loss([item.form for item in items], FORMS), _loss([item.function for item in items], FUNCTIONS)
    steps = EPOCHS * -(-len(items) // BATCH)
    mean: list[torch.Tensor] | None = None
    for step, rows in enumerate(_schedule(items, reader, rng, steps)):
        progress = step / steps
        for group, rate in zip(optimiser.param_groups, (ENCODER_RATE, HEAD_RATE), strict=True):
            group["lr"] = rate * min(1.0, progress / WARM_UP) * (1 - progress)
        form, function = net(*_tensors(rows, reader))
        truth = [(FORMS.index(item.form), FUNCTIONS.index(item.function)) for item, _, _ in rows]
        loss = losses[0](form, torch.tensor([t[0] for t in truth]))
        loss = loss + losses[1](function, torch.tensor([t[1] for t in truth]))
        loss.backward()
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        if progress >= 0.5:
            mean = _averaged(mean, learned)
    with torch.no_grad():
        for weight, kept in zip(learned, mean or learned, strict=True):
            weight.copy_(kept)
    return _taken(net)


def _averaged(mean: list[torch.Tensor] | None, learned: Sequence[nn.Parameter]) -> list[torch.Tensor]:
    now = [weight.detach() for weight in learned]
    if mean is None:
        return [weight.clone() for weight in now]
    torch._foreach_lerp_(mean, now, AVERAGE_RATE)
    return mean


def _taken(net: _Net) -> Trained:
    own = {name: w.detach().clone() for name, w in net.encoder.named_parameters() if w.requires_grad}
    heads = [Head(head.weight.detach().clone(), head.bias.detach().clone()) for head in (net.form, net.function)]
    return Trained(own, heads[0], heads[1])


def _loss(labels: Sequence[str], names: Sequence[str]) -> nn.CrossEntropyLoss:
    counts = np.array([max(1, labels.count(name)) for name in names], dtype=np.float64)
    weight = (counts.mean() / counts) ** BALANCE
    weight *= counts.sum() / (weight * counts).sum()
    return nn.CrossEntropyLoss(torch.tensor(weight, dtype=torch.float32), label_smoothing=SMOOTHING)


_Row = tuple[Item, list[int], list[int]]
"""An item with the pieces of its customer's words and of its question, as this variant has them."""


def _schedule(items: Sequence[Item], reader: PairReader, rng: random.Random, steps: int) -> Iterator[list[_Row]]:
    """`steps` batches of like length; every item is seen once an epoch, as another variant each time."""
    statements = [one.text for one in items if one.source == "written" and one.form == "none" and _words(one.text) < 25]
    done = 0
    while True:
        order = list(items)
        rng.shuffle(order)
        pairs = reader.read([variant(item, rng, statements) for item in order])
        rows = [(item, pair.prev, pair.text) for item, pair in zip(order, pairs, strict=True)]
        batches = []
        for first in range(0, len(rows), 16 * BATCH):
            part = sorted(rows[first : first + 16 * BATCH], key=lambda row: len(row[1]) + len(row[2]))
            batches += [part[at : at + BATCH] for at in range(0, len(part), BATCH)]
        rng.shuffle(batches)
        for batch in batches:
            if done == steps:
                return
            done += 1
            yield batch


def _tensors(rows: Sequence[_Row], reader: PairReader) -> tuple[torch.Tensor, ...]:
    ids, mask = padded([[reader.cls, *prev, reader.sep, *text, reader.sep] for _, prev, text in rows], _CPU)
    place = torch.arange(ids.shape[1])
    first = torch.tensor([len(prev) + 2 for _, prev, _ in rows])[:, None]
    length = torch.tensor([len(text) for _, _, text in rows])[:, None]
    second = (place >= first) & mask
    return ids, mask.float(), second.long(), (second & (place < first + length)).float()


_CPU = torch.device("cpu")


def variant(item: Item, rng: random.Random, statements: Sequence[str]) -> tuple[str, str]:
    """(customer's words, question) of the item as it might have come: bare, noisy, with more before it, alone."""
    prev, text = item.prev, item.text
    if item.alone and rng.random() < ALONE_SHARE:
        text = item.alone
    elif item.lead and item.form != "none" and rng.random() < LEAD_SHARE:
        text = f"{item.lead} {text}"
    elif statements and rng.random() < STATEMENT_SHARE:
        text = f"{rng.choice(statements)} {text}"
    if rng.random() < BARE_SHARE:
        prev, text = plain(prev), plain(text)
    if rng.random() < NOISY_SHARE:
        text = _noisy(text, rng)
    if rng.random() < NOISY_PREV_SHARE:
        prev = _noisy(prev, rng)
    return ("" if rng.random() < NO_PREV_SHARE else prev), text


def _noisy(text: str, rng: random.Random) -> str:
    """The words with a filler before one in twenty, and one in thirty left out or said twice."""
    words: list[str] = []
    for word in text.split():
        if rng.random() < 0.05:
            words.append(rng.choice(_FILLERS))
        if rng.random() < 0.03:
            continue
        words.append(word)
        if rng.random() < 0.03:
            words.append(word)
    return " ".join(words) or text


def _words(text: str) -> int:
    return len(text.split())
