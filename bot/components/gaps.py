"""What fills a gap: an admin writes the answer to a question, or chooses the passage that answers it.

Each button, the list and the modal carry the question's number in their ids, and so work after a restart.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

import discord
from discord import ui

from bot.components.card import Card
from bot.components.fields import values_in
from bot.components.persistent import PersistentButton, SourceGoneError, answering
from bot.host import Interaction, host_of
from bot.permissions import admit_manager, demand_manager, name_of
from bot.place import place_of
from bot.render import gaps as render_gaps
from bot.replies import InteractionReply
from bot.service.change_request import ChangeOutcome, ChangeRequest
from bot.service.conversations import VERSION_CHARS, version_of
from bot.service.ledger import QuestionGoneError, new_key
from bot.words import Words, words_for, words_of
from index import (
    MAX_ANSWER_CHARS,
    MAX_ANSWERED_CHARS,
    MAX_ID_CHARS,
    SOMEONE,
    Article,
    FootnoteError,
    KeptQuestion,
    Library,
    Passage,
    ReindexRunningError,
    WrittenAnswer,
)

QUESTION, ANSWER = "question", "answer"
KEY = r"(?P<key>[0-9a-f]{1,16})"
MOST_PASSAGES = 10
MAX_AUTHOR = 80  # of a name, over an answer
SECONDS_FOR_OTHERS = 600.0
"""How long an answer waits for other changes of its server: it is written, and may not be lost."""

SECONDS_BETWEEN = 1.0
_OPTION = re.compile(
    rf"(?P<start>\d{{1,9}}):(?P<end>\d{{1,9}}):(?P<version>[0-9a-f]{{{VERSION_CHARS}}})"
    rf":(?P<article>[a-z0-9-]{{1,{MAX_ID_CHARS}}})"
)


class EmptyAnswerError(FootnoteError):
    """An answer, or the question over it, has no words."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """A passage that was chosen: its text, its sentences, and the article's id and title."""

    text: str
    sentences: tuple[str, ...]
    article: str
    title: str


class WriteButton(PersistentButton, template=rf"gap:write:{KEY}"):
    """Opens a modal for the answer to a question."""

    @classmethod
    def to(cls, key: int, words: Words) -> Self:
        """The button under a question."""
        return cls(f"gap:write:{key:x}", label=words("Write the answer"))

    async def press(self, interaction: Interaction) -> None:
        """Opens it.

        Raises:
            NotAllowedError: the one who pressed is no admin here.
            QuestionGoneError: the question is not kept any more, or is none of this server's.
        """
        demand_manager(interaction)
        question = await question_of(interaction, int(self.match["key"], 16))
        await interaction.response.send_modal(AnswerModal(question, words_of(interaction)))


class AnswerModal(ui.Modal):
    """Asks for an answer; what is sent is read with ``answer_in``."""

    def __init__(self, question: KeptQuestion, words: Words) -> None:
        custom_id = f"gap:answer:{question.key:x}"
        super().__init__(title=words("Write the answer"), custom_id=custom_id, timeout=None)
        shown = " ".join(question.question.split())[:MAX_ANSWERED_CHARS]
        asked: ui.TextInput[Self] = ui.TextInput(
            custom_id=QUESTION, default=shown, max_length=MAX_ANSWERED_CHARS
        )
        answer: ui.TextInput[Self] = ui.TextInput(
            custom_id=ANSWER, style=discord.TextStyle.paragraph, max_length=MAX_ANSWER_CHARS
        )
        note = words("It is quoted from then on, with your name and the date.")
        self.add_item(ui.Label(text=words("Question"), component=asked))
        self.add_item(ui.Label(text=words("Answer"), description=note, component=answer))


class PassageButton(PersistentButton, template=rf"gap:choose:{KEY}"):
    """Shows the passages that are the likeliest to answer a question."""

    @classmethod
    def to(cls, key: int, words: Words) -> Self:
        """The button under a question."""
        return cls(f"gap:choose:{key:x}", label=words("Choose the passage"))

    async def press(self, interaction: Interaction) -> None:
        """Shows them, for one to be chosen.

        Raises:
            NotAllowedError: the one who pressed is no admin here.
            QuestionGoneError: the question is not kept any more, or is none of this server's.
        """
        demand_manager(interaction)
        service, words = host_of(interaction).service, words_of(interaction)
        with service.in_flight():
            await interaction.response.defer(thinking=True, ephemeral=True)
            key = int(self.match["key"], 16)
            question = await question_of(interaction, key)

            def work(library: Library) -> tuple[Article, tuple[Passage, ...]]:
                article, asked = library.article(question.article), question.question
                return article, library.admin_answers.likely(article.id, asked, MOST_PASSAGES)

            article, passages = await service.consult(place_of(interaction), interaction.user.id, work)
            card = Card(render_gaps.choices(question.question, article, words))
            card.add_item(ui.ActionRow(PassageSelect.of(key, article, passages, words)))
            await InteractionReply(interaction, private=True).show(card)


class PassageSelect(ui.DynamicItem[ui.Select[Any]], template=rf"gap:passage:{KEY}"):
    """The passages to choose from; an option tells where its passage stands, and in which version."""

    def __init__(self, custom_id: str, select: ui.Select[Any] | None = None) -> None:
        super().__init__(select or ui.Select(custom_id=custom_id))
        match = self.template.fullmatch(custom_id)
        if match is None:
            raise ValueError(custom_id)
        self.key = int(match["key"], 16)

    @classmethod
    def of(cls, key: int, article: Article, passages: tuple[Passage, ...], words: Words) -> Self:
        """The list of some passages of an article."""
        options = []
        for one in passages:
            label, description = render_gaps.option(one.of(article.text))
            value = f"{one.start}:{one.end}:{version_of(article)}:{article.id}"
            options.append(discord.SelectOption(label=label, description=description, value=value))
        custom_id = f"gap:passage:{key:x}"
        select: ui.Select[Any] = ui.Select(
            custom_id=custom_id, options=options, placeholder=words("Choose the passage")
        )
        return cls(custom_id, select)

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The list again, from the id that Discord sends when something is chosen."""
        del interaction, item
        return cls(match.string)

    async def callback(self, interaction: Interaction) -> None:
        """Makes the passage that was chosen the answer."""
        async with answering(interaction):
            await self._choose(interaction)

    async def _choose(self, interaction: Interaction) -> None:
        service = host_of(interaction).service
        with service.in_flight():
            place = await admit_manager(interaction)
            question = await question_of(interaction, self.key)
            data: Mapping[str, Any] = interaction.data or {}
            value = str(next(iter(data.get("values", ())), ""))
            choice = await service.read(place, lambda library: _choice(library, value))
            answer = written(
                interaction, new_key(), question.question, choice.text, interaction.user, source=choice.title
            )
            await fill(interaction, answer, article=choice.article, evidence=choice.sentences)


def gap_buttons(question: KeptQuestion, words: Words) -> tuple[WriteButton, PassageButton]:
    """The buttons under a question that was not answered, or not well."""
    return WriteButton.to(question.key, words), PassageButton.to(question.key, words)


def answer_in(interaction: Interaction) -> tuple[int, str, str] | None:
    """The question's number, the question and the answer from the modal; None for another interaction."""
    data: Mapping[str, Any] = interaction.data or {}
    match = re.fullmatch(rf"gap:answer:{KEY}", data.get("custom_id", ""))
    if interaction.type is not discord.InteractionType.modal_submit or match is None:
        return None
    fields = values_in(data)
    return int(match["key"], 16), fields.get(QUESTION, ""), fields.get(ANSWER, "")


async def question_of(interaction: Interaction, key: int) -> KeptQuestion:
    """A question that the admins of the server may see.

    Raises:
        QuestionGoneError: it is not kept any more, or is none of this server's.
    """
    server = str(place_of(interaction).server)
    ledger = host_of(interaction).service.ledger
    question = await ledger.look(lambda ledger: ledger.question(key, server))
    if question is None:
        raise QuestionGoneError
    return question


def written(
    interaction: Interaction,
    key: int,
    question: str,
    answer: str,
    author: discord.User | discord.Member,
    *,
    source: str = "",
) -> WrittenAnswer:
    """An answer as it is kept.

    Args:
        interaction: Where it is given,
        key: its number,
        question: what it answers,
        answer: and its words.
        author: Whose they are.
        source: The title of the article that it is a passage of.

    Raises:
        EmptyAnswerError: there are no words.
    """
    lines = [" ".join(line.split()) for line in answer[:MAX_ANSWER_CHARS].splitlines()]
    asked = " ".join(question.split())[:MAX_ANSWERED_CHARS]
    if not any(map(str.isalnum, asked)) or not any(map(str.isalnum, answer)):
        raise EmptyAnswerError("A question and an answer are needed, in words.")
    guild = interaction.guild
    return WrittenAnswer(
        key=key,
        server=str(place_of(interaction).server),
        question=asked,
        answer="\n".join(filter(None, lines)),
        person=str(author.id),
        name=" ".join(author.display_name.split())[:MAX_AUTHOR],
        language=str(guild.preferred_locale) if guild else "",
        answered_at=datetime.now(UTC),
        source=source,
    )


async def fill(
    interaction: Interaction,
    answer: WrittenAnswer,
    *,
    article: str | None = None,
    evidence: tuple[str, ...] = (),
) -> ChangeOutcome | None:
    """Publishes an answer, after what else is being changed in its server.

    Args:
        interaction: Where it is given; deferred already.
        answer: The answer.
        article: The article that it is a passage of,
        evidence: and the sentences of that.

    Returns:
        What was changed; None where nothing was, and has been told.
    """
    place, words, host = place_of(interaction), words_of(interaction), host_of(interaction)
    request = ChangeRequest(
        server=place.server,
        starter=interaction.user.id,
        who=name_of(interaction.user),
        article=article,
        channel=place.scope,
        answer=answer,
        evidence=evidence,
    )
    try:
        return await _made_in_turn(interaction, request, answer)
    except FootnoteError as error:
        reason = host.reporter.message(interaction, error, words)
    await InteractionReply(interaction, private=True).show(
        Card(render_gaps.unkept(reason, answer.answer, words))
    )
    return None


async def _made_in_turn(
    interaction: Interaction, request: ChangeRequest, answer: WrittenAnswer
) -> ChangeOutcome | None:
    """Makes a change as soon as no other one is made; without the name of who is deleted meanwhile."""
    client, until = interaction.client, time.monotonic() + SECONDS_FOR_OTHERS
    people = set[int]()

    async def note(person: int, _: object) -> None:
        people.add(person)

    client.add_listener(note, "on_person_forgotten")
    try:
        while True:
            if answer.person and int(answer.person) in people:
                request = replace(request, answer=replace(answer, person=None, name=""))
            if request.starter in people:
                request = replace(request, who=SOMEONE, starter=0)
            try:
                return await host_of(interaction).changes.make(interaction, request, None)
            except ReindexRunningError:
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(SECONDS_BETWEEN)
    finally:
        client.remove_listener(note, "on_person_forgotten")


def server_words(interaction: Interaction) -> Words:
    """The words of the server, for what everybody there reads."""
    guild = interaction.guild
    return words_for(guild.preferred_locale if guild else None)


def _choice(library: Library, value: str) -> _Choice:
    """The passage that an option stands for.

    Raises:
        SourceGoneError: the article has changed since it was listed.
    """
    if match := _OPTION.fullmatch(value):
        info = library.info(match["article"])
        text = info.article.text
        for one in info.passages if info.article.sha256.startswith(match["version"]) else ():
            if (one.start, one.end) == (int(match["start"]), int(match["end"])):
                sentences = tuple(sentence.of(text) for sentence in one.sentences)
                return _Choice(one.of(text), sentences, info.article.id, info.article.title)
    raise SourceGoneError("The article has changed since these passages were listed. Choose once more.")
