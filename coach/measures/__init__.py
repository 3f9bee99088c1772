"""What happened in a call, in numbers: each a plain function of its turns, questions and cues."""

from coach.measures.asking import measure

__all__ = ["measure"]
