"""What is held in memory, and for how long."""

from __future__ import annotations

from pathlib import Path

from index.library.memory import Cache
from index.library.models import Models
from tests.index.fakes import FakeEmbedder


def test_what_was_used_last_is_kept() -> None:
    cache: Cache[str, int] = Cache(2, 1000, lambda size: size)
    for key in ("a", "b"):
        cache.put(key, 1)
    assert cache.get("a") == 1
    cache.put("c", 1)
    assert [cache.get(key) for key in ("a", "b", "c")] == [1, None, 1]
    assert len(cache) == 2


def test_no_more_is_kept_than_fits_and_at_least_the_newest() -> None:
    cache: Cache[str, int] = Cache(10, 100, lambda size: size)
    cache.put("a", 60)
    cache.put("b", 40)
    assert len(cache) == 2
    cache.put("c", 50)
    assert [cache.get(key) for key in ("a", "b", "c")] == [None, 40, 50]
    cache.put("d", 500)
    assert [cache.get(key) for key in ("b", "c", "d")] == [None, None, 500]


def test_one_that_is_too_large_is_kept_beside_a_small_one() -> None:
    cache: Cache[str, int] = Cache(10, 100, lambda size: size)
    cache.put("large", 500)
    cache.put("small", 10)
    assert [cache.get(key) for key in ("large", "small")] == [500, 10]
    cache.put("other", 10)
    assert [cache.get(key) for key in ("large", "small", "other")] == [None, 10, 10]


def test_one_that_is_put_again_counts_once() -> None:
    cache: Cache[str, int] = Cache(10, 100, lambda size: size)
    for _ in range(5):
        cache.put("a", 60)
    cache.put("b", 40)
    assert (cache.get("a"), cache.get("b")) == (60, 40)


def test_a_given_embedder_is_the_one(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    assert Models(tmp_path, embedder=embedder).load() == (embedder, None, None)
