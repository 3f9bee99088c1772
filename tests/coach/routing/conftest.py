import pytest

from coach.routing import PhraseBook


@pytest.fixture(scope="session")
def book() -> PhraseBook:
    return PhraseBook.load()
