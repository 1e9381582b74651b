"""An upkeep that does nothing, and remembers what it was told."""

from __future__ import annotations

from collections.abc import Collection

from index.model.library import ExpiredItem, LibraryUse


class FakeUpkeep:
    """Remembers what it was told, as (what, server)."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []
        self.goes: list[ExpiredItem] = []
        self.left: list[LibraryUse] = []

    def meet(self, servers: Collection[str]) -> list[str]:
        self.told.append(("meet", sorted(servers)))
        return []

    def leave(self, server: str) -> bool:
        self.told.append(("leave", server))
        return True

    def come_back(self, server: str) -> bool:
        self.told.append(("come back", server))
        return True

    def prune(self) -> list[ExpiredItem]:
        self.told.append(("prune", None))
        return self.goes

    def expired(self) -> list[ExpiredItem]:
        return self.goes

    def use(self) -> list[LibraryUse]:
        return [LibraryUse(None, 1, 1_500_000, None), *self.left]
