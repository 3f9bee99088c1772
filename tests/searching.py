"""A small data folder to search in: real store, real vectors."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from coach.retrieval.embeddings import Embedder
from coach.retrieval.passages import cut
from coach.store import Store
from coach.types import Call, Metadata, Passage, Turn

NOTHING_KNOWN = Metadata()

TALK = {
    "leaving": (
        "north",
        "Why do you want to leave us?",
        "I am cancelling because nobody called me back about the signal.",
    ),
    "invoice": ("north", "What is unclear on the bill?", "I was charged twice for the same sofa and I do not get it."),
    "kitchen": ("south", "What happened?", "A pipe burst in our kitchen and the floor is under water."),
    "nurse": ("south", "How was the night?", "A nurse called Patricia stayed on the phone for forty minutes."),
}
"""Of each call: team, the agent's question, the customer's reply."""


@dataclass(frozen=True)
class Shelf:
    """A data folder with its store open."""

    folder: Path
    store: Store

    @property
    def index(self) -> Path:
        return self.folder / "index"


def add(store: Store, embedder: Embedder, call_id: str, turns: Sequence[Turn], team: str | None = None) -> None:
    """Saves a call of the given turns with its passages."""
    store.set_embedding_model(embedder.name)
    store.save_call(call_of(embedder, call_id, turns, Metadata(team=team)))


def add_talk(store: Store, embedder: Embedder) -> None:
    for call_id, (team, question, reply) in TALK.items():
        turns = [Turn("agent", question, 0.0, 2.0), Turn("customer", reply, 2.5, 8.0)]
        add(store, embedder, call_id, turns, team)


class WordVectors:
    """An embedder without a model: every word has its own direction, a text the sum of its words' directions."""

    name = "word vectors"
    dimension = 64

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        sums = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                seed = int.from_bytes(hashlib.sha256(word.strip(".,?!").encode("utf-8", "replace")).digest()[:8])
                sums[row] += np.random.default_rng(seed).standard_normal(self.dimension)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return sums / np.where(lengths == 0, 1, lengths)


def call_of(
    embedder: Embedder, call_id: str, turns: Sequence[Turn], metadata: Metadata = NOTHING_KNOWN, **more: Any
) -> Call:
    """A call of the given turns with its passages."""
    spans = cut(turns)
    vectors = embedder.embed([span.text for span in spans])
    passages = tuple(
        Passage(span.first_turn, span.last_turn, span.start, span.end, span.text, vector)
        for span, vector in zip(spans, vectors, strict=True)
    )
    return Call(call_id, metadata, tuple(turns), None, "made up", 10.0, passages=passages, **more)
