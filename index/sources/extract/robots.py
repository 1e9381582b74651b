"""What a site's robots.txt says, after RFC 9309 as Python's own library reads it."""

from __future__ import annotations

from collections.abc import Sequence

AGENT = "Footnote"
_BYTES = 500_000  # that RFC 9309 wants read at least


def permissions(content: bytes, addresses: Sequence[str]) -> tuple[list[bool], float | None]:
    """Whether each address may be fetched, and the seconds between two requests that are asked for."""
    from urllib.robotparser import RobotFileParser

    rules = RobotFileParser()
    rules.parse(content[:_BYTES].decode("utf-8", "replace").lstrip("\ufeff").splitlines())
    delay = rules.crawl_delay(AGENT)
    return [rules.can_fetch(AGENT, one) for one in addresses], None if delay is None else float(delay)
