"""The shipped labels keep the rules of their own definition."""

import json
from pathlib import Path
from typing import Any

import pytest

from coach.types import FORMS, FUNCTIONS

DATASET = Path(__file__).parents[3] / "evals" / "datasets" / "questions"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATASET / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["written.jsonl", "natural.jsonl"])
def test_function_is_none_exactly_when_form_is(name: str) -> None:
    for row in rows(name):
        assert row["form"] in FORMS
        assert row["function"] in FUNCTIONS
        assert (row["form"] == "none") == (row["function"] == "none"), row


def test_natural_labels_refer_by_place_and_hold_no_text() -> None:
    for row in rows("natural.jsonl"):
        assert set(row) == {"corpus", "dialogue", "turn", "start", "end", "form", "function", "readers", "sample"}
        assert row["corpus"] in ("primock57", "stc3")
        assert len(row["readers"]) == 2


def test_written_labels_have_unique_ids() -> None:
    ids = [row["id"] for row in rows("written.jsonl")]
    assert len(set(ids)) == len(ids)
