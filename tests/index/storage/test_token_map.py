"""The map of tokens on disk."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.storage.token_map import read_token_map, write_token_map


@settings(max_examples=40)
@given(st.lists(st.integers(0, 4), max_size=30))
def test_it_is_an_array_of_sentences_starts_and_ids(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int]
) -> None:
    ends = np.cumsum(counts, dtype=np.int32)
    starts, ids = (np.arange(sum(counts), dtype=np.int32) + extra for extra in (7, 90))
    content = BytesIO()
    write_token_map(ends, starts, ids, content.write)
    content.seek(0)
    sentences = [number for number, count in enumerate(counts) for _ in range(count)]
    assert np.load(content).tolist() == [sentences, starts.tolist(), ids.tolist()]
    path = tmp_path_factory.getbasetemp() / "token_map.npy"
    path.write_bytes(content.getvalue())
    with path.open("rb") as stream:
        again = read_token_map(stream, len(counts))
    assert [part.tolist() for part in again] == [ends.tolist(), starts.tolist(), ids.tolist()]
    assert {part.dtype for part in again} == {np.dtype(np.int32)}


@pytest.mark.parametrize(
    "array",
    [np.zeros((2, 4), np.int32), np.zeros((3, 4), np.int64), np.full((3, 4), 2, np.int32)],
    ids=["two rows", "other numbers", "more sentences"],
)
def test_another_array_is_none(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "map.npy", array)
    with (tmp_path / "map.npy").open("rb") as stream, pytest.raises(ValueError, match="token map"):
        read_token_map(stream, 2)
