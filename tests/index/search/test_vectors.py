"""FAISS: exact inner products, and the bytes on disk."""

import errno
from io import BytesIO

import numpy as np
import pytest

from index.errors import SnapshotDamagedError
from index.search.vectors import FaissStore, Floats, GrowingStore

VECTORS: Floats = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)


QUESTION: Floats = np.array([0.8, 0.6], dtype=np.float32)


def written(store: FaissStore) -> bytes:
    pieces: list[bytes] = []
    store.write(pieces.append)
    return b"".join(pieces)


def test_the_nearest_come_first_with_their_inner_products() -> None:
    store = FaissStore.from_vectors(VECTORS, 3, 2)
    numbers, scores = store.search(QUESTION, 2)
    assert numbers.tolist() == [2, 0]
    assert scores.tolist() == pytest.approx([0.96, 0.8])


def test_no_more_are_found_than_there_are() -> None:
    store = FaissStore.from_vectors(VECTORS, 3, 2)
    assert (len(store), store.dimension) == (3, 2)
    assert store.search(QUESTION, 9)[0].tolist() == [2, 0, 1]


def test_what_was_written_is_read_back() -> None:
    store = FaissStore.read(BytesIO(written(FaissStore.from_vectors(VECTORS, 3, 2))).read)
    assert np.array_equal(store.vectors(), VECTORS)
    assert store.search(QUESTION, 3)[0].tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    "data",
    [b"", b"noise", written(FaissStore.from_vectors(VECTORS, 3, 2))[:-1]],
    ids=["empty", "noise", "cut off"],
)
def test_what_is_no_index_is_refused(data: bytes) -> None:
    with pytest.raises(SnapshotDamagedError, match=r"^The vector index cannot be read\.$"):
        FaissStore.read(BytesIO(data).read)


def _some(count: int, seed: int = 1) -> Floats:
    vectors = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


@pytest.mark.parametrize("exact_up_to", [10_000, 0], ids=["exact", "inverted"])
def test_vectors_come_and_go(exact_up_to: int) -> None:
    vectors = _some(900)
    store = GrowingStore(16, exact_up_to)
    store.add(0, vectors[:600])
    store.add(600, vectors[600:])
    store.remove(100, 400)
    assert (len(store), store.is_exact) == (500, exact_up_to > 0)
    for number in (0, 99, 500, 899):
        assert store.search(vectors[number], 1) == [number]
    assert not {*range(100, 500)}.intersection(store.search(vectors[300], 50))


def test_what_is_exact_finds_the_nearest_of_all() -> None:
    vectors = _some(300)
    store = GrowingStore(16)
    store.add(7, vectors)
    question = _some(1, seed=2)[0]
    assert store.search(question, 5) == (np.argsort(-(vectors @ question))[:5] + 7).tolist()
    assert GrowingStore(16).search(question, 5) == []


def test_an_inverted_file_finds_most_of_the_nearest() -> None:
    vectors = _some(4_000)
    exact, inverted = GrowingStore(16), GrowingStore(16, exact_up_to=3_000)
    for store in (exact, inverted):
        for first in range(0, 4_000, 500):
            store.add(first, vectors[first : first + 500])
    assert (exact.is_exact, inverted.is_exact) == (True, False)
    shared = [
        len({*exact.search(one, 8)}.intersection(inverted.search(one, 8))) / 8 for one in _some(50, seed=3)
    ]
    assert np.mean(shared) > 0.6  # of vectors that lie nowhere near each other; texts do


def test_what_the_disk_refuses_is_raised_as_it_is() -> None:
    def refuse(_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        FaissStore.from_vectors(np.eye(3, dtype=np.float32), 3, 3).write(refuse)
