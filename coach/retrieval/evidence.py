"""Which calls hold evidence for a question: how close each passage comes to it, and what to quote from the closest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coach.retrieval.embeddings import Embedder
from coach.retrieval.index import Index, similarity
from coach.retrieval.quotes import Quote, pick, sentences
from coach.retrieval.search import MAX_QUERY_CHARS, embed_query
from coach.retrieval.subject import subject
from coach.store import Filters, Store, StoredPassage

LOOK_CLOSER = 96  # passages whose sentences are read: about a second on a CPU
MIN_SENTENCE_WORDS = 3  # "Goodbye." comes near to any question about leaving
SENTENCE_LEAD = 0.15  # how much nearer to a question a sentence is, at most, than the passage around it
MAX_PASSAGES_PER_CALL = 2  # quoted
LOOK_UP_BATCH = 500


@dataclass(frozen=True, slots=True)
class Evidence:
    calls: frozenset[str]
    """Calls with a passage close enough."""
    quotes: tuple[Quote, ...]
    """The closest call's first, then one of each other call, then second ones."""


NO_EVIDENCE = Evidence(frozenset(), ())


def find_evidence(
    store: Store,
    index: Index,
    embedder: Embedder,
    question: str,
    where: Filters,
    *,
    min_closeness: float,
    max_quotes: int,
) -> Evidence:
    """The calls meeting `where` that have a passage at least `min_closeness` to the question, and their quotes.

    Closeness is the mean of two similarities in [0, 1], of the passage and of its nearest sentence; each is taken to
    the question and to its subject, and averaged. All passages are scored, exactly; the sentences of the LOOK_CLOSER
    best are read, and beyond those a passage counts only if it is close enough as a whole. So the number of calls is,
    where there are very many, rather too low than too high. Raises StoreError as `embed_query` does.
    """
    vector = embed_query(store, embedder, question)
    if vector is None:
        return NO_EVIDENCE
    vector = (vector + embedder.embed([subject(question[:MAX_QUERY_CHARS])])[0]) / 2
    ids, similarities = index.view(store).rank(vector, store.passage_ids(where) if where else None)
    worth_a_look = similarities >= min_closeness - SENTENCE_LEAD
    scores = dict(zip(ids[worth_a_look].tolist(), similarities[worth_a_look].tolist(), strict=True))
    passages = _look_up(store, list(scores))
    near, rest = passages[:LOOK_CLOSER], passages[LOOK_CLOSER:]
    closeness = [
        (scores[passage.id] + nearest) / 2
        for passage, nearest in zip(near, _nearest_sentences(embedder, vector, near), strict=True)
    ]
    found = [(close, passage) for close, passage in zip(closeness, near, strict=True) if close >= min_closeness]
    found.sort(key=lambda each: (-each[0], each[1].id))
    calls = {passage.call for _, passage in found}
    calls |= {passage.call for passage in rest if scores[passage.id] >= min_closeness}
    chosen = _spread([passage for _, passage in found])[:max_quotes]
    return Evidence(frozenset(calls), _quotes(store, embedder, vector, chosen))


def _nearest_sentences(embedder: Embedder, vector: np.ndarray, passages: Sequence[StoredPassage]) -> list[float]:
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
    return [float(each) for each in nearest]


def _look_up(store: Store, ids: Sequence[int]) -> list[StoredPassage]:
    """The passages of those ids that still exist, in that order."""
    found: dict[int, StoredPassage] = {}
    for first in range(0, len(ids), LOOK_UP_BATCH):
        found.update(store.get_passages(ids[first : first + LOOK_UP_BATCH]))
    return [found[each] for each in ids if each in found]


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


def _quotes(
    store: Store, embedder: Embedder, vector: np.ndarray, passages: Sequence[StoredPassage]
) -> tuple[Quote, ...]:
    """The best quote of each passage, none twice, each checked against the stored transcript and dropped otherwise."""
    calls = {passage.call: store.get_call(passage.call) for passage in passages}
    turns = {call_id: () if call is None else call.turns for call_id, call in calls.items()}
    places = [(passage.call, turns[passage.call], passage.first_turn, passage.last_turn) for passage in passages]
    unique: dict[str, Quote] = {}
    for quote in pick(embedder, vector, places):
        if quote is not None and quote.is_verbatim(turns[quote.call]):
            unique.setdefault(quote.text.casefold(), quote)
    return tuple(unique.values())
