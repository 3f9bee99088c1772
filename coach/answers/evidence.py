"""Which passages hold evidence for a question, and what to quote from them.

How close a passage comes is the weighted mean of three numbers in [0, 1]: how near its nearest sentence is to the
subject of the question, how near the passage is as a whole, and how much of the subject's words it holds, rare words
counting more. Meaning alone takes for evidence whatever is alike: the words keep it to the matter.

Is there evidence at all? That the closest passage tells, by how close it comes. Where nobody says some word of the
subject anywhere, what is merely near is doubtful, and it has to come closer. Which passages hold it, then? Those that
stand out: to some subjects everything in a store comes rather near, to others nothing does, so a passage's closeness is
set against how near the store's passages come to this subject. Quoted is
only what comes as close as the closest has to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coach.answers.answer import Citation
from coach.answers.quotes import is_verbatim, pick, sentences
from coach.answers.subject import speaks_of_agents, stem, subject, telling_words
from coach.retrieval.embeddings import Embedder
from coach.retrieval.index import Index, similarity
from coach.retrieval.search import MAX_QUERY_CHARS, Found, find
from coach.retrieval.words import content_words
from coach.store import Filters, Store, StoredPassage
from coach.types import Role

SENTENCE_WEIGHT, PASSAGE_WEIGHT, WORDS_WEIGHT = 0.6, 0.25, 0.15
UNSAID_COST = 0.12
"""So much more closeness is asked of the closest passage where nobody says some word of the subject. These four, and
the least closeness of `RetrievalConfig`, were chosen on the development questions of `python -m evals answers` and 120
more: of the searches among them, 96 % that the calls cannot answer are refused, 76 % that they can are answered."""
BACKGROUND_PERCENT = 95  # so many of the store's passages come less near to the subject than the background
STANDS_OUT, BACKGROUND_WEIGHT = 0.22, 0.6
"""A passage holds evidence when its closeness reaches STANDS_OUT + BACKGROUND_WEIGHT * background, or what is asked of
the closest. Chosen on the matters of `python -m evals matters`: of the contacts counted 73 % are right instead of 82 %,
of the right ones 61 % are counted instead of 40 %."""
SENTENCE_LEAD = 0.3  # how much nearer a sentence is than its passage; 5 % of those with evidence lead by more
MAX_FOUND = 480  # passages looked at by their vectors and words
READ_TOGETHER = 48  # of which the sentences are compared, in one go: some tenths of a second on a CPU
MAX_READ = 4 * READ_TOGETHER
MIN_SENTENCE_WORDS = 3  # "Goodbye." comes near to any question about leaving
MAX_PASSAGES_PER_CALL = 2  # quoted
QUOTED_WITHIN = 0.1  # of the closest passage's closeness: of what is farther off, less is to the point


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
    least: float
    """The closeness asked of the closest passage, and of what is quoted."""
    near: tuple[Near, ...]
    """The passages that hold evidence, closest first; none where even the closest is not close enough."""
    complete: bool
    """False when passages that were not read may hold evidence too."""

    @property
    def calls(self) -> tuple[str, ...]:
        """Ids of the calls with such a passage, the closest first."""
        return tuple(dict.fromkeys(each.passage.call for each in self.near))

    @property
    def quotable(self) -> tuple[Near, ...]:
        """The passages so close that one alone would be evidence, closest first."""
        return tuple(each for each in self.near if each.closeness >= self.least)


def gather(
    store: Store, index: Index, embedder: Embedder, text: str, where: Filters, *, min_closeness: float
) -> Evidence:
    """The passages of the calls meeting `where` that hold evidence for `text`; none when the closest of them comes less
    than `min_closeness` close.

    The sentences of all passages that could come close enough are compared, those with the best prospects first, at
    most MAX_READ passages. Raises StoreError when the store was embedded with another model.
    """
    about = subject(text[:MAX_QUERY_CHARS])
    found = find(store, index, embedder, about, MAX_FOUND, where) if about.strip() else []
    view = index.view(store)
    if not found or not len(view.ids):
        return Evidence(about, None, min_closeness, (), True)
    weights = _weights(store, telling_words(about) or content_words(about), len(view.ids))
    vector: np.ndarray = embedder.embed([about])[0]
    least = min_closeness + (0.0 if all(said for _, said in weights.values()) else UNSAID_COST)
    background = float(np.percentile(view.similarities(vector), BACKGROUND_PERCENT))
    enough = min(least, STANDS_OUT + BACKGROUND_WEIGHT * background)
    known = _known_closeness(found, {word: weight for word, (weight, _) in weights.items()})
    near, complete = _read(embedder, vector, found, known, least, enough)
    return Evidence(about, vector, least, near, complete)


def _read(
    embedder: Embedder, vector: np.ndarray, found: Sequence[Found], known: np.ndarray, least: float, enough: float
) -> tuple[tuple[Near, ...], bool]:
    """The passages that come `enough` close, closest first, none where the closest is not `least` close; and whether
    all that may were read."""
    whole = np.array([one.similarity for one in found])
    hope = known + SENTENCE_WEIGHT * np.minimum(1.0, whole + SENTENCE_LEAD)
    order = [row for row in np.argsort(-hope, kind="stable").tolist() if hope[row] >= enough]
    near: list[Near] = []
    closest = 0.0
    for first in range(0, min(len(order), MAX_READ), READ_TOGETHER):
        rows = order[first : min(first + READ_TOGETHER, MAX_READ)]
        if max(closest, hope[rows[0]]) < least:
            break  # nothing came close enough, and nothing will
        passages = [found[row].passage for row in rows]
        closeness = known[rows] + SENTENCE_WEIGHT * _nearest_sentences(embedder, vector, passages)
        near += [Near(passage, float(c)) for passage, c in zip(passages, closeness, strict=True) if c >= enough]
        closest = max(closest, float(closeness.max()))
    if closest < least:
        return (), True
    near.sort(key=lambda each: (-each.closeness, each.passage.id))
    return tuple(near), len(order) <= MAX_READ


def _weights(store: Store, words: Sequence[str], n_passages: int) -> dict[str, tuple[float, bool]]:
    """Of each word its weight, all together 1, by rarity, ln((n + 1) / (those that hold it + 1/2)); and whether it is
    said at all."""
    counts = store.word_frequencies(words)
    rarity = {word: float(np.log((max(n_passages, n) + 1) / (n + 0.5))) for word, n in counts.items()}
    total = sum(rarity.values())
    return {word: (each / total, counts[word] > 0) for word, each in rarity.items()}


def _known_closeness(found: Sequence[Found], weights: dict[str, float]) -> np.ndarray:
    """Of each passage, the part of its closeness that its vector and its words tell."""
    held = []
    for one in found:
        stems = {stem(word) for word in content_words(one.passage.text)}
        held.append(sum(weight for word, weight in weights.items() if stem(word) in stems))
    whole = np.array([one.similarity for one in found])
    closeness: np.ndarray = PASSAGE_WEIGHT * whole + WORDS_WEIGHT * np.array(held)
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


def quote(
    store: Store, embedder: Embedder, vector: np.ndarray, near: Sequence[Near], question: str, *, most: int
) -> tuple[Citation, ...]:
    """The best quotes of the passages, the closest call's first, then one of each other call, then second ones.

    None twice, and each is checked against the stored transcript and dropped when it is not verbatim. Words of the side
    that is not asked about are quoted only where nothing else is: among the judged quotes of the development questions
    an agent's supported an answer about customers in 4 of 25 cases, a customer's in 42 of 77.
    """
    enough = max((each.closeness for each in near), default=0.0) - QUOTED_WITHIN
    chosen = _spread([each.passage for each in near if each.closeness >= enough])[:most]
    calls = {passage.call: store.get_call(passage.call) for passage in chosen}
    turns = {call_id: () if call is None else call.turns for call_id, call in calls.items()}
    places = [(passage.call, turns[passage.call], passage.first_turn, passage.last_turn) for passage in chosen]
    prefer: Role = "agent" if speaks_of_agents(question) else "customer"
    unique: dict[str, Citation] = {}
    for one in pick(embedder, vector, places, prefer=prefer):
        if one is not None and is_verbatim(one, turns[one.call]):
            unique.setdefault(one.quote.casefold(), one)
    meant = tuple(one for one in unique.values() if one.role in (prefer, "unknown"))
    return meant or tuple(unique.values())


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
