"""How many changes may be made, and who is told what when there are too many."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack

import pytest

from bot.service.allowance import ChangeAllowance, ChangesWaitingError, TooManyChangesError
from bot.service.place import Place
from bot.service.service import Service
from index import QuotaKind, QuotaUse, ReindexRunningError
from tests.fakes import HeldLibrary


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def change(allowance: ChangeAllowance, server: int | None) -> None:
    with allowance.counted(server):
        pass


def test_a_server_may_change_so_often_in_an_hour(clock: Clock) -> None:
    allowance = ChangeAllowance(server=3, now=clock)
    assert allowance.use(1) == (QuotaUse(QuotaKind.CHANGES, 0, 3),)
    for number in range(3):
        change(allowance, 1)
        assert allowance.use(1) == (QuotaUse(QuotaKind.CHANGES, number + 1, 3),)
    clock.now += 600
    with pytest.raises(TooManyChangesError) as caught:
        change(allowance, 1)
    assert str(caught.value) == (
        "This server has made 3 changes within an hour, as many as it may. Try again in 50 min."
    )
    change(allowance, 2)
    clock.now += 3_001
    change(allowance, 1)
    assert allowance.use(1) == (QuotaUse(QuotaKind.CHANGES, 1, 3),)


def test_all_servers_together_may_change_so_often(clock: Clock) -> None:
    allowance = ChangeAllowance(server=3, everyone=4, now=clock)
    for server in (1, 1, 2, 3):
        change(allowance, server)
    with pytest.raises(TooManyChangesError) as caught:
        change(allowance, 4)
    assert str(caught.value) == (
        "All servers together have made as many changes in this hour as I can take. Try again in 60 min."
    )
    assert allowance.use(4) == (QuotaUse(QuotaKind.CHANGES, 0, 3),)  # who is refused has not used any


def test_few_may_wait_and_of_each_server_one() -> None:
    allowance = ChangeAllowance(pending=2)
    with ExitStack() as stack:
        stack.enter_context(allowance.counted(1))
        with pytest.raises(ReindexRunningError):
            change(allowance, 1)
        with pytest.raises(ReindexRunningError), allowance.one_at_a_time(1):
            pytest.fail("it is changed twice at once")
        stack.enter_context(allowance.counted(2))
        with pytest.raises(ChangesWaitingError) as caught:
            change(allowance, 3)
        assert str(caught.value) == (
            "2 changes are waiting for their turn already. Please try again in a few minutes."
        )
        with allowance.one_at_a_time(3):  # what is done at once waits for nothing
            pass
    change(allowance, 3)


def test_without_limits_there_are_none() -> None:
    allowance = ChangeAllowance()
    for _ in range(500):
        change(allowance, 1)
    assert allowance.use(1) == ()


async def test_the_service_refuses_what_is_too_much_and_one_change_has_its_turn_at_a_time() -> None:
    library = HeldLibrary()
    service = Service(library, changes=ChangeAllowance(server=2, pending=3))
    held, running, most = threading.Event(), [0], [0]

    def work(*_: object) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        held.wait(timeout=10)
        running[0] -= 1

    waiting = [
        asyncio.create_task(service.change(Place(server), work, lambda _: None)) for server in range(3)
    ]
    await asyncio.sleep(0.05)
    with pytest.raises(ChangesWaitingError):
        await service.change(Place(9), work, lambda _: None)
    held.set()
    await asyncio.gather(*waiting)
    assert most == [1]
    await service.change(Place(1), work, lambda _: None)
    with pytest.raises(TooManyChangesError):
        await service.change(Place(1), work, lambda _: None)
    assert service.use_of_changes(Place(1)) == (QuotaUse(QuotaKind.CHANGES, 2, 2),)
    await service.close(patience=1)
