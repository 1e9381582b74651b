"""Changes that wait for a worker, and how far they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_jobs"
down_revision = "0001"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "jobs",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("server", sa.String(20), nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("content", sa.LargeBinary),
        sa.Column("questions", sa.LargeBinary),
        sa.Column("lease", sa.Text),
        sa.Column("lease_ends_at", sa.DateTime),
        sa.Column("takes", sa.Integer, nullable=False),
        sa.Column("progress", sa.JSON(none_as_null=True)),
        sa.Column("is_cancelled", sa.Boolean, nullable=False),
        sa.Column("publication", sa.JSON(none_as_null=True)),
        sa.Column("outcome", sa.JSON(none_as_null=True)),
        sa.Column("ended_at", sa.DateTime),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
        sqlite_autoincrement=True,
    )
    condition = "ended_at IS NULL"
    op.create_index(
        "uq_jobs_under_way",
        "jobs",
        ["server"],
        unique=True,
        sqlite_where=sa.text(condition),
        postgresql_where=sa.text(condition),
    )
