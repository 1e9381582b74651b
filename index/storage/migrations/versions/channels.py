"""What is switched on in channels: answers to questions that nobody put to the bot, and weekly digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_channels"
down_revision = "0003_questions"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "auto_channels",
        sa.Column("channel", sa.String(20), primary_key=True),
        sa.Column("server", sa.String(20), nullable=False, index=True),
    )
    op.create_table(
        "digests",
        sa.Column("server", sa.String(20), primary_key=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("not_before", sa.DateTime),
        sa.Column("refusals", sa.Integer, nullable=False),
    )
