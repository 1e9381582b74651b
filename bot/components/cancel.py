"""The button that calls a running change off."""

from __future__ import annotations

import re
from typing import Any, Self

from discord import ui

from bot.components.persistent import PersistentButton
from bot.host import Interaction, host_of
from bot.words import Words, words_of


class CancelButton(PersistentButton, template=r"cancel:(?P<job>[0-9a-f]{16})"):
    """Calls off the change that it was made for; its id names it. That need never wait."""

    counted = False

    def __init__(self, job: str, words: Words) -> None:
        super().__init__(f"cancel:{job}", label=words("Cancel"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button again, from the id that Discord sends when it is pressed."""
        del item
        return cls(match["job"], words_of(interaction))

    async def press(self, interaction: Interaction) -> None:
        """Calls it off, if it is still running and the one who pressed may."""
        await host_of(interaction).changes.cancel(interaction, self.job)
