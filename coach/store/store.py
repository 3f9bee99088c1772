"""`Store`: everything the rest of callcoach may ask of the database, and the opening of one."""

import weakref
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from sqlalchemy import Engine, select, text

from coach.config import StoreConfig
from coach.errors import StoreError
from coach.store import (
    agents,
    calls,
    counting,
    forgetting,
    lexical,
    listing,
    passages,
    replies,
    reviews,
    runs,
    saved,
    schema,
    settings,
    suggestions,
)
from coach.store.engine import connect, make_folder, outside_transactions, reading, writing
from coach.store.filters import Filter, Filters
from coach.store.migration import migrate, require_current
from coach.store.records import (
    AgentCall,
    AgentSummary,
    CallSummary,
    ExemplarPool,
    FileRecord,
    FileStatus,
    Forgotten,
    Names,
    Review,
    RunRecord,
    SavedAnswer,
    SavedQuestion,
    ScoreKey,
    StoredExemplar,
    StoredPassage,
    Sums,
)
from coach.store.vocabulary import Vocabulary, read_vocabulary
from coach.types import Call, Metadata, Suggestion


def open_store(data_dir: Path, config: StoreConfig, *, create: bool = True) -> "Store":
    """The store of a data folder. One that does not exist yet is made, or is a StoreError without `create`.

    An existing database is never changed here: StoreError when its schema is older (`coach run` migrates it) or newer.
    """
    if create:
        make_folder(data_dir)
    engine = connect(data_dir, config)
    try:
        if not require_current(engine):
            if not create:
                raise StoreError(f"{data_dir}: there is no store yet; `coach run INBOX` makes one.", code="no_store")
            migrate(data_dir, config)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, data_dir)


class Store:
    """The only truth about calls. Safe to share between threads; every method is one short transaction of its own.

    Whoever saves, forgets or records holds `writer_lock`; `update_metadata` and reading need none. All methods raise
    StoreError when the database fails, with code "disk_full", "busy", "corrupt", "unreachable" or "store".
    """

    def __init__(self, engine: Engine, data_dir: Path) -> None:
        self._engine = engine
        self.data_dir = data_dir
        self.url = engine.url.render_as_string(hide_password=True)
        """For showing; a password in it is replaced by asterisks."""
        self._finalizer = weakref.finalize(self, engine.dispose)

    def close(self) -> None:
        """Closes the connections. A store that is used again opens new ones."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # calls

    def save_call(self, call: Call) -> None:
        """Saves the call whole, in place of one of the same id or of the same recording.

        Characters that no database stores (NUL, halves of surrogate pairs) become U+FFFD. InputError for an impossible
        id, StoreError when its embeddings are not as long as those stored.
        """
        with writing(self._engine) as connection:
            passages.check_dimension(connection, call.passages)
            if calls.save(connection, call):
                settings.stamp_content(connection)

    def get_call(self, call_id: str, *, embeddings: bool = False) -> Call | None:
        """The call, or None. Its passages and exemplars only with `embeddings`, else ()."""
        with reading(self._engine) as connection:
            return calls.load(connection, call_id, embeddings=embeddings)

    def has_call(self, call_id: str) -> bool:
        with reading(self._engine) as connection:
            return connection.scalar(select(schema.calls.c.key).where(schema.calls.c.id == call_id)) is not None

    def find_by_recording(self, sha256: str) -> str | None:
        """Id of the call made from that recording."""
        with reading(self._engine) as connection:
            wanted = schema.calls.c.recording_sha256 == sha256
            return connection.scalar(select(schema.calls.c.id).where(wanted))

    def call_recording(self, call_id: str) -> str | None:
        """SHA-256 of the call's recording; None for an unknown id and for an imported call (see `has_call`)."""
        with reading(self._engine) as connection:
            wanted = schema.calls.c.id == call_id
            return connection.scalar(select(schema.calls.c.recording_sha256).where(wanted))

    def update_metadata(self, call_id: str, metadata: Metadata) -> bool:
        """Replaces the call's metadata; False when nothing changed. Its id stays. InputError for an unknown id."""
        with writing(self._engine) as connection:
            return calls.update_metadata(connection, call_id, metadata)

    def list_calls(
        self,
        where: Filters = (),
        *,
        text: str | None = None,
        order: str = "-started_at",
        limit: int | None = None,
        offset: int = 0,
    ) -> list[CallSummary]:
        """One page of calls; `text` is looked for inside turns without regard to case. ConfigError for a bad filter."""
        with reading(self._engine) as connection:
            return listing.summaries(connection, where, text=text, order=order, limit=limit, offset=offset)

    def count_calls(self, where: Filters = (), *, text: str | None = None) -> int:
        with reading(self._engine) as connection:
            return listing.count(connection, where, text=text)

    def call_ids(self, where: Filters = ()) -> list[str]:
        with reading(self._engine) as connection:
            return listing.ids(connection, where)

    def calls_of_customer(self, customer: str) -> list[str]:
        """Ids of all calls of that customer, exactly as the metadata writes it."""
        with reading(self._engine) as connection:
            wanted = schema.calls.c.customer == customer
            return list(connection.scalars(select(schema.calls.c.id).where(wanted).order_by(schema.calls.c.id)))

    def vocabulary(self) -> Vocabulary:
        """The values that metadata, cues and scorecards have here."""
        with reading(self._engine) as connection:
            return read_vocabulary(connection)

    def audio_names(self) -> set[str]:
        """Names of all kept copies that belong to a call."""
        with reading(self._engine) as connection:
            names = connection.scalars(select(schema.calls.c.audio).where(schema.calls.c.audio.is_not(None)))
            return set(names)

    # scores

    def save_scores(self, call: Call) -> bool:
        """Writes anew what was made of the turns of a stored call, its suggestions go; False when the call is gone."""
        with writing(self._engine) as connection:
            return calls.replace_scores(connection, call)

    def outdated_calls(self, scored_by: str) -> list[str]:
        """Ids of the calls that something else than `scored_by` (`Call.scored_by`) scored."""
        with reading(self._engine) as connection:
            return listing.outdated(connection, scored_by)

    def unsuggested_calls(self) -> list[str]:
        """Ids of the calls that were scored and not yet looked at for suggestions."""
        with reading(self._engine) as connection:
            return listing.unsuggested(connection)

    def exemplars(self, limit: int = 20_000) -> ExemplarPool:
        """Questions of calls that went well, of the newest calls first."""
        with reading(self._engine) as connection:
            return suggestions.pool(connection, limit=limit)

    def save_suggestions(self, call_id: str, new: Sequence[tuple[Suggestion, StoredExemplar | None]]) -> None:
        """In place of the call's earlier ones, each with the exemplar it quotes. StoreError for an unknown call."""
        with writing(self._engine) as connection:
            suggestions.replace_all(connection, call_id, new)

    def get_suggestions(self, call_id: str) -> list[Suggestion]:
        with reading(self._engine) as connection:
            return suggestions.of_call(connection, call_id)

    def add_review(self, review: Review) -> None:
        """A person's score, beside the machine's. InputError for an unknown call."""
        with writing(self._engine) as connection:
            reviews.add(connection, review)

    def get_reviews(self, call_id: str) -> list[Review]:
        """Oldest first."""
        with reading(self._engine) as connection:
            return reviews.of_call(connection, call_id)

    def reviewed_scores(self, rubric: str) -> dict[str, list[tuple[float, float]]]:
        """(machine's, person's) values by criterion, where both gave one."""
        with reading(self._engine) as connection:
            return reviews.beside_machine(connection, rubric)

    # an LLM's replies

    def get_reply(self, call_id: str, key: str) -> str | None:
        """What was answered to the request of that key about that call, which need not be stored yet."""
        with reading(self._engine) as connection:
            return replies.read(connection, call_id, key)

    def save_reply(self, call_id: str, key: str, text: str) -> None:
        with writing(self._engine) as connection:
            replies.write(connection, call_id, key, text)

    # agents

    def agents(self, where: Filters = ()) -> list[AgentSummary]:
        """One row for each agent of the calls that meet `where`, by name; calls without an agent are left out."""
        with reading(self._engine) as connection:
            return agents.overview(connection, where)

    def agent_calls(self, agent: str, where: Filters = (), *, limit: int = 5_000) -> list[AgentCall]:
        """The agent's newest `limit` calls that meet `where`, oldest first; empty when there are none."""
        with reading(self._engine) as connection:
            return agents.newest_calls(connection, agent, where, limit=limit)

    def other_agents_means(
        self, agent: str, where: Filters, kinds: Sequence[AgentCall], *, min_calls: int
    ) -> dict[ScoreKey, list[float]]:
        """Means of the other agents over calls of the same queues and products as `kinds`, without their names."""
        with reading(self._engine) as connection:
            return agents.others_means(connection, agent, where, kinds, min_calls=min_calls)

    # saved questions

    def save_question(self, question: SavedQuestion) -> None:
        """Has it asked again each night. InputError when its name is taken, or there are too many."""
        with writing(self._engine) as connection:
            saved.add_question(connection, question)

    def saved_questions(self) -> list[SavedQuestion]:
        """In the order in which they were saved."""
        with reading(self._engine) as connection:
            return saved.all_questions(connection)

    def remove_question(self, name: str) -> bool:
        """Deletes it with all its answers; False when there is none of that name."""
        with writing(self._engine) as connection:
            return saved.remove_question(connection, name)

    def save_answer(self, name: str, answer: SavedAnswer) -> bool:
        """Keeps the answer beside the question's earlier ones; False when there is no such question any more."""
        with writing(self._engine) as connection:
            return saved.add_answer(connection, name, answer)

    def saved_answers(self, name: str, limit: int = saved.MAX_ANSWERS) -> list[SavedAnswer]:
        """The question's newest answers, newest first."""
        with reading(self._engine) as connection:
            return saved.answers(connection, name, limit=limit)

    # counting

    def tally(
        self, measure: str, subject: str | None = None, where: Filters = (), group_by: str | None = None
    ) -> dict[str | None, Sums]:
        """The sums of each group of calls, all under None without `group_by` (see coach.store.counting)."""
        with reading(self._engine) as connection:
            return counting.tally(connection, measure, subject, where, group_by)

    def tally_reasons(self, where: Filters = (), group_by: str | None = None) -> dict[tuple[str | None, str], int]:
        """By (group, tracker) the calls in which that reason or cause is heard; those of none are left out."""
        with reading(self._engine) as connection:
            return counting.tally_reasons(connection, where, group_by)

    def calls_by(
        self, measure: str, subject: str | None = None, where: Filters = (), *, met: bool = True, limit: int = 200
    ) -> list[str]:
        """Ids of the newest calls that do, or do not, have what the measure counts."""
        with reading(self._engine) as connection:
            return counting.ids(connection, measure, subject, where, met=met, limit=limit)

    def days(self, where: Filters = ()) -> tuple[date, date] | None:
        """First and last day in UTC on which such a call began; None when no start is known."""
        with reading(self._engine) as connection:
            return counting.days(connection, where)

    def names(self) -> Names:
        """Trackers and rubrics of which something is stored, and the unknown columns that metadata brought."""
        with reading(self._engine) as connection:
            return counting.names(connection)

    # passages

    def passage_ids(self, where: Filters = ()) -> np.ndarray:
        """Ids of the passages that meet `where`: int64, shape (n,), rising. `cue=`, `question=` and `role=` must hold
        of the passage itself."""
        with reading(self._engine) as connection:
            return passages.ids(connection, where)

    def passages_holding(self, each: Filter) -> np.ndarray:
        """Ids of the passages that hold the cue, question or role that the filter names: int64, shape (n,), rising."""
        with reading(self._engine) as connection:
            return passages.holding(connection, each)

    def passage_owners(self) -> tuple[np.ndarray, np.ndarray]:
        """Ids of all passages, rising, and the store's own key of each one's call: both int64, shape (n,)."""
        with reading(self._engine) as connection:
            return passages.owners(connection)

    def call_keys(self, where: Filters) -> np.ndarray:
        """The store's own keys of the calls that meet `where`: int64, shape (n,), in no order."""
        with reading(self._engine) as connection:
            return passages.call_keys(connection, where)

    def calls_by_key(self, keys: Sequence[int]) -> dict[int, str]:
        """Ids of calls by the store's own keys; those of calls that are gone are left out."""
        with reading(self._engine) as connection:
            return passages.call_ids(connection, keys)

    def match_words(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Passages that hold any of the words (runs of letters and digits): rising ids, and scores above 0."""
        with reading(self._engine) as connection:
            return lexical.match(connection, words)

    def word_frequencies(self, words: Sequence[str], *, most: int = lexical.MOST) -> dict[str, int]:
        """In how many passages each word occurs, in any form of its stem, counted up to `most` + 1."""
        with reading(self._engine) as connection:
            return lexical.frequencies(connection, words, most=most)

    def get_passages(self, ids: Sequence[int]) -> dict[int, StoredPassage]:
        """Passages by id; ids that are gone (replaced or forgotten since) are left out."""
        with reading(self._engine) as connection:
            return passages.get(connection, ids)

    def iter_embeddings(self, batch: int = 4096, *, after: int = -1) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Embeddings of ids above `after` by rising id: (int64 (n,), float32 (n, dimension)), n at most `batch`.

        Each part is a transaction of its own, so read `content_version` before the first.
        """
        last = after
        while True:
            with reading(self._engine) as connection:
                ids, matrix = passages.embeddings_after(connection, last, batch)
            if not len(ids):
                return
            yield ids, matrix
            last = int(ids[-1])

    def content_version(self) -> int:
        """A number that grows with every change of passages; 0 when there never were any."""
        with reading(self._engine) as connection:
            return settings.content_version(connection)

    def embedding_model(self) -> str | None:
        with reading(self._engine) as connection:
            return settings.embedding_model(connection)

    def set_embedding_model(self, name: str) -> None:
        """Records which model the embeddings are of. StoreError when the store holds embeddings of another."""
        with writing(self._engine) as connection:
            settings.set_embedding_model(connection, name)

    # runs and files

    def begin_run(self, inbox: str, settings: dict[str, Any]) -> int:
        with writing(self._engine) as connection:
            return runs.begin(connection, inbox, settings)

    def finish_run(self, run_id: int, summary: dict[str, Any]) -> None:
        with writing(self._engine) as connection:
            runs.finish(connection, run_id, summary)

    def record_file(
        self,
        run_id: int,
        *,
        name: str,
        sha256: str | None,
        status: FileStatus,
        code: str | None = None,
        message: str | None = None,
        call: str | None = None,
        audio_s: float | None = None,
        wall_s: float | None = None,
    ) -> None:
        """Notes what became of a file. "set_aside" keeps the recording aside until it is "done" or "updated"."""
        row = {
            "run": run_id,
            "name": name,
            "sha256": sha256,
            "status": status,
            "code": code,
            "message": message,
            "call": call,
            "audio_s": audio_s,
            "wall_s": wall_s,
        }
        with writing(self._engine) as connection:
            runs.record_file(connection, row)

    def set_aside(self) -> list[FileRecord]:
        """The recordings that are set aside now, oldest first."""
        with reading(self._engine) as connection:
            return runs.set_aside(connection)

    def is_set_aside(self, sha256: str) -> FileRecord | None:
        """Why that recording is set aside; None when it is not."""
        with reading(self._engine) as connection:
            return next(iter(runs.set_aside(connection, sha256)), None)

    def clear_set_aside(self, sha256: str) -> None:
        """Lets the recording be tried again."""
        with writing(self._engine) as connection:
            runs.clear_set_aside(connection, sha256)

    def last_runs(self, n: int = 10) -> list[RunRecord]:
        """The newest runs, newest first."""
        with reading(self._engine) as connection:
            return runs.last(connection, n)

    def counts(self) -> dict[str, Any]:
        """calls, turns, questions, passages, runs, audio_s, forgotten (calls) and set_aside (a dict by code)."""
        with reading(self._engine) as connection:
            return runs.counts(connection)

    # forgetting (the files beside the database: coach/forget.py)

    def forget_call(self, call_id: str) -> Forgotten:
        """Deletes all rows of the call and leaves tombstones. InputError for an unknown id.

        Bytes of it are left in the database's files until `compact`.
        """
        with writing(self._engine) as connection:
            forgotten = forgetting.forget(connection, self.data_dir, call_id)
            if forgotten.n_passages:
                settings.stamp_content(connection)
            return forgotten

    def is_forgotten(self, sha256: str) -> bool:
        """Whether that recording was forgotten. StoreError when the key to tell is missing."""
        with reading(self._engine) as connection:
            return forgetting.is_forgotten(connection, self.data_dir, "recording", sha256)

    def is_forgotten_call(self, call_id: str) -> bool:
        """Whether a call of that id was forgotten, so that no import brings it back."""
        with reading(self._engine) as connection:
            return forgetting.is_forgotten(connection, self.data_dir, "call", call_id)

    def forgetting_unfinished(self) -> bool:
        """Whether a forgetting was interrupted after its rows were deleted; `coach.forget.finish` ends it."""
        with reading(self._engine) as connection:
            return forgetting.unfinished(connection)

    def set_forgetting_finished(self) -> None:
        with writing(self._engine) as connection:
            forgetting.set_finished(connection)

    def compact(self) -> None:
        """Rewrites the database so that its files hold nothing that was deleted. Waits for readers to finish.

        On PostgreSQL the tables are rewritten; its own log files and backups are the server's operator's affair.
        """
        with outside_transactions(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("VACUUM (FULL, ANALYZE) " + ", ".join(schema.metadata.tables)))
                return
            lexical.rebuild(connection)
            connection.exec_driver_sql("VACUUM")
            blocked = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        if blocked:
            raise StoreError("Another process kept reading; the deleted text may still be in the log.", code="busy")
