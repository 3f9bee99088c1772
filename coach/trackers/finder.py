"""Finds the cues of many calls at once: every sentence embedded once, judged by every tracker of its speaker."""

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coach.errors import ModelError
from coach.plain import plain
from coach.questions.find import time_at
from coach.retrieval.embeddings import Embedder
from coach.trackers.head import BASE, RECIPE, Head, Rows, fit_head, likeness, sigmoid
from coach.trackers.stretches import stretch_spans
from coach.trackers.tracker import SPEAKERS, Speaker, Tracker
from coach.trackers.vectors import Background, Vectors, key_of, load_vectors
from coach.trackers.wording import load_wording
from coach.types import Cue, Turn

PHRASE_SCORE = 0.99
"""Of a sentence with one of the tracker's phrases: there is nothing to calibrate it by, it is taken at its word."""
_BLOCK = 4096  # sentences scored at once: bounds the likeness matrix to some 30 MB


@dataclass(frozen=True, slots=True)
class _Panel:
    """All trackers of one speaker as one matrix product."""

    trackers: tuple[Tracker, ...]
    heads: tuple[Head, ...]
    support: np.ndarray
    """(S, D) float32: everything that a head compares with."""
    weights: np.ndarray
    """(S, trackers) float32."""
    phrases: tuple[tuple[str, ...], ...]
    """Plain, with a blank at either end."""

    def probabilities(self, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """(n, trackers) of plain texts and their vectors (n, D)."""
        blocks = [vectors[first : first + _BLOCK] for first in range(0, len(vectors), _BLOCK)]
        scores = np.concatenate([likeness(block, self.support) @ self.weights for block in blocks])
        slope, offset = (np.array([getattr(head, name) for head in self.heads]) for name in ("slope", "offset"))
        result = sigmoid(slope * (scores + BASE) + offset)
        for column, phrases in enumerate(self.phrases):
            for row, text in enumerate(texts) if phrases else ():
                if any(phrase in f" {text} " for phrase in phrases):
                    result[row, column] = max(result[row, column], PHRASE_SCORE)
        return result


class CueFinder:
    """Trackers, ready to be used. Fitting them takes a fraction of a second; their examples come embedded."""

    def __init__(self, embedder: Embedder, trackers: Sequence[Tracker], vectors: Vectors | None = None) -> None:
        """`embedder` is that of `load_wording`; None takes the vectors that come with callcoach. Raises ModelError."""
        vectors = vectors or load_vectors()
        if embedder.name != vectors.encoder:
            raise ModelError(
                f"Cues are found with the encoder {vectors.encoder}, not with {embedder.name}; use load_wording()."
            )
        self.trackers = tuple(trackers)
        self._embedder = embedder
        self._vectors = vectors
        ordinary = [vectors.background[speaker].ordinary for speaker in SPEAKERS]
        self._centre = _unit(np.concatenate(ordinary)).mean(axis=0)
        self._panels = {speaker: self._panel(speaker) for speaker in SPEAKERS}
        self.fingerprint = self._take_fingerprint()
        """Of the trackers, the encoder and the background: with another, other cues may be found."""

    def find(self, turns_of_calls: Sequence[Sequence[Turn]]) -> list[tuple[Cue, ...]]:
        """The cues of each call, in order of turn and character: one a sentence and tracker at most.

        Of a long sentence, cut into overlapping stretches, the likeliest stretches that do not overlap are taken.
        Turns of unknown role have no cues.
        """
        spans = [
            [(index, *span) for index, turn in enumerate(turns) for span in stretch_spans(turn.text)]
            for turns in turns_of_calls
        ]
        found: list[list[Cue]] = [[] for _ in turns_of_calls]
        for speaker, panel in self._panels.items():
            places = [
                (call, turn, start, end)
                for call, turns in enumerate(turns_of_calls)
                for turn, start, end in spans[call]
                if turns[turn].role == speaker
            ]
            texts = [turns_of_calls[call][turn].text[start:end] for call, turn, start, end in places]
            probability = self.probabilities(texts, speaker)
            for column, (tracker, head) in enumerate(zip(panel.trackers, panel.heads, strict=True)):
                likely = probability[:, column]
                for row in _apart(places, likely, np.flatnonzero(likely >= head.threshold)):
                    call, turn, start, end = places[row]
                    whole = turns_of_calls[call][turn]
                    score = round(float(likely[row]), 4)
                    time_s = time_at(whole, start)
                    found[call].append(Cue(tracker.name, turn, start, end, time_s, texts[row], score))
        return [tuple(sorted(cues, key=lambda c: (c.turn, c.start_char, c.tracker))) for cues in found]

    def probabilities(self, texts: Sequence[str], speaker: Speaker) -> np.ndarray:
        """(n, trackers of the speaker): calibrated probability of each cue in each text, columns as in `of`."""
        panel = self._panels[speaker]
        if not texts or not panel.trackers:
            return np.zeros((len(texts), len(panel.trackers)))
        said = [plain(text) for text in texts]
        unique = list(dict.fromkeys(said))
        place = {text: row for row, text in enumerate(unique)}
        judged = panel.probabilities(unique, self._centred(self._embedder.embed(unique)))
        return np.asarray(judged[[place[text] for text in said]])

    def of(self, speaker: Speaker) -> tuple[Tracker, ...]:
        """The speaker's trackers, in the order of the columns of `probabilities`."""
        return self._panels[speaker].trackers

    def thresholds(self, speaker: Speaker) -> np.ndarray:
        """(trackers of the speaker,): the probability from which on each cue is found."""
        return np.array([head.threshold for head in self._panels[speaker].heads])

    def rows(self, tracker: Tracker) -> Rows:
        """What the tracker's head is fitted to: its examples (positive, then negative), then the background."""
        return self._rows(tracker, self._examples([tracker])[tracker.name])

    def _panel(self, speaker: Speaker) -> _Panel:
        trackers = tuple(tracker for tracker in self.trackers if tracker.speaker == speaker)
        examples = self._examples(trackers)
        heads = tuple(fit_head(self._rows(tracker, examples[tracker.name])) for tracker in trackers)
        background = self._vectors.background[speaker]
        shared = self._centred(np.concatenate([background.ordinary, background.others]))
        support = np.concatenate([shared, *(examples[tracker.name] for tracker in trackers)])
        weights = np.zeros((len(support), len(trackers)), dtype=np.float32)
        first = len(shared)
        for column, (tracker, head) in enumerate(zip(trackers, heads, strict=True)):
            n = len(examples[tracker.name])
            kept = np.concatenate([np.full(len(background.ordinary), True), _foreign(tracker, background)])
            weights[first : first + n, column] = head.weights[:n]
            weights[: len(shared), column][kept] = head.weights[n:]
            first += n
        phrases = tuple(tuple(f" {plain(phrase)} " for phrase in tracker.phrases) for tracker in trackers)
        return _Panel(trackers, heads, support, weights, phrases)

    def _rows(self, tracker: Tracker, examples: np.ndarray) -> Rows:
        background = self._vectors.background[tracker.speaker]
        others = background.others[_foreign(tracker, background)]
        vectors = np.concatenate([examples, self._centred(background.ordinary), self._centred(others)])
        truth = np.arange(len(examples)) < len(tracker.positive)
        return Rows(likeness(vectors, vectors), truth, len(background.ordinary))

    def _examples(self, trackers: Sequence[Tracker]) -> dict[str, np.ndarray]:
        """Centred vectors (n, D) of each tracker's examples, by its name; those not shipped are embedded together."""
        said = {tracker.name: [plain(text) for text in (*tracker.positive, *tracker.negative)] for tracker in trackers}
        known = dict(self._vectors.known)
        new = list(dict.fromkeys(text for texts in said.values() for text in texts if key_of(text) not in known))
        known.update(zip(map(key_of, new), self._embedder.embed(new), strict=True))
        return {name: self._centred(np.stack([known[key_of(text)] for text in texts])) for name, texts in said.items()}

    def _centred(self, vectors: np.ndarray) -> np.ndarray:
        """Unit vectors around what is usually said: middle layers put all sentences close together."""
        return _unit(_unit(vectors) - self._centre)

    def _take_fingerprint(self) -> str:
        digest = hashlib.sha256(f"{self._vectors.encoder} {RECIPE}".encode())
        for tracker in self.trackers:
            digest.update(tracker.fingerprint.encode())
        for speaker in SPEAKERS:
            background = self._vectors.background[speaker]
            digest.update(background.ordinary.tobytes() + background.others.tobytes())
        return digest.hexdigest()


def load_finder(trackers: Sequence[Tracker], device: str = "cpu") -> CueFinder:
    """A finder with the packaged encoder on `device` (as `load_embedder` takes it). Raises ModelError."""
    return CueFinder(load_wording(device), trackers)


def _foreign(tracker: Tracker, background: Background) -> np.ndarray:
    """(others,) bool: which background rows are none of the tracker's own examples."""
    own = {key_of(text) for text in (*tracker.positive, *tracker.negative)}
    return np.array([key not in own for key in background.others_keys], dtype=bool)


def _apart(places: Sequence[tuple[int, int, int, int]], likely: np.ndarray, rows: np.ndarray) -> list[int]:
    """The rows without those that overlap a likelier one; places are (call, turn, start, end)."""
    kept: list[int] = []
    taken: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row in sorted(rows.tolist(), key=lambda row: (-likely[row], row)):
        call, turn, start, end = places[row]
        spans = taken.setdefault((call, turn), [])  # in order, so that only its neighbours can overlap a new one
        at = bisect_left(spans, (start, end))
        if (at == 0 or spans[at - 1][1] <= start) and (at == len(spans) or end <= spans[at][0]):
            spans.insert(at, (start, end))
            kept.append(row)
    return kept


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1.0, lengths), dtype=np.float32)
