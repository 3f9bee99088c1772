"""`coach swap`: the sides are put right everywhere, or not at all."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from commandline import Coach

from coach.cli import cli
from coach.config import Config, StoreConfig
from coach.errors import LockedError
from coach.export import export
from coach.redact import Redactor
from coach.retrieval.generations import state
from coach.scoring import Scorer
from coach.store import Store, open_store, writer_lock
from coach.swap import swap_sides
from coach.types import Call, Metadata, Segment, Turn
from coach.web.call_page import view_call
from ingest import models
from ingest.inbox import Recording
from ingest.intake import take_in
from ingest.pipeline import enrich

SAID = (
    ("customer", "Thank you for calling Parker and Brown, this is Ruth. How can I help you today?"),
    ("agent", "My boiler stopped working on Sunday, and my kids are cold. Can you send somebody?"),
    ("customer", "I am sorry to hear that. What does it mean for your family? Can I take your postcode?"),
    ("agent", "We sleep in the kitchen now."),
)
"""A call whose channels were labelled the wrong way round."""


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return models.load_scorer(Config(), None)


@pytest.fixture
def swap(scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs `coach swap ARGS` in this process, with models that are loaded already; what it printed as JSON."""
    monkeypatch.setattr(models, "load_scorer", lambda config, store: scorer)

    def run(*args: str | Path) -> Any:
        ran = CliRunner().invoke(
            cli, ["swap", *map(str, args), "--json"], standalone_mode=False, catch_exceptions=False
        )
        return json.loads(ran.stdout)

    return run


@pytest.fixture
def store(tmp_path: Path, scorer: Scorer) -> Store:
    """A call whose channels are labelled the wrong way round, and another one; there is no index yet."""
    turns = tuple(Turn(role, text, 10.0 * i, 10.0 * i + 8) for i, (role, text) in enumerate(SAID))
    flags = ("truncated", "sides_look_swapped")
    dropped = (Segment(0, "agent", 1.0, 2.0, "you", dropped="silence"),)
    call = Call("c-1", Metadata(), turns, "ab" * 32, "c-1.wav", 40.0, flags, dropped, audio="kept.ogg")
    opened = open_store(tmp_path / "data", StoreConfig())
    opened.set_embedding_model(scorer.embedder.name)
    other = Call("c-2", Metadata(), (Turn("customer", "My bill is wrong.", 0.0, 2.0),), None, "made up", 2.0)
    for enriched in enrich([call, other], scorer):
        opened.save_call(enriched)
    return opened


def whole(store: Store) -> Call:
    call = store.get_call("c-1", embeddings=True)
    assert call is not None
    return call


def test_swap_puts_the_sides_right_everywhere_and_back(store: Store, swap: Callable[..., Any], tmp_path: Path) -> None:
    before = whole(store)
    assert [question.turn for question in before.questions] == [1]
    told = swap("c-1", "--data", store.data_dir)
    after = whole(store)
    assert told == {"call": "c-1", "swapped": True, "turns": 4, "questions": 3, "questions_before": 1, "notes": []}
    assert [turn.role for turn in after.turns] == ["agent", "customer", "agent", "customer"]
    assert {question.turn for question in after.questions} == {0, 2}
    assert after.measures != before.measures
    assert (after.flags, after.swapped) == (("truncated", "sides_put_right"), True)
    assert (after.dropped[0].role, after.audio) == ("customer", "kept.ogg")
    assert not state(store, store.data_dir / "index").stale
    export(store, "jsonl", (), tmp_path / "out.jsonl")
    exported = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert [turn["role"] for turn in exported["turns"]] == [turn.role for turn in after.turns]
    page = view_call(after)
    assert [turn.name for turn in page.turns] == ["Agent", "Customer", "Agent", "Customer"]
    assert ("Who is who", "put right by hand") in page.facts

    swap("c-1", "--data", store.data_dir)
    again = whole(store)
    assert replace(again, passages=()) == replace(before, passages=())
    for one, other in zip(again.passages, before.passages, strict=True):
        assert (one.first_turn, one.last_turn, one.text) == (other.first_turn, other.last_turn, other.text)
        assert np.allclose(one.embedding, other.embedding, atol=1e-6)


def test_a_swap_cut_off_before_the_index_is_whole_in_the_store(
    store: Store, swap: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("coach.retrieval.generations.bring_up_to_date", killed)
    with pytest.raises((KeyboardInterrupt, Exception)):
        swap("c-1", "--data", store.data_dir)
    after = whole(store)
    assert (after.swapped, len(after.questions), bool(after.passages)) == (True, 3, True)
    assert state(store, store.data_dir / "index").stale, "the next run brings it up"


def test_swap_waits_for_no_other_writer(store: Store, swap: Callable[..., Any]) -> None:
    with writer_lock(store.data_dir, None), pytest.raises(LockedError):
        swap("c-1", "--data", store.data_dir)


def test_a_call_that_is_done_again_is_told_the_sides_to_keep(store: Store, tmp_path: Path) -> None:
    class NoMetadata:
        def for_recording(self, recording: Recording) -> Metadata:
            return Metadata()

    recording = Recording((tmp_path / "c-1.wav",), "ab" * 32, "single", None, "c-1.wav", 0.0)
    for swapped in (False, True, False):
        [job] = take_in([recording], NoMetadata(), store, Redactor(), redo=True).jobs  # type: ignore[arg-type]
        assert job.keep == (whole(store).turns if swapped else ())
        intake = take_in([recording], NoMetadata(), store, Redactor())  # type: ignore[arg-type]
        assert [outcome.status for outcome in intake.settled] in (["unchanged"], ["updated"])
        assert whole(store).swapped is swapped
        store.save_call(swap_sides(whole(store)))


def test_an_unknown_call_is_one_sentence(store: Store, coach: Coach) -> None:
    ran = coach("swap", "nobody", "--data", store.data_dir)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("coach: There is no call 'nobody'")
    assert ran.err.count("\n") == 1
