"""From a question in words to a plan: what to count, what to search for, over which calls."""

from coach.routing.phrasebook import PhraseBook
from coach.routing.plan import Kind, Plan
from coach.routing.router import route

__all__ = ["Kind", "PhraseBook", "Plan", "route"]
