"""The buttons of those who manage a library: cancel, confirm, keep. They work after a restart, too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from bot.rendering import Rendered
from bot.tree import report
from bot.words import Words, words_of

if TYPE_CHECKING:
    from bot.cogs.library import LibraryCommands

TIME_TO_CONFIRM = timedelta(minutes=2)
MAX_CUSTOM_ID = 100


class Panel(ui.LayoutView):
    """A rendered message with buttons under it.

    Args:
        rendered: What the message says.
        buttons: At most five.
    """

    def __init__(self, rendered: Rendered, *buttons: ui.Item[Any]) -> None:
        super().__init__(timeout=None)
        container: ui.Container[Self] = ui.Container(accent_colour=rendered.colour)
        container.add_item(ui.TextDisplay(rendered.top))
        if rendered.footer:
            container.add_item(ui.TextDisplay(rendered.footer))
        if buttons:
            container.add_item(ui.ActionRow(*buttons))
        self.add_item(container)


class CancelButton(ui.DynamicItem[ui.Button[Any]], template=r"cancel:(?P<job>[0-9a-f]{16})"):
    """Calls off the change that it was made for; its id names it."""

    def __init__(self, job: str, words: Words) -> None:
        super().__init__(ui.Button(label=words("Cancel"), custom_id=f"cancel:{job}"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button again, from the id that Discord sends when it is pressed."""
        del item
        return cls(match["job"], words_of(interaction))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Calls it off, if it is still running and the one who pressed may."""
        try:
            await interaction.client.changes.cancel(interaction, self.job)
        except Exception as error:  # discord.py would only log it
            await report(interaction, error)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a confirmation is about, as its buttons carry it.

    Attributes:
        action: "remove", "undo", or "keep" for leaving all as it is.
        asker: Who asked, and alone may press.
        until: When it expires, in seconds since 1970.
        stamp: When the article was indexed, in the same; 0 where it is not there. It tells whether somebody
            has changed it meanwhile.
        article: The article's id.
    """

    action: str
    asker: int
    until: int
    stamp: int
    article: str

    @classmethod
    def to(cls, action: str, interaction: discord.Interaction[Any], *, stamp: int, article: str) -> Self:
        """What the one who used a command has to decide, from now on for two minutes."""
        until = int((interaction.created_at + TIME_TO_CONFIRM).timestamp())
        return cls(action, interaction.user.id, until, stamp, article)

    @property
    def custom_id(self) -> str:
        """The id of its button. An article's id has at most 40 characters, so that it fits."""
        return f"library:{self.action}:{self.asker}:{self.until}:{self.stamp}:{self.article}"[:MAX_CUSTOM_ID]


class DecisionButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"library:(?P<action>remove|undo|keep):(?P<asker>\d+):(?P<until>\d+):(?P<stamp>\d+)"
    r":(?P<article>[a-z0-9-]*)",
):
    """Does what was asked about, or leaves it."""

    def __init__(self, decision: Decision, words: Words) -> None:
        keeps = decision.action == "keep"
        labels = {"remove": words("Remove"), "undo": words("Undo"), "keep": words("Leave it")}
        super().__init__(
            ui.Button(
                label=labels[decision.action],
                style=discord.ButtonStyle.secondary if keeps else discord.ButtonStyle.danger,
                custom_id=decision.custom_id,
            )
        )
        self.decision = decision

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button again, from the id that Discord sends when it is pressed."""
        del item
        asker, until, stamp = (int(match[name]) for name in ("asker", "until", "stamp"))
        return cls(Decision(match["action"], asker, until, stamp, match["article"]), words_of(interaction))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does it, if it is still wanted and the one who pressed may."""
        try:
            library: LibraryCommands = interaction.client.get_cog("Library")
            await library.decide(interaction, self.decision)
        except Exception as error:  # discord.py would only log it
            await report(interaction, error)
