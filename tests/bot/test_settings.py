"""Settings: from the environment and .env, never leaking the token, with errors a person understands."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot import Settings
from bot.settings import explain
from index import Limits, Quotas, Retention

TOKEN = "MTIz.secret.token"  # noqa: S105 - made up


def test_defaults() -> None:
    assert Settings().model_dump() == {
        "discord_token": None,
        "data_dir": Path(".footnote"),
        "database_url": None,
        "storage_url": None,
        "cache_mb": 10_000,
        "article": None,
        "embedding_model": None,
        "encoder": "auto",
        "reranker": None,
        "reader": None,
        "log_level": "INFO",
        "log_format": "text",
        "status_port": None,
        "status_address": IPv4Address("127.0.0.1"),
        "message_content": False,
        "sync_guild": None,
        "admin_role": None,
        "max_source_mb": 20,
        "fetch_seconds": 8.0,
        "max_redirects": 5,
        "max_pages": 500,
        "max_chars": 2_000_000,
        "extract_seconds": 8.0,
        "extract_mb": 230,
        "check_at_least": 0.8,
        "open_articles": 16,
        "snapshots_kept": 3,
        "questions_per_minute": 6,
        "server_questions_per_minute": 60,
        "lookups_per_minute": 60,
        "server_lookups_per_minute": 600,
        "server_articles": 50,
        "server_mb": 1000,
        "server_changes_per_hour": 20,
        "changes_per_hour": 200,
        "pending_changes": 10,
        "max_questions": 200,
        "free_mb": 500,
        "keep_days": 30.0,
        "grace_days": 14.0,
        "question_days": 90.0,
        "queue": 200,
        "follow_up_minutes": 10.0,
    }


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", "~/data")
    monkeypatch.setenv("FOOTNOTE_DATABASE_URL", "postgresql://me:secret@here/footnote")
    monkeypatch.setenv("FOOTNOTE_STORAGE_URL", "s3://me:secret@bucket/footnote")
    monkeypatch.setenv("FOOTNOTE_CACHE_MB", "77")
    monkeypatch.setenv("FOOTNOTE_ARTICLE", "harbour.txt")
    monkeypatch.setenv("FOOTNOTE_ENCODER", "TORCH")
    monkeypatch.setenv("FOOTNOTE_EMBEDDING_MODEL", "some/model")
    monkeypatch.setenv("FOOTNOTE_RERANKER", "some/reranker")
    monkeypatch.setenv("FOOTNOTE_READER", "some/reader")
    monkeypatch.setenv("FOOTNOTE_LOG_LEVEL", "debug")
    monkeypatch.setenv("FOOTNOTE_LOG_FORMAT", "JSON")
    monkeypatch.setenv("FOOTNOTE_STATUS_PORT", "9464")
    monkeypatch.setenv("FOOTNOTE_STATUS_ADDRESS", "::")
    monkeypatch.setenv("FOOTNOTE_MESSAGE_CONTENT", "1")
    monkeypatch.setenv("FOOTNOTE_SYNC_GUILD", "42")
    monkeypatch.setenv("FOOTNOTE_ADMIN_ROLE", " 43 ")
    monkeypatch.setenv("FOOTNOTE_MAX_SOURCE_MB", "44")
    monkeypatch.setenv("FOOTNOTE_FETCH_SECONDS", "4.5")
    monkeypatch.setenv("FOOTNOTE_MAX_REDIRECTS", "0")
    monkeypatch.setenv("FOOTNOTE_MAX_PAGES", "46")
    monkeypatch.setenv("FOOTNOTE_MAX_CHARS", "47")
    monkeypatch.setenv("FOOTNOTE_EXTRACT_SECONDS", "4.8")
    monkeypatch.setenv("FOOTNOTE_EXTRACT_MB", "49")
    monkeypatch.setenv("FOOTNOTE_CHECK_AT_LEAST", "1")
    monkeypatch.setenv("FOOTNOTE_OPEN_ARTICLES", "51")
    monkeypatch.setenv("FOOTNOTE_SNAPSHOTS_KEPT", "52")
    monkeypatch.setenv("FOOTNOTE_QUESTIONS_PER_MINUTE", "0")
    monkeypatch.setenv("FOOTNOTE_SERVER_QUESTIONS_PER_MINUTE", "54")
    monkeypatch.setenv("FOOTNOTE_LOOKUPS_PER_MINUTE", "56")
    monkeypatch.setenv("FOOTNOTE_SERVER_LOOKUPS_PER_MINUTE", "57")
    monkeypatch.setenv("FOOTNOTE_SERVER_ARTICLES", "61")
    monkeypatch.setenv("FOOTNOTE_SERVER_MB", "62")
    monkeypatch.setenv("FOOTNOTE_SERVER_CHANGES_PER_HOUR", "63")
    monkeypatch.setenv("FOOTNOTE_CHANGES_PER_HOUR", "64")
    monkeypatch.setenv("FOOTNOTE_PENDING_CHANGES", "65")
    monkeypatch.setenv("FOOTNOTE_MAX_QUESTIONS", "66")
    monkeypatch.setenv("FOOTNOTE_FREE_MB", "67")
    monkeypatch.setenv("FOOTNOTE_KEEP_DAYS", "1.5")
    monkeypatch.setenv("FOOTNOTE_GRACE_DAYS", "0.0")
    monkeypatch.setenv("FOOTNOTE_QUEUE", "55")
    monkeypatch.setenv("FOOTNOTE_QUESTION_DAYS", "2.5")
    monkeypatch.setenv("FOOTNOTE_FOLLOW_UP_MINUTES", "0.5")
    assert Settings().model_dump() == {
        "discord_token": SecretStr(TOKEN),
        "data_dir": Path.home() / "data",
        "database_url": SecretStr("postgresql://me:secret@here/footnote"),
        "storage_url": SecretStr("s3://me:secret@bucket/footnote"),
        "cache_mb": 77,
        "article": Path("harbour.txt"),
        "embedding_model": "some/model",
        "encoder": "torch",
        "reranker": "some/reranker",
        "reader": "some/reader",
        "log_level": "DEBUG",
        "log_format": "json",
        "status_port": 9464,
        "status_address": IPv6Address("::"),
        "message_content": True,
        "sync_guild": 42,
        "admin_role": "43",
        "max_source_mb": 44,
        "fetch_seconds": 4.5,
        "max_redirects": 0,
        "max_pages": 46,
        "max_chars": 47,
        "extract_seconds": 4.8,
        "extract_mb": 49,
        "check_at_least": 1.0,
        "open_articles": 51,
        "snapshots_kept": 52,
        "questions_per_minute": 0,
        "server_questions_per_minute": 54,
        "lookups_per_minute": 56,
        "server_lookups_per_minute": 57,
        "server_articles": 61,
        "server_mb": 62,
        "server_changes_per_hour": 63,
        "changes_per_hour": 64,
        "pending_changes": 65,
        "max_questions": 66,
        "free_mb": 67,
        "keep_days": 1.5,
        "grace_days": 0.0,
        "question_days": 2.5,
        "queue": 55,
        "follow_up_minutes": 0.5,
    }


def test_quotas_and_how_long_things_are_kept_are_settings() -> None:
    settings = Settings(server_articles=1, server_mb=2, max_questions=3, free_mb=4, keep_days=5, grace_days=6)
    assert settings.quotas == Quotas(articles=1, nbytes=2_000_000, questions=3, free_bytes=4_000_000)
    assert settings.retention == Retention(removals=timedelta(days=5), absences=timedelta(days=6))
    assert Settings().retention == Retention()


def test_the_limits_of_a_source_are_settings() -> None:
    assert Settings().limits == Limits()
    settings = Settings(
        max_source_mb=2,
        fetch_seconds=3,
        max_redirects=4,
        max_pages=5,
        max_chars=6,
        extract_seconds=7,
        extract_mb=8,
    )
    assert settings.limits == Limits(
        max_bytes=2_000_000,
        max_seconds=3,
        max_redirects=4,
        max_pages=5,
        max_chars=6,
        max_extract_seconds=7,
        max_extract_bytes=8_000_000,
    )


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("MAX_SOURCE_MB", "0", "Input should be greater than 0"),
        ("FETCH_SECONDS", "-1", "Input should be greater than 0"),
        ("FETCH_SECONDS", "inf", "Input should be a finite number"),
        ("MAX_REDIRECTS", "-1", "Input should be greater than or equal to 0"),
        ("CHECK_AT_LEAST", "80", "Input should be less than or equal to 1"),
        ("CHECK_AT_LEAST", "nan", "Input should be a finite number"),
        ("SNAPSHOTS_KEPT", "0", "Input should be greater than 0"),
        ("ADMIN_ROLE", " ", "String should have at least 1 character"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(f"FOOTNOTE_{name}", value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert explain(caught.value) == f"FOOTNOTE_{name}: {problem}"


def test_dotenv_below_environment_below_arguments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        f"DISCORD_TOKEN={TOKEN}\nFOOTNOTE_RERANKER=a\nFOOTNOTE_ARTICLE=\nOTHER=1\n"
    )
    monkeypatch.setenv("FOOTNOTE_RERANKER", "b")
    settings = Settings(data_dir=tmp_path)
    assert settings.discord_token == SecretStr(TOKEN)
    assert settings.reranker == "b"
    assert settings.article is None
    assert settings.data_dir == tmp_path


def test_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISCORD_TOKEN", "FOOTNOTE_DATA_DIR", "FOOTNOTE_LOG_LEVEL", "FOOTNOTE_SYNC_GUILD"):
        monkeypatch.setenv(name, "")
    assert Settings() == Settings(
        discord_token=None, data_dir=Path(".footnote"), log_level="INFO", sync_guild=None
    )


def test_the_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("FOOTNOTE_DATABASE_URL", "postgresql://me:hunter2@here/footnote")
    settings = Settings()
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert TOKEN not in text
        assert "hunter2" not in text
    assert settings.discord_token
    assert settings.discord_token.get_secret_value() == TOKEN


def test_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().log_level = "DEBUG"


def test_wrong_values_are_explained_under_the_names_they_are_set_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_LOG_LEVEL", "loud")
    monkeypatch.setenv("FOOTNOTE_SYNC_GUILD", "my server")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert explain(caught.value) == (
        "FOOTNOTE_LOG_LEVEL: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'\n"
        "FOOTNOTE_SYNC_GUILD: Input should be a valid integer, unable to parse string as an integer"
    )
    assert "my server" not in str(caught.value)
