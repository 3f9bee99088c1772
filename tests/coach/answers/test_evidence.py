"""Which passages hold evidence: whether there is any, what is counted, what may be quoted."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from searching import add

from coach.answers.evidence import Evidence, gather
from coach.config import StoreConfig
from coach.retrieval.index import Index
from coach.store import open_store
from coach.types import Turn

QUESTION = "What do customers say about invoices by post?"
EXACT = "I want invoices by post again."
WEAKER = "It no longer comes through our door."
OTHER = "The kitchen is under water."
LEAST = 0.46


class Told:
    """An embedder that is told how near a text comes to the question's subject, whose own nearness is 1."""

    name = "told"
    dimension = 2

    def __init__(self, nearness: Mapping[str, float]) -> None:
        self._nearness = {"invoices by post": 1.0, **nearness}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        cosines = np.array([self._nearness.get(text, 0.0) for text in texts], dtype=np.float32)
        return np.stack([cosines, np.sqrt(1 - cosines**2)], axis=1)


def gathered(folder: Path, said: Mapping[str, str], nearness: Mapping[str, float]) -> Evidence:
    """Evidence in calls of one sentence each, beside thirty in which OTHER is said."""
    embedder = Told(nearness)
    with open_store(folder, StoreConfig()) as store:
        for call, text in {**said, **{f"other{n}": OTHER for n in range(30)}}.items():
            add(store, embedder, call, [Turn("customer", text)])
        return gather(store, Index.open(folder / "index"), embedder, QUESTION, (), min_closeness=LEAST)


def test_what_stands_out_is_counted_and_only_what_is_close_is_quoted(tmp_path: Path) -> None:
    found = gathered(tmp_path, {"exact": EXACT, "weaker": WEAKER}, {EXACT: 0.9, WEAKER: 0.45})
    assert found.calls == ("exact", "weaker")
    assert [each.passage.call for each in found.quotable] == ["exact"]
    assert found.complete


def test_what_is_no_nearer_than_everything_else_is_not_counted(tmp_path: Path) -> None:
    found = gathered(tmp_path, {"exact": EXACT, "weaker": WEAKER}, {EXACT: 0.9, WEAKER: 0.45, OTHER: 0.45})
    assert found.calls == ("exact",)


def test_what_stands_out_alone_is_no_evidence(tmp_path: Path) -> None:
    said = {"words": "Posters, invoices and post.", "weaker": WEAKER}
    found = gathered(tmp_path, said, {said["words"]: 0.3, WEAKER: 0.45})
    assert (found.calls, found.quotable, found.complete) == ((), (), True)


@pytest.mark.parametrize(("nearness", "answered"), [(0.62, True), (0.5, False)])
def test_a_word_that_nobody_says_asks_for_more_closeness(tmp_path: Path, nearness: float, answered: bool) -> None:
    said = "We get the post on Mondays only."  # holds one of two words, and nobody says the other
    found = gathered(tmp_path, {"post": said}, {said: nearness})
    assert bool(found.calls) is answered


def test_a_matter_that_everybody_speaks_of_is_counted_everywhere(tmp_path: Path) -> None:
    found = gathered(tmp_path, {"exact": EXACT}, {EXACT: 0.9, OTHER: 0.8})
    assert len(found.calls) == 31
