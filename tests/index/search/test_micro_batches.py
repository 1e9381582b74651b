"""What arrives together goes together; who comes alone waits for nobody."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from index.search.micro_batches import MicroBatches


class Doubling:
    """Doubles numbers once ``let_through`` is set, and remembers its batches; refuses those with a 13."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.started, self.let_through = threading.Event(), threading.Event()

    def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        self.started.set()
        assert self.let_through.wait(timeout=30)
        if 13 in items:
            raise ValueError("13")
        return [2 * item for item in items]


@pytest.fixture
def work() -> Doubling:
    return Doubling()


def all_at_once(batches: MicroBatches[int, int], work: Doubling, items: list[int]) -> list[Future[int]]:
    """Calls with the first item, and, while that is under way, with all others."""
    with ThreadPoolExecutor(len(items)) as pool:
        calls = [pool.submit(batches, items[0])]
        assert work.started.wait(timeout=30)
        for item in items[1:]:
            calls.append(pool.submit(batches, item))
            while len(batches._waiting) < len(calls) - 1:
                pass
        work.let_through.set()
    return calls


def test_one_after_another_each_goes_alone(work: Doubling) -> None:
    batches = MicroBatches(work, most=4)
    work.let_through.set()
    assert [batches(item) for item in (1, 2, 3)] == [2, 4, 6]
    assert work.batches == [[1], [2], [3]]


def test_those_that_come_meanwhile_go_together(work: Doubling) -> None:
    calls = all_at_once(MicroBatches(work, most=4), work, list(range(8)))
    assert [call.result(timeout=30) for call in calls] == [0, 2, 4, 6, 8, 10, 12, 14]
    assert work.batches == [[0], [1, 2, 3, 4], [5, 6, 7]]


def test_an_error_is_that_of_its_batch_and_the_next_one_goes_on(work: Doubling) -> None:
    batches = MicroBatches(work, most=2)
    calls = all_at_once(batches, work, [1, 13, 2, 3])
    assert calls[0].result(timeout=30) == 2
    for call in calls[1:3]:
        with pytest.raises(ValueError, match="13"):
            call.result(timeout=30)
    assert calls[3].result(timeout=30) == 6
    assert batches(5) == 10


def test_many_threads_get_each_their_own() -> None:
    def squares(items: list[int]) -> list[int]:
        return [item * item for item in items]

    batches = MicroBatches(squares, most=8)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(batches, range(2_000))) == [item * item for item in range(2_000)]
