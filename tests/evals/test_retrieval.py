import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from colleagues import SharedWords

from coach.config import StoreConfig
from coach.errors import ConfigError
from coach.retrieval.passages import cut
from coach.store import open_store
from evals import retrieval, retrieval_data
from evals.retrieval_complaints import Complaint, left_out, ranks
from evals.retrieval_data import (
    CORPORA,
    Place,
    fill,
    halves,
    read_corpus,
    read_judgements,
    read_queries,
    write_judgements,
)
from evals.retrieval_mixture import PASSAGES_A_CALL, mixed_calls
from evals.retrieval_pool import KEY, pool, take
from evals.retrieval_rankers import Bm25
from evals.retrieval_scores import each, mean, ndcg, reciprocal_rank
from evals.retrieval_vectors import KeptEmbedder, TurnwiseEmbedder

A, B, C, D = (Place(name, 0, 1) for name in "abcd")


def test_gain_is_discounted_by_rank_and_measured_by_the_best_order() -> None:
    grades = {A: 3, B: 1, C: 0}
    best = 7 + 1 / math.log2(3)
    assert ndcg([A, B, C], grades) == 1
    assert ndcg([B, A], grades) == pytest.approx((1 + 7 / math.log2(3)) / best)
    assert ndcg([D, C, A], grades) == pytest.approx((7 / 2) / best)  # nobody judged D: it is worth nothing
    assert ndcg([], grades) == 0
    assert ndcg([A], {A: 0}) is None


def test_only_the_first_ten_count() -> None:
    others = [Place("x", n, n) for n in range(10)]
    assert ndcg([*others, A], {A: 3}) == 0
    assert reciprocal_rank([*others, A], {A: 3}) == 0
    twenty = {Place("y", n, n): 3 for n in range(20)}
    assert ndcg(list(twenty)[:10], twenty) == 1


def test_related_is_not_found() -> None:
    assert reciprocal_rank([A, B], {A: 1, B: 2}) == 1 / 2
    assert reciprocal_rank([A], {A: 1}) is None


def test_queries_without_a_relevant_passage_are_left_out() -> None:
    scores = each(ndcg, {"q1": [A], "q2": [A]}, {"q1": {A: 2}})
    assert scores == {"q1": 1}
    assert mean([]).n == 0


def test_interval_of_paired_differences_holds_their_mean() -> None:
    found = mean([0.1, 0.2, 0.3, 0.2, 0.1])
    assert found.value == pytest.approx(0.18)
    assert 0.1 <= found.low < found.value < found.high <= 0.3
    alike = mean([0.1, 0.1, 0.3, 0.3], ["a", "a", "b", "b"])
    assert (alike.low, alike.high) == (pytest.approx(0.1), pytest.approx(0.3))


def test_halves_are_those_of_the_hashes() -> None:
    queries = read_queries()
    for corpus in CORPORA:
        parts = {query.id: query.part for query in queries if query.corpus == corpus}
        assert parts == halves(parts)
        assert abs(2 * sum(part == "tuning" for part in parts.values()) - len(parts)) <= 1
    assert len({query.id for query in queries}) == len(queries) >= 80


def test_judgements_name_passages_and_hold_no_words() -> None:
    judged = read_judgements()
    queries = {query.id for query in read_queries()}
    assert set(judged) <= queries
    lines = retrieval_data.JUDGEMENTS.read_text(encoding="utf-8").splitlines() if judged else []
    for line in lines:
        row = json.loads(line)
        assert set(row) == {"query", "call", "first_turn", "last_turn", "grade"}
        assert " " not in row["call"]


def test_judgements_survive_being_written(tmp_path: Path) -> None:
    judged = {"q2": {B: 3, A: 0}, "q1": {A: 1}}
    write_judgements(judged, tmp_path / "judgements.jsonl")
    assert read_judgements(tmp_path / "judgements.jsonl") == judged
    (tmp_path / "bad.jsonl").write_text('{"query":"q","call":"a","first_turn":0,"last_turn":1,"grade":4}\n')
    with pytest.raises(ConfigError, match=r"bad\.jsonl:1: grade"):
        read_judgements(tmp_path / "bad.jsonl")


def test_pool_does_not_depend_on_who_found_what_nor_how_high() -> None:
    found = {"q": [[A, B, C], [C, D]]}
    assert pool(found, {}) == pool({"q": [[D, C], [C, B, A]]}, {})
    assert sorted(pool(found, {})["q"]) == [A, B, C, D]
    assert sorted(pool(found, {"q": {A: 0, B: 3}})["q"]) == [C, D]
    assert pool(found, {"q": dict.fromkeys((A, B, C, D), 1)}) == {}


def test_demo_calls_are_pooled_judged_and_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(retrieval, "load_embedder", SharedWords)
    monkeypatch.setattr(retrieval, "bring_up_to_date", lambda *_: None)  # searches are exact without an index
    mine = tmp_path / "judgements.jsonl"
    monkeypatch.setattr(retrieval, "read_judgements", lambda: read_judgements(mine))
    monkeypatch.setattr(retrieval, "write_judgements", lambda judged: write_judgements(judged, mine))

    assert retrieval.main(["--pool", str(tmp_path)]) == 0
    shown = (tmp_path / "judge01.txt").read_text(encoding="utf-8")
    calls = [call.id for call in read_corpus("demo", None)]
    assert not any(word in shown for word in (*retrieval.RANKERS, *calls, "rank", "score"))
    key = [json.loads(line) for line in (tmp_path / KEY).read_text(encoding="utf-8").splitlines()]
    assert {row["call"] for row in key} <= set(calls)
    assert not any(ranker in row for row in key for ranker in retrieval.RANKERS)

    with pytest.raises(ConfigError, match=r"judge01\.tsv: cannot be read"):
        take(tmp_path, {})
    for name in {row["file"] for row in key}:
        answers = "".join(f"{row['number']}\t{row['number'] % 4}\n" for row in key if row["file"] == name)
        (tmp_path / f"{name}.tsv").write_text(answers, encoding="utf-8")
    assert retrieval.main(["--take", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert f"{len(key)} passages taken" in printed
    assert "hybrid           0 of" in printed
    assert "nan" not in printed.split("\ntest, all")[1].split("\n\n")[0]


def test_answer_that_is_missing_or_no_grade_is_told(tmp_path: Path) -> None:
    row = {"file": "judge01", "number": 1, "query": "q", "call": "a", "first_turn": 0, "last_turn": 1}
    (tmp_path / KEY).write_text(json.dumps(row) + "\n")
    (tmp_path / "judge01.tsv").write_text("2\t3\n")
    with pytest.raises(ConfigError, match="passage 1 has no grade"):
        take(tmp_path, {})
    (tmp_path / "judge01.tsv").write_text("1\t5\n")
    with pytest.raises(ConfigError, match=r"judge01\.tsv:1: expected"):
        take(tmp_path, {})


def test_demo_calls_are_stored_as_an_import_would(tmp_path: Path) -> None:
    with open_store(tmp_path, StoreConfig()) as store:
        n_passages = fill(store, read_corpus("demo", None), SharedWords())
        assert len(store.passage_ids()) == n_passages > 0
        for call in read_corpus("demo", None):
            stored = store.get_call(call.id)
            assert stored is not None
            assert [turn.role for turn in stored.turns] == [turn.role for turn in call.turns]


def test_other_corpora_are_asked_for() -> None:
    with pytest.raises(ConfigError, match="--shared"):
        list(read_corpus("oasis", None))


def test_mixed_calls_are_the_same_every_time_and_as_long_as_promised() -> None:
    calls = list(mixed_calls(5, None))
    assert calls == list(mixed_calls(5, None))
    assert [len(cut(call.turns)) for call in calls] == [PASSAGES_A_CALL] * 5


class _Counting(SharedWords):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.seen += texts
        return super().embed(texts)


def test_texts_are_embedded_once(tmp_path: Path) -> None:
    path, first = tmp_path / "vectors.npz", _Counting()
    kept = KeptEmbedder(first, path)
    vectors = kept.embed(["the bill is wrong", "the router", "the bill is wrong"])
    assert first.seen == ["the bill is wrong", "the router"]
    assert np.array_equal(vectors, SharedWords().embed(["the bill is wrong", "the router", "the bill is wrong"]))
    kept.keep()
    second = _Counting()
    assert np.array_equal(KeptEmbedder(second, path).embed(["the router"])[0], vectors[1])
    assert second.seen == []
    assert b"router" not in path.read_bytes()
    second.name = "another"
    with pytest.raises(ConfigError, match="not of another"):
        KeptEmbedder(second, path)


def test_passage_is_embedded_as_the_mean_of_its_turns() -> None:
    embedder = SharedWords()
    bill, router = embedder.embed(["the bill is wrong", "router"])
    vector = TurnwiseEmbedder(embedder).embed(["the bill is wrong\nrouter", "router"])
    expected = 4 * bill + router
    assert vector[0] == pytest.approx(expected / np.linalg.norm(expected))
    assert vector[1] == pytest.approx(router)


def test_rare_words_weigh_more_and_length_less() -> None:
    scorer = Bm25(["the bill", "the router", "the router and many other words about something else"])
    scores = scorer.scores("The router?")
    assert scores[1] > scores[2] > scores[0] > 0
    assert not scorer.scores("nothing of it").any()
    assert not Bm25([]).scores("bill").size


def test_setting_is_chosen_without_the_group_it_is_tried_on() -> None:
    complaints = [Complaint("a", "", "1"), Complaint("b", "", "1"), Complaint("c", "", "2")]
    good_for_first, good_for_second = np.array([1.0, 1.0, 9.0]), np.array([9.0, 9.0, 1.0])
    found, chosen = left_out([good_for_first, good_for_second], complaints)
    assert chosen == [1, 1, 0]
    assert found.tolist() == [9, 9, 9]


def test_any_call_of_the_same_complaint_is_found() -> None:
    complaints = [Complaint("a", "cough", "1"), Complaint("b", "coughing", "1"), Complaint("c", "rash", "2")]
    assert ranks(complaints, lambda words: ["c", "b", "a"] if words == "cough" else ["a"]).tolist() == [2, 1, math.inf]
