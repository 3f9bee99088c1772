"""What to ask instead: at which moments of a call, and whose question."""

from coach.suggest.choice import suggest
from coach.suggest.exemplars import exemplars_of

__all__ = ["exemplars_of", "suggest"]
