"""The line: first come first served, bounded, and fair."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.service.line import WAITING_EACH, Line, LineFullError, Ticket


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


async def test_who_waits_for_something_else_keeps_a_place_and_no_turn() -> None:
    line = Line(length=10, at_once=1)
    tickets = [line.join(0, is_ready=False), line.join(1), line.join(2), line.join(3)]
    assert [line.position(ticket) for ticket in tickets] == [1, 0, 2, 3]
    line.make_ready(tickets[0])
    assert not tickets[0].turn.done()
    line.leave(tickets[1])
    assert [line.position(ticket) for ticket in tickets if ticket is not tickets[1]] == [0, 1, 2]


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
