"""What is compared: ways to rank a store's passages for a query, all over the same passages and the same vectors."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from coach.retrieval.embeddings import Embedder, resolve_weights
from coach.retrieval.fusion import FUSION, Fusion
from coach.retrieval.index import Index
from coach.retrieval.search import find, search
from coach.store import Store
from evals.retrieval_data import Place

DEPTH = 10  # passages a ranker gives for a query
WINDOW = 256  # word pieces that Chroma's default embedding function reads, [CLS] and [SEP] included
CHROMA_BATCH = 4096

Ranker = Callable[[str], list[Place]]
"""At most DEPTH places for a query, best first."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A filled store with its index."""

    store: Store
    index: Index
    embedder: Embedder
    ids: tuple[int, ...]
    """Of all passages, rising."""
    places: tuple[Place, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, store: Store, index: Index, embedder: Embedder) -> "Shelf":
        ids = tuple(store.passage_ids().tolist())
        found = store.get_passages(ids)
        passages = [found[id_] for id_ in ids]
        places = tuple(Place(each.call, each.first_turn, each.last_turn) for each in passages)
        return cls(store, index, embedder, ids, places, tuple(each.text for each in passages))


def fused(shelf: Shelf, fusion: Fusion = FUSION) -> Ranker:
    """As callcoach fuses meaning and words, whatever call a passage is of."""

    def rank(query: str) -> list[Place]:
        found = find(shelf.store, shelf.index, shelf.embedder, query, DEPTH, fusion=fusion)
        passages = (each.passage for each in found if each.score > 0)
        return [Place(each.call, each.first_turn, each.last_turn) for each in passages]

    return rank


def dense(shelf: Shelf) -> Ranker:
    """By meaning alone."""
    return fused(shelf, Fusion(dense=1.0, lexical=0.0))


def lexical(shelf: Shelf) -> Ranker:
    """By words alone, as the store matches them."""
    return fused(shelf, Fusion(dense=0.0, lexical=1.0))


def capped(shelf: Shelf) -> Ranker:
    """As `coach search` gives them: no more than a few of one call."""

    def rank(query: str) -> list[Place]:
        hits = search(shelf.store, shelf.index, shelf.embedder, query, DEPTH)
        return [Place(hit.call, hit.first_turn, hit.last_turn) for hit in hits]

    return rank


def bm25(shelf: Shelf) -> Ranker:
    """Plain BM25 over lower-cased words, neither stemmed nor left out."""
    scorer = Bm25(shelf.texts)

    def rank(query: str) -> list[Place]:
        scores = scorer.scores(query)
        order = np.argsort(-scores, kind="stable")[:DEPTH]
        return [shelf.places[row] for row in order.tolist() if scores[row] > 0]

    return rank


class Bm25:
    """Okapi BM25 (Robertson and Zaragoza, "The probabilistic relevance framework", 2009) with its usual constants."""

    K1, B = 1.2, 0.75

    def __init__(self, texts: Sequence[str]) -> None:
        words = [_words(text) for text in texts]
        lengths = np.array([len(each) for each in words], float)
        self._n = len(texts)
        self._weight = self.K1 * (1 - self.B + self.B * lengths / max(1.0, lengths.mean() if len(lengths) else 1.0))
        counts: dict[str, dict[int, int]] = {}
        for row, each in enumerate(words):
            for word in each:
                of_word = counts.setdefault(word, {})
                of_word[row] = of_word.get(row, 0) + 1
        self._postings = {
            word: (np.fromiter(of_word, int), np.fromiter(of_word.values(), float)) for word, of_word in counts.items()
        }

    def scores(self, query: str) -> np.ndarray:
        """Of every text, float64 (n,); 0 for one that shares no word with the query."""
        scores = np.zeros(self._n)
        for word in set(_words(query)) & self._postings.keys():
            rows, n = self._postings[word]
            idf = np.log(1 + (self._n - len(rows) + 0.5) / (len(rows) + 0.5))
            scores[rows] += idf * n * (self.K1 + 1) / (n + self._weight[rows])
        return scores


def chroma(shelf: Shelf) -> Ranker:
    """Chroma as its tutorial uses it: default settings (squared L2, its own HNSW constants), passages as documents.

    Its default embedding function is all-MiniLM-L6-v2 in ONNX, downloaded at first use and cut at WINDOW word pieces.
    Nothing is downloaded here: the same weights from the installed package embed the text up to the same piece.
    """
    import chromadb
    from chromadb.config import Settings

    cut = _cutter()

    class Default(chromadb.EmbeddingFunction[Any]):
        def __init__(self) -> None:
            pass

        def __call__(self, input: Any) -> Any:
            return list(shelf.embedder.embed([cut(text) for text in input]))

        @staticmethod
        def name() -> str:
            return "default, from the installed package"

        def get_config(self) -> dict[str, Any]:
            return {}

        @staticmethod
        def build_from_config(config: dict[str, Any]) -> "Default":
            return Default()

    settings = Settings.model_construct(anonymized_telemetry=False, chroma_otel_collection_endpoint="")
    client = chromadb.EphemeralClient(settings=settings)
    collection = client.get_or_create_collection("tutorial", embedding_function=Default())
    for first in range(0, len(shelf.ids), CHROMA_BATCH):
        rows = range(first, min(first + CHROMA_BATCH, len(shelf.ids)))
        collection.add(ids=[str(row) for row in rows], documents=[shelf.texts[row] for row in rows])

    def rank(query: str) -> list[Place]:
        found = collection.query(query_texts=[query], n_results=DEPTH, include=[])
        return [shelf.places[int(row)] for row in found["ids"][0]]

    return rank


def _cutter() -> Callable[[str], str]:
    """Texts up to the last word piece that fits the window."""
    from tokenizers import Tokenizer

    folder: Path = resolve_weights(None)[0]
    tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    n_pieces = WINDOW - 2

    def cut(text: str) -> str:
        offsets = tokenizer.encode(text, add_special_tokens=False).offsets
        return text if len(offsets) <= n_pieces else text[: offsets[n_pieces - 1][1]]

    return cut


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
