"""The store's tables. SQL is the only truth: whatever else lies in the data folder can be made again from here.

A call hangs together by `calls.key` (a small integer); everything that belongs to it goes when its row goes. The id
that people see is `calls.id`. The migrations in `migrations/versions` build exactly these tables (a test compares) and,
beside them, what finds passages by words, which each database does in its own way (`coach.store.lexical`).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    false,
)

from coach.store.columns import Count, Instant, Json, Number, Words

REVISION = "0004"
"""The newest migration, which these tables are. Numbers are zero-padded, so they sort as text."""

metadata = MetaData()

calls = Table(
    "calls",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Words, nullable=False, unique=True),
    Column("recording_sha256", Words, unique=True),
    Column("source", Words, nullable=False),
    Column("saved_at", Instant, nullable=False),
    # what the organisation knows of it (types.Metadata)
    Column("call_id", Words),
    Column("started_at", Instant, index=True),
    Column("medium", Words, nullable=False),
    Column("agent", Words),
    Column("team", Words),
    Column("customer", Words),
    Column("segment", Words),
    Column("product", Words),
    Column("queue", Words),
    Column("csat", Number),
    Column("resolved", Boolean),
    Column("churned", Boolean),
    Column("sold", Boolean),
    Column("handle_time_s", Number),
    # what was made of it
    Column("duration_s", Number),
    Column("flags", Json, nullable=False),
    Column("engine", Words),
    Column("model", Words),
    Column("language", Words),
    Column("audio", Words),
    Column("role_confidence", Number),
    Column("swapped", Boolean, nullable=False, server_default=false()),
    # counted when it is saved, so that lists are quick
    Column("n_questions", Integer, nullable=False),
    Column("impact_count", Integer, nullable=False),
    Column("open_share", Number),
    Column("talk_share", Number),
    Column("scored_by", Words),
    Column("suggested", Boolean, nullable=False, server_default=false()),  # suggestions were looked for since
)


def _of_call() -> Column[int]:
    return Column("call_key", ForeignKey("calls.key", ondelete="CASCADE"), primary_key=True, type_=Integer)


def _position(name: str = "position") -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


call_extra = Table(
    "call_extra",
    metadata,
    _of_call(),
    _position(),
    Column("name", Words, nullable=False),
    Column("value", Words, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    _of_call(),
    _position(),
    Column("role", Words, nullable=False),
    Column("speaker", Words),
    Column("start_s", Number),
    Column("end_s", Number),
    Column("at", Instant),
    Column("text", Words, nullable=False),
)

dropped = Table(
    "dropped",
    metadata,
    _of_call(),
    _position(),
    Column("channel", Count, nullable=False),
    Column("role", Words, nullable=False),
    Column("start_s", Number, nullable=False),
    Column("end_s", Number, nullable=False),
    Column("avg_logprob", Number),
    Column("no_speech_prob", Number),
    Column("compression_ratio", Number),
    Column("reason", Words),
    Column("text", Words, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    _of_call(),
    _position(),
    Column("turn", Count, nullable=False),
    Column("start_char", Count, nullable=False),
    Column("end_char", Count, nullable=False),
    Column("time_s", Number),
    Column("form", Words, nullable=False),
    Column("function", Words, nullable=False),
    Column("form_score", Number, nullable=False),
    Column("function_score", Number, nullable=False),
    Column("unsure", Boolean, nullable=False),
    Column("text", Words, nullable=False),
)

cues = Table(
    "cues",
    metadata,
    _of_call(),
    _position(),
    Column("tracker", Words, nullable=False, index=True),
    Column("turn", Count, nullable=False),
    Column("start_char", Count, nullable=False),
    Column("end_char", Count, nullable=False),
    Column("time_s", Number),
    Column("score", Number, nullable=False),
    Column("text", Words, nullable=False),
)

exemplars = Table(
    "exemplars",
    metadata,
    _of_call(),
    _position(),
    Column("turn", Count, nullable=False),
    Column("start_char", Count, nullable=False),
    Column("end_char", Count, nullable=False),
    Column("function", Words, nullable=False, index=True),
    Column("prev_embedding", LargeBinary, nullable=False),  # float32, little-endian
)


def _score_columns() -> tuple[Column[Any], ...]:
    return (
        Column("name", Words, nullable=False),
        Column("value", Number),
        Column("unit", Words, nullable=False),
        Column("explanation", Words, nullable=False),
        Column("n", Count),
        Column("of", Count),
        Column("evidence", Json, nullable=False),  # [[turn, time_s or null, text], ...]
    )


measures = Table("measures", metadata, _of_call(), _position(), *_score_columns())

scorecards = Table(
    "scorecards",
    metadata,
    _of_call(),
    _position(),
    Column("rubric", Words, nullable=False, index=True),
    Column("rubric_sha256", String(64), nullable=False),
    Column("value", Number),
)

scores = Table(
    "scores",
    metadata,
    _of_call(),
    _position("card"),
    _position(),
    *_score_columns(),
    Column("section", Words, nullable=False),
    Column("weight", Number),
    Column("fatal", Boolean, nullable=False),
)

summaries = Table(
    "summaries",
    metadata,
    _of_call(),
    _position(),
    Column("part", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("turns", Json, nullable=False),
    Column("source", Words, nullable=False),
)

suggestions = Table(
    "suggestions",
    metadata,
    _of_call(),
    _position(),
    Column("turn", Count, nullable=False),
    Column("start_char", Count, nullable=False),
    Column("reason", Words, nullable=False),
    Column("function", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("text", Words),  # null for a colleague's question: its words are read where they stand
    Column("source", Words, nullable=False),
    # With the colleague's call goes every suggestion that quotes it.
    Column("source_key", ForeignKey("calls.key", ondelete="CASCADE"), type_=Integer, index=True),
    Column("source_turn", Count),
    Column("source_start_char", Count),
    Column("source_end_char", Count),
    Column("source_time_s", Number),
    Column("similarity", Number),
)

# By the call's id and not its key: what people said of a call outlives its being scored or transcribed again.
reviews = Table(
    "reviews",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call", Words, nullable=False, index=True),
    Column("rubric", Words, nullable=False),
    Column("criterion", Words, nullable=False),
    Column("value", Number),  # null: does not apply
    Column("person", Words, nullable=False),
    Column("note", Words, nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

# What an LLM answered, so that it is not asked twice. By the call's id: it is asked before the call is saved.
replies = Table(
    "replies",
    metadata,
    Column("call", Words, primary_key=True),
    Column("key", String(64), primary_key=True),  # of the prompt, the model and everything that was put in
    Column("text", Words, nullable=False),
)

passages = Table(
    "passages",
    metadata,
    # Never used twice, not even after the newest is deleted: an index that lags must not name another's text.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("call_key", ForeignKey("calls.key", ondelete="CASCADE"), type_=Integer, nullable=False),
    Column("first_turn", Count, nullable=False),
    Column("last_turn", Count, nullable=False),
    Column("start_s", Number),
    Column("end_s", Number),
    Column("text", Words, nullable=False),
    Column("embedding", LargeBinary, nullable=False),  # float32, little-endian
    Column("roles", Words, nullable=False, server_default="", index=True),  # who speaks in it, in the order of ROLES
    # Which passage holds a turn is then read from this index, and not past the embeddings.
    Index("ix_passages_place", "call_key", "first_turn", "last_turn"),
    sqlite_autoincrement=True,
)

# A question somebody wants asked again each night. `before` are the questions of the conversation it stands in.
saved_questions = Table(
    "saved_questions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("question", Words, nullable=False),
    Column("before", Json, nullable=False),
    Column("conditions", Json, nullable=False),  # as `--where` takes them, and which of its own do not hold
    Column("saved_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

# What was answered: figures, which hold no words of a call, and beside them the places of the quotes, which go with
# their calls.
saved_answers = Table(
    "saved_answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("question", ForeignKey("saved_questions.id", ondelete="CASCADE"), type_=Integer, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("status", Words, nullable=False),
    Column("figures", Json, nullable=False),
    Column("n_matching", Count, nullable=False),
    Column("n_total", Count, nullable=False),
    sqlite_autoincrement=True,
)

saved_citations = Table(
    "saved_citations",
    metadata,
    Column("answer", ForeignKey("saved_answers.id", ondelete="CASCADE"), primary_key=True, type_=Integer),
    _position(),
    Column("call_key", ForeignKey("calls.key", ondelete="CASCADE"), type_=Integer, nullable=False, index=True),
    Column("turn", Count, nullable=False),
    Column("start_char", Count, nullable=False),
    Column("end_char", Count, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("inbox", Words, nullable=False),
    Column("settings", Json, nullable=False),
    Column("summary", Json),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    sqlite_autoincrement=True,
)

run_files = Table(
    "run_files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id", ondelete="CASCADE"), type_=Integer, nullable=False, index=True),
    Column("name", Words, nullable=False),
    Column("sha256", Words, index=True),
    Column("status", Words, nullable=False),
    Column("code", Words),
    Column("message", Words),
    Column("call", Words),
    Column("audio_s", Number),
    Column("wall_s", Number),
    Column("at", Instant, nullable=False),
    Column("standing", Boolean, nullable=False, index=True),  # set aside and not tried again since
    sqlite_autoincrement=True,
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),  # "recording" or "call"
    Column("forgotten_at", Instant, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Words, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# What counting looks up of every call (coach.store.counting), without reading the rows themselves.
Index("ix_calls_customer", calls.c.customer, calls.c.started_at)
Index("ix_questions_counted", questions.c.call_key, questions.c.function, questions.c.form, questions.c.unsure)
Index("ix_cues_counted", cues.c.call_key, cues.c.tracker, cues.c.score)
Index("ix_measures_counted", measures.c.name, measures.c.call_key, measures.c.value)
