"""Searching: order, bounds, filters, what is new and what is gone."""

import socket
from pathlib import Path

import numpy as np
import pytest
from searching import Shelf, WordVectors, add, call_of

from coach.config import StoreConfig
from coach.errors import StoreError
from coach.retrieval.embeddings import Embedder
from coach.retrieval.fusion import Fusion
from coach.retrieval.generations import build
from coach.retrieval.index import Index
from coach.retrieval.search import MAX_PER_CALL, find, search
from coach.store import open_store, parse_where
from coach.types import Cue, Turn


@pytest.mark.parametrize(
    ("query", "call"),
    [
        ("a customer cancels the contract", "leaving"),
        ("double charge", "invoice"),
        ("water damage at home", "kitchen"),
        ("somebody praises a nurse", "nurse"),
    ],
)
def test_the_nearest_passage_comes_first(query: str, call: str, built: Shelf, embedder: Embedder) -> None:
    hits = search(built.store, Index.open(built.index), embedder, query, 4)
    assert hits[0].call == call
    assert len(hits) == 4
    similarities = [hit.similarity for hit in hits]
    assert similarities == sorted(similarities, reverse=True)
    assert all(0 <= similarity <= 1 for similarity in similarities)


def test_a_hit_says_where(built: Shelf, embedder: Embedder) -> None:
    (hit,) = search(built.store, Index.open(built.index), embedder, "burst pipe", 1)
    json = hit.to_json()
    assert set(json) == {"call", "start", "end", "turns", "similarity", "text"}
    assert (json["call"], json["start"], json["end"], json["turns"]) == ("kitchen", 0.0, 8.0, [0, 1])
    assert json["text"] == "What happened?\nA pipe burst in our kitchen and the floor is under water."


def test_similarity_is_the_cosine(built: Shelf, embedder: Embedder) -> None:
    for where in ([], ["team=north,south"]):
        hits = search(built.store, Index.open(built.index), embedder, "burst pipe", 4, parse_where(where))
        cosines = embedder.embed([hit.text for hit in hits]) @ embedder.embed(["burst pipe"])[0]
        assert [hit.similarity for hit in hits] == pytest.approx(np.clip(cosines, 0, 1).tolist(), abs=1e-4)


def test_a_filter_gives_what_scoring_everything_gives(tmp_path: Path, embedder: Embedder) -> None:
    rng = np.random.default_rng(0)
    nouns = ["bill", "pipe", "nurse", "hotel", "card", "meter", "sofa", "signal", "password", "parcel"]
    texts = [" ".join(rng.choice(nouns, 4)) for _ in range(15)]
    query = "the meter and the bill"
    scores = np.clip(embedder.embed(texts) @ embedder.embed([query])[0], 0, 1)
    with open_store(tmp_path, StoreConfig()) as store:
        for number, text in enumerate(texts):
            add(store, embedder, f"call-{number}", [Turn("customer", text)], f"team{number % 3}")
            if number == 9:
                build(store, tmp_path / "index")
        index = Index.open(tmp_path / "index")
        for where, teams in (("team=team1", {1}), ("team!=team1", {0, 2}), ("team=none", set()), (None, {0, 1, 2})):
            expected = {f"call-{i}": pytest.approx(scores[i], abs=1e-4) for i in range(15) if i % 3 in teams}
            hits_where = parse_where([where] if where else [])
            hits = search(store, index, embedder, query, 50, hits_where)
            assert {hit.call: hit.similarity for hit in hits} == expected
            by_meaning = search(store, index, embedder, query, 50, hits_where, fusion=Fusion(lexical=0))
            assert [hit.call for hit in by_meaning] == sorted(expected, key=lambda call: -scores[int(call[5:])])
        assert not index.degraded


def test_a_name_is_found_that_the_encoder_has_never_seen(tmp_path: Path) -> None:
    embedder = WordVectors()
    with open_store(tmp_path, StoreConfig()) as store:
        for number in range(30):
            add(store, embedder, f"call-{number}", [Turn("customer", f"The invoice of month {number} is too high.")])
        add(store, embedder, "named", [Turn("customer", "And then my Zyxo-7 went dark " + "and I waited " * 20)])
        index = Index.open(tmp_path / "index")
        (found,) = (each for each in find(store, index, embedder, "bill of a Zyxo", 5) if each.passage.call == "named")
        assert found.lexical_rank == 1
        assert found.dense_rank is not None
        assert found.dense_rank > 5, "by meaning alone it would not be there"


def test_what_is_found_says_how(tmp_path: Path) -> None:
    embedder = WordVectors()
    with open_store(tmp_path, StoreConfig()) as store:
        for call_id, text in {"both": "dead modem", "words": "modem and a parcel", "neither": "late bill"}.items():
            add(store, embedder, call_id, [Turn("customer", text, 1.0, 2.0)])
        index, fusion = Index.open(tmp_path / "index"), Fusion(k=60, lexical=0.5)
        found = find(store, index, embedder, "dead modem", 5, fusion=fusion)
    assert [(each.passage.call, each.dense_rank, each.lexical_rank) for each in found] == [
        ("both", 1, 1), ("words", 2, 2), ("neither", 3, None),
    ]  # fmt: skip
    assert [each.score for each in found] == pytest.approx([1 / 61 + 0.5 / 61, 1 / 62 + 0.5 / 62, 1 / 63])
    assert found[0].similarity == pytest.approx(1)
    assert found[0].passage.roles == ("customer",)


def test_filters_on_what_was_said_hold_of_the_passages_found(tmp_path: Path) -> None:
    embedder = WordVectors()
    turns = [Turn(role, f"The modem is dead, number {i}. " * 12) for i in range(6) for role in ("agent", "customer")]
    with open_store(tmp_path, StoreConfig()) as store:
        store.set_embedding_model(embedder.name)
        call = call_of(embedder, "one", turns, cues=(Cue("leaving", 5, 0, 3, None, "The", 0.9),))
        store.save_call(call)
        build(store, tmp_path / "index")
        index = Index.open(tmp_path / "index")
        for where, n in (("cue=leaving", 1), ("cue!=leaving", len(call.passages) - 1), ("role=unknown", 0)):
            found = find(store, index, embedder, "dead modem", 100, parse_where([where]))
            assert len(found) == n, where
            holding = [each.passage.first_turn <= 5 <= each.passage.last_turn for each in found]
            assert all(holding) if where == "cue=leaving" else not any(holding)


def test_no_call_floods_a_result(shelf: Shelf, embedder: Embedder) -> None:
    turns = [
        Turn(r, f"The sofa was charged twice, number {i}. " * 15) for i in range(12) for r in ("agent", "customer")
    ]
    add(shelf.store, embedder, "long", turns)
    build(shelf.store, shelf.index)
    for where in ((), parse_where(["call=long,nurse,invoice,kitchen,leaving"])):
        hits = search(shelf.store, Index.open(shelf.index), embedder, "charged twice for the sofa", 7, where)
        assert [hit.call for hit in hits].count("long") == MAX_PER_CALL
        assert len(hits) == 7


def test_what_was_forgotten_or_replaced_since_the_build_is_not_found(shelf: Shelf, embedder: Embedder) -> None:
    index = Index.open(shelf.index)
    shelf.store.forget_call("invoice")
    add(shelf.store, embedder, "kitchen", [Turn("customer", "The washing machine was charged twice.")])
    hits = search(shelf.store, index, embedder, "charged twice", 4)
    assert hits[0].call == "kitchen"
    assert {hit.call for hit in hits} == {"kitchen", "leaving", "nurse"}
    assert not index.degraded


def test_new_calls_are_found_before_the_next_build(shelf: Shelf, embedder: Embedder) -> None:
    index = Index.open(shelf.index)
    search(shelf.store, index, embedder, "anything", 1)
    add(shelf.store, embedder, "late", [Turn("customer", "The elephant escaped from the zoo.")], "north")
    for where in ((), parse_where(["team=north"])):
        assert search(shelf.store, index, embedder, "zoo animals", 1, where)[0].call == "late"


def test_a_reader_takes_up_a_new_generation(shelf: Shelf, embedder: Embedder) -> None:
    index = Index.open(shelf.index)
    first = index.generation()
    assert index.generation() is first
    add(shelf.store, embedder, "late", [Turn("customer", "The elephant escaped from the zoo.")])
    name = build(shelf.store, shelf.index)
    second = index.generation()
    assert second is not None
    assert second.name == name
    assert index.view(shelf.store).n_newer == 0
    assert search(shelf.store, index, embedder, "zoo animals", 1)[0].call == "late"


@pytest.mark.parametrize("query", ["", "   \n\t"])
def test_an_empty_query_finds_nothing(query: str, built: Shelf, embedder: Embedder) -> None:
    assert search(built.store, Index.open(built.index), embedder, query, 5) == []


@pytest.mark.parametrize(
    "query",
    ["sofa " * 2000, "x" * 10_000, "{question} $5 {{x}} ${y} %s", "\ud800", "'; DROP TABLE passages; --", "\x00"],
)
def test_hostile_queries_are_only_words(query: str, built: Shelf, embedder: Embedder) -> None:
    hits = search(built.store, Index.open(built.index), embedder, query, 2)
    assert len(hits) == 2
    assert all(0 <= hit.similarity <= 1 for hit in hits)


def test_another_model_s_vectors_are_not_compared(built: Shelf, embedder: Embedder) -> None:
    class Other:
        name = "other"
        dimension = embedder.dimension
        embed = staticmethod(embedder.embed)

    with pytest.raises(StoreError, match="embedded with all-MiniLM-L6-v2"):
        search(built.store, Index.open(built.index), Other(), "bill", 1)


def test_no_search_opens_a_connection(built: Shelf, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("LANGCHAIN_TRACING_V2", "true")
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    assert search(built.store, Index.open(built.index), embedder, "bill", 1)
