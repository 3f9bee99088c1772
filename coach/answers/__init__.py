"""Answering questions in words from the calls: what was counted, what was said, and what speaks against it."""

from coach.answers.answer import Answer, Citation, CounterExample, Searched, Status, Theme, plan_to_json
from coach.answers.asker import Asker, answer, load_asker

__all__ = [
    "Answer",
    "Asker",
    "Citation",
    "CounterExample",
    "Searched",
    "Status",
    "Theme",
    "answer",
    "load_asker",
    "plan_to_json",
]
