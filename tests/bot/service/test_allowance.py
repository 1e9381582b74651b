"""How many changes may be made, and who is told what when there are too many."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from itertools import groupby

import pytest

from bot.service.allowance import ChangeAllowance, ChangesWaitingError, TooManyChangesError
from bot.service.change_request import ChangeRequest
from bot.service.place import Place
from bot.service.service import Service
from index import LibraryError, Progress, QuotaKind, QuotaUse, ReindexRunningError
from tests.fakes import HeldLibrary


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def change(allowance: ChangeAllowance, server: int | None, *, waiting: int = 0) -> None:
    with allowance.counted(server, waiting=waiting):
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
        stack.enter_context(allowance.counted(2, waiting=1))
        with pytest.raises(ChangesWaitingError) as caught:
            change(allowance, 3, waiting=2)
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


@pytest.mark.usefixtures("_read_here")
@pytest.mark.slow
async def test_the_service_refuses_what_is_too_much_and_one_change_has_its_turn_at_a_time() -> None:
    library = HeldLibrary()
    service = Service(library, changes=ChangeAllowance(server=2, pending=3))
    library.reindexing.clear()
    steps: list[tuple[int, Progress]] = []

    async def add(server: int) -> None:
        request = ChangeRequest(
            server=server, starter=1, who="ada", adds=True, article="mine", file_name="a.txt"
        )

        async def attach() -> tuple[bytes, None]:
            return b"The bridge has seven arches.", None

        await service.change(request, lambda step: steps.append((server, step)), attach=attach)

    waiting = [asyncio.create_task(add(server)) for server in (1, 2, 3)]
    async with asyncio.timeout(5):
        while library.jobs.count() < 3:  # noqa: ASYNC110 - threads bring it about
            await asyncio.sleep(0.01)
    with pytest.raises(ChangesWaitingError):
        await add(9)
    library.reindexing.set()
    await asyncio.gather(*waiting)
    turns = [server for server, _ in groupby(steps, lambda step: step[0])]
    assert sorted(turns) == [1, 2, 3]
    with pytest.raises(LibraryError, match="is here already"):
        await add(1)
    with pytest.raises(TooManyChangesError):
        await add(1)
    assert service.use_of_changes(Place(1)) == (QuotaUse(QuotaKind.CHANGES, 2, 2),)
    assert library.jobs.count() == 0
    await service.close(patience=1)
