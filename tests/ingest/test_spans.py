from ingest.spans import union, without
from ingest.speech import Span


def test_holes_are_cut_out() -> None:
    spans = [Span(0, 2), Span(3, 6), Span(7, 8)]
    assert without(spans, []) == spans
    assert without(spans, [Span(0, 2), Span(4, 5), Span(7.5, 9)]) == [Span(3, 4), Span(5, 6), Span(7, 7.5)]
    assert without(spans, [Span(1, 7.5)]) == [Span(0, 1), Span(7.5, 8)]
    assert without([], [Span(0, 1)]) == []


def test_union_joins_what_touches() -> None:
    assert union([Span(5, 6), Span(0, 2), Span(1, 1.5), Span(2, 3)]) == [Span(0, 3), Span(5, 6)]
    assert union([]) == []
