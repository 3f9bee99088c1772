"""What a run has to do with each recording of the inbox: DESIGN.md, "Identity, and what happens twice"."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace

from coach.errors import InputError
from coach.redact import Redactor
from coach.store import Store
from coach.types import Metadata
from ingest.inbox import Recording
from ingest.metadata import MetadataSource
from ingest.outcome import Outcome, Status
from ingest.pipeline import Job, redact_metadata

_CURABLE = frozenset({"bad_metadata", "duplicate_id", "unreadable", "changed"})
"""Codes whose cause does not lie in the bytes: looked at again in every run."""


@dataclass(frozen=True, slots=True)
class Intake:
    """The work found, oldest first, and what was settled without transcribing anything."""

    jobs: tuple[Job, ...]
    settled: tuple[Outcome, ...]


def take_in(
    recordings: Iterable[Recording],
    metadata: MetadataSource,
    store: Store,
    redactor: Redactor,
    *,
    redo: bool = False,
    retry_failed: bool = False,
) -> Intake:
    """Decides for each recording, in order, whether it becomes a job; updates changed metadata of known calls."""
    jobs: list[Job] = []
    settled: list[Outcome] = []
    for outcome in _decide(recordings, metadata, store, redactor, redo=redo, retry_failed=retry_failed):
        if isinstance(outcome, Job):
            jobs.append(outcome)
        else:
            settled.append(outcome)
    return Intake(tuple(jobs), tuple(settled))


def _decide(
    recordings: Iterable[Recording],
    metadata: MetadataSource,
    store: Store,
    redactor: Redactor,
    *,
    redo: bool,
    retry_failed: bool,
) -> Iterator[Job | Outcome]:
    taken: dict[str, str] = {}
    for recording in recordings:
        if any(store.is_forgotten(sha256) for sha256 in (recording.sha256, *recording.sides)):
            yield Outcome(recording.name, "forgotten", recording.sha256)
            continue
        earlier = store.is_set_aside(recording.sha256)
        if earlier is not None and not retry_failed and earlier.code not in _CURABLE:
            yield Outcome(
                recording.name, "still_set_aside", recording.sha256, code=earlier.code, message=earlier.message
            )
            continue
        try:
            described = redact_metadata(metadata.for_recording(recording), redactor)
            known = store.find_by_recording(recording.sha256)
            if known is not None and not redo:
                yield _update(recording, known, described, store)
                continue
            call_id = known or described.call_id or recording.sha256[:16]
            _refuse_duplicate(call_id, recording, store, taken, known=known)
        except InputError as error:
            message = redactor.redact([("unknown", str(error))])[0].text
            again = earlier is not None and (earlier.code, earlier.message) == (error.code, message)
            status: Status = "still_set_aside" if again and not retry_failed else "set_aside"
            yield Outcome(recording.name, status, recording.sha256, code=error.code, message=message)
            continue
        taken[call_id] = recording.name
        before = None if known is None else store.get_call(known)
        merged = described if before is None else merge(before.metadata, described)
        keep = before.turns if before is not None and before.swapped else ()
        yield Job(recording, call_id, replace(merged, call_id=call_id), keep)


def merge(old: Metadata, new: Metadata) -> Metadata:
    """What is known now: `new` where it says something, `old` elsewhere, so that a row that is gone erases nothing."""
    kept = {
        field.name: getattr(old, field.name)
        for field in fields(Metadata)
        if getattr(new, field.name) in (None, "voice")
    }
    return replace(new, **{**kept, "extra": {**old.extra, **new.extra}})


def _update(recording: Recording, call_id: str, described: Metadata, store: Store) -> Outcome:
    before = store.get_call(call_id)
    assert before is not None  # it was found by its recording, under the writer lock
    changed = store.update_metadata(call_id, replace(merge(before.metadata, described), call_id=call_id))
    return Outcome(recording.name, "updated" if changed else "unchanged", recording.sha256, call=call_id)


def _refuse_duplicate(
    call_id: str, recording: Recording, store: Store, taken: dict[str, str], *, known: str | None
) -> None:
    other = taken.get(call_id)
    if other is None and known is None and store.has_call(call_id):
        other = "a call already stored"
    if other is not None:
        raise InputError(
            f"{recording.name}: its call id {call_id!r} belongs to {other}; give it another id in the metadata.",
            code="duplicate_id",
        )
