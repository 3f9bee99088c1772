"""What asking the calls needs: summaries, and saved questions with what was answered.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.String(32).with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "summaries",
        sa.Column("call_key", sa.Integer, sa.ForeignKey("calls.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("turns", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    _saved()
    if op.get_context().dialect.name == "postgresql":
        # What people said, which ANALYZE must not copy into pg_statistic: forgetting does not reach there.
        op.execute(sa.text("ALTER TABLE summaries ALTER COLUMN text SET STATISTICS 0"))


def _saved() -> None:
    op.create_table(
        "saved_questions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("conditions", sa.Text, nullable=False),
        sa.Column("saved_at", INSTANT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "saved_answers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "question",
            sa.Integer,
            sa.ForeignKey("saved_questions.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
        sa.Column("n_matching", sa.Integer, nullable=False),
        sa.Column("n_total", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "saved_citations",
        sa.Column("answer", sa.Integer, sa.ForeignKey("saved_answers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("call_key", sa.Integer, sa.ForeignKey("calls.key", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("start_char", sa.Integer, nullable=False),
        sa.Column("end_char", sa.Integer, nullable=False),
    )
