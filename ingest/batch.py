"""One run over an inbox on one machine: find the work, do it as a stream, commit each call whole, bring the index up.

A run can be killed at any moment. A call is committed in one transaction, so the next run repeats at most the calls
that were in flight; files left half-made (decoded audio, kept copies without a call) are removed when it starts.
"""

import secrets
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from coach.config import Config
from coach.errors import InputError, StoreError
from coach.forget import finish
from coach.redact import Redactor
from coach.retrieval.generations import bring_up_to_date, rebuild_from_nothing
from coach.scoring import Scorer, suggest_for_calls
from coach.store import Store, migrate, open_store, writer_lock
from coach.types import Call
from ingest.audio import encode_copy
from ingest.channels import Channel
from ingest.inbox import look
from ingest.intake import take_in
from ingest.metadata import MetadataSource
from ingest.outcome import Failure, Outcome, Reporter, RunSummary, summarise
from ingest.pipeline import Decoded, Job, Models, Redacted, decode_call, draft_call, enrich, redact_segments
from ingest.prefetch import Prefetch
from ingest.questions import NOTHING, ask_again
from ingest.sides import tell_sides
from ingest.texts import find_texts, take_texts
from ingest.transcribe import CallTranscript

COMMIT_AFTER_S = 20.0
"""Finished calls are committed in groups, for the text encoder's sake, but do not wait longer for others."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    final: bool = False
    """Lone sides do not wait for their other side."""
    redo: bool = False
    retry_failed: bool = False
    limit: int | None = None
    """Transcribe at most this many calls."""
    until: datetime | None = None
    """Take no new calls after this instant."""


def run(
    inbox: Path,
    data_dir: Path,
    config: Config,
    options: RunOptions,
    *,
    load_scorer: Callable[[Store], Scorer],
    load_models: Callable[[Scorer], Models],
    reporter: Reporter,
    stop: Callable[[], str | None] = lambda: None,
) -> RunSummary:
    """Everything new in `inbox`, transcribed, scored and indexed into `data_dir`.

    `load_scorer` is called only when there is something to score, `load_models` when there is something to transcribe.
    `stop` is asked before each recording is decoded and answers with the reason to stop, or None. Raises LockedError
    when another run works on the same data, and StoreError when the store cannot be used or the disk is full: what was
    committed before stays, and a rerun goes on.
    """
    began = time.monotonic()
    with writer_lock(data_dir, config.store.url):
        reporter.stage("opening the store")
        store = open_to_write(data_dir, config)
        reporter.stage("looking into the inbox")
        found = look(inbox, config.inbox, final=options.final)
        metadata = MetadataSource(inbox, config.inbox, found.ready)
        work = _Work(store, config, options, reporter, store.begin_run(str(inbox), _settings(config)))
        intake = take_in(found.ready, metadata, store, Redactor(), redo=options.redo, retry_failed=options.retry_failed)
        for outcome in intake.settled:
            work.settle(outcome)
        jobs = intake.jobs if options.limit is None else intake.jobs[: options.limit]
        reporter.begin(len(jobs), sum(_size(job) for job in jobs))
        stopped = None
        scorer = cache(lambda: load_scorer(store))
        models = load_models(scorer()) if jobs else None
        texts = find_texts(inbox, config.inbox)
        outcomes, failures = take_texts(texts, store, config, scorer, stop=stop)
        work.outcomes.extend(outcomes)
        if models is not None:
            store.set_embedding_model(models.scorer.embedder.name)
            try:
                stopped = work.transcribe_all(jobs, models, _stopper(options, stop))
            finally:
                clear_leftovers(store)
        if store.unsuggested_calls():  # this run's, and those of one that was killed here
            reporter.stage("suggesting")
            suggest_for_calls(store, scorer(), stop)
        reporter.stage("indexing")
        generation = bring_up_to_date(store, data_dir / "index")
        asked = NOTHING
        if store.saved_questions() and stop() is None:
            reporter.stage("asking saved questions again")
            asked = ask_again(store, config, lambda: scorer().embedder)
        summary = summarise(
            work.outcomes,
            waiting=len(found.waiting) + len(texts.waiting),
            left=len(intake.jobs) - work.taken,
            stopped=stopped or ("the limit is reached" if len(jobs) < len(intake.jobs) else None),
            wall_s=time.monotonic() - began,
            generation=generation,
            asked=asked,
            notes=(*(scorer().problems if scorer.cache_info().currsize else ()), *asked.failures),
            failures=[
                *(Failure(problem.code, problem.message) for problem in (*found.problems, *metadata.problems)),
                *failures,
            ],
        )
        record = summary.to_json()
        del record["failures"]  # each stands in its recording's own row, where forgetting finds it
        store.finish_run(work.run_id, record)
    return summary


class _Work:
    """The state of one run: what it writes to, and what became of each recording so far."""

    def __init__(self, store: Store, config: Config, options: RunOptions, reporter: Reporter, run_id: int) -> None:
        self.store, self.config, self.options, self.reporter, self.run_id = store, config, options, reporter, run_id
        self.outcomes: list[Outcome] = []
        self.taken = 0
        """Recordings that were begun."""
        self.stopped: str | None = None
        self._last = time.monotonic()

    def settle(self, outcome: Outcome, size_bytes: int = 0) -> None:
        """Records what became of one recording, except where nothing happened to it."""
        self.outcomes.append(outcome)
        if outcome.status in ("done", "updated", "set_aside"):
            self.store.record_file(
                self.run_id,
                name=outcome.name,
                sha256=outcome.sha256,
                status=outcome.status,
                code=outcome.code,
                message=outcome.message,
                call=outcome.call,
                audio_s=outcome.audio_s,
                wall_s=outcome.wall_s,
            )
        self.reporter.settled(outcome, size_bytes)

    def transcribe_all(self, jobs: Sequence[Job], models: Models, stop: Callable[[], str | None]) -> str | None:
        """Decodes, transcribes and commits the jobs, all three at once; the reason if it stopped early."""
        self.reporter.stage("transcribing")
        size = self.config.transcribe.calls_together
        finished: list[tuple[Decoded, CallTranscript]] = []
        with Prefetch(self._decoded(jobs, stop), size) as ahead:
            queue = _Queue(ahead)
            for place, transcript in models.transcriber.stream(queue.calls()):
                finished.append((queue.taken.pop(place), transcript))
                if len(finished) >= size or self._waited_s() > COMMIT_AFTER_S:
                    self._finish(finished, models)
                    finished = []
                self._set_aside(queue.bad)
            self._finish(finished, models)
            self._set_aside(queue.bad)
        return self.stopped

    def _decoded(
        self, jobs: Sequence[Job], stop: Callable[[], str | None]
    ) -> Iterator[tuple[Job, Decoded | InputError]]:
        """Recording after recording, until there is a reason to stop; runs in a thread of its own."""
        for job in jobs:
            self.stopped = stop()
            if self.stopped is not None:
                return
            require_space(self.store.data_dir, self.config)
            self.taken += 1
            yield job, self._decode(job)

    def _decode(self, job: Job) -> Decoded | InputError:
        try:
            return decode_call(job, self.store.data_dir / "tmp" / job.recording.sha256, self.config)
        except InputError as error:
            shutil.rmtree(self.store.data_dir / "tmp" / job.recording.sha256, ignore_errors=True)
            return error

    def _set_aside(self, bad: "deque[tuple[Job, InputError]]") -> None:
        while bad:
            job, error = bad.popleft()
            name, sha256 = job.recording.name, job.recording.sha256
            self.settle(Outcome(name, "set_aside", sha256, code=error.code, message=str(error)), _size(job))

    def _finish(self, group: Sequence[tuple[Decoded, CallTranscript]], models: Models) -> None:
        """Scores and commits transcribed calls; their texts share the encoder's batches."""
        calls, redactions = _score(group, models)
        wall_s = self._waited_s()
        total_audio_s = sum(item.duration_s for item, _ in group) or 1.0
        for (item, _), call, redacted in zip(group, calls, redactions, strict=True):
            self._commit(item, call, redacted)
            done = Outcome(call.source, "done", call.recording_sha256, call=call.id, audio_s=item.duration_s)
            self.settle(replace(done, wall_s=wall_s * item.duration_s / total_audio_s), _size(item.job))
        self._last = time.monotonic()

    def _waited_s(self) -> float:
        """Since calls were last committed."""
        return time.monotonic() - self._last

    def _commit(self, item: Decoded, call: Call, redacted: Redacted) -> None:
        """Keeps the copy for playing, then commits the call; the copy it replaces is removed last."""
        before = self.store.get_call(call.id)
        audio = self._keep_copy(item, redacted) if self.config.store.keep_audio else None
        self.store.save_call(replace(call, audio=audio))
        if before is not None and before.audio is not None:
            (self.store.data_dir / "audio" / before.audio).unlink(missing_ok=True)
        shutil.rmtree(item.folder, ignore_errors=True)

    def _keep_copy(self, item: Decoded, redacted: Redacted) -> str:
        name = f"{secrets.token_urlsafe(16)}.ogg"
        folder = self.store.data_dir / "audio"
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            encode_copy([channel.samples for channel in item.channels], folder / name, redacted.silence)
        except OSError as error:
            (folder / name).unlink(missing_ok=True)
            raise StoreError(
                f"{folder}: the copy for playing could not be written ({error.strerror or error}); "
                "make room and run again.",
                code="disk_full",
            ) from error
        return name


class _Queue:
    """Decoded recordings on their way into the recogniser, which takes them in a thread of its own."""

    def __init__(self, decoded: Prefetch[tuple[Job, Decoded | InputError]]) -> None:
        self._decoded = decoded
        self.taken: dict[int, Decoded] = {}
        """By their place among the calls given to the recogniser."""
        self.bad: deque[tuple[Job, InputError]] = deque()

    def calls(self) -> Iterator[Sequence[Channel]]:
        place = 0
        while (pair := self._decoded.take(wait=True)) is not None:
            job, item = pair
            if isinstance(item, InputError):
                self.bad.append((job, item))
                continue
            self.taken[place] = item
            place += 1
            yield item.channels


def _score(group: Sequence[tuple[Decoded, CallTranscript]], models: Models) -> tuple[list[Call], list[Redacted]]:
    """The calls of a group, scored, with the stretches to silence in each."""
    sides = [tell_sides(item.channels, transcript, models.diarizer, keep=item.job.keep) for item, transcript in group]
    redactions = [redact_segments(told.segments, models.redactor) for told in sides]
    drafts = [
        draft_call(item, transcript, told, redacted, engine=models.transcriber.name, model=models.transcriber.model)
        for (item, transcript), told, redacted in zip(group, sides, redactions, strict=True)
    ]
    return enrich(drafts, models.scorer), redactions


def open_to_write(data_dir: Path, config: Config) -> Store:
    """The store, migrated and ready for whoever holds the writer lock; what an earlier writer left half-done is ended.

    Raises StoreError when the disk is too full to begin or the store cannot be used.
    """
    require_space(data_dir, config)
    migrate(data_dir, config.store)
    store = open_store(data_dir, config.store)
    index_dir = data_dir / "index"
    if store.forgetting_unfinished():
        finish(store, index_dir, rebuild=lambda: rebuild_from_nothing(store, index_dir))
    clear_leftovers(store)
    (data_dir / "tmp").mkdir(mode=0o700, exist_ok=True)
    return store


def require_space(data_dir: Path, config: Config) -> None:
    """Raises StoreError(code="disk_full") when the data folder's disk has less free than the configured minimum."""
    free_mb = shutil.disk_usage(data_dir).free // 2**20
    if free_mb < config.store.min_free_mb:
        raise StoreError(
            f"{data_dir}: only {free_mb} MB free, {config.store.min_free_mb} MB are wanted (store.min_free_mb); "
            "make room and run again.",
            code="disk_full",
        )


def clear_leftovers(store: Store) -> None:
    """Removes what a killed run left: decoded audio, and kept copies that no call names."""
    shutil.rmtree(store.data_dir / "tmp", ignore_errors=True)
    kept = store.audio_names()
    for path in (store.data_dir / "audio").glob("*"):
        if path.name not in kept:
            path.unlink(missing_ok=True)


def _stopper(options: RunOptions, stop: Callable[[], str | None]) -> Callable[[], str | None]:
    def reason() -> str | None:
        if options.until is not None and datetime.now().astimezone() >= options.until:
            return f"it is {options.until:%H:%M}"
        return stop()

    return reason


def _size(job: Job) -> int:
    try:
        return sum(path.stat().st_size for path in job.recording.paths)
    except OSError:
        return 0  # it has vanished meanwhile


def _settings(config: Config) -> dict[str, str | None]:
    chosen = config.transcribe
    return {"engine": chosen.engine, "model": chosen.model, "device": chosen.device, "language": chosen.language}
