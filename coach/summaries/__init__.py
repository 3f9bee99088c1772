"""What a call was about, in a few sentences, each with the turns it rests on."""

from coach.summaries.summarise import summarise

__all__ = ["summarise"]
