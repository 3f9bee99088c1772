"""Ranking whole calls, with vectors made by hand."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from searching import WordVectors, call_of

from coach.config import StoreConfig
from coach.retrieval.calls import best_mean, rank_calls
from coach.retrieval.fusion import Fusion
from coach.retrieval.generations import build
from coach.retrieval.index import Index
from coach.retrieval.search import find
from coach.store import Store, open_store, parse_where
from coach.types import Metadata, Turn

EMBEDDER = WordVectors()
FILLER = "and then the weather was nice there for a while " * 12


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, StoreConfig()) as opened:
        opened.set_embedding_model(EMBEDDER.name)
        yield opened


def save(store: Store, call_id: str, *said: str, team: str | None = None) -> None:
    """A call with one passage for each thing said."""
    turns = [Turn("agent", f"{text} {FILLER}") for text in said]
    store.save_call(call_of(EMBEDDER, call_id, turns, Metadata(team=team)))


def test_a_call_is_judged_by_its_best_three_passages() -> None:
    owners = np.array([0, 1, 0, 2, 0, 0, 1])
    scores = np.array([0.1, 0.9, 0.4, 0.3, 0.2, 0.9, 0.5])
    assert best_mean(owners, scores, 3).tolist() == pytest.approx([(0.9 + 0.4 + 0.2) / 3, (0.9 + 0.5) / 2, 0.3])


def test_every_call_that_meets_the_filter_is_ranked_once(store: Store, tmp_path: Path) -> None:
    save(store, "all of it", "cough fever headache", "cough at night", "fever since", team="one")
    save(store, "once", "cough", "parcel", "bill", "meter", team="one")
    save(store, "never", "parcel", "bill", team="two")
    index = Index.open(tmp_path / "index")
    for _ in ("without an index", "with one"):
        ranked = rank_calls(store, index, EMBEDDER, "cough and fever")
        assert [call for call, _ in ranked] == ["all of it", "once", "never"]
        assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)
        some = rank_calls(store, index, EMBEDDER, "cough and fever", parse_where(["team=one"]))
        assert [call for call, _ in some] == ["all of it", "once"]
        build(store, tmp_path / "index")


def test_words_and_meaning_are_weighed(store: Store, tmp_path: Path) -> None:
    save(store, "words", "modem modem modem")
    save(store, "meaning", "parcel")
    index = Index.open(tmp_path / "index")

    class Contrary(WordVectors):
        """Takes a modem for a parcel."""

        def embed(self, texts):  # type: ignore[no-untyped-def]
            return super().embed([f"parcel {FILLER}" if text == "modem" else text for text in texts])

    for fusion, first in ((Fusion(dense=0), "words"), (Fusion(lexical=0), "meaning")):
        assert rank_calls(store, index, Contrary(), "modem", fusion=fusion)[0][0] == first


def test_a_new_call_does_not_inherit_what_a_forgotten_one_said(store: Store, tmp_path: Path) -> None:
    """SQLite gives the key of the newest call anew once that call is gone, while the index still knows its passages."""
    save(store, "old", "parcel cough")
    save(store, "gone", "cough fever")
    (key,) = store.call_keys(parse_where(["call=gone"])).tolist()
    build(store, tmp_path / "index")
    index = Index.open(tmp_path / "index")
    store.forget_call("gone")
    save(store, "new", "meter")
    assert store.calls_by_key([key, 10**6]) == {key: "new"}
    ranked = rank_calls(store, index, EMBEDDER, "cough fever")
    assert [call for call, _ in ranked] == ["old", "new"]
    (found,) = find(store, index, EMBEDDER, "cough fever", 9, parse_where(["call=new"]))
    assert found.passage.text.startswith("meter")


@pytest.mark.parametrize("query", ["", "  \n"])
def test_nothing_is_ranked_for_nothing(store: Store, tmp_path: Path, query: str) -> None:
    save(store, "a", "parcel")
    assert rank_calls(store, Index.open(tmp_path / "index"), EMBEDDER, query) == []


def test_an_empty_store_has_no_calls_to_rank(tmp_path: Path) -> None:
    with open_store(tmp_path, StoreConfig()) as empty:
        assert rank_calls(empty, Index.open(tmp_path / "index"), EMBEDDER, "parcel") == []
