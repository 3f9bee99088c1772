"""docs/scoring.md tells of every measure and every kind, and its example works."""

import re
from pathlib import Path

import pytest

from coach.measures import RANGES, STEPS, measure_names
from coach.rubrics import load_rubric
from coach.rubrics.criterion import KINDS
from coach.types import FUNCTIONS

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "scoring.md").read_text(encoding="utf-8")


def test_every_measure_and_kind_is_explained() -> None:
    by_kind = {f"{function}_{what}" for function in FUNCTIONS for what in ("questions", "share")} | {"closed_questions"}
    for name in (measure_names() - by_kind) | set(KINDS) | set(RANGES):
        assert f"`{name}`" in GUIDE, name
    for step in STEPS:
        assert step.replace("_", " ") in GUIDE.lower()


def test_the_example_is_a_rubric(tmp_path: Path) -> None:
    (example,) = [block for block in re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL) if "[[sections]]" in block]
    file = tmp_path / "retention.toml"
    file.write_text(example, encoding="utf-8")
    rubric = load_rubric(str(file), ["leaving"])
    assert [criterion.name for criterion in rubric.criteria] == ["asks_why"]


@pytest.mark.parametrize("year", ["1988", "2006", "2007", "2010", "2014", "2015", "2016", "1977"])
def test_sources_are_named(year: str) -> None:
    assert year in GUIDE
