"""Cues: what is said in a call that matters, found by trackers that are defined by examples."""

from coach.trackers.finder import CueFinder, load_finder
from coach.trackers.tracker import Tracker, load_trackers, read_tracker

__all__ = ["CueFinder", "Tracker", "load_finder", "load_trackers", "read_tracker"]
