"""What the admins of servers have answered themselves, and whose replies they take over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_answers"
down_revision = "0004_channels"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "written_answers",
        sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("server", sa.String(20), nullable=False, index=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("person", sa.String(20), index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("answered_at", sa.DateTime, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("is_stale", sa.Boolean, nullable=False),
    )
    op.create_table(
        "trusted_roles",
        sa.Column("server", sa.String(20), primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
    )
