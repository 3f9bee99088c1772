"""Saved questions: asked again each night, and what changed since."""

from coach.saved.changes import Changes, FigureChange, changes, figure_of
from coach.saved.questions import MAX_NAME, Ask, History, Rerun, histories, history_of, keep, rerun, save_question

__all__ = [
    "MAX_NAME",
    "Ask",
    "Changes",
    "FigureChange",
    "History",
    "Rerun",
    "changes",
    "figure_of",
    "histories",
    "history_of",
    "keep",
    "rerun",
    "save_question",
]
