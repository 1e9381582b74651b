"""Messages with buttons. Each button carries what it needs, so that it works after a restart."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from bot import rendering
from bot.tree import report
from index import Article, Citation, FootnoteError

if TYPE_CHECKING:
    from bot.service import Service

MAX_CUSTOM_ID = 100
DIGEST_CHARS = 12


class SourceGoneError(FootnoteError):
    """The sentence that a button points at is not in its place any more."""


class Card(ui.LayoutView):
    """A rendered message; each of its sources gets a button that shows it in context.

    Args:
        rendered: What the message says.
        article: The article that its sources are from.
    """

    def __init__(self, rendered: rendering.Rendered, article: Article) -> None:
        super().__init__(timeout=None)
        container: ui.Container[Self] = ui.Container(accent_colour=rendered.colour)
        container.add_item(ui.TextDisplay(rendered.top))
        if rendered.sources:
            container.add_item(ui.Separator())
        for citation, text in rendered.sources:
            container.add_item(ui.Section(text, accessory=ContextButton.to(citation, article)))
        if rendered.footer:
            container.add_item(ui.Separator())
            container.add_item(ui.TextDisplay(rendered.footer))
        self.add_item(container)


class ContextButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"context:(?P<number>\d+):(?P<start>\d+):(?P<end>\d+)"
    r":(?P<text>[0-9a-f]{12}):(?P<quote>[0-9a-f]{12}):(?P<article>(?s:.*))",
):
    """Shows a source in its paragraph, to the one who pressed.

    Its id names the article and the version of its text that the source was cited from, the span and a
    digest of the quote: a place is shown only where the quote still stands.
    """

    def __init__(self, custom_id: str, match: re.Match[str]) -> None:
        button: ui.Button[Any] = ui.Button(
            label="Show in context", style=discord.ButtonStyle.secondary, custom_id=custom_id
        )
        super().__init__(button)
        self.start, self.end = int(match["start"]), int(match["end"])
        self.text_digest, self.quote_digest, self.article_id = match["text"], match["quote"], match["article"]

    @classmethod
    def to(cls, citation: Citation, article: Article) -> Self:
        """The button for a source of ``article``."""
        custom_id = (
            f"context:{citation.number}:{citation.start}:{citation.end}"
            f":{article.sha256[:DIGEST_CHARS]}:{_digest(citation.quote)}:{article.id}"
        )[:MAX_CUSTOM_ID]
        match = cls.__discord_ui_compiled_template__.fullmatch(custom_id)
        assert match is not None  # noqa: S101 - told to the type checker: the template is that of the id
        return cls(custom_id, match)

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button again, from the id that Discord sends when it is pressed."""
        return cls(match.string, match)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answers the press privately with the paragraph, or says that the article has changed."""
        try:
            service: Service = interaction.client.service
            with service.in_flight():
                await interaction.response.defer(ephemeral=True, thinking=True)
                article = await service.article()
                await interaction.followup.send(view=Card(self._show(article), article), ephemeral=True)
        except Exception as error:  # discord.py would only log it
            await report(interaction, error)

    def _show(self, article: Article) -> rendering.Rendered:
        if not article.id.startswith(self.article_id):
            raise SourceGoneError("This answer is from another article than the one I have now.")
        if _digest(article.text[self.start : self.end]) != self.quote_digest:
            raise SourceGoneError(
                "The article has changed since this answer, and the sentence is not in its place any more. "
                "Ask again to see what the article says now."
            )
        changed = article.sha256[:DIGEST_CHARS] != self.text_digest
        return rendering.context(article, self.start, self.end, changed=changed)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARS]
