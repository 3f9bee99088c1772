"""A small data folder to search in: real store, real vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coach.retrieval.embeddings import Embedder
from coach.retrieval.passages import cut
from coach.store import Store
from coach.types import Call, Metadata, Passage, Turn

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
    spans = cut(turns)
    passages = tuple(
        Passage(span.first_turn, span.last_turn, span.start, span.end, span.text, vector)
        for span, vector in zip(spans, embedder.embed([span.text for span in spans]), strict=True)
    )
    store.set_embedding_model(embedder.name)
    store.save_call(Call(call_id, Metadata(team=team), tuple(turns), None, "made up", 10.0, passages=passages))


def add_talk(store: Store, embedder: Embedder) -> None:
    for call_id, (team, question, reply) in TALK.items():
        turns = [Turn("agent", question, 0.0, 2.0), Turn("customer", reply, 2.5, 8.0)]
        add(store, embedder, call_id, turns, team)
