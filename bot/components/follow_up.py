"""The button under each answer that asks on from it, and the modal that it opens.

Discord shows the bot no replies to an answer that was given to a slash command, so this is the way to ask on
from one. Both carry what they need in their ids, and so work after a restart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import discord
from discord import ui

from bot.components.context import sources_of
from bot.components.fields import values_in
from bot.components.persistent import PersistentButton
from bot.host import Interaction
from bot.service.conversations import Conversation, version_of
from bot.words import ENGLISH, Words, words_of
from index import MAX_QUESTION_CHARS, Article, Turn

QUESTION = "question"


class FollowUpButton(PersistentButton, template=r"follow-up:(?P<version>[0-9a-f]{8}):(?P<article>(?s:.*))"):
    """Opens a modal for the next question; its id names the answer's article and its version."""

    def __init__(self, custom_id: str, words: Words = ENGLISH) -> None:
        super().__init__(custom_id, label=words("Follow up"), style=discord.ButtonStyle.primary)

    @classmethod
    def to(cls, article: Article, words: Words) -> Self:
        """The button under an answer from ``article``."""
        return cls(f"follow-up:{version_of(article)}:{article.id}", words)

    async def press(self, interaction: Interaction) -> None:
        """Opens the modal."""
        await interaction.response.send_modal(FollowUp(self.custom_id, words_of(interaction)))


class FollowUp(ui.Modal):
    """Asks for the next question; what is sent is read with ``question_in``, also by another process."""

    def __init__(self, custom_id: str, words: Words) -> None:
        super().__init__(title=words("Follow up"), custom_id=custom_id, timeout=None)
        field: ui.TextInput[Self] = ui.TextInput(
            custom_id=QUESTION, style=discord.TextStyle.paragraph, max_length=MAX_QUESTION_CHARS
        )
        self.add_item(ui.Label(text=words("What do you want to know?"), component=field))


def question_in(interaction: Interaction) -> tuple[str, Conversation] | None:
    """The question from the modal and the article that it goes to; None where it is another interaction."""
    data: Mapping[str, Any] = interaction.data or {}
    if interaction.type is not discord.InteractionType.modal_submit:
        return None
    match = _TEMPLATE.fullmatch(data.get("custom_id", ""))
    if match is None:
        return None
    return values_in(data).get(QUESTION, "").strip(), Conversation(match["article"], match["version"], ())


def conversation_in(message: discord.Message) -> Conversation | None:
    """The turn that an answer in Discord tells of itself: what it cites, though not what was asked."""
    sources = sources_of(message)
    if sources is None:
        return None
    spans = tuple(sorted(set(sources.spans), key=lambda span: span.start))
    return Conversation(sources.article, sources.version, (Turn("", spans),))


_TEMPLATE = FollowUpButton.__discord_ui_compiled_template__
