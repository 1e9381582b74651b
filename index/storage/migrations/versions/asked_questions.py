"""Questions that were asked, what people said of the answers, and who wants nothing kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_questions"
down_revision = "0002_jobs"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "questions",
        sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("server", sa.String(20)),
        sa.Column("channel", sa.String(20)),
        sa.Column("person", sa.String(20), nullable=False, index=True),
        sa.Column("asked_at", sa.DateTime, nullable=False, index=True),
        sa.Column("is_private", sa.Boolean, nullable=False),
        sa.Column("is_claim", sa.Boolean, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("article", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("start", sa.Integer),
        sa.Column("end", sa.Integer),
        sa.Column("milliseconds", sa.Integer, nullable=False),
    )
    op.create_index("ix_questions_server_asked_at", "questions", ["server", "asked_at"])
    op.create_table(
        "votes",
        sa.Column(
            "question", sa.BigInteger, sa.ForeignKey("questions.key", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("person", sa.String(20), primary_key=True, index=True),
        sa.Column("is_good", sa.Boolean, nullable=False),
        sa.Column("voted_at", sa.DateTime, nullable=False),
        sa.Column("complaint", sa.Text),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("seen_at", sa.DateTime),
    )
    op.create_table("opt_outs", sa.Column("person", sa.String(20), primary_key=True))
