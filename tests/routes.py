"""A made-up organisation to ask questions about, and an embedder that finds nothing near."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from coach.routing import PhraseBook, Plan, route
from coach.store import Vocabulary

TODAY = date(2026, 8, 31)
VALUES = {
    "agent": ["Ada Byrne", "Omar Haddad", "Will Marsh"],
    "team": ["Open", "River"],
    "customer": ["previous month", "'; DROP TABLE calls --", "K-17"],
    "segment": ["new customer", "family", "senior"],
    "product": ["broadband", "TV box"],
    "queue": ["billing", "technical"],
    "medium": ["voice", "chat"],
    "region": ["north", "south"],
}
VOCABULARY = Vocabulary(
    {key: dict.fromkeys(values, 1) for key, values in VALUES.items()}, ("region",), ("leaving",), ("discovery",)
)


class Distant:
    """Every text lies apart from every other."""

    name = "distant"
    dimension = 1000

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            if text not in self.texts:
                self.texts.append(text)
            vectors[row, self.texts.index(text)] = 1.0
        return vectors


def planned(question: str, book: PhraseBook, *before: str, vocabulary: Vocabulary = VOCABULARY) -> Plan:
    return route(question, vocabulary, TODAY, embedder=Distant(), before=before, book=book)


def where(plan: Plan) -> list[str]:
    return [str(each) for each in plan.where]
