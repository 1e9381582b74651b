"""The button under an answer that nobody had asked the bot for: it puts the answer away.

It stands in the place of 👎, and counts as one. Its id carries who asked and the question's number, where the
question is kept, and so works after a restart.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Self

from bot.components.card import Card
from bot.components.persistent import PersistentButton
from bot.components.vote import vote_of
from bot.host import Interaction, host_of
from bot.permissions import may_manage
from bot.render.channels import put_away
from bot.service.ledger import OptedOutError, QuestionGoneError
from bot.words import ENGLISH, Words, words_for
from index import Complaint, FootnoteError


class NotYoursError(FootnoteError):
    """Somebody wants to put the answer to somebody else's question away, and is no admin."""

    def __init__(self) -> None:
        super().__init__("Only the one who asked, and the admins of this server, can put this answer away.")


class UnhelpfulButton(PersistentButton, template=r"unhelpful:(?P<asker>\d{1,20}):(?P<key>[0-9a-f]{0,16})"):
    """Puts an answer away, for the one who asked and for admins."""

    def __init__(self, custom_id: str, words: Words = ENGLISH) -> None:
        super().__init__(custom_id, label=words("This did not help"))

    @classmethod
    def under(cls, asker: int, key: int | None, words: Words) -> Self:
        """The button under the answer to somebody's question; ``key`` is None where that is not kept."""
        return cls(f"unhelpful:{asker}:{'' if key is None else f'{key:x}'}", words)

    async def press(self, interaction: Interaction) -> None:
        """Puts the answer away, and then counts it, as far as anything is kept.

        Raises:
            NotYoursError: it is somebody else's, and the one who pressed is no admin.
        """
        if interaction.user.id != int(self.match["asker"]) and not may_manage(interaction):
            raise NotYoursError
        words = words_for(interaction.guild_locale)
        await interaction.response.edit_message(view=Card(put_away(words)))
        if not self.match["key"]:
            return
        vote = vote_of(interaction, is_good=False, complaint=Complaint.UNHELPFUL)
        with suppress(OptedOutError, QuestionGoneError):
            await host_of(interaction).service.ledger.vote(int(self.match["key"], 16), vote)
