"""The real model and the index of the article that ships, made once."""

from __future__ import annotations

import pytest

from index.answering.answerer import Answerer
from index.answering.calibration import thresholds
from index.model.article import Article
from index.search.build import Index, build
from index.search.embedding import SentenceTransformerEmbedder
from index.sources.files import SHIPPED_ARTICLE, load_article
from tests.index.fakes import THRESHOLDS


@pytest.fixture(scope="session")
def shipped() -> Article:
    return load_article(SHIPPED_ARTICLE)


@pytest.fixture(scope="session")
def real_embedder() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder()


@pytest.fixture(scope="session")
def shipped_index(shipped: Article, real_embedder: SentenceTransformerEmbedder) -> Index:
    return build(shipped, real_embedder)


@pytest.fixture(scope="session")
def answerer(shipped_index: Index, real_embedder: SentenceTransformerEmbedder) -> Answerer:
    return Answerer(
        shipped_index, real_embedder, thresholds=thresholds(real_embedder), snapshot="000001-97da9c48"
    )


@pytest.fixture
def _known_thresholds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake embedder's thresholds as if they had been fitted, which takes a while."""
    monkeypatch.setattr("index.library.models.thresholds", lambda *_: THRESHOLDS)
