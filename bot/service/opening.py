"""Opens the library as the settings say."""

from __future__ import annotations

from bot.settings import Settings
from index import Library


def open_library(settings: Settings) -> Library:
    """The library that the settings describe; nothing of it is loaded yet."""
    return Library(
        settings.data_dir,
        database_url=settings.postgresql,
        storage=settings.storage,
        article_path=settings.article,
        embedding_model=settings.embedding_model,
        encoder=settings.encoder,
        reranker=settings.reranker,
        reader=settings.reader,
        limits=settings.limits,
        quotas=settings.quotas,
        retention=settings.retention,
        check_at_least=settings.check_at_least,
        open_articles=settings.open_articles,
        snapshots_kept=settings.snapshots_kept,
    )
