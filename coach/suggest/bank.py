"""The bank: questions written for the moments in which no colleague's fits. Its data is bank.toml."""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from coach.plain import plain
from coach.retrieval.embeddings import Embedder
from coach.types import Function

BANK_FILE = Path(__file__).with_name("bank.toml")
MIN_KIND_SIMILARITY = 0.45
"""Customer's words less close to every example of a kind are of no kind. Looser than between two calls: an example is
short and bare, and a question of the wrong kind would still be open and kind."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of moment."""

    name: str
    said: tuple[str, ...]
    """What customers say at such a moment; empty for the kind that takes all others."""
    questions: dict[Function, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Bank:
    """The kinds of moments, the last one for every other, with their examples embedded."""

    kinds: tuple[Kind, ...]
    said: np.ndarray
    """Of all examples, float32, shape (n, dimension)."""
    kind_of: np.ndarray
    """Which kind each example belongs to: shape (n,)."""

    @classmethod
    def load(cls, embedder: Embedder) -> Self:
        kinds = read_kinds()
        said = [plain(text) for kind in kinds for text in kind.said]
        kind_of = np.array([row for row, kind in enumerate(kinds) for _ in kind.said])
        return cls(kinds, embedder.embed(said), kind_of)

    def kind(self, reason: str, words: np.ndarray | None) -> Kind:
        """The kind named like the cue that makes the moment, else the one whose example is nearest to its words.

        `words` are embedded, shape (dimension,); the last kind for None and for words that are near no example.
        """
        for kind in self.kinds:
            if kind.name == reason:
                return kind
        if words is None:
            return self.kinds[-1]
        similarities = self.said @ words
        nearest = int(similarities.argmax())
        return self.kinds[self.kind_of[nearest] if similarities[nearest] >= MIN_KIND_SIMILARITY else -1]

    def question(self, kind: Kind, function: Function, used: Collection[str]) -> str | None:
        """The first question of that kind, else of the last kind, that is not in `used` (as `plain` writes them)."""
        for one in (kind, self.kinds[-1]):
            for text in one.questions.get(function, ()):
                if plain(text) not in used:
                    return text
        return None


def read_kinds(path: Path = BANK_FILE) -> tuple[Kind, ...]:
    """The kinds in the file, in its order."""
    rows: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["kind"]
    return tuple(
        Kind(
            row["name"],
            tuple(row["said"]),
            {name: tuple(texts) for name, texts in row.items() if name not in ("name", "said")},  # type: ignore[misc]
        )
        for row in rows
    )
