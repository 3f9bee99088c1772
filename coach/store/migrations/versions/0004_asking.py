"""What asking the calls needs: summaries, saved questions with what was answered, and search by words.

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
    _passages()
    _words()
    _counted()
    if op.get_context().dialect.name == "postgresql":
        # What people said, which ANALYZE must not copy into pg_statistic: forgetting does not reach there.
        op.execute(sa.text("ALTER TABLE summaries ALTER COLUMN text SET STATISTICS 0"))


def _counted() -> None:
    op.create_index("ix_calls_customer", "calls", ["customer", "started_at"])
    op.create_index("ix_questions_counted", "questions", ["call_key", "function", "form", "unsure"])
    op.create_index("ix_cues_counted", "cues", ["call_key", "tracker", "score"])
    op.create_index("ix_measures_counted", "measures", ["name", "call_key", "value"])


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


def _passages() -> None:
    op.drop_index("ix_passages_call_key", "passages")
    op.create_index("ix_passages_place", "passages", ["call_key", "first_turn", "last_turn"])
    op.add_column("passages", sa.Column("roles", sa.Text, nullable=False, server_default="", index=True))
    spoken = (
        "CASE WHEN EXISTS (SELECT 1 FROM turns WHERE turns.call_key = passages.call_key AND turns.role = '{role}'"
        " AND turns.position BETWEEN passages.first_turn AND passages.last_turn AND trim(turns.text) <> '')"
        " THEN '{role} ' ELSE '' END"
    )
    roles = " || ".join(spoken.format(role=role) for role in ("agent", "customer", "unknown"))
    op.execute(sa.text(f"UPDATE passages SET roles = trim({roles})"))


def _words() -> None:
    """Search by words. On SQLite a table that holds no text of its own, in step with the passages by triggers."""
    if op.get_context().dialect.name == "postgresql":
        # Signs between words are blanked, or E-4711 would be read as "e" and the number -4711. A tsvector may be
        # 1 MB at most, so of an endless monologue only the beginning is found by its words.
        plain = "translate(left(text, 100000), '-_/.:@+#', '        ')"
        made = f"tsvector GENERATED ALWAYS AS (to_tsvector('english', {plain})) STORED"
        op.get_bind().exec_driver_sql(f"ALTER TABLE passages ADD COLUMN words {made}")
        op.execute(sa.text("ALTER TABLE passages ALTER COLUMN words SET STATISTICS 0"))
        op.execute(sa.text("CREATE INDEX ix_passages_words ON passages USING gin (words)"))
        return
    op.execute(
        sa.text(
            "CREATE VIRTUAL TABLE passages_fts USING"
            " fts5(text, content='passages', content_rowid='id', tokenize='porter unicode61')"
        )
    )
    op.execute(sa.text("INSERT INTO passages_fts (passages_fts) VALUES ('rebuild')"))
    add = "INSERT INTO passages_fts (rowid, text) VALUES (new.id, new.text);"
    remove = "INSERT INTO passages_fts (passages_fts, rowid, text) VALUES ('delete', old.id, old.text);"
    for event, body in (("INSERT", add), ("DELETE", remove), ("UPDATE OF text", remove + " " + add)):
        name = f"passages_fts_{event.split()[0].lower()}"
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON passages BEGIN {body} END")
