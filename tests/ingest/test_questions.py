"""At the end of a run saved questions are asked again; what goes wrong there is told and fails nothing else."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from searching import TALK, WordVectors, call_of

from coach.config import Config, InboxConfig
from coach.errors import ModelError
from coach.retrieval.embeddings import Embedder
from coach.retrieval.generations import build
from coach.scoring import Scorer
from coach.store import SavedQuestion, Store, open_store
from coach.types import Metadata, Turn
from ingest.batch import RunOptions, run
from ingest.outcome import Outcome, RunSummary

CONFIG = Config(inbox=InboxConfig(settle_s=0.0))


@dataclass
class Quiet:
    """Listens to a run and notes its stages."""

    stages: list[str]

    def begin(self, recordings: int, size_bytes: int) -> None: ...

    def stage(self, text: str) -> None:
        self.stages.append(text)

    def settled(self, outcome: Outcome, size_bytes: int) -> None: ...


@dataclass
class OnlyAnEmbedder:
    """What of a scorer a night without new calls needs."""

    embedder: Embedder
    problems: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, embedder = tmp_path_factory.mktemp("questions") / "data", WordVectors()
    with open_store(folder, CONFIG.store) as store:
        store.set_embedding_model(embedder.name)
        for call_id, (team, question, reply) in TALK.items():
            turns = [Turn("agent", question, 0.0, 2.0), Turn("customer", reply, 2.5, 8.0)]
            store.save_call(call_of(embedder, call_id, turns, Metadata(team=team)))
        build(store, folder / "index")
    return folder


@pytest.fixture
def data(indexed: Path, tmp_path: Path) -> Path:
    """A data folder with four calls and their index, beside an empty inbox."""
    (tmp_path / "inbox").mkdir()
    return shutil.copytree(indexed, tmp_path / "data")


def night(data: Path, stages: list[str], *, broken: bool = False, **more: Any) -> RunSummary:
    """A run over an empty inbox."""

    def load(_: Store) -> Scorer:
        if broken:
            raise ModelError("The weights are damaged.")
        return cast(Scorer, OnlyAnEmbedder(WordVectors()))

    return run(
        data.parent / "inbox", data, CONFIG, RunOptions(), load_scorer=load, load_models=pytest.fail,
        reporter=Quiet(stages), **more,
    )  # fmt: skip


def saved(data: Path, *questions: SavedQuestion) -> Store:
    store = open_store(data, CONFIG.store)
    for question in questions:
        store.save_question(question)
    return store


def test_saved_questions_are_asked_after_indexing(data: Path) -> None:
    with saved(data, SavedQuestion("size", "How many contacts are there?", where=("team=north",))) as store:
        stages: list[str] = []
        summary = night(data, stages)
        assert (summary.asked, summary.changed, summary.notes) == (1, 0, ())
        assert stages[-2:] == ["indexing", "asking saved questions again"]
        (answer,) = store.saved_answers("size")
        assert (answer.status, answer.figures[0]["n"]) == ("answered", 2)
        assert night(data, []).asked == 1
        assert len(store.saved_answers("size")) == 2
        assert store.last_runs(1)[0].summary is not None


def test_nothing_is_loaded_when_nothing_is_saved(data: Path) -> None:
    summary = night(data, [], broken=True)
    assert (summary.asked, summary.notes) == (0, ())


def test_failure_is_a_note_and_the_run_is_good(data: Path) -> None:
    bad = SavedQuestion("bad", "How many contacts are there?", where=("medium=smoke",))
    with saved(data, bad, SavedQuestion("good", "How many contacts are there?")) as store:
        summary = night(data, [])
        assert (summary.asked, len(summary.notes), summary.failures) == (1, 1, ())
        assert "'bad' was not answered" in summary.notes[0]
        summary = night(data, [], broken=True)
        assert summary.notes == ("The saved questions were not asked again: The weights are damaged.",)
        assert len(store.saved_answers("good")) == 1


def test_run_that_is_to_stop_leaves_them(data: Path) -> None:
    with saved(data, SavedQuestion("good", "How many contacts are there?")) as store:
        assert night(data, [], stop=lambda: "SIGTERM was received").asked == 0
        assert store.saved_answers("good") == []
