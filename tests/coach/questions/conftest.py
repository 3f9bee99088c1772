import pytest

from coach.questions import QuestionClassifier


@pytest.fixture(scope="session")
def classifier() -> QuestionClassifier:
    return QuestionClassifier.load()
