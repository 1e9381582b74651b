"""Snapshots that lie in a storage which machines share: their names there, and their sizes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_storage"
down_revision = "0005_answers"


def upgrade() -> None:
    """Adds the columns."""
    op.add_column("snapshots", sa.Column("digest", sa.String(64)))
    op.add_column(
        "snapshots", sa.Column("nbytes", sa.BigInteger, nullable=False, server_default=sa.text("0"))
    )
    op.create_index("ix_snapshots_digest", "snapshots", ["digest"])
