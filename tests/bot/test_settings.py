"""Settings: from the environment and .env, never leaking the token, with errors a person understands."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot import Settings
from bot.settings import explain

TOKEN = "MTIz.secret.token"  # noqa: S105 - made up


def test_defaults() -> None:
    assert Settings().model_dump() == {
        "discord_token": None,
        "data_dir": Path(".footnote"),
        "article": None,
        "embedding_model": None,
        "reranker": None,
        "log_level": "INFO",
        "sync_guild": None,
    }


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", "~/data")
    monkeypatch.setenv("FOOTNOTE_ARTICLE", "harbour.txt")
    monkeypatch.setenv("FOOTNOTE_EMBEDDING_MODEL", "some/model")
    monkeypatch.setenv("FOOTNOTE_RERANKER", "some/reranker")
    monkeypatch.setenv("FOOTNOTE_LOG_LEVEL", "debug")
    monkeypatch.setenv("FOOTNOTE_SYNC_GUILD", "42")
    assert Settings().model_dump() == {
        "discord_token": SecretStr(TOKEN),
        "data_dir": Path.home() / "data",
        "article": Path("harbour.txt"),
        "embedding_model": "some/model",
        "reranker": "some/reranker",
        "log_level": "DEBUG",
        "sync_guild": 42,
    }


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
    settings = Settings()
    assert TOKEN not in repr(settings)
    assert TOKEN not in str(settings)
    assert TOKEN not in settings.model_dump_json()
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
