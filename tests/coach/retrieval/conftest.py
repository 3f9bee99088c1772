"""The real encoder, and a small real store with a built index; tests that change it take a copy."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from searching import Shelf, add_talk

from coach.config import StoreConfig
from coach.retrieval.embeddings import Embedder, load_embedder
from coach.retrieval.generations import build
from coach.store import open_store


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load_embedder()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Shelf]:
    """Four calls of one passage each, indexed. Not to be changed."""
    folder = tmp_path_factory.mktemp("built")
    with open_store(folder, StoreConfig()) as store:
        add_talk(store, embedder)
        build(store, folder / "index")
        yield Shelf(folder, store)


@pytest.fixture
def shelf(built: Shelf, tmp_path: Path) -> Iterator[Shelf]:
    """A copy of `built` to be changed."""
    folder = tmp_path / "data"
    folder.mkdir()
    with open_store(built.folder, StoreConfig()):  # its last connection closed: the log is merged into the file
        pass
    shutil.copytree(built.folder, folder, dirs_exist_ok=True)
    with open_store(folder, StoreConfig()) as store:
        yield Shelf(folder, store)
