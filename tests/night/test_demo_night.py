"""One night over the demo calls through the command line: transcribed, scored, searchable."""

import csv
import json
import statistics
from collections.abc import Iterator
from typing import Any

import jiwer
import pytest
from commandline import DEMO, Coach, Night, every_byte
from whisper.normalizers import EnglishTextNormalizer

from coach.config import StoreConfig
from coach.store import Store, open_store
from coach.types import Call

CARD = ("5105105105105100", "5105 1051", "5105-1051", "51051051", "five one zero five one zero five one")


@pytest.fixture(scope="module")
def store(night: Night) -> Store:
    return open_store(night.data, StoreConfig(), create=False)


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    lines = (DEMO / "reference.jsonl").read_text(encoding="utf-8").splitlines()
    return {record["id"]: record for record in map(json.loads, lines)}


def calls(store: Store) -> Iterator[Call]:
    for call_id in store.call_ids():
        call = store.get_call(call_id)
        assert call is not None
        yield call


def test_every_demo_call_is_done_and_the_run_says_so(night: Night) -> None:
    assert night.ran.code == 0, night.ran.err
    summary = night.ran.json
    assert (summary["done"], summary["set_aside"], summary["left"], summary["failures"]) == (8, 0, 0, [])
    lines = [json.loads(line) for line in night.ran.err.splitlines() if line.startswith("{")]
    assert sum(line["event"] == "call" for line in lines) == 8


def test_metadata_and_unknown_columns_are_kept(store: Store) -> None:
    with (DEMO / "calls" / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["call_id"]: row for row in csv.DictReader(file)}
    assert set(store.call_ids()) == set(rows)
    for call in calls(store):
        row = rows[call.id]
        assert (call.metadata.agent, call.metadata.customer, call.metadata.product) == (
            row["agent"],
            row["customer"],
            row["product"],
        )
        assert call.metadata.extra.get("campaign", "") == row["campaign"]


def test_words_are_right_per_role(store: Store, reference: dict[str, Any]) -> None:
    normalise = EnglishTextNormalizer()
    said, heard = [], []
    for call in calls(store):
        if "billing" in call.id:
            continue  # its card number is redacted, so its words differ on purpose
        for role in ("agent", "customer"):
            said.append(normalise(" ".join(t["text"] for t in reference[call.id]["turns"] if t["role"] == role)))
            heard.append(normalise(" ".join(turn.text for turn in call.turns if turn.role == role)))
    assert jiwer.wer(said, heard) < 0.15  # tiny.en; base is measured by `python -m evals asr`


def test_turns_are_ordered_and_start_when_they_were_spoken(store: Store, reference: dict[str, Any]) -> None:
    errors = []
    for call in calls(store):
        assert call.duration_s is not None
        starts = [turn.start for turn in call.turns if turn.start is not None]
        assert len(starts) == len(call.turns)
        assert starts == sorted(starts)
        assert all(turn.end is not None and turn.start <= turn.end <= call.duration_s + 0.5 for turn in call.turns)
        for turn in reference[call.id]["turns"]:
            same = [t.start for t in call.turns if t.role == turn["role"]]
            errors.append(min(abs(start - turn["start"]) for start in same))
    assert statistics.median(errors) <= 0.3


def test_agent_questions_are_found_with_exact_spans(store: Store) -> None:
    found = [(call, question) for call in calls(store) for question in call.questions]
    assert len({call.id for call, _ in found}) == 8
    for call, question in found:
        turn = call.turns[question.turn]
        assert turn.role == "agent"
        assert turn.text[question.start_char : question.end_char] == question.text
        assert question.form in ("open", "closed")
        assert question.function != "none"
    functions = {question.function for call, question in found if call.id.endswith("model")}
    assert "impact" in functions


def test_scorecards_carry_evidence_that_exists(store: Store) -> None:
    for call in calls(store):
        assert call.measures
        for score in (*call.measures, *(score for card in call.scorecards for score in card.scores)):
            assert all(0 <= evidence.turn < len(call.turns) for evidence in score.evidence)
            if score.unit == "share" and score.value is not None:
                assert 0 <= score.value <= 1


def test_the_card_number_is_nowhere_in_the_data_folder(night: Night, store: Store) -> None:
    billing = next(call for call in calls(store) if "billing" in call.id)
    assert any("[card number]" in turn.text for turn in billing.turns)
    for path, content in every_byte(night.data).items():
        assert not any(card.encode() in content for card in CARD), path
    assert not any(card in night.ran.err for card in CARD)


def test_show_prints_the_call(night: Night, coach: Coach, store: Store) -> None:
    shown = coach("show", store.call_ids()[0], "--data", night.data)
    assert shown.code == 0
    assert "\x1b" not in shown.out
    assert "agent" in shown.out.lower()


def test_search_finds_the_churn_call(night: Night, coach: Coach) -> None:
    ran = coach("search", "customer wants to cancel because of the price", "--data", night.data, "-k", "5", "--json")
    hits = ran.json
    assert ran.code == 0
    assert any("churn" in hit["call"] for hit in hits)
    assert "churn" in hits[0]["call"]  # best first, by meaning and by words; the similarity is of meaning alone
    assert all(0 <= hit["similarity"] <= 1 for hit in hits)
    assert set(hits[0]) == {"call", "start", "end", "turns", "similarity", "text"}


def test_filters_narrow_a_search(night: Night, coach: Coach) -> None:
    ran = coach("search", "billing", "--data", night.data, "--where", "call=demo-01-churn", "--json")
    assert {hit["call"] for hit in ran.json} == {"demo-01-churn"}


def test_an_answer_quotes_verbatim_and_cites(night: Night, coach: Coach, store: Store) -> None:
    ran = coach("ask", "Why do customers want to cancel?", "--data", night.data, "--json")
    answer = ran.json
    assert ran.code == 0
    assert answer["status"] == "answered"
    for citation in answer["citations"]:
        call = store.get_call(citation["call"])
        assert call is not None
        assert any(citation["quote"] in turn.text for turn in call.turns)


def test_what_was_never_said_is_not_answered(night: Night, coach: Coach) -> None:
    ran = coach("ask", "What do callers think of the two zoos in Patagonia?", "--data", night.data, "--json")
    assert (ran.code, ran.json["status"]) == (0, "not_enough_evidence")


def test_status_counts_what_is_stored(night: Night, coach: Coach) -> None:
    status = coach("status", "--data", night.data, "--json").json
    assert status["counts"]["calls"] == 8
    assert status["index"]["up_to_date"]
    assert status["runs"][0]["done"] == 8
    assert status["runs"][0]["rtfx"] > 0


def test_export_comes_back_through_import(night: Night, coach: Coach, tmp_path: Any, store: Store) -> None:
    file = tmp_path / "calls.jsonl"
    assert coach("export", "--format", "jsonl", "--out", file, "--data", night.data).code == 0
    ran = coach("import", file, "--data", tmp_path / "data", "--json")
    assert (ran.code, ran.json["imported"], ran.json["replaced"]) == (0, 8, 0), ran.err
    again = open_store(tmp_path / "data", StoreConfig(), create=False)
    for call in calls(store):
        copy = again.get_call(call.id)
        assert copy is not None
        assert [turn.text for turn in copy.turns] == [turn.text for turn in call.turns]
        assert copy.metadata == call.metadata
