"""What people say of an answer: the two buttons under it, and the modal that asks what is wrong.

Both carry the question's number in their ids, and so work after a restart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

import discord
from discord import ui

from bot import render
from bot.components.card import Card
from bot.components.fields import values_in
from bot.components.persistent import PersistentButton
from bot.host import Interaction, host_of
from bot.place import place_of
from bot.replies import InteractionReply
from bot.words import Words, words_of
from index import Complaint, Vote

COMPLAINT, COMMENT = "complaint", "comment"
MAX_COMMENT = 500


class VoteButton(PersistentButton, template=r"vote:(?P<kind>[ud]):(?P<key>[0-9a-f]{1,16})"):
    """Says that an answer is good, or that it is not, and then asks why."""

    def __init__(self, custom_id: str) -> None:
        is_good = custom_id.startswith("vote:u")
        super().__init__(custom_id, emoji="👍" if is_good else "👎")
        self.is_good, self.key = is_good, int(self.match["key"], 16)

    async def press(self, interaction: Interaction) -> None:
        """Counts the vote; one against the answer before it is said why, in case nobody says it."""
        words, vote = words_of(interaction), vote_of(interaction, is_good=self.is_good)
        ledger = host_of(interaction).service.ledger
        if not self.is_good:  # Discord waits three seconds for a modal, and the database may take longer
            await interaction.response.send_modal(Why(self.key, words))
            await ledger.vote(self.key, vote)
            return
        reply = InteractionReply(interaction, private=True)
        await reply.defer()
        await ledger.vote(self.key, vote)
        await reply.show(Card(render.thanks(words, in_server=place_of(interaction).server is not None)))


class Why(ui.Modal):
    """Asks what is wrong with an answer; what is sent is read with ``complaint_in``."""

    def __init__(self, key: int, words: Words) -> None:
        super().__init__(title=words("What is wrong with it?"), custom_id=f"why:{key:x}", timeout=None)
        options = [
            discord.SelectOption(label=label, value=complaint)
            for complaint, label in render.complaints(words).items()
            if complaint is not Complaint.UNHELPFUL
        ]
        select: ui.Select[Any] = ui.Select(custom_id=COMPLAINT, options=options, required=True)
        comment: ui.TextInput[Self] = ui.TextInput(
            custom_id=COMMENT, style=discord.TextStyle.paragraph, max_length=MAX_COMMENT, required=False
        )
        promise = words("An admin of the server sees it. I write to you when one has.")
        self.add_item(ui.Label(text=words("What is it?"), description=promise, component=select))
        self.add_item(ui.Label(text=words("In your words, if you like"), component=comment))


def vote_buttons(key: int) -> tuple[VoteButton, VoteButton]:
    """The buttons under an answer to a question that is kept."""
    return VoteButton(f"vote:u:{key:x}"), VoteButton(f"vote:d:{key:x}")


def vote_of(interaction: Interaction, *, is_good: bool, **reason: Any) -> Vote:
    """What the one who used a button or a modal says."""
    return Vote(str(interaction.user.id), is_good, datetime.now(UTC), **reason)


def complaint_in(interaction: Interaction) -> tuple[int, Vote] | None:
    """The question's number and the vote from the modal; None where it is another interaction."""
    data: Mapping[str, Any] = interaction.data or {}
    match = re.fullmatch(r"why:([0-9a-f]{1,16})", data.get("custom_id", ""))
    if interaction.type is not discord.InteractionType.modal_submit or match is None:
        return None
    fields = values_in(data)
    complaint = Complaint(fields.get(COMPLAINT) or Complaint.OTHER)
    comment = fields.get(COMMENT, "").strip()[:MAX_COMMENT]
    return int(match[1], 16), vote_of(interaction, is_good=False, complaint=complaint, comment=comment)
