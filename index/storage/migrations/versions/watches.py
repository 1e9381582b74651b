"""What is read by schedule, and the pages of feeds and sitemaps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_watches"
down_revision = "0006_storage"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "watches",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("server", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("article", sa.Text),
        sa.Column("every", sa.String(10), nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("next_at", sa.DateTime, nullable=False, index=True),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("digest", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("lease", sa.Text),
        sa.Column("lease_ends_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_watches_subject", "watches", ["server", "kind", "subject"], unique=True)
    op.create_table(
        "watch_pages",
        sa.Column("watch", sa.Integer, sa.ForeignKey("watches.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("article", sa.Text),
        sa.Column("stamp", sa.Text),
        sa.Column("date", sa.DateTime),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("is_listed", sa.Boolean, nullable=False),
    )
