"""Arithmetic on stretches of a recording."""

from collections.abc import Sequence

from ingest.speech import Span


def union(spans: Sequence[Span]) -> list[Span]:
    """What the spans cover together: in order, none overlapping another."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def without(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """What is left of the spans, in order; one with a hole in its middle becomes two.

    Both in order, and none of the holes overlapping another.
    """
    left: list[Span] = []
    at = 0
    for span in spans:
        start = span.start
        while at < len(holes) and holes[at].end <= span.start:
            at += 1
        for hole in holes[at:]:
            if hole.start >= span.end:
                break
            if hole.start > start:
                left.append(Span(start, hole.start))
            start = max(start, hole.end)
        if start < span.end:
            left.append(Span(start, span.end))
    return left
