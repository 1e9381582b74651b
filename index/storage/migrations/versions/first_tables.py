"""Libraries, their places, articles and snapshots, their history, and what is under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table("folders", sa.Column("id", sa.Text, primary_key=True))
    op.create_table(
        "libraries",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("server", sa.String(20), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("in_use", sa.Text),
        sa.Column("left_at", sa.DateTime),
        sa.UniqueConstraint("server", name="uq_libraries_server"),
    )
    op.create_table(
        "places",
        _library(primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("article", sa.Text, nullable=False),
    )
    op.create_table(
        "articles",
        sa.Column("key", sa.Integer, primary_key=True),
        _library(nullable=False, index=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("removed_at", sa.DateTime),
        sa.Column("failure_at", sa.DateTime),
        sa.Column("failure", sa.Text),
        sqlite_autoincrement=True,
    )
    for state, condition in (("here", "removed_at IS NULL"), ("aside", "removed_at IS NOT NULL")):
        op.create_index(
            f"uq_articles_{state}",
            "articles",
            ["library", "id"],
            unique=True,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
    op.create_table(
        "snapshots",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column(
            "article",
            sa.Integer,
            sa.ForeignKey("articles.key", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("undone_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "changes",
        sa.Column("key", sa.Integer, primary_key=True),
        _library(nullable=False, index=True),
        sa.Column("note", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "works",
        _library(primary_key=True),
        sa.Column("note", sa.JSON, nullable=False),
    )


def _library(*, primary_key: bool = False, nullable: bool = True, index: bool = False) -> sa.Column[int]:
    return sa.Column(
        "library",
        sa.Integer,
        sa.ForeignKey("libraries.key", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=nullable and not primary_key,
        index=index,
    )
