"""FAISS: exact inner products, and the bytes on disk."""

import numpy as np
import pytest

from index.errors import SnapshotDamagedError
from index.search.vectors import FaissStore, Floats

VECTORS: Floats = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)


QUESTION: Floats = np.array([0.8, 0.6], dtype=np.float32)


def test_the_nearest_come_first_with_their_inner_products() -> None:
    store = FaissStore.from_vectors(VECTORS)
    numbers, scores = store.search(QUESTION, 2)
    assert numbers.tolist() == [2, 0]
    assert scores.tolist() == pytest.approx([0.96, 0.8])


def test_no_more_are_found_than_there_are() -> None:
    store = FaissStore.from_vectors(VECTORS)
    assert (len(store), store.dimension) == (3, 2)
    assert store.search(QUESTION, 9)[0].tolist() == [2, 0, 1]


def test_what_was_written_is_read_back() -> None:
    store = FaissStore.from_bytes(FaissStore.from_vectors(VECTORS).to_bytes())
    assert np.array_equal(store.vectors(), VECTORS)
    assert store.search(QUESTION, 3)[0].tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    "data",
    [b"", b"noise", FaissStore.from_vectors(VECTORS).to_bytes()[:-1]],
    ids=["empty", "noise", "cut off"],
)
def test_what_is_no_index_is_refused(data: bytes) -> None:
    with pytest.raises(SnapshotDamagedError, match=r"^The vector index cannot be read\.$"):
        FaissStore.from_bytes(data)
