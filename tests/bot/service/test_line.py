"""Rates and the line: exact, bounded, and fair."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.service.line import WAITING_EACH, Line, LineFullError, Rates, Ticket, TooFastError


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def refusal(rates: Rates, person: int, server: int | None = None) -> TooFastError | None:
    try:
        rates.count(person=person, server=server)
    except TooFastError as error:
        return error
    return None


def test_a_person_may_ask_so_often_a_minute_and_is_told_how_long_to_wait() -> None:
    clock = Clock()
    rates = Rates(person=2, now=clock)
    assert refusal(rates, 1) is None
    clock.now += 10
    assert refusal(rates, 1) is None
    clock.now += 0.5
    error = refusal(rates, 1)
    assert (str(error), error and error.values) == (
        "One moment, please: you can ask again in 50 s.",
        {"seconds": 50},
    )
    assert refusal(rates, 2) is None
    clock.now += 49.6
    assert refusal(rates, 1) is None


def test_a_server_may_ask_so_often_and_a_refusal_costs_the_person_nothing() -> None:
    clock = Clock()
    rates = Rates(person=2, server=2, now=clock)
    assert [refusal(rates, person, 7) for person in (1, 2)] == [None, None]
    assert str(refusal(rates, 3, 7)) == "This server asks a lot just now. Please ask again in 60 s."
    assert [refusal(rates, 3, server) for server in (8, None)] == [None, None]


def test_a_person_is_told_once_a_minute() -> None:
    clock = Clock()
    rates = Rates(person=1, now=clock)
    told = []
    for seconds in (0, 1, 1, 1, 61, 1):
        clock.now += seconds
        error = refusal(rates, 1)
        told.append(error and error.told)
    assert told == [None, False, True, True, None, False]


def test_no_limit() -> None:
    rates = Rates(now=Clock())
    assert [refusal(rates, 1, 1) for _ in range(1_000)] == [None] * 1_000


def test_what_is_long_past_is_not_kept() -> None:
    clock = Clock()
    rates = Rates(person=1, server=1, now=clock)
    for person in range(500):
        clock.now += 1
        refusal(rates, person, person)
        refusal(rates, person, person)
    assert len(rates._people._cache) <= 62
    assert len(rates._servers._cache) <= 62
    assert len(rates._told._cache) <= 62


async def test_first_come_first_served_so_many_at_a_time() -> None:
    line = Line(length=10, at_once=2)
    tickets = [line.join(asker) for asker in range(5)]
    assert [line.position(ticket) for ticket in tickets] == [0, 0, 1, 2, 3]
    assert [ticket.turn.done() for ticket in tickets] == [True, True, False, False, False]
    line.leave(tickets[1])
    line.leave(tickets[3])  # gives up its place
    assert [line.position(ticket) for ticket in tickets if ticket not in (tickets[1], tickets[3])] == [
        0,
        0,
        1,
    ]


async def test_a_closed_line_lets_nobody_in() -> None:
    line = Line(length=10, at_once=2)
    line.close()
    tickets = [line.join(asker) for asker in range(3)]
    assert [line.position(ticket) for ticket in tickets] == [1, 2, 3]
    line.open()
    assert [line.position(ticket) for ticket in tickets] == [0, 0, 1]


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=60))
def test_whatever_happens_the_line_keeps_its_promises(steps: list[tuple[int, bool]]) -> None:
    async def play() -> None:
        line = Line(length=5, at_once=2)
        held: list[Ticket] = []
        for asker, joins in steps:
            waiting = [ticket for ticket in held if line.position(ticket)]
            if not joins and held:
                line.leave(held.pop(asker % len(held)))
            else:
                mine = sum(ticket.asker == asker for ticket in waiting)
                free = len(held) - len(waiting) < 2
                refused = not free and (len(waiting) >= 5 or mine >= WAITING_EACH)
                try:
                    held.append(line.join(asker))
                except LineFullError:
                    assert refused
                else:
                    assert not refused
            positions = [line.position(ticket) for ticket in held]
            assert [position for position in positions if position] == list(
                range(1, len(held) - min(2, len(held)) + 1)
            )
            assert all(ticket.turn.done() == (not line.position(ticket)) for ticket in held)

    asyncio.run(play())
