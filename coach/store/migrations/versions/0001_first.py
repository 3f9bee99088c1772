"""The first tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.String(32).with_variant(TIMESTAMP(timezone=True), "postgresql")
WORDY = {
    "turns": ("text",),
    "dropped": ("text",),
    "questions": ("text",),
    "evidence": ("text",),
    "passages": ("text", "embedding"),
}


def upgrade() -> None:
    _calls()
    _transcript()
    _scorecard()
    _passages()
    _runs()
    _bookkeeping()
    if op.get_context().dialect.name == "postgresql":
        for table, columns in WORDY.items():
            for column in columns:
                # ANALYZE would copy samples of the text into pg_statistic, where forgetting does not reach.
                op.execute(sa.text(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0"))


def _of_call() -> sa.Column[int]:
    return sa.Column("call_key", sa.Integer, sa.ForeignKey("calls.key", ondelete="CASCADE"), primary_key=True)


def _position(name: str = "position") -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("recording_sha256", sa.Text, unique=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("saved_at", INSTANT, nullable=False),
        sa.Column("call_id", sa.Text),
        sa.Column("started_at", INSTANT, index=True),
        sa.Column("medium", sa.Text, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("team", sa.Text),
        sa.Column("customer", sa.Text),
        sa.Column("segment", sa.Text),
        sa.Column("product", sa.Text),
        sa.Column("queue", sa.Text),
        sa.Column("csat", sa.Double),
        sa.Column("resolved", sa.Boolean),
        sa.Column("churned", sa.Boolean),
        sa.Column("sold", sa.Boolean),
        sa.Column("handle_time_s", sa.Double),
        sa.Column("duration_s", sa.Double),
        sa.Column("flags", sa.Text, nullable=False),
        sa.Column("engine", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("audio", sa.Text),
        sa.Column("n_questions", sa.Integer, nullable=False),
        sa.Column("impact_count", sa.Integer, nullable=False),
        sa.Column("open_share", sa.Double),
        sa.Column("talk_share", sa.Double),
    )
    op.create_table(
        "call_extra",
        _of_call(),
        _position(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )


def _transcript() -> None:
    op.create_table(
        "turns",
        _of_call(),
        _position(),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("speaker", sa.Text),
        sa.Column("start_s", sa.Double),
        sa.Column("end_s", sa.Double),
        sa.Column("at", INSTANT),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "dropped",
        _of_call(),
        _position(),
        sa.Column("channel", sa.Integer, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("start_s", sa.Double, nullable=False),
        sa.Column("end_s", sa.Double, nullable=False),
        sa.Column("avg_logprob", sa.Double),
        sa.Column("no_speech_prob", sa.Double),
        sa.Column("compression_ratio", sa.Double),
        sa.Column("reason", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
    )


def _scorecard() -> None:
    op.create_table(
        "questions",
        _of_call(),
        _position(),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("start_char", sa.Integer, nullable=False),
        sa.Column("end_char", sa.Integer, nullable=False),
        sa.Column("time_s", sa.Double),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("function", sa.Text, nullable=False),
        sa.Column("form_score", sa.Double, nullable=False),
        sa.Column("function_score", sa.Double, nullable=False),
        sa.Column("unsure", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table("scorecards", _of_call(), sa.Column("rubric", sa.Text, nullable=False))
    op.create_table(
        "scores",
        _of_call(),
        _position(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("explanation", sa.Text, nullable=False),
        sa.Column("n", sa.Integer),
        sa.Column("of", sa.Integer),
    )
    op.create_table(
        "evidence",
        _of_call(),
        _position("score"),
        _position(),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("time_s", sa.Double),
        sa.Column("text", sa.Text, nullable=False),
    )


def _passages() -> None:
    op.create_table(
        "passages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("call_key", sa.Integer, sa.ForeignKey("calls.key", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("first_turn", sa.Integer, nullable=False),
        sa.Column("last_turn", sa.Integer, nullable=False),
        sa.Column("start_s", sa.Double),
        sa.Column("end_s", sa.Double),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("embedding", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("inbox", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("summary", sa.Text),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "run_files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, index=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("call", sa.Text),
        sa.Column("audio_s", sa.Double),
        sa.Column("wall_s", sa.Double),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("standing", sa.Boolean, nullable=False, index=True),
        sqlite_autoincrement=True,
    )


def _bookkeeping() -> None:
    op.create_table(
        "tombstones",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("forgotten_at", INSTANT, nullable=False),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(counters, [{"name": "content_version", "value": 0}])
