"""Cues, measures, several scorecards a call, exemplars, suggestions, an LLM's replies, and what people said of scores.

The one scorecard of before counted and judged nothing: its lines become measures, without their evidence, which
`coach rescore` finds again.

Revision ID: 0003
Revises: 0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.String(32).with_variant(TIMESTAMP(timezone=True), "postgresql")
WORDY = {
    "cues": ("text",),
    "measures": ("explanation", "evidence"),
    "scores": ("explanation", "evidence"),
    "suggestions": ("text",),
    "reviews": ("note",),
    "replies": ("text",),
}
"""What people said, which ANALYZE must not copy into pg_statistic: forgetting does not reach there."""
_KEPT = ("call_key", "position", "name", "value", "unit", "explanation", "n", "of")


def upgrade() -> None:
    op.add_column("calls", sa.Column("scored_by", sa.Text))
    op.add_column("calls", sa.Column("suggested", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table("measures", _of_call(), _position(), *_score_columns())
    old = sa.table("scores", *(sa.column(name) for name in _KEPT))
    new = sa.table("measures", *(sa.column(name) for name in (*_KEPT, "evidence")))
    op.execute(sa.insert(new).from_select([*_KEPT, "evidence"], sa.select(old, sa.literal("[]"))))
    for table in ("evidence", "scores", "scorecards"):
        op.drop_table(table)
    _found()
    _judged()
    _suggested()
    op.create_table(
        "replies",
        sa.Column("call", sa.Text, primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    if op.get_context().dialect.name == "postgresql":
        for table, columns in WORDY.items():
            for column in columns:
                op.execute(sa.text(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0"))


def _of_call() -> sa.Column[Any]:
    return sa.Column("call_key", sa.Integer, sa.ForeignKey("calls.key", ondelete="CASCADE"), primary_key=True)


def _position(name: str = "position") -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def _score_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("explanation", sa.Text, nullable=False),
        sa.Column("n", sa.Integer),
        sa.Column("of", sa.Integer),
        sa.Column("evidence", sa.Text, nullable=False),
    )


def _found() -> None:
    op.create_table(
        "cues",
        _of_call(),
        _position(),
        sa.Column("tracker", sa.Text, nullable=False, index=True),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("start_char", sa.Integer, nullable=False),
        sa.Column("end_char", sa.Integer, nullable=False),
        sa.Column("time_s", sa.Double),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "exemplars",
        _of_call(),
        _position(),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("start_char", sa.Integer, nullable=False),
        sa.Column("end_char", sa.Integer, nullable=False),
        sa.Column("function", sa.Text, nullable=False, index=True),
        sa.Column("prev_embedding", sa.LargeBinary, nullable=False),
    )


def _judged() -> None:
    op.create_table(
        "scorecards",
        _of_call(),
        _position(),
        sa.Column("rubric", sa.Text, nullable=False, index=True),
        sa.Column("rubric_sha256", sa.String(64), nullable=False),
        sa.Column("value", sa.Double),
    )
    op.create_table(
        "scores",
        _of_call(),
        _position("card"),
        _position(),
        *_score_columns(),
        sa.Column("section", sa.Text, nullable=False),
        sa.Column("weight", sa.Double),
        sa.Column("fatal", sa.Boolean, nullable=False),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("call", sa.Text, nullable=False, index=True),
        sa.Column("rubric", sa.Text, nullable=False),
        sa.Column("criterion", sa.Text, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sqlite_autoincrement=True,
    )


def _suggested() -> None:
    op.create_table(
        "suggestions",
        _of_call(),
        _position(),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("start_char", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("function", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_key", sa.Integer, sa.ForeignKey("calls.key", ondelete="CASCADE"), index=True),
        sa.Column("source_turn", sa.Integer),
        sa.Column("source_start_char", sa.Integer),
        sa.Column("source_end_char", sa.Integer),
        sa.Column("source_time_s", sa.Double),
        sa.Column("similarity", sa.Double),
    )
