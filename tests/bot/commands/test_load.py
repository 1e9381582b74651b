"""Two hundred questions at once, with the real model: all answered, and the event loop never stands still."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import simcord

from bot import Settings, create_bot
from bot.service.place import Place
from bot.service.questions import Wait
from bot.service.service import Service
from index import Article, Result
from tests.bot.conftest import buttons, says
from tests.fakes import HeldLibrary
from tests.faults.loop import CpuQueue

QUESTIONS = 200
SERVERS = 4
MOST_SECONDS_BLOCKED = 0.1
TICK = 0.01

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/schedstat").exists(), reason="The kernel does not tell who waited for a CPU."
    ),
]


class Watchdog:
    """Measures for how long the event loop stands still.

    A coroutine sleeps for ``TICK`` and sees how late it wakes. What the machine is to blame for is left out:
    the time that threads of this process were ready to run and waited for a CPU.
    """

    def __init__(self) -> None:
        self.blocked: list[float] = []
        self.now = 0.0  # seconds, without those in which the machine had no CPU for this process

    @property
    def longest(self) -> float:
        return max(self.blocked)

    async def watch(self) -> None:
        queue = CpuQueue()
        queue.seconds()
        while True:
            slept = time.perf_counter()
            await asyncio.sleep(TICK)
            took = time.perf_counter() - slept - queue.seconds()
            self.now += max(took, 0)
            self.blocked.append(took - TICK)


@asynccontextmanager
async def watched() -> AsyncIterator[Watchdog]:
    dog = Watchdog()
    watching = asyncio.create_task(dog.watch())
    await asyncio.sleep(5 * TICK)
    try:
        yield dog
    finally:
        await asyncio.sleep(5 * TICK)
        watching.cancel()


def spin(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


async def demand_seen(work: Callable[[], Coroutine[Any, Any, object]], seconds: float) -> None:
    """Has the loop held, again and again until it is seen: a machine that is busy itself can hide it."""
    for _ in range(10):
        async with watched() as dog:
            await work()
        if dog.longest >= seconds:
            return
    pytest.fail("not seen")


@pytest.mark.parametrize("block", [time.sleep, spin])
async def test_the_watchdog_sees_what_blocks_the_loop(block: Callable[[float], None]) -> None:
    async def work() -> None:
        asyncio.get_running_loop().call_soon(block, 0.15)
        await asyncio.sleep(0.3)

    await demand_seen(work, 0.14)


async def test_the_watchdog_sees_a_thread_that_does_not_let_the_loop_have_the_interpreter() -> None:
    """As a big import does."""
    await demand_seen(lambda: asyncio.to_thread(re.match, "(a+)+b", "a" * 23), MOST_SECONDS_BLOCKED)


async def test_the_watchdog_sees_nothing_where_a_thread_does_the_work() -> None:
    async with watched() as dog:
        await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.15) for _ in range(2)))
    assert dog.longest < MOST_SECONDS_BLOCKED


def questions(number: int) -> list[str]:
    """Different questions about the article, so that none shares the answer of another."""
    asked = (
        "How many Labour MPs signed the letter?",
        "Who is the mayor of London?",
        "What did Israel's defence minister propose?",
        "When should Palestine be recognised?",
    )
    return [f"{asked[n % len(asked)]} ({n})" for n in range(number)]


async def test_two_hundred_at_once_in_discord(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half by command and half by mention, from the first moment on: the model loads, the index is built."""
    bot = create_bot(settings)
    bot.service.seconds_to_first_note = 600  # the simulation's clock stands still while threads work
    sent: dict[str, float] = {}
    acknowledged: dict[str, float] = {}
    async with simcord.run(bot, settle_timeout=60) as env:
        readers = []
        for server in range(SERVERS):
            guild = env.create_guild(f"Server {server}")
            channels = [guild.create_text_channel(f"channel-{n}") for n in range(QUESTIONS // SERVERS)]
            readers += [(guild.add_member(env.create_user(f"reader-{c.id}")), c) for c in channels]
        await env.settle()
        asked = list(zip(readers, questions(QUESTIONS), strict=True))
        before = len(env.http_requests)

        def done() -> list[str]:
            """The answers that were sent, as requests."""
            return [
                request.path
                for request in env.http_requests[before:]
                if (request.method, request.path.rpartition("/")[2])
                in (("PATCH", "@original"), ("POST", "messages"))
            ]

        async def at_once(**_: object) -> None:
            """Leaves what was asked to run while the next one asks."""

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(env, "_settle_internal", at_once)
            async with watched() as dog, asyncio.timeout(300):

                async def watch() -> None:
                    while True:
                        for request in env.http_requests[before:]:
                            if request.path.endswith(("/callback", "/typing")):
                                acknowledged.setdefault(request.path.split("/")[2], dog.now)
                        await asyncio.sleep(TICK)

                watching = asyncio.create_task(watch())
                for number, ((reader, channel), question) in enumerate(asked):
                    if number % 2:
                        sent[str(channel.id)] = dog.now
                        await reader.send(channel, f"{bot.user.mention if bot.user else ''} {question}")
                    else:
                        now = dog.now
                        result = await reader.slash(channel, "ask", question=question)
                        sent[str(result._interaction.id)] = now
                    await asyncio.sleep(0)
                while len(done()) < QUESTIONS:  # noqa: ASYNC110 - the bot brings it about
                    await asyncio.sleep(TICK)
                watching.cancel()
        await env.settle()
        answers = [says(channel.last_message) for _, channel in readers]
        await bot.close()
    assert len(sent) == QUESTIONS
    assert max(acknowledged[each] - sent[each] for each in sent) < 3
    assert all("Article: Khan on Gaza" in answer for answer in answers), answers
    assert dog.longest < MOST_SECONDS_BLOCKED


class Slow(HeldLibrary):
    """Takes as long for an answer as a model does, nearly."""

    def ask(self, *args: Any, **options: Any) -> Result:
        time.sleep(0.02)
        return super().ask(*args, **options)


async def test_two_hundred_at_once_are_answered_or_told_their_place() -> None:
    library = Slow()
    library.loading.clear()
    service = Service(library)
    service.seconds_to_first_note = service.seconds_between_notes = 0.2
    told: dict[int, list[Wait]] = {}
    took: dict[int, float] = {}

    async def one(number: int, question: str) -> None:
        async def on_wait(wait: Wait) -> None:
            told.setdefault(number, []).append(wait)

        began = time.perf_counter()
        found = await service.ask(question, place=Place(), asker=number, on_wait=on_wait)
        took[number] = time.perf_counter() - began
        assert found.answer.question == question

    async with watched() as dog:
        service.start()
        asyncio.get_running_loop().call_later(0.5, library.loading.set)
        await asyncio.gather(*(one(number, question) for number, question in enumerate(questions(QUESTIONS))))
        await service.close(patience=1)
    assert len(took) == QUESTIONS
    late = {number for number, seconds in took.items() if seconds > 2 * service.seconds_to_first_note}
    assert late <= told.keys()
    assert len(late) > QUESTIONS / 2
    assert {waits[0].position for waits in told.values() if waits[0].loading} == set(range(1, QUESTIONS + 1))
    places = [[wait.position for wait in waits if not wait.loading] for waits in told.values()]
    assert all(each == sorted(set(each), reverse=True) for each in places)
    assert any(places)
    assert dog.longest < MOST_SECONDS_BLOCKED


PRESSES = 20
REPETITIVE = "“We never turn a ship away,” said Ada Berg. The harbour of Elms was built in 1901. " * 5 + "\n"


@pytest.mark.usefixtures("_read_here")  # how long that takes is not what is tested
async def test_twenty_people_press_buttons_of_a_hostile_article(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two million characters that repeat themselves: each link would be looked for in all of them."""
    text = REPETITIVE * (2_000_000 // len(REPETITIVE))
    library = HeldLibrary(Article("hostile", "Hostile", text, source="https://example.org/hostile"))
    bot = create_bot(settings, service=Service(library))
    async with simcord.run(bot, settle_timeout=120) as env:
        guild = env.create_guild("Elms")
        channel = guild.create_text_channel("general")
        readers = [guild.add_member(env.create_user(f"reader-{n}")) for n in range(PRESSES)]
        answer = await readers[0].slash(channel, "ask", question="When was the harbour built?")
        assert answer.response
        first = buttons(answer.response)[0]
        before = len(env.http_requests)

        async def at_once(**_: object) -> None:
            """Leaves what was pressed to run while the next one presses."""

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(env, "_settle_internal", at_once)
            async with watched() as dog, asyncio.timeout(300):
                for reader in readers:
                    await reader.click(answer.response, custom_id=first)
                while sum(r.method == "PATCH" for r in env.http_requests[before:]) < PRESSES:  # noqa: ASYNC110
                    await asyncio.sleep(TICK)
        await env.settle()
        shown = [says(channel.history(viewer=reader)[-1]) for reader in readers]
        await bot.close()
    assert all("**Paragraph 1 of " in each for each in shown)
    assert dog.longest < MOST_SECONDS_BLOCKED
