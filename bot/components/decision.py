"""What cannot be undone at once is asked about first: two buttons for the one who was asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self

import discord
from discord import ui

from bot.components.card import Card
from bot.components.custom_ids import MAX_CUSTOM_ID
from bot.components.persistent import PersistentButton
from bot.host import Interaction, host_of
from bot.permissions import demand_manager, name_of
from bot.place import place_of
from bot.render import MessageContent
from bot.render import library as render_library
from bot.replies import InteractionReply
from bot.words import Words, words_of
from index import Entry, FootnoteError, Library

TIME_TO_CONFIRM = timedelta(minutes=2)  # chosen: time to read what is asked, and no button left for later


class NotYoursError(FootnoteError):
    """Someone pressed a button that another one was asked with."""


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
    def to(cls, action: str, interaction: Interaction, entry: Entry | None, article: str) -> Self:
        """What the one who used a command has to decide, from now on for two minutes."""
        until = int((interaction.created_at + TIME_TO_CONFIRM).timestamp())
        return cls(action, interaction.user.id, until, _stamp(entry), article)

    @property
    def custom_id(self) -> str:
        """The id of its button."""
        return f"library:{self.action}:{self.asker}:{self.until}:{self.stamp}:{self.article}"[:MAX_CUSTOM_ID]


class DecisionButton(
    PersistentButton,
    template=r"library:(?P<action>remove|undo|keep):(?P<asker>\d+):(?P<until>\d+):(?P<stamp>\d+)"
    r":(?P<article>[a-z0-9-]*)",
):
    """Does what was asked about, or leaves it."""

    def __init__(self, decision: Decision, words: Words) -> None:
        keeps = decision.action == "keep"
        labels = {"remove": words("Remove"), "undo": words("Undo"), "keep": words("Leave it")}
        style = discord.ButtonStyle.secondary if keeps else discord.ButtonStyle.danger
        super().__init__(decision.custom_id, label=labels[decision.action], style=style)
        self.decision = decision

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button again, from the id that Discord sends when it is pressed."""
        del item
        asker, until, stamp = (int(match[name]) for name in ("asker", "until", "stamp"))
        return cls(Decision(match["action"], asker, until, stamp, match["article"]), words_of(interaction))

    async def press(self, interaction: Interaction) -> None:
        """Does it, if it is still wanted and the one who pressed may.

        Raises:
            NotYoursError: somebody else was asked.
            NotAllowedError: the one who was asked is no admin any more.
        """
        if interaction.user.id != self.decision.asker:
            raise NotYoursError("Only the one who was asked can press this.")
        demand_manager(interaction)
        with host_of(interaction).service.in_flight():
            await interaction.response.defer()
            message = await _outcome(interaction, self.decision)
            await InteractionReply(interaction, private=True).show(Card(message))


def decision_card(question: MessageContent, decision: Decision, words: Words) -> Card:
    """A question with the button that does what it asks about, and the one that leaves it."""
    buttons = (DecisionButton(decision, words), DecisionButton(replace(decision, action="keep"), words))
    return Card(question, *buttons)


async def _outcome(interaction: Interaction, decision: Decision) -> MessageContent:
    words, who = words_of(interaction), name_of(interaction.user)
    if decision.action == "keep":
        return render_library.unchanged(words)
    if interaction.created_at.timestamp() > decision.until:
        return render_library.refusal(
            words("You were asked a while ago. Nothing was changed; use the command again.")
        )

    def work(library: Library) -> MessageContent:
        entry = next((entry for entry in library.entries() if entry.id == decision.article), None)
        if _stamp(entry) != decision.stamp:
            return render_library.refusal(
                words("It was changed after you were asked. Nothing was done; use the command again.")
            )
        if decision.action == "undo":
            return render_library.undone(library.undo(decision.article, who=who), words)
        library.remove(decision.article, who=who)
        return render_library.removed(decision.article, words)

    return await host_of(interaction).service.alter(place_of(interaction), work)


def _stamp(entry: Entry | None) -> int:
    return int(entry.indexed_at.timestamp()) if entry else 0
