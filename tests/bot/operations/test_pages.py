"""The pages: what they answer with, where, and for how long."""

from __future__ import annotations

import json
import socket
from dataclasses import replace

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot import Settings, create_bot
from bot.operations.metrics import Metrics, Readiness
from bot.operations.pages import PageError, serving
from bot.service.service import Service
from tests.fakes import HeldLibrary

LOOPBACK = "127.0.0.1"
READY = Readiness(models=True, database=True, gateway=True)


def page(**parts: bool) -> str:
    """What ``/readyz`` shows, where nothing is missing but what is said."""
    return json.dumps({"ready": True, "models": True, "database": True, "gateway": True} | parts)


async def get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str, str]:
    address = f"http://{LOOPBACK}:{port}{path}"
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, address, headers=headers) as response,
    ):
        return response.status, response.headers["Content-Type"], await response.text()


async def test_it_lives_as_long_as_it_answers() -> None:
    nothing = Readiness(models=False, database=False, gateway=False)
    async with serving(Metrics(), lambda: nothing, address=LOOPBACK, port=0) as port:
        assert await get(port, "/healthz") == (200, "application/json; charset=utf-8", '{"alive": true}')


@pytest.mark.parametrize(
    ("readiness", "status", "body"),
    [
        (READY, 200, page()),
        (replace(READY, models=False), 503, page(ready=False, models=False)),
        (replace(READY, database=False), 503, page(ready=False, database=False)),
        (replace(READY, gateway=False), 503, page(ready=False, gateway=False)),
    ],
)
async def test_it_is_ready_with_models_database_and_gateway(
    readiness: Readiness, status: int, body: str
) -> None:
    async with serving(Metrics(), lambda: readiness, address=LOOPBACK, port=0) as port:
        assert await get(port, "/readyz") == (status, "application/json; charset=utf-8", body)


async def test_metrics_come_in_the_format_that_is_asked_for() -> None:
    metrics = Metrics()
    metrics.count_error(ValueError())
    async with serving(metrics, lambda: READY, address=LOOPBACK, port=0) as port:
        status, kind, body = await get(port, "/metrics", Accept="text/plain;version=0.0.4")
        assert (status, kind.split(";")[0]) == (200, "text/plain")
        errors = next(f for f in text_string_to_metric_families(body) if f.name == "footnote_errors")
        assert [s.value for s in errors.samples if s.labels == {"kind": "ValueError"}][:1] == [1.0]
        _, kind, body = await get(port, "/metrics", Accept="application/openmetrics-text;version=1.0.0")
        assert kind.split(";")[0] == "application/openmetrics-text"
        assert body.endswith("# EOF\n")


async def test_nothing_else_is_served() -> None:
    async with serving(Metrics(), lambda: READY, address=LOOPBACK, port=0) as port:
        assert (await get(port, "/"))[0] == 404
        assert (await get(port, "/metrics/../../etc/passwd"))[0] == 404
        assert (await get(port, "/healthz", method="POST"))[0] == 405


async def test_a_port_that_is_taken_is_said_with_the_setting_that_names_another() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PageError, match=f"at {LOOPBACK}, port {port}: .* Set FOOTNOTE_STATUS_PORT to a"):
            async with serving(Metrics(), lambda: READY, address=LOOPBACK, port=port):
                pass


async def test_it_stops_serving() -> None:
    async with serving(Metrics(), lambda: READY, address=LOOPBACK, port=0) as port:
        pass
    with pytest.raises(aiohttp.ClientConnectionError):
        await get(port, "/healthz")


async def test_the_bot_serves_them_while_it_runs_where_a_port_is_set(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server((LOOPBACK, 0)) as free:
        port = free.getsockname()[1]
    bot = create_bot(settings.model_copy(update={"status_port": port}), service=Service(HeldLibrary()))
    answers = list[tuple[int, str]]()

    async def start(_: str) -> None:
        for event in (bot.on_ready(), bot.on_shard_disconnect(0), bot.on_shard_resumed(0)):
            await event
            status, _, body = await get(port, "/readyz")
            answers.append((status, body))

    monkeypatch.setattr(bot, "start", start)
    await bot.serve("token")
    assert answers == [(200, page()), (503, page(ready=False, gateway=False)), (200, page())]
    assert not bot.readiness.gateway


async def test_the_bot_opens_no_port_unless_one_is_set(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = create_bot(settings, service=Service(HeldLibrary()))
    monkeypatch.setattr("bot.client.serving", None)

    async def start(_: str) -> None:
        pass

    monkeypatch.setattr(bot, "start", start)
    await bot.serve("token")
