"""Chats, mails and ready transcripts that lie in the inbox beside the recordings.

They are read anew in every run, for a thread of mails grows by files; what is stored already as it is read costs no
more than that. A file that cannot be used is told in every run until it is mended, like a bad row of metadata.csv.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from coach.config import Config, InboxConfig
from coach.errors import InputError
from coach.redact import Redactor
from coach.scoring import Scorer
from coach.store import Store
from coach.types import Call, Role
from ingest.fields import shown_text
from ingest.formats.contacts import sides
from ingest.formats.registry import SUFFIXES, recognise
from ingest.inbox import SOUND_SUFFIXES, Sides, without_temporary
from ingest.intake import merge
from ingest.metadata import TABLE_NAME
from ingest.outcome import Failure, Outcome
from ingest.transcripts import CALLS_TOGETHER, Importer, read_contacts

_TOLD = 100
"""Failures told one by one; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The files found, in order of their paths."""

    ready: list[Path] = field(default_factory=list)
    waiting: list[Path] = field(default_factory=list)
    """Still being written."""
    failures: list[Failure] = field(default_factory=list)


def find_texts(
    inbox: Path,
    config: InboxConfig,
    *,
    now: Callable[[], float] = time.time,
) -> Texts:
    """The files of `inbox` that hold contacts. What lies beside a recording under its name belongs to that recording.

    Files in no format that is known are passed over without a word, so are links; a file counts as settled when it was
    not changed for `config.settle_s`.
    """
    found = Texts()
    files = list(_files(inbox))
    sounds = {name for path, _ in files if (name := without_temporary(path)).suffix.lower() in SOUND_SUFFIXES}
    described = {path.with_suffix("") for path in sounds} | sounds
    marks = Sides(config)
    described |= {path.with_name(side[0]) for path in sounds if (side := marks.of(path)) and side[0]}
    for path, status in files:
        plain = path.name.lower()
        if plain == TABLE_NAME or plain.endswith("_metadata.json") or not plain.endswith(SUFFIXES):
            continue
        if path.with_suffix("") in described:
            continue
        if status.st_mtime + config.settle_s > now():
            found.waiting.append(path)
            continue
        try:
            if recognise(path) is not None:
                found.ready.append(path)
        except InputError as error:
            found.failures.append(Failure(error.code, str(error)))
        except OSError as error:
            message = f"{shown_text(path.name)} cannot be read ({error.strerror}); check its permissions."
            found.failures.append(Failure("unreadable", message))
    return found


def _files(inbox: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Regular files below the inbox whose names are not hidden, in order; links are not followed."""
    for folder, folders, names in os.walk(inbox):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith(".") or path.is_symlink():
                continue
            try:
                if path.is_file():
                    yield path, path.stat()
            except OSError:
                continue  # it has vanished meanwhile


def take_texts(
    texts: Texts,
    store: Store,
    config: Config,
    scorer: Callable[[], Scorer],
    *,
    stop: Callable[[], str | None] = lambda: None,
) -> tuple[list[Outcome], list[Failure]]:
    """Stores every contact that is new or changed; what became of each, and what was wrong with files and items.

    A contact with the id of a recorded call is refused: `coach import` would put it in that call's place. `scorer`
    is called when one is needed. The store's writer lock is held by the caller.
    """
    into = Importer(store, Redactor(names=config.redact.names), scorer)
    failures: list[Failure] = list(texts.failures)
    outcomes: list[Outcome] = []
    coming: list[Call] = []
    for call in read_contacts(texts.ready, sides(config.inbox.agent_pattern, config.inbox.agent_domains), failures):
        outcome = _settled(call, store, into, coming)
        if outcome is not None and outcome.status == "set_aside":
            failures.append(Failure(outcome.code or "error", outcome.message or outcome.name))
        elif outcome is not None:
            outcomes.append(outcome)
        if len(coming) >= CALLS_TOGETHER:
            outcomes.extend(_save(coming, into))
            if stop() is not None:
                break
    outcomes.extend(_save(coming, into))
    if len(failures) > _TOLD:
        rest = len(failures) - _TOLD
        failures[_TOLD:] = [Failure("bad_transcript", f"{rest} more contacts or files of the inbox are bad.")]
    return outcomes, failures


def _settled(call: Call, store: Store, into: Importer, coming: list[Call]) -> Outcome | None:
    """What became of a contact without any scoring; None when it has been added to `coming`."""
    if store.is_forgotten_call(call.id):
        return Outcome(call.source, "forgotten", call=call.id)
    before = store.get_call(call.id)
    if before is not None and before.recording_sha256 is not None:
        message = f"{call.source}: its id {call.id!r} is that of a recorded call; rename it, or use `coach import`."
        return Outcome(call.source, "set_aside", code="duplicate_id", message=message)
    clean = into.redact(call)
    if before is None or not _same_words(before, clean):
        coming.append(clean)
        return None
    merged = replace(merge(before.metadata, clean.metadata), call_id=call.id, medium=clean.metadata.medium)
    changed = store.update_metadata(call.id, merged)
    return Outcome(call.source, "updated" if changed else "unchanged", call=call.id)


def _same_words(before: Call, after: Call) -> bool:
    """Whether two transcripts differ in roles at most, which people put right by `coach swap`."""
    unknown: Role = "unknown"
    first, second = (tuple(replace(turn, role=unknown) for turn in call.turns) for call in (before, after))
    return first == second


def _save(coming: list[Call], into: Importer) -> list[Outcome]:
    into.save(coming)
    outcomes = [Outcome(call.source, "imported", call=call.id) for call in coming]
    coming.clear()
    return outcomes
