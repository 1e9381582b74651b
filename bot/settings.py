"""Frozen settings, read from the environment and a ``.env`` file in the working directory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

_PREFIX = "FOOTNOTE_"
_TOKEN = "DISCORD_TOKEN"  # noqa: S105 - the name of the variable, not a token

UserPath = Annotated[Path, BeforeValidator(lambda value: Path(value).expanduser())]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]


class Settings(BaseSettings):
    """What can be set. A variable that is set to nothing counts as not set.

    Attributes:
        discord_token: The bot's token (``DISCORD_TOKEN``); only needed to run in real Discord.
        data_dir: Folder for the index and the bot's own notes.
        article: A UTF-8 text file to answer from; None for the article that ships.
        embedding_model: A sentence-transformers model by hub name or folder; None for the bundled one.
        reranker: A sentence-transformers CrossEncoder by name or folder; None for none.
        log_level: DEBUG, INFO, WARNING or ERROR.
        sync_guild: Id of one server to register the commands in, where they appear at once; None to
            register them everywhere.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    discord_token: SecretStr | None = Field(default=None, validation_alias=_TOKEN)
    data_dir: UserPath = Path(".footnote")
    article: UserPath | None = None
    embedding_model: str | None = None
    reranker: str | None = None
    log_level: LogLevel = "INFO"
    sync_guild: PositiveInt | None = None


def explain(error: ValidationError) -> str:
    """The settings that are wrong, one a line, under the names that a person sets them by."""
    return "\n".join(
        f"{_TOKEN if name in (_TOKEN, 'discord_token') else _PREFIX + name.upper()}: {problem['msg']}"
        for problem in error.errors()
        for name in [str(problem["loc"][0])]
    )
