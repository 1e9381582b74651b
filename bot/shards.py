"""Which shards of the bot a process serves: Discord deals the servers of a large bot out to them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHARDS = re.compile(r"(?P<first>[0-9]{1,5})(?:-(?P<last>[0-9]{1,5}))?/(?P<count>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards of one process.

    Attributes:
        count: How many there are in all; None for as many as Discord advises.
        ids: Those of this process, from 0 on; None for all of them.
    """

    count: int | None = None
    ids: tuple[int, ...] | None = None

    @classmethod
    def parse(cls, text: str) -> Shards:
        """Shards as ``--shards`` has them: ``0-3/16``, ``5/16``, or ``all``.

        Raises:
            ValueError: they are none.
        """
        if text.strip().lower() == "all":
            return cls()
        match = _SHARDS.fullmatch(text.strip())
        if match is None:
            raise ValueError(text)
        first, count = int(match["first"]), int(match["count"])
        last = int(match["last"] or first)
        if not first <= last < count:
            raise ValueError(text)
        return cls(count, tuple(range(first, last + 1)))

    @property
    def has_first(self) -> bool:
        """Whether shard 0 is among them, which gets the direct messages."""
        return self.ids is None or 0 in self.ids

    def serves(self, server: int) -> bool:
        """Whether a server is on one of them.

        After https://discord.com/developers/docs/events/gateway#sharding-sharding-formula.
        """
        return self.ids is None or self.count is None or (server >> 22) % self.count in self.ids


ONE_SHARD = Shards(1)
