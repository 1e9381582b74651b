"""The button that deletes what is kept of the one who presses it."""

from __future__ import annotations

from collections.abc import Callable

import discord

from bot.components.card import Card
from bot.components.persistent import PersistentButton
from bot.host import Interaction, host_of
from bot.render import privacy
from bot.replies import InteractionReply
from bot.words import ENGLISH, Words, words_of
from index import QuestionLedger

DeleteWork = Callable[[QuestionLedger, str], None]


class DeletionButton(PersistentButton, template="my-data:delete"):
    """Deletes all that is kept of whoever presses it."""

    def __init__(self, custom_id: str = "my-data:delete", words: Words = ENGLISH) -> None:
        super().__init__(custom_id, label=words("Delete all of it"), style=discord.ButtonStyle.danger)

    async def press(self, interaction: Interaction) -> None:
        """Deletes it."""
        await interaction.response.defer()
        await forget(interaction, QuestionLedger.delete_person)
        reply = InteractionReply(interaction, private=True)
        await reply.show(Card(privacy.deleted(words_of(interaction))))


async def forget(interaction: Interaction, delete: DeleteWork) -> None:
    """Deletes what is kept of the one who asked for it, and what is still in memory."""
    host, person = host_of(interaction), str(interaction.user.id)

    def work(ledger: QuestionLedger) -> tuple[str, ...]:
        questions = tuple(one.question for one in ledger.person(person).questions)
        delete(ledger, person)
        return questions

    host.dispatch("person_forgotten", interaction.user.id, await host.service.ledger.note(work))
