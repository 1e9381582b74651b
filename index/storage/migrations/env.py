"""What Alembic runs: the migrations, in the connection that it was handed."""

from __future__ import annotations

from alembic import context

from index.storage.tables import Table

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Table.metadata, render_as_batch=True
)
context.run_migrations()
