"""The pages for those who watch the bot: whether it lives, whether it is ready, and its metrics.

They tell nothing of what people wrote, and are served for GET alone, on the loopback address unless another
one is set.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from bot.operations.metrics import Metrics, Readiness
from index import FootnoteError

log = logging.getLogger(__name__)


class PageError(FootnoteError):
    """The pages cannot be served where the settings say."""

    for_operator = True


@contextlib.asynccontextmanager
async def serving(
    metrics: Metrics, readiness: Callable[[], Readiness], *, address: str, port: int
) -> AsyncIterator[int]:
    """Serves the pages until it is left.

    ``/healthz`` is answered with 200 for as long as the event loop runs, ``/readyz`` with 200 or, where
    something is missing, 503, and ``/metrics`` in the format that the scraper asks for.

    Args:
        metrics: What ``/metrics`` shows.
        readiness: What ``/readyz`` shows.
        address: The IP address to listen at.
        port: The port; 0 for a free one.

    Yields:
        The port.

    Raises:
        PageError: nothing can be served there.
    """
    runner = web.AppRunner(_application(metrics, readiness), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, address, port)
        try:
            await site.start()
        except OSError as error:
            raise PageError(
                "Nothing can be served at {address}, port {port}: {reason}. Set FOOTNOTE_STATUS_PORT to a "
                "port that is free, or to nothing to serve no pages.",
                address=address,
                port=port,
                reason=error.strerror or error,
            ) from error
        actual_port: int = runner.addresses[0][1]
        log.info("/healthz, /readyz and /metrics are served at %s, port %d.", address, actual_port)
        with metrics.counting_lines():
            yield actual_port
    finally:
        await runner.cleanup()


def _application(metrics: Metrics, readiness: Callable[[], Readiness]) -> web.Application:
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(_: web.Request) -> web.Response:
        now = readiness()
        parts = {"ready": now.is_whole, **asdict(now)}
        return web.json_response(parts, status=200 if now.is_whole else 503)

    async def show(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(metrics.registry), headers={"Content-Type": content_type})

    application = web.Application()
    application.add_routes(
        [web.get("/healthz", health), web.get("/readyz", ready), web.get("/metrics", show)]
    )
    return application
