"""Asking: by command, mention, DM, reply, menu or button."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot import render
from bot.components.card import Card
from bot.components.follow_up import FollowUpButton, submitted
from bot.render.waiting import waiting
from bot.replies import UNSENT, InteractionReply, MessageReply, Note, Reply
from bot.service.conversations import Conversation, Conversations, begun, told_by
from bot.service.service import Place, Wait, place_of
from bot.service.suggestions import Suggestions, choices, names
from bot.words import Words, words_of
from index import ALL, MAX_QUESTION_CHARS, FootnoteError, Found, Status, Turn

if TYPE_CHECKING:
    from bot.client import FootnoteBot

log = logging.getLogger(__name__)

ASKABLE = (discord.MessageType.default, discord.MessageType.reply)
THREADS = (
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
    discord.ChannelType.news_thread,
)


class NoQuestionError(FootnoteError):
    """A message called the bot and asked nothing that it can read."""

    def __init__(self) -> None:
        super().__init__(
            "Ask me something about the article: mention me with your question in one message, or use /ask. "
            "To ask on from an answer to /ask, press Follow up under it: Discord shows me no replies to it."
        )


class NoTextError(FootnoteError):
    """A message that the article was to be asked about has no text."""

    def __init__(self) -> None:
        super().__init__("That message has no text that I could ask the article about.")


class Ask(commands.Cog):
    """Answers questions, each with its footnotes."""

    def __init__(self, bot: FootnoteBot) -> None:
        self.bot = bot
        self.conversations = Conversations(minutes=bot.settings.follow_up_minutes)
        self.suggestions = Suggestions()
        self._menu = app_commands.ContextMenu(name="Ask the article", callback=self.ask_about)

    async def cog_load(self) -> None:
        """Adds the menu, which a cog's own commands do not include, and the button."""
        self.bot.tree.add_command(self._menu)
        self.bot.add_dynamic_items(FollowUpButton)

    async def cog_unload(self) -> None:
        """Takes the menu away again."""
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)

    @app_commands.command()
    @app_commands.describe(
        question="What do you want to know?",
        article="Which article to ask; without it, the one in use here",
        private="Whether only you see the answer",
    )
    async def ask(
        self,
        interaction: discord.Interaction[FootnoteBot],
        question: app_commands.Range[str, 1, MAX_QUESTION_CHARS],
        article: str | None = None,
        private: bool = False,
    ) -> None:
        """Ask the article; the answer comes with the exact sentence it rests on."""
        await self._answer_interaction(interaction, question, article=article, private=private)

    @ask.autocomplete("article")
    async def offer_articles(
        self, interaction: discord.Interaction[FootnoteBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        """The articles of the library that is asked here, and all of them."""
        place, asker = place_of(interaction), interaction.user.id
        entries = await self.bot.service.glance(place, asker, lambda library: library.entries())
        return choices({words_of(interaction)("All articles"): ALL} | names(entries or ()), typed)

    @ask.autocomplete("question")
    async def offer_questions(
        self, interaction: discord.Interaction[FootnoteBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        """The article's example questions, and what is most asked of it in this channel."""
        place = place_of(interaction)
        named = interaction.namespace.article
        chosen = named if named and named != ALL else None
        article = await self.bot.service.glance(
            place, interaction.user.id, lambda library: library.article(chosen, place=place.scope)
        )
        if article is None:  # what stands in the other field may be no article yet
            return []
        channels = {interaction.channel_id or 0, place.channel or 0}
        asked = self.suggestions.most_asked(channels=channels, article=article.id)
        return choices({question: question for question in (*article.questions, *asked)}, typed)

    async def ask_about(
        self, interaction: discord.Interaction[FootnoteBot], message: discord.Message
    ) -> None:
        """Asks the article what a message says; the answer is private."""
        question = self._question(message)
        if not question:
            raise NoTextError
        await self._answer_interaction(interaction, question, private=True)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Answers the modal behind "Follow up", as privately as the answer that it was opened from."""
        follow_up = submitted(interaction)
        if follow_up is None:
            return
        question, conversation = follow_up
        answer = interaction.message
        if answer is not None:
            conversation = self._conversation(interaction.user.id, answer) or conversation
        private = answer is None or answer.flags.ephemeral
        await self._answer_interaction(interaction, question, conversation=conversation, private=private)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answers a DM, and a message or a reply that mentions the bot."""
        me = self.bot.user
        if message.author.bot or message.type not in ASKABLE or me is None:
            return
        if message.guild is not None and me not in message.mentions:
            return
        service, place, asker = self.bot.service, place_of(message), message.author.id
        with service.in_flight():
            service.admit(place, asker)
            question = self._question(message)
            if not question:
                raise NoQuestionError
            async with MessageReply(message) as reply:
                await reply.typing()
                conversation = self._replied_to(message)
                if conversation is None and message.guild is None:
                    conversation = self.conversations.recall(asker, message.channel.id)
                words = words_of(message)
                shown, found = await self._answer(
                    reply, question, place, asker, words, conversation=conversation
                )
            self._remember(question, found, conversation, asker, shown, message.channel, public=True)

    async def _answer_interaction(
        self,
        interaction: discord.Interaction[FootnoteBot],
        question: str,
        *,
        article: str | None = None,
        conversation: Conversation | None = None,
        private: bool,
    ) -> None:
        service, place, asker = self.bot.service, place_of(interaction), interaction.user.id
        with service.in_flight():
            service.admit(place, asker)
            # Where the bot may not speak, only the one who asked is answered.
            reply = InteractionReply(interaction, private=private or not _may_speak(interaction))
            await reply.defer()
            words = words_of(interaction)
            if article is not None and article.strip().casefold() == words("All articles").casefold():
                article = ALL
            shown, found = await self._answer(
                reply,
                question,
                place,
                asker,
                words,
                article=article,
                conversation=conversation,
                with_question=True,
            )
            self._remember(
                question, found, conversation, asker, shown, interaction.channel, public=not reply.private
            )

    async def _answer(
        self,
        reply: Reply,
        question: str,
        place: Place,
        asker: int,
        words: Words,
        *,
        article: str | None = None,
        conversation: Conversation | None = None,
        with_question: bool = False,
    ) -> tuple[discord.Message, Found]:
        """Answers a question in its turn, and shows until then how long that is."""

        async def on_wait(wait: Wait) -> None:
            try:
                await reply.show(Note(waiting(wait.position, words, loading=wait.loading)))
            except UNSENT as refusal:  # the answer is what matters
                log.info("Could not show how long the wait is: %s", refusal)

        turns: Sequence[Turn] = ()
        version = None
        if conversation is not None:
            article, version = conversation.article, conversation.version
            turns = conversation.turns if self.conversations.minutes else ()
        found = await self.bot.service.ask(
            question,
            place=place,
            asker=asker,
            article=article,
            turns=turns,
            version=version,
            on_wait=on_wait,
        )
        answering = found.info.article
        rendered = await self.bot.service.compose(
            lambda: render.answer(found, words, with_question=with_question)
        )
        card = Card(rendered, answering, FollowUpButton.to(answering, words), words=words)
        return await reply.show(card), found

    def _remember(
        self,
        question: str,
        found: Found,
        conversation: Conversation | None,
        asker: int,
        shown: discord.Message,
        channel: object,
        *,
        public: bool,
    ) -> None:
        """Keeps what a next question may lean on, and counts what everybody could see asked and answered."""
        now = conversation.then(question, found) if conversation else begun(question, found)
        self.conversations.remember(asker, shown.id, now)
        if isinstance(channel, discord.DMChannel):
            self.conversations.remember(asker, channel.id, now)
        elif public and found.answer.status is Status.ANSWERED and isinstance(channel, discord.abc.Snowflake):
            self.suggestions.count(question, channel=channel.id, article=found.info.article.id)

    def _replied_to(self, message: discord.Message) -> Conversation | None:
        """The conversation that a reply goes on with, where it replies to an answer."""
        answer = message.reference.resolved if message.reference else None
        if not isinstance(answer, discord.Message) or answer.author != self.bot.user:
            return None
        return self._conversation(message.author.id, answer)

    def _conversation(self, asker: int, answer: discord.Message) -> Conversation | None:
        return self.conversations.recall(asker, answer.id) or told_by(answer)

    def _question(self, message: discord.Message) -> str:
        me = self.bot.user
        return re.sub(rf"<@!?{me.id}>", " ", message.content).strip() if me else message.content.strip()


def _may_speak(interaction: discord.Interaction[FootnoteBot]) -> bool:
    if interaction.guild_id is None:
        return True
    may, channel = interaction.app_permissions, interaction.channel
    return may.send_messages_in_threads if channel and channel.type in THREADS else may.send_messages
