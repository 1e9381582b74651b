"""A rendered message with its buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from discord import ui

from bot.render import Rendered

BUTTONS_A_ROW = 5


class Card(ui.LayoutView):
    """A rendered message.

    Args:
        rendered: What the message says.
        buttons: What stands below everything else.
        beside: What stands beside each of its sources; none where those are left out.
    """

    def __init__(
        self, rendered: Rendered, *buttons: ui.Item[Any], beside: Sequence[ui.Item[Any]] = ()
    ) -> None:
        super().__init__(timeout=None)
        container: ui.Container[Self] = ui.Container(accent_colour=rendered.colour)
        container.add_item(ui.TextDisplay(rendered.top))
        if beside:
            container.add_item(ui.Separator())
            for (_, text), accessory in zip(rendered.sources, beside, strict=True):
                # Each line is a text of its own: in Markdown, what follows a quote can run on in it.
                container.add_item(ui.Section(*text.split("\n"), accessory=accessory))
        if rendered.footer:
            container.add_item(ui.Separator())
            container.add_item(ui.TextDisplay(rendered.footer))
        for first in range(0, len(buttons), BUTTONS_A_ROW):
            container.add_item(ui.ActionRow(*buttons[first : first + BUTTONS_A_ROW]))
        self.add_item(container)
