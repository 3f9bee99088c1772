"""Finding what an agent asked, and labelling it by form and function."""

from coach.questions.classifier import Label, QuestionClassifier, ask_of, classify_lines
from coach.questions.find import FoundQuestion, find_questions

__all__ = ["FoundQuestion", "Label", "QuestionClassifier", "ask_of", "classify_lines", "find_questions"]
