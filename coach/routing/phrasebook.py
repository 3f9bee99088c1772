"""What people say when they ask for a measure: phrases.toml and the trackers, ready to be found in a question.

A phrase that is there decides; where none is, the question's meaning is compared with written questions.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from coach.retrieval.embeddings import Embedder
from coach.routing.lexicon import Lexicon
from coach.routing.words import plain_words, whole
from coach.trackers import Tracker, load_trackers

PHRASES_FILE = Path(__file__).with_name("phrases.toml")
SEARCH = ("search", None)
"""The measure of written questions that no measure answers."""
MIN_SIMILARITY = 0.62
"""A written question less close than this to the question asked tells nothing of it."""
MIN_MARGIN = 0.04
"""How much closer than any written question of another measure the nearest one must be."""
_FEW_WORDS = r" ((?:[^ ,?]+ ){0,4}?)"
"""What ".." stands for in a phrase. A group: what stands there is no part of the phrase."""

Subject = tuple[str, str | None]
"""A measure and what it is about."""


@dataclass(frozen=True, slots=True)
class Phrase:
    subject: Subject
    title: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Said:
    """A phrase found in a text."""

    start: int
    end: int
    subject: Subject
    between: str
    """The words that stand for the phrase's "..", in order."""


class PhraseBook:
    """The phrases and the written questions of every measure. Questions are embedded once, when first needed."""

    def __init__(self, trackers: Sequence[Tracker], lexicon: Lexicon, path: Path = PHRASES_FILE) -> None:
        self.lexicon = lexicon
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        self.titles: dict[Subject, str] = {("contacts", None): "contacts"}
        """What each measure with each subject counts, for people."""
        self._phrases: list[Phrase] = []
        self._asked: list[tuple[str, Subject]] = [(text, SEARCH) for text in data["search"]["ask"]]
        for row in data["phrase"]:
            self._add(row)
        for tracker in trackers:
            self._add_tracker(tracker)
        self._vectors: np.ndarray | None = None
        self.terms = frozenset(_terms(data))
        """The words that phrases consist of."""
        self.words = self.terms | frozenset(_words(data, trackers))
        """Every ordinary word that stands in the phrases, the questions and the trackers' sentences."""

    @classmethod
    def load(cls, trackers: Sequence[Tracker] | None = None) -> "PhraseBook":
        """The shipped phrases; without `trackers` the shipped ones."""
        return cls(load_trackers() if trackers is None else trackers, Lexicon.load())

    def title(self, subject: Subject) -> str:
        """What the measure counts, for people; its name where the book has none."""
        return self.titles.get(subject) or " ".join(part for part in subject if part)

    def find(self, text: str) -> list[Said]:
        """The phrases in a draft's text, in order, the longest where several overlap."""
        found = [
            Said(match.start(), match.end(), phrase.subject, " ".join("".join(match.groups("")).split()))
            for phrase in self._phrases
            for match in phrase.pattern.finditer(text)
            if match.end() > match.start()
        ]
        chosen: list[Said] = []
        for said in sorted(found, key=lambda said: (said.start - said.end, said.start)):
            if all(said.end <= other.start or said.start >= other.end for other in chosen):
                chosen.append(said)
        return sorted(chosen, key=lambda said: said.start)

    def nearest(self, text: str, embedder: Embedder) -> Subject | None:
        """The measure of the written question that means most nearly the same; None when none is near and alone."""
        if self._vectors is None:
            self._vectors = embedder.embed([text for text, _ in self._asked])
        similarities = self._vectors @ embedder.embed([text])[0]
        best = int(similarities.argmax())
        subject = self._asked[best][1]
        others = [similarity for similarity, (_, of) in zip(similarities, self._asked, strict=True) if of != subject]
        if similarities[best] < MIN_SIMILARITY or similarities[best] - max(others, default=0.0) < MIN_MARGIN:
            return None
        return subject

    def _add(self, row: dict[str, Any]) -> None:
        subject = (row["measure"], row.get("subject"))
        self.titles.setdefault(subject, row["title"])
        if row["measure"] == "asked":
            self.titles[("function", subject[1])] = f"{row['title']} of all questions"
        self._phrases += [Phrase(subject, row["title"], whole(said.replace(" .. ", _FEW_WORDS))) for said in row["say"]]
        self._asked += [(text, subject) for text in row["ask"]]

    def _add_tracker(self, tracker: Tracker) -> None:
        """A tracker by its name and title (of one word only where there are no phrases), and by its meaning."""
        subject = ("cue", tracker.name)
        own = subject not in self.titles
        self.titles.setdefault(subject, tracker.title)
        for words in {plain_words(tracker.name.replace("_", " ")), plain_words(tracker.title)}:
            if words and (own or " " in words):
                self._phrases.append(Phrase(subject, tracker.title, whole(re.escape(words).replace(r"\ ", " "))))
        self._asked += [(tracker.title, subject), (tracker.meaning.split(". ")[0], subject)]


def _terms(data: dict[str, Any]) -> Iterator[str]:
    """Whole words of the phrases only, not the stems of those with endings left open, and those of the questions."""
    for row in data["phrase"]:
        for text in (*row["ask"], row["title"]):
            yield from plain_words(text).split()
        for said in row["say"]:
            yield from re.findall(r"(?<![\\\w)\]])[a-z]{4,}(?![\\\w(\[])", said)


def _words(data: dict[str, Any], trackers: Sequence[Tracker]) -> Iterator[str]:
    for text in data["search"]["ask"]:
        yield from plain_words(text).split()
    for tracker in trackers:
        for text in (*tracker.positive, *tracker.negative, *tracker.phrases, tracker.title, tracker.meaning):
            yield from plain_words(text).split()
