"""Rates: exact in every minute, and nothing of what is long past is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.service.rates import Rate, Rates, TooFastError, Window


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def refusal(rates: Rates, person: int, server: int | None = None) -> TooFastError | None:
    try:
        rates.count_question(person=person, server=server)
    except TooFastError as error:
        return error
    return None


def test_a_person_may_ask_so_often_a_minute_and_is_told_how_long_to_wait() -> None:
    clock = Clock()
    rates = Rates(questions=Rate(person=2), now=clock)
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
    rates = Rates(questions=Rate(person=2, server=2), now=clock)
    assert [refusal(rates, person, 7) for person in (1, 2)] == [None, None]
    assert str(refusal(rates, 3, 7)) == "This server asks a lot just now. Please ask again in 60 s."
    assert [refusal(rates, 3, server) for server in (8, None)] == [None, None]


def test_a_person_is_told_once_a_minute() -> None:
    clock = Clock()
    rates = Rates(questions=Rate(person=1), now=clock)
    told = []
    for seconds in (0, 1, 1, 1, 61, 1):
        clock.now += seconds
        error = refusal(rates, 1)
        told.append(error and error.repeated)
    assert told == [None, False, True, True, None, False]


def test_no_limit() -> None:
    rates = Rates(now=Clock())
    assert [refusal(rates, 1, 1) for _ in range(1_000)] == [None] * 1_000


def test_what_is_long_past_is_not_kept() -> None:
    clock = Clock()
    rates = Rates(questions=Rate(person=1, server=1), now=clock)
    for person in range(500):
        clock.now += 1
        refusal(rates, person, person)
        refusal(rates, person, person)
    assert len(rates._questions._people) <= 62
    assert len(rates._questions._servers) <= 62
    assert len(rates._notices) <= 62


def test_lookups_and_offers_are_counted_by_themselves() -> None:
    clock = Clock()
    rates = Rates(
        questions=Rate(person=1), lookups=Rate(person=1, server=2), offers=Rate(person=2), now=clock
    )
    assert refusal(rates, 1, 7) is None
    rates.count_lookup(person=1, server=7)
    with pytest.raises(TooFastError) as caught:
        rates.count_lookup(person=1, server=7)
    assert str(caught.value) == "One moment, please: you can go on in 60 s."
    clock.now += 20
    rates.count_lookup(person=2, server=7)
    with pytest.raises(TooFastError) as caught:
        rates.count_lookup(person=3, server=7)
    assert str(caught.value) == "This server looks up a lot just now. Please try again in 40 s."
    assert [rates.count_offer(person=1, server=7) for _ in range(3)] == [True, True, False]


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 2)), max_size=60),
)
def test_no_minute_holds_more_than_it_may_and_who_waits_as_told_is_let_in(
    most: int, steps: list[tuple[int, int]]
) -> None:
    window, now = Window(most), 0.0
    let_in: dict[int, list[float]] = {}
    for seconds, key in steps:
        now += seconds
        wait = window.wait(key, now)
        recent = [then for then in let_in.get(key, []) if then > now - 60]
        assert (wait == 0) == (len(recent) < most)
        if not wait:
            window.count(key, now)
            let_in.setdefault(key, []).append(now)
        else:
            assert window.wait(key, now + wait) == 0
            assert 1 <= wait <= 60
