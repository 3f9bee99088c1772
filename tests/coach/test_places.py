"""Places as people write them."""

from coach.places import place


def test_places_are_written_as_minutes_and_seconds() -> None:
    places = [place("c", start) for start in (0.0, 61.9, 6000.0, None)]
    assert places == ["c@00:00", "c@01:01", "c@100:00", "c"]
