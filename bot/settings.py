"""Frozen settings, read from the environment and a ``.env`` file in the working directory."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    IPvAnyAddress,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    StringConstraints,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from index import Limits, Quotas, Retention, SharedStorage

_PREFIX = "FOOTNOTE_"
_TOKEN = "DISCORD_TOKEN"  # noqa: S105 - the name of the variable, not a token

UserPath = Annotated[Path, BeforeValidator(lambda value: Path(value).expanduser())]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]
Days = Annotated[float, Field(ge=0, le=36_500)]
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


LogFormat = Annotated[
    Literal["text", "json"],
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
]
Encoder = Annotated[
    Literal["auto", "onnx", "bfloat16", "torch"],
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
]
Port = Annotated[int, Field(ge=1, le=65_535)]


class Settings(BaseSettings):
    """What can be set. A variable that is set to nothing counts as not set.

    Attributes:
        discord_token: The bot's token (``DISCORD_TOKEN``); only needed to run in real Discord.
        data_dir: Folder for the index and the bot's own notes.
        database_url: The address of a PostgreSQL; None for SQLite in the data folder.
        storage_url: Where the indexes lie that several machines share, a folder or the address of an S3, GCS
            or Azure; None where they lie in the data folder.
        cache_mb: The most megabytes of them that this machine keeps in the data folder; 0 for no limit.
        article: A file to answer from; None for the article that ships.
        embedding_model: A sentence-transformers model by hub name or folder; None for the bundled one.
        encoder: What runs the bundled embedding model: onnx, bfloat16, torch, or auto for the faster of
            onnx and torch.
        reranker: A sentence-transformers CrossEncoder by name or folder; None for none.
        reader: The folder of a reader; None for the one that ships, "off" for none.
        log_level: DEBUG, INFO, WARNING or ERROR.
        log_format: How the log of ``footnote run`` is written: text, or json for an object a line.
        status_port: The port of /healthz, /readyz and /metrics; None to serve none of them.
        status_address: The IP address that they are served at.
        message_content: Whether to ask Discord for the text of all messages, its privileged intent Message
            Content; without it, only what is sent to the bot can be read.
        sync_guild: Id of one server to register the commands in, where they appear at once; None to
            register them everywhere.
        admin_role: A role, by id or by name, whose members may change the library of their server besides
            those who may manage the server; None for no such role.
        max_source_mb: The most megabytes that a source may have, unpacked as well.
        fetch_seconds: The longest that a web address may take to be fetched, redirects included.
        max_redirects: The most redirects that are followed from a web address.
        max_pages: The most pages of a PDF, and the most chapters of an e-book.
        max_chars: The most characters of an article.
        extract_seconds: Of a processor, for taking the text out of a source.
        extract_mb: The most megabytes of memory that the process which does so may take, all of it counted.
        check_at_least: The share of an article's own questions that an index of it must answer rightly to be
            published.
        open_articles: How many articles are kept open in memory.
        snapshots_kept: How many indexes of each article are kept, the one that serves included.
        questions_per_minute: How many questions a person may ask in a minute; 0 for no limit.
        server_questions_per_minute: How many all the people of a server may ask in a minute; 0 for no limit.
        lookups_per_minute: How often a person may look something up in a minute, with commands and buttons,
            and how often something may be offered to them while they type; 0 for no limit.
        server_lookups_per_minute: The same of all the people of a server; 0 for no limit.
        server_articles: How many articles a server may have; 0 for no limit.
        server_mb: The most megabytes that the library of a server may take on disk, with all that is kept of
            it; 0 for no limit.
        server_changes_per_hour: How often a server may add or reindex an article in an hour; 0 for no limit.
        changes_per_hour: How often all servers together may; 0 for no limit.
        pending_changes: How many such changes may be under way or wait for their turn; 0 for no limit. Of
            one server it is always one.
        max_questions: How many questions may accompany an article of a server; 0 for no limit.
        free_mb: The megabytes of the disk that stay free: below, nothing is added or reindexed.
        keep_days: For how many days what was removed or undone is kept.
        grace_days: For how many days the library of a server is kept that the bot is not in any more.
        question_days: For how many days questions are kept, with what people say of the answers; 0 to keep
            none.
        queue: How many questions may wait for their turn.
        follow_up_minutes: How long a question may lean on the one before it; 0 for not at all.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    discord_token: SecretStr | None = Field(default=None, validation_alias=_TOKEN)
    data_dir: UserPath = Path(".footnote")
    database_url: SecretStr | None = None
    storage_url: SecretStr | None = None
    cache_mb: NonNegativeInt = 10_000
    article: UserPath | None = None
    embedding_model: str | None = None
    encoder: Encoder = "auto"
    reranker: str | None = None
    reader: str | None = None
    log_level: LogLevel = "INFO"
    log_format: LogFormat = "text"
    status_port: Port | None = None
    status_address: IPvAnyAddress = IPv4Address("127.0.0.1")
    message_content: bool = False
    sync_guild: PositiveInt | None = None
    admin_role: Name | None = None
    max_source_mb: PositiveInt = 20
    fetch_seconds: PositiveFloat = 8.0
    max_redirects: NonNegativeInt = 5
    max_pages: PositiveInt = 500
    max_chars: PositiveInt = 2_000_000
    extract_seconds: PositiveFloat = 8.0
    extract_mb: PositiveInt = 230
    check_at_least: Share = 0.8
    open_articles: PositiveInt = 16
    snapshots_kept: PositiveInt = 3
    questions_per_minute: NonNegativeInt = 6
    server_questions_per_minute: NonNegativeInt = 60
    lookups_per_minute: NonNegativeInt = 60
    server_lookups_per_minute: NonNegativeInt = 600
    server_articles: NonNegativeInt = 50
    server_mb: NonNegativeInt = 1_000
    server_changes_per_hour: NonNegativeInt = 20
    changes_per_hour: NonNegativeInt = 200
    pending_changes: NonNegativeInt = 10
    max_questions: NonNegativeInt = 200
    free_mb: NonNegativeInt = 500
    keep_days: Days = 30.0
    grace_days: Days = 14.0
    question_days: Days = 90.0
    queue: PositiveInt = 200
    follow_up_minutes: NonNegativeFloat = 10.0

    @property
    def postgresql(self) -> str | None:
        """The address of a PostgreSQL, its password included; None for SQLite in the data folder."""
        return self.database_url.get_secret_value() if self.database_url else None

    @property
    def storage(self) -> SharedStorage | None:
        """The storage that machines share, its password included; None where all lies in the data folder."""
        if self.storage_url is None:
            return None
        return SharedStorage(self.storage_url.get_secret_value(), self.cache_mb * 1_000_000)

    @property
    def limits(self) -> Limits:
        """What a source may cost."""
        return Limits(
            max_bytes=self.max_source_mb * 1_000_000,
            max_seconds=self.fetch_seconds,
            max_redirects=self.max_redirects,
            max_pages=self.max_pages,
            max_chars=self.max_chars,
            max_extract_seconds=self.extract_seconds,
            max_extract_bytes=self.extract_mb * 1_000_000,
        )

    @property
    def quotas(self) -> Quotas:
        """What a server may have, and how much of the disk stays free."""
        return Quotas(
            articles=self.server_articles,
            nbytes=self.server_mb * 1_000_000,
            questions=self.max_questions,
            free_bytes=self.free_mb * 1_000_000,
        )

    @property
    def retention(self) -> Retention:
        """How long things are kept."""
        return Retention(
            removals=timedelta(days=self.keep_days),
            absences=timedelta(days=self.grace_days),
            questions=timedelta(days=self.question_days),
        )


def explain(error: ValidationError) -> str:
    """The settings that are wrong, one a line, under the names that a person sets them by."""
    return "\n".join(
        f"{_TOKEN if name in (_TOKEN, 'discord_token') else _PREFIX + name.upper()}: {problem['msg']}"
        for problem in error.errors()
        for name in [str(problem["loc"][0])]
    )
