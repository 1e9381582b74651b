"""The buttons under what is told of something that was read by schedule."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from bot.components.card import Card
from bot.components.custom_ids import MAX_CUSTOM_ID
from bot.components.decision import Decision, decision_card
from bot.components.persistent import PersistentButton
from bot.host import Interaction, host_of
from bot.permissions import demand_manager
from bot.place import place_of
from bot.render import library as render_library
from bot.render import watching
from bot.replies import InteractionReply
from bot.service.watch_news import ArticleNews, News
from bot.words import Words, words_of
from index import MAX_ID_CHARS, Entry, Library

MOST_BUTTONS = 5
"""Under a message of a feed; the commands do the rest."""


class TakeBackButton(
    PersistentButton,
    template=rf"watch:(?P<action>undo|remove):(?P<stamp>\d{{1,12}}):(?P<article>[a-z0-9-]{{1,{MAX_ID_CHARS}}})",
):
    """Asks an admin whether what was done by itself is to be taken back.

    Its id names the article and when that was indexed, so that no later change is taken back by it; 0 where
    it was removed.
    """

    def __init__(
        self, action: str, stamp: int, article: str, words: Words, *, names_it: bool = False
    ) -> None:
        label = words("Remove") if action == "remove" else words("Undo")
        super().__init__(
            f"watch:{action}:{stamp}:{article}"[:MAX_CUSTOM_ID],
            label=f"{label}: {article}" if names_it else label,
            style=discord.ButtonStyle.secondary,
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button again, from the id that Discord sends when it is pressed."""
        del item
        return cls(match["action"], int(match["stamp"]), match["article"], words_of(interaction))

    async def press(self, interaction: Interaction) -> None:
        """Asks first, where the one who pressed may decide.

        Raises:
            NotAllowedError: it is no admin of the server.
        """
        demand_manager(interaction)
        service, words = host_of(interaction).service, words_of(interaction)
        reply, article = InteractionReply(interaction, private=True), self.match["article"]
        with service.in_flight():
            await reply.defer()
            entry = await service.read(place_of(interaction), lambda library: _own_entry(library, article))
            if (int(entry.indexed_at.timestamp()) if entry else 0) != int(self.match["stamp"]):
                await reply.show(Card(watching.has_changed_since(words)))
                return
            decision = Decision.to(self.match["action"], interaction, entry, article)
            if self.match["action"] == "remove" and entry is not None:
                question = render_library.may_remove(entry, words)
            else:
                question = render_library.may_undo(article, entry, words)
            await reply.show(decision_card(question, decision, words))


def news_card(news: News, words: Words) -> Card:
    """What came of reading something, with what takes it back."""
    buttons = list[TakeBackButton]()
    if news.article is not None:
        buttons.append(_back(news.article, words))
    elif news.pages is not None:
        changes = (*news.pages.changes, *news.pages.additions)
        buttons += [_back(one, words, names_it=True) for one in changes]
        buttons += [TakeBackButton("undo", 0, one, words, names_it=True) for one in news.pages.removals]
    elif news.end is not None and news.end.must_go and news.watch.article:
        buttons = []  # what not everybody may read is not brought back at a press
    return Card(watching.news(news, words), *buttons[:MOST_BUTTONS])


def _back(one: ArticleNews, words: Words, *, names_it: bool = False) -> TakeBackButton:
    action = "remove" if one.outcome.added else "undo"
    stamp = int(one.outcome.report.info.indexed_at.timestamp())
    return TakeBackButton(action, stamp, one.id, words, names_it=names_it)


def _own_entry(library: Library, article: str) -> Entry | None:
    return next((entry for entry in library.entries() if entry.own and entry.id == article), None)
