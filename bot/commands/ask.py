"""Asking and checking: by command, mention, DM, reply, menu or button."""

from __future__ import annotations

import re

import discord
from discord import app_commands
from discord.ext import commands

from bot import render
from bot.answering import Answering, Inquiry
from bot.commands.choices import Choices, choices_of
from bot.commands.overhearing import Overhearing
from bot.components.card import Card
from bot.components.follow_up import FollowUpButton, question_in
from bot.components.taking_over import offer
from bot.components.unhelpful import UnhelpfulButton
from bot.components.vote import VoteButton, complaint_in
from bot.host import Host, Interaction
from bot.operations.logs import begin_request
from bot.permissions import may_speak
from bot.place import place_of
from bot.replies import InteractionReply, MessageReply
from bot.service.conversations import Conversation
from bot.service.questions import bare_question
from bot.service.suggestions import names_of
from bot.words import Words, words_of
from index import ALL, MAX_QUESTION_CHARS, Entry, FootnoteError, Vote

ASKABLE = (discord.MessageType.default, discord.MessageType.reply)


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
    """Answers questions and checks claims, each with its footnotes."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot
        self.answering = Answering(bot)
        self.overhearing = Overhearing(bot, self.answering)
        self._menu = app_commands.ContextMenu(name="Ask the article", callback=self.ask_about)

    async def cog_load(self) -> None:
        """Adds the menu, which a cog's own commands do not include, and the button."""
        self.bot.tree.add_command(self._menu)
        self.bot.add_dynamic_items(FollowUpButton, UnhelpfulButton, VoteButton)

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
        interaction: Interaction,
        question: app_commands.Range[str, 1, MAX_QUESTION_CHARS],
        article: str | None = None,
        private: bool = False,
    ) -> None:
        """Ask the article; the answer comes with the exact sentence it rests on."""
        await self._answer(interaction, bare_question(question), article=article, private=private)

    @app_commands.command()
    @app_commands.describe(
        claim="What is claimed, as a statement",
        article="Which article to check it against; without it, the one in use here",
        private="Whether only you see the answer",
    )
    async def check(
        self,
        interaction: Interaction,
        claim: app_commands.Range[str, 1, MAX_QUESTION_CHARS],
        article: str | None = None,
        private: bool = False,
    ) -> None:
        """Check a claim: whether the article says so, says otherwise, or does not say."""
        await self._answer(interaction, claim, article=article, private=private, is_claim=True)

    @check.autocomplete("article")
    async def offer_each_article(self, interaction: Interaction, text: str) -> Choices:
        """The articles of the library that is asked here."""
        return choices_of(names_of(await self._entries(interaction)), text)

    @ask.autocomplete("article")
    async def offer_articles(self, interaction: Interaction, text: str) -> Choices:
        """The articles of the library that is asked here, and all of them."""
        every = {words_of(interaction)("All articles"): ALL}
        return choices_of(every | names_of(await self._entries(interaction)), text)

    @ask.autocomplete("question")
    async def offer_questions(self, interaction: Interaction, text: str) -> Choices:
        """The article's example questions, and what is most asked of it in this channel."""
        place, name = place_of(interaction), interaction.namespace.article
        choice = name if name and name != ALL else None
        article = await self.bot.service.glance(
            place, interaction.user.id, lambda library: library.article(choice, place=place.scope)
        )
        if article is None:  # what stands in the other field may be no article yet
            return []
        favourites = self.answering.most_asked((interaction.channel_id or 0, place.channel or 0), article.id)
        return choices_of({question: question for question in (*article.questions, *favourites)}, text)

    async def ask_about(self, interaction: Interaction, message: discord.Message) -> None:
        """Asks the article what a message says; the answer is private."""
        question = self._question(message)
        if not question:
            raise NoTextError
        await self._answer(interaction, question, private=True)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Answers the modals behind "Follow up", as privately as what that was opened from, and 👎."""
        if (complaint := complaint_in(interaction)) is not None:
            await self._complain(interaction, *complaint)
        follow_up = question_in(interaction)
        if follow_up is None:
            return
        begin_request()
        question, conversation = follow_up
        answer = interaction.message
        if answer is not None:
            conversation = self.answering.conversation(interaction.user.id, answer) or conversation
        private = answer is None or answer.flags.ephemeral
        await self._answer(interaction, bare_question(question), conversation=conversation, private=private)

    @commands.Cog.listener()
    async def on_person_forgotten(self, person: int, questions: tuple[str, ...]) -> None:
        """Forgets a person whose data was deleted."""
        self.answering.forget(person, questions)

    async def _complain(self, interaction: Interaction, key: int, vote: Vote) -> None:
        """Enters what is wrong with an answer."""
        begin_request()
        place, words = place_of(interaction), words_of(interaction)
        with self.bot.service.in_flight():
            self.bot.service.admit_lookup(place, interaction.user.id)
            reply = InteractionReply(interaction, private=True)
            await reply.defer()
            await self.bot.service.ledger.vote(key, vote)
            await reply.show(Card(render.thanks(words, in_server=place.server is not None)))

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answers a DM, and a message or a reply that mentions the bot."""
        me = self.bot.user
        if message.author.bot or message.type not in ASKABLE or me is None:
            return
        begin_request()
        if await offer(self.bot, message):
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
                    conversation = self.answering.direct_conversation(asker, message.channel.id)
                inquiry = Inquiry(
                    question,
                    place,
                    asker,
                    words_of(message),
                    message.channel.id,
                    conversation=conversation,
                    is_direct=isinstance(message.channel, discord.DMChannel),
                )
                await self.answering.answer(reply, inquiry)

    @commands.Cog.listener("on_message")
    async def overhear(self, message: discord.Message) -> None:
        """Answers what is asked without a mention, where an admin has switched that on."""
        await self.overhearing.hear(message)

    async def _answer(
        self,
        interaction: Interaction,
        question: str,
        *,
        article: str | None = None,
        conversation: Conversation | None = None,
        private: bool,
        is_claim: bool = False,
    ) -> None:
        service, place, asker = self.bot.service, place_of(interaction), interaction.user.id
        with service.in_flight():
            service.admit(place, asker)
            # Where the bot may not speak, only the one who asked is answered.
            reply = InteractionReply(interaction, private=private or not may_speak(interaction))
            await reply.defer()
            words, channel = words_of(interaction), interaction.channel
            if article is not None and not is_claim and _names_all(article, words):
                article = ALL
            inquiry = Inquiry(
                question,
                place,
                asker,
                words,
                channel.id if channel else None,
                article=article,
                conversation=conversation,
                repeats_question=True,
                is_direct=isinstance(channel, discord.DMChannel),
                is_public=not reply.private,
                is_claim=is_claim,
            )
            await self.answering.answer(reply, inquiry)

    async def _entries(self, interaction: Interaction) -> tuple[Entry, ...]:
        place, asker = place_of(interaction), interaction.user.id
        return await self.bot.service.glance(place, asker, lambda library: library.entries()) or ()

    def _replied_to(self, message: discord.Message) -> Conversation | None:
        """The conversation that a reply goes on with, where it replies to an answer."""
        answer = message.reference.resolved if message.reference else None
        if not isinstance(answer, discord.Message) or answer.author != self.bot.user:
            return None
        return self.answering.conversation(message.author.id, answer)

    def _question(self, message: discord.Message) -> str:
        me = self.bot.user
        return bare_question(re.sub(rf"<@!?{me.id}>", " ", message.content) if me else message.content)


def _names_all(article: str, words: Words) -> bool:
    return article.strip().casefold() == words("All articles").casefold()
