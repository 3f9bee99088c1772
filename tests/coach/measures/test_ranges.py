import pytest

from coach.config import RangeConfig
from coach.errors import ConfigError
from coach.measures import RANGES, measure_names, ranges_of


def test_every_range_is_of_a_measure_and_names_its_source_and_year() -> None:
    assert set(RANGES) <= measure_names()
    for found in RANGES.values():
        assert any(year in found.source for year in ("2015", "2016")), found.source


def test_own_ranges_go_over_the_published_ones() -> None:
    merged = ranges_of({"talk_share": RangeConfig(0.3, 0.5), "hold": RangeConfig(high=60.0), "patience": RangeConfig()})
    assert merged["talk_share"].holds(0.3)
    assert not merged["talk_share"].holds(0.51)
    assert (merged["hold"].low, merged["hold"].high) == (None, 60.0)
    assert "patience" not in merged
    assert merged.keys() == {"talk_share", "hold"}
    assert ranges_of({}) == RANGES


@pytest.mark.parametrize(
    ("name", "told"), [("talk_share", "low is above high"), ("talkshare", "no such measure; known are announced_holds")]
)
def test_a_range_of_nothing_is_refused_by_name(name: str, told: str) -> None:
    with pytest.raises(ConfigError, match=f"score.ranges.{name}: .*{told}"):
        ranges_of({name: RangeConfig(0.5, 0.4)})
