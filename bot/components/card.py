"""A message with its buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from discord import MediaGalleryItem, ui

from bot.render import MessageContent

BUTTONS_A_ROW = 5  # Discord's limit


class Card(ui.LayoutView):
    """A message.

    Args:
        message: What it says.
        buttons: What stands below everything else.
        beside: What stands beside each of its sources; none where those are left out.
        entries: Lines, each with what opens it.
        pictures: The names of the files that are sent with it, and what they say in words.
    """

    def __init__(
        self,
        message: MessageContent,
        *buttons: ui.Item[Any],
        beside: Sequence[ui.Item[Any]] = (),
        entries: Sequence[tuple[str, ui.Item[Any]]] = (),
        pictures: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(timeout=None)
        container: ui.Container[Self] = ui.Container(accent_colour=message.colour)
        container.add_item(ui.TextDisplay(message.top))
        if beside:
            container.add_item(ui.Separator())
            for (_, text), accessory in zip(message.sources, beside, strict=True):
                # Each line is a text of its own: in Markdown, what follows a quote can run on in it.
                container.add_item(ui.Section(*text.split("\n"), accessory=accessory))
        for text, opening in entries:
            container.add_item(ui.Section(*text.split("\n"), accessory=opening))
        for name, alt in pictures:  # each in a gallery of its own: several in one are cut to squares
            picture = MediaGalleryItem(f"attachment://{name}", description=alt)
            container.add_item(ui.MediaGallery(picture))
        if message.footer:
            container.add_item(ui.Separator())
            container.add_item(ui.TextDisplay(message.footer))
        for first in range(0, len(buttons), BUTTONS_A_ROW):
            container.add_item(ui.ActionRow(*buttons[first : first + BUTTONS_A_ROW]))
        self.add_item(container)
