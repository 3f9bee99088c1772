"""Ready transcripts into the store: redacted, scored and indexed like recorded calls."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from coach.config import Config
from coach.redact import Redactor
from coach.retrieval.generations import bring_up_to_date
from coach.store import Store, writer_lock
from coach.types import Call
from ingest.batch import open_to_write
from ingest.formats.jsonl import Problem, read_transcripts
from ingest.models import load_text_models
from ingest.outcome import Failure
from ingest.pipeline import enrich, redact_metadata, redact_turns

CALLS_TOGETHER = 64
"""Transcripts whose texts go through the encoder in one batch."""


@dataclass(frozen=True, slots=True)
class ImportSummary:
    imported: int
    replaced: int
    """Of the imported, those that took the place of a call with the same id."""
    forgotten: int
    failures: tuple[Failure, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def import_transcripts(path: Path, data_dir: Path, config: Config) -> ImportSummary:
    """Every good line of `path`, in order; bad lines are told as failures and harm only themselves.

    Raises InputError when the file cannot be read at all, LockedError when a run is at work on the same data.
    """
    imported = replaced = forgotten = 0
    failures: list[Failure] = []
    with writer_lock(data_dir, config.store.url):
        store = open_to_write(data_dir, config)
        redactor = Redactor(names=config.redact.names)
        classifier, embedder = load_text_models(config)
        store.set_embedding_model(embedder.name)
        for group in _groups(read_transcripts(path), CALLS_TOGETHER):
            failures.extend(Failure(item.code, item.message) for item in group if isinstance(item, Problem))
            calls = [item for item in group if isinstance(item, Call)]
            wanted = [call for call in calls if not store.is_forgotten_call(call.id)]
            forgotten += len(calls) - len(wanted)
            clean = [
                replace(
                    call,
                    turns=redact_turns(call.turns, redactor),
                    metadata=redact_metadata(call.metadata, redactor),
                )
                for call in wanted
            ]
            for call in enrich(clean, classifier, embedder):
                replaced += _save(call, store)
                imported += 1
        bring_up_to_date(store, data_dir / "index")
    return ImportSummary(imported, replaced, forgotten, tuple(failures))


def _save(call: Call, store: Store) -> bool:
    """Stores the call; True if it replaced one, whose recording and sound it then keeps."""
    before = store.get_call(call.id)
    if before is not None:
        call = replace(
            call,
            recording_sha256=before.recording_sha256,
            audio=before.audio,
            duration_s=call.duration_s or before.duration_s,
        )
    store.save_call(call)
    return before is not None


def _groups(items: Iterable[Call | Problem], size: int) -> Iterator[list[Call | Problem]]:
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group
