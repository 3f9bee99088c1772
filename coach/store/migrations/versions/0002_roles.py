"""How sure told roles are, and whether somebody put a call's sides right.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("role_confidence", sa.Double))
    # A default of the database's own, because the calls that are there need a value.
    op.add_column("calls", sa.Column("swapped", sa.Boolean, nullable=False, server_default=sa.false()))
