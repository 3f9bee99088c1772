"""Building an index, and any damage to it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from searching import TALK, Shelf, add

from coach.config import StoreConfig
from coach.errors import StoreError
from coach.retrieval import generations
from coach.retrieval.embeddings import Embedder
from coach.retrieval.generations import (
    bring_up_to_date,
    build,
    check_in_subprocess,
    open_current,
    rebuild_from_nothing,
    state,
)
from coach.retrieval.index import Index
from coach.retrieval.manifest import describe_files, read_manifest, write_manifest
from coach.retrieval.search import search
from coach.store import open_store
from coach.types import Turn

QUERY = "charged twice for a sofa"


def generation_of(shelf: Shelf) -> Path:
    return shelf.index / (shelf.index / "CURRENT").read_text().strip()


def overwrite(path: Path) -> None:
    """Noise over the file (a long one keeps its first bytes), its size unchanged."""
    data = path.read_bytes()
    noise = np.random.default_rng(0).bytes(len(data))
    kept = 20 if len(data) > 40 else 0
    path.write_bytes(data[:kept] + noise[kept:] if data else b"x")


def some(shelf: Shelf, pattern: str) -> Path:
    return next(generation_of(shelf).rglob(pattern))


def set_current(shelf: Shelf, content: bytes) -> None:
    (shelf.index / "CURRENT").write_bytes(content)


def make_current_a_folder(shelf: Shelf) -> None:
    (shelf.index / "CURRENT").unlink()
    (shelf.index / "CURRENT").mkdir()


def miscount(shelf: Shelf) -> None:
    manifest = some(shelf, "manifest.json")
    manifest.write_text(manifest.read_text().replace('"count": 4', '"count": 3'))


DAMAGES: dict[str, Callable[[Shelf], None]] = {
    "index deleted": lambda shelf: shutil.rmtree(shelf.index),
    "generation deleted": lambda shelf: shutil.rmtree(generation_of(shelf)),
    "chroma deleted": lambda shelf: shutil.rmtree(generation_of(shelf) / "chroma"),
    "CURRENT names nothing": lambda shelf: set_current(shelf, b"gen-99\n"),
    "CURRENT leads outside": lambda shelf: set_current(shelf, b"../../etc\n"),
    "CURRENT is binary": lambda shelf: set_current(shelf, bytes(range(256))),
    "CURRENT is a folder": make_current_a_folder,
    "sqlite": lambda shelf: overwrite(some(shelf, "chroma.sqlite3")),
    "graph data": lambda shelf: overwrite(some(shelf, "data_level0.bin")),
    "graph header": lambda shelf: overwrite(some(shelf, "header.bin")),
    "graph lengths": lambda shelf: overwrite(some(shelf, "length.bin")),
    "graph links": lambda shelf: overwrite(some(shelf, "link_lists.bin")),
    "graph metadata": lambda shelf: overwrite(some(shelf, "index_metadata.pickle")),
    "graph cut short": lambda shelf: os.truncate(some(shelf, "data_level0.bin"), 100),
    "matrix": lambda shelf: overwrite(some(shelf, "matrix.npy")),
    "matrix cut short": lambda shelf: os.truncate(some(shelf, "matrix.npy"), 200),
    "ids": lambda shelf: overwrite(some(shelf, "ids.npy")),
    "manifest": lambda shelf: overwrite(some(shelf, "manifest.json")),
    "manifest empty": lambda shelf: os.truncate(some(shelf, "manifest.json"), 0),
    "manifest of another count": miscount,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_search_survives_any_damage_and_says_that_a_build_is_needed(
    damage: str, shelf: Shelf, embedder: Embedder
) -> None:
    # chromadb 1.5.9: corrupt HNSW bytes crash the process that loads them
    reader = Index.open(shelf.index)
    before = search(shelf.store, reader, embedder, QUERY, 4)
    assert not reader.degraded
    DAMAGES[damage](shelf)
    for index in (reader, Index.open(shelf.index)):
        after = search(shelf.store, index, embedder, QUERY, 4)
        assert [(hit.call, pytest.approx(hit.similarity, abs=1e-5)) for hit in after] == [
            (hit.call, hit.similarity) for hit in before
        ]
        assert index.degraded
        assert index.problem
    assert state(shelf.store, shelf.index).needs_build


@pytest.mark.parametrize("damage", ["index deleted", "graph data", "CURRENT is a folder"])
def test_a_build_repairs(damage: str, shelf: Shelf, embedder: Embedder) -> None:
    reader = Index.open(shelf.index)
    DAMAGES[damage](shelf)
    assert reader.degraded
    assert bring_up_to_date(shelf.store, shelf.index) is not None
    assert not reader.degraded
    assert search(shelf.store, reader, embedder, QUERY, 1)[0].call == "invoice"
    assert bring_up_to_date(shelf.store, shelf.index) is None


def test_index_files_hold_no_words(built: Shelf) -> None:
    data = b"".join(file.read_bytes() for file in built.index.rglob("*") if file.is_file()).lower()
    for call_id, (_, _, reply) in TALK.items():
        assert call_id.encode() not in data
        for word in reply.lower().split():
            assert len(word) < 6 or word.strip(".").encode() not in data


def test_the_generation_holds_what_the_store_holds(built: Shelf) -> None:
    generation = open_current(built.index)
    ((ids, matrix),) = list(built.store.iter_embeddings())
    np.testing.assert_array_equal(generation.ids, ids)
    np.testing.assert_array_equal(generation.matrix, matrix)
    assert isinstance(generation.matrix, np.memmap)
    assert generation.manifest.content_version == built.store.content_version()


def test_reading_changes_no_file(built: Shelf, embedder: Embedder) -> None:
    # chromadb 1.5.9 writes a row into its SQLite file whenever it is opened
    before = describe_files(generation_of(built))
    for _ in range(3):
        search(built.store, Index.open(built.index), embedder, QUERY, 2)
    assert describe_files(generation_of(built)) == before


def test_private_copies_of_readers_are_removed(built: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    generation = open_current(built.index)
    assert len(list(tmp_path.iterdir())) == 1
    del generation
    assert list(tmp_path.iterdir()) == []


def test_an_empty_store_gives_an_empty_index(tmp_path: Path, embedder: Embedder) -> None:
    with open_store(tmp_path, StoreConfig()) as store:
        assert build(store, tmp_path / "index") == "gen-1"
        assert not state(store, tmp_path / "index").needs_build
        index = Index.open(tmp_path / "index")
        assert search(store, index, embedder, "anything", 3) == []
        add(store, embedder, "first", [Turn("customer", "My parcel is lost.")])
        assert [hit.call for hit in search(store, index, embedder, "parcel", 3)] == ["first"]
        assert not index.degraded


def test_the_previous_generation_is_kept_and_older_ones_are_removed(shelf: Shelf) -> None:
    (shelf.index / "gen-7").mkdir()  # left behind by a killed build
    assert build(shelf.store, shelf.index) == "gen-8"
    assert {path.name for path in shelf.index.iterdir()} == {"CURRENT", "gen-1", "gen-8"}


def test_forgetting_leaves_only_the_new_generation(shelf: Shelf) -> None:
    name = rebuild_from_nothing(shelf.store, shelf.index)
    assert {path.name for path in shelf.index.iterdir()} == {"CURRENT", name}


def test_a_failed_build_changes_nothing(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_folder: Path) -> None:
        raise StoreError("no")

    monkeypatch.setattr(generations, "check_in_subprocess", fail)
    with pytest.raises(StoreError, match="no"):
        build(shelf.store, shelf.index)
    assert {path.name for path in shelf.index.iterdir()} == {"CURRENT", "gen-1"}
    assert not Index.open(shelf.index).degraded
    with pytest.raises(StoreError, match="no"):
        rebuild_from_nothing(shelf.store, shelf.index)
    assert [path.name for path in shelf.index.iterdir()] == ["CURRENT"]
    assert Index.open(shelf.index).degraded


@pytest.mark.parametrize("file", ["data_level0.bin", "header.bin", "chroma.sqlite3"])
def test_the_check_finds_a_broken_graph_that_its_manifest_vouches_for(file: str, shelf: Shelf) -> None:
    folder = generation_of(shelf)
    overwrite(some(shelf, file))
    manifest = read_manifest(folder)
    write_manifest(folder, type(manifest)(**{**_fields(manifest), "files": describe_files(folder)}))
    with pytest.raises(StoreError, match="failed its check"):
        check_in_subprocess(folder)


def test_settings_come_from_neither_environment_nor_dotenv(
    shelf: Shelf, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # chromadb reads both: either could send every vector to a server
    (tmp_path / ".env").write_text("CHROMA_SERVER_HOST=192.0.2.1\nCHROMA_API_IMPL=chromadb.api.fastapi.FastAPI\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHROMA_API_IMPL", "chromadb.api.fastapi.FastAPI")
    monkeypatch.setenv("CHROMA_SERVER_HOST", "192.0.2.1")
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "true")
    build(shelf.store, shelf.index)
    index = Index.open(shelf.index)
    assert search(shelf.store, index, embedder, QUERY, 1)[0].call == "invoice"
    assert not index.degraded


def _fields(manifest: object) -> dict[str, object]:
    return {name: getattr(manifest, name) for name in manifest.__slots__}  # type: ignore[attr-defined]
