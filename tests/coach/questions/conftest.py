import pytest

from coach.questions import QuestionClassifier
from coach.retrieval.embeddings import Embedder, load_embedder


@pytest.fixture(scope="session")
def encoder() -> Embedder:
    return load_embedder()


@pytest.fixture(scope="session")
def classifier(encoder: Embedder) -> QuestionClassifier:
    return QuestionClassifier.load(encoder)
