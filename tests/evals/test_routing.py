"""When a plan counts as right."""

import json
from pathlib import Path

import pytest

from coach.errors import ConfigError
from evals.routing import DATASET, differing, read_rows, read_world, shares_words

PLAN = {
    "kind": "count", "measure": "csat", "subject": None, "where": ["team=A", "product=x,y"], "group_by": None,
    "since": None, "until": None, "compare": None, "search": None,
}  # fmt: skip


def test_filters_are_a_set_and_their_values_too() -> None:
    assert differing(PLAN | {"where": ["product=y,x", "team=A"]}, [PLAN]) == []
    assert differing(PLAN | {"where": ["team=A"]}, [PLAN]) == ["where"]


def test_one_right_plan_is_enough_and_the_nearest_one_is_told() -> None:
    other = PLAN | {"measure": "churned", "since": "2026-01-01", "group_by": "team"}
    assert differing(PLAN, [other, PLAN]) == []
    assert differing(PLAN | {"since": "2026-02-01"}, [other, PLAN]) == ["since"]


def test_sides_have_an_order() -> None:
    sides = PLAN | {"compare": [["team=A"], ["team=B"]]}
    assert differing(sides, [sides]) == []
    assert differing(PLAN | {"compare": [["team=B"], ["team=A"]]}, [sides]) == ["compare"]
    assert differing(PLAN | {"compare": "previous"}, [sides]) == ["compare"]


def test_search_texts_share_content_words() -> None:
    assert shares_words("alarm beeps", "the alarm beeping at night")
    assert not shares_words("alarm", "paper bill")
    assert not shares_words("", "paper bill")
    assert differing(PLAN | {"search": "anything"}, [PLAN]) == []


def test_a_line_that_is_no_question_is_named(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    row = {"id": "q1", "before": [], "question": "csat?", "plan": PLAN, "part": "test"}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert read_rows(path)[0].part == "test"
    path.write_text(json.dumps(row) + "\n{}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"questions\.jsonl:2"):
        read_rows(path)


def test_the_world_of_the_questions_can_be_read() -> None:
    world = read_world(DATASET / "vocabulary.json")
    assert "Mill" in world.vocabulary.values["team"]
    assert world.today.weekday() == 0
