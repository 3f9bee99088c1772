"""Which passages hold evidence for a question, and what to quote from them.

How close a passage comes is the weighted mean of three numbers in [0, 1]: how near its nearest sentence is to the
subject of the question, how near the passage is as a whole, and how much of the subject's words it holds, or words near
to them, rare words counting more. The sentence says what is meant, the words keep out what is merely alike: without
them "charging electric cars" is near to whatever is charged.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coach.answers.answer import Citation
from coach.answers.quotes import is_verbatim, pick, sentences
from coach.answers.subject import speaks_of_agents, stem, subject, telling_words
from coach.retrieval.embeddings import Embedder
from coach.retrieval.index import Index, similarity
from coach.retrieval.search import MAX_QUERY_CHARS, find
from coach.retrieval.words import content_words
from coach.store import Filters, Store, StoredPassage

SENTENCE_WEIGHT, PASSAGE_WEIGHT, WORDS_WEIGHT = 0.5, 0.25, 0.25
"""Chosen on the development questions of `python -m evals answers`: see docs/asking.md."""
READ_TOGETHER = 96  # passages whose sentences are compared in one go: about a second on a CPU
MAX_READ = 5 * READ_TOGETHER
GO_ON_SHARE = 0.1  # of the passages just read that hold evidence: with fewer, the next ones are not read
MIN_SENTENCE_WORDS = 3  # "Goodbye." comes near to any question about leaving
MAX_PASSAGES_PER_CALL = 2  # quoted


@dataclass(frozen=True, slots=True)
class Near:
    passage: StoredPassage
    closeness: float


@dataclass(frozen=True, slots=True)
class Evidence:
    subject: str
    """What was looked for."""
    vector: np.ndarray | None
    """Of the subject; None when there was nothing to look in or for."""
    near: tuple[Near, ...]
    """The passages that hold evidence, closest first."""
    best: float
    """Closeness of the closest passage, whether it is enough or not."""
    complete: bool
    """False when passages that were not read may hold evidence too."""

    @property
    def calls(self) -> tuple[str, ...]:
        """Ids of the calls with such a passage, the closest first."""
        return tuple(dict.fromkeys(each.passage.call for each in self.near))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: the subject's vector, and its words with theirs."""

    vector: np.ndarray
    words: tuple[str, ...]
    word_vectors: np.ndarray


def gather(
    store: Store, index: Index, embedder: Embedder, text: str, where: Filters, *, min_closeness: float
) -> Evidence:
    """The passages of the calls meeting `where` that come at least `min_closeness` close to `text`.

    Passages are read in the order of the search, READ_TOGETHER at a time, as long as they bring evidence and at most
    MAX_READ. Raises StoreError when the store was embedded with another model.
    """
    about = subject(text[:MAX_QUERY_CHARS])
    words = tuple(telling_words(about) or content_words(about))
    found = find(store, index, embedder, about, MAX_READ, where) if about.strip() else []
    if not found:
        return Evidence(about, None, (), 0.0, True)
    vectors = embedder.embed([about, *words])
    wanted = Wanted(vectors[0], words, vectors[1:])
    near: list[Near] = []
    best, complete = 0.0, True
    for first in range(0, len(found), READ_TOGETHER):
        part = found[first : first + READ_TOGETHER]
        whole = np.array([one.similarity for one in part])
        closeness = _closeness(embedder, wanted, [one.passage for one in part], whole)
        best = max(best, float(closeness.max()))
        new = [Near(one.passage, float(c)) for one, c in zip(part, closeness, strict=True) if c >= min_closeness]
        near += new
        complete = len(new) < GO_ON_SHARE * len(part)
        if complete:
            break
    near.sort(key=lambda each: (-each.closeness, each.passage.id))
    return Evidence(about, wanted.vector, tuple(near), best, complete or len(found) < MAX_READ)


def _closeness(embedder: Embedder, wanted: Wanted, passages: Sequence[StoredPassage], whole: np.ndarray) -> np.ndarray:
    """Of each passage, as the module's first lines say; `whole` is each one's similarity, shape (n,)."""
    nearest = _nearest_sentences(embedder, wanted.vector, passages)
    held = _held_words(embedder, wanted, passages)
    closeness: np.ndarray = SENTENCE_WEIGHT * nearest + PASSAGE_WEIGHT * whole + WORDS_WEIGHT * held
    return closeness


def _nearest_sentences(embedder: Embedder, vector: np.ndarray, passages: Sequence[StoredPassage]) -> np.ndarray:
    """Of each passage, the similarity of its nearest sentence; 0 where none is long enough to say something."""
    owners: list[int] = []
    texts: list[str] = []
    for number, passage in enumerate(passages):
        for line in passage.text.splitlines():
            for start, end in sentences(line, join=False):
                if len(line[start:end].split()) >= MIN_SENTENCE_WORDS:
                    owners.append(number)
                    texts.append(line[start:end])
    nearest = np.zeros(len(passages))
    np.maximum.at(nearest, owners, similarity(embedder.embed(texts) @ vector))
    return nearest


def _held_words(embedder: Embedder, wanted: Wanted, passages: Sequence[StoredPassage]) -> np.ndarray:
    """Of each passage, how much of the wanted words it holds, 0 to 1: a word itself counts 1, another its similarity.

    Words count by their rarity among the passages, ln((n + 1) / (those that hold it + 1/2)).
    """
    said = [content_words(passage.text) for passage in passages]
    known = {word: at for at, word in enumerate(dict.fromkeys(word for words in said for word in words))}
    if not wanted.words or not known:
        return np.zeros(len(passages))
    stems = np.array([stem(word) for word in known])
    same = np.array([stems == stem(word) for word in wanted.words])
    alike = np.maximum(similarity(wanted.word_vectors @ embedder.embed(list(known)).T), same)
    columns = [np.array([known[word] for word in words], dtype=int) for words in said]
    there = np.array([same[:, at].any(axis=1) for at in columns])
    rarity = np.log((len(passages) + 1) / (there.sum(axis=0) + 0.5))
    held = np.array([alike[:, at].max(axis=1, initial=0.0) for at in columns])
    total: np.ndarray = held @ rarity / rarity.sum()
    return total


def quote(
    store: Store, embedder: Embedder, vector: np.ndarray, near: Sequence[Near], question: str, *, most: int
) -> tuple[Citation, ...]:
    """The best quotes of the passages, the closest call's first, then one of each other call, then second ones.

    None twice, and each is checked against the stored transcript and dropped when it is not verbatim.
    """
    chosen = _spread([each.passage for each in near])[:most]
    calls = {passage.call: store.get_call(passage.call) for passage in chosen}
    turns = {call_id: () if call is None else call.turns for call_id, call in calls.items()}
    places = [(passage.call, turns[passage.call], passage.first_turn, passage.last_turn) for passage in chosen]
    unique: dict[str, Citation] = {}
    for one in pick(embedder, vector, places, prefer="agent" if speaks_of_agents(question) else "customer"):
        if one is not None and is_verbatim(one, turns[one.call]):
            unique.setdefault(one.quote.casefold(), one)
    return tuple(unique.values())


def _spread(passages: Sequence[StoredPassage]) -> list[StoredPassage]:
    """The best passage of each call first, then each call's second."""
    per_call: dict[str, int] = {}
    layers: list[list[StoredPassage]] = [[] for _ in range(MAX_PASSAGES_PER_CALL)]
    for passage in passages:
        layer = per_call.get(passage.call, 0)
        if layer < MAX_PASSAGES_PER_CALL:
            layers[layer].append(passage)
            per_call[passage.call] = layer + 1
    return [passage for layer in layers for passage in layer]
