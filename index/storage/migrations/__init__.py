"""How the tables came to be what they are; Alembic runs these at the first start of a version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Brings a database up to this version, in the transaction of a connection.

    Raises:
        alembic.util.CommandError: it is of a version not known here.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
