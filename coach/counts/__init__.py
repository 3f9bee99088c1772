"""Counting what the calls show: a typed query becomes figures with intervals, and what limits them."""

from coach.counts.count import Counted, count
from coach.counts.figure import Figure
from coach.counts.measures import MEASURES, Measure

__all__ = ["MEASURES", "Counted", "Figure", "Measure", "count"]
