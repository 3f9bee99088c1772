"""Ready transcripts and messages: read from files of any known format, then redacted, scored and stored."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from coach.errors import InputError
from coach.redact import Redactor
from coach.scoring import Scorer
from coach.store import Store
from coach.types import Call
from ingest.fields import shown_text
from ingest.formats.contacts import Problem, Sides
from ingest.formats.registry import FORMATS, Format, recognise
from ingest.outcome import Failure
from ingest.pipeline import enrich, redact_metadata, redact_turns

CALLS_TOGETHER = 64
"""Transcripts whose texts go through the encoder in one batch."""


def read_contacts(
    paths: Sequence[Path], who: Sides, failures: list[Failure], *, form: str | None = None
) -> Iterator[Call]:
    """The contacts of all files in order, except that mails come last; what is wrong is added to `failures`.

    Two contacts with one id are told, and the second left out.
    """
    seen: dict[str, str] = {}
    for kind, files in _by_format(paths, failures, form):
        items = kind.read(files, who)
        while True:
            try:
                item = next(items, None)
            except InputError as error:
                failures.append(Failure(error.code, str(error)))
                break
            if item is None:
                break
            if isinstance(item, Problem):
                failures.append(Failure(item.code, item.message))
            elif item.id in seen:
                message = f"{item.source}: the id {item.id!r} is that of {seen[item.id]} already; expected another."
                failures.append(Failure("duplicate_id", message))
            else:
                seen[item.id] = item.source
                yield item


def _by_format(
    paths: Sequence[Path], failures: list[Failure], form: str | None
) -> Iterator[tuple[Format, Sequence[Path]]]:
    """One file at a time with its format; at the end all mail together, because threads span files."""
    mails: list[Path] = []
    for path in paths:
        try:
            with path.open("rb"):
                pass
            kind = FORMATS[form] if form is not None else recognise(path)
        except OSError as error:
            failures.append(Failure("unreadable", f"{path} cannot be read ({error.strerror})."))
            continue
        except InputError as error:
            failures.append(Failure(error.code, str(error)))
            continue
        if kind is None and path.suffix.lower() in (".jsonl", ".ndjson"):
            kind = FORMATS["jsonl"]  # which says of every line what is wrong with it
        if kind is None:
            message = f"{shown_text(path.name)} is in no format that is known; name one with --format."
            failures.append(Failure("unsupported_format", message))
        elif kind is FORMATS["mail"]:
            mails.append(path)
        else:
            yield kind, [path]
    if mails:
        yield FORMATS["mail"], mails


class Importer:
    """Writes contacts into a store; what has weights is loaded when the first one comes."""

    def __init__(self, store: Store, redactor: Redactor, scorer: Callable[[], Scorer]) -> None:
        self._store, self._redactor, self._load_scorer = store, redactor, scorer

    @cached_property
    def _scorer(self) -> Scorer:
        scorer = self._load_scorer()
        self._store.set_embedding_model(scorer.embedder.name)
        return scorer

    def redact(self, call: Call) -> Call:
        return replace(
            call,
            turns=redact_turns(call.turns, self._redactor),
            metadata=redact_metadata(call.metadata, self._redactor),
        )

    def save(self, calls: Sequence[Call]) -> int:
        """Scores and stores redacted contacts; how many of them replaced one, whose recording and sound they keep."""
        if not calls:
            return 0
        return sum(self._save(call) for call in enrich(calls, self._scorer))

    def _save(self, call: Call) -> bool:
        before = self._store.get_call(call.id)
        if before is not None:
            call = replace(
                call,
                recording_sha256=before.recording_sha256,
                audio=before.audio,
                duration_s=call.duration_s or before.duration_s,
            )
        self._store.save_call(call)
        return before is not None
