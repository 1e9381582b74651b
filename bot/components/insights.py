"""What was asked in a server, for its admins: the summary, the lists, and what opens from them.

Each button carries the period and the list in its id, and looks everything up anew: it works after a restart,
and shows nothing to who is no admin of that server any more.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self

import discord

from bot.components.card import Card
from bot.components.gaps import gap_buttons
from bot.components.persistent import PersistentButton
from bot.host import Interaction, host_of
from bot.permissions import demand_manager
from bot.place import place_of
from bot.render import insights as render_insights
from bot.render.insights import ENTRIES_A_PAGE, InsightList
from bot.replies import SENDING_ERRORS, InteractionReply
from bot.service.insights import insights_of, quote_at
from bot.service.ledger import QuestionGoneError
from bot.words import Words, words_for, words_of
from index import Insights, KeptQuestion, Library

log = logging.getLogger(__name__)

Entry = tuple[str, KeptQuestion]
"""A line of a list, and the question that it opens."""


class AdminButton(PersistentButton, template=r"(?!)"):
    """Shows an admin something privately, in place of what its message showed."""

    async def press(self, interaction: Interaction) -> None:
        """Shows it.

        Raises:
            NotAllowedError: the one who pressed is no admin here.
        """
        demand_manager(interaction)
        with host_of(interaction).service.in_flight():
            await interaction.response.defer()
            await InteractionReply(interaction, private=True).show(await self.card(interaction), files=())

    async def card(self, interaction: Interaction) -> Card:
        """What it shows."""
        raise NotImplementedError


class ListButton(AdminButton, template=r"insights:(?P<kind>[udp]):(?P<days>\d{1,3}):(?P<page>\d{1,4}):?\w?"):
    """A page of a list."""

    @classmethod
    def to(cls, kind: InsightList, days: int, page: int, *, mark: str = "", **options: Any) -> Self:
        """The button to a page; ``mark`` tells two buttons to the same page apart."""
        return cls(f"insights:{kind}:{days}:{page}{mark and ':'}{mark}", **options)

    async def card(self, interaction: Interaction) -> Card:
        """The page; the last one, where the list has become shorter."""
        kind, days, page = InsightList(self.match["kind"]), int(self.match["days"]), int(self.match["page"])
        host, place, words = host_of(interaction), place_of(interaction), words_of(interaction)
        insights = await insights_of(host.service, place, interaction.user.id, days=days)
        entries = await host.service.read(place, lambda library: _entries(library, insights, kind, words))
        pages = -(-len(entries) // ENTRIES_A_PAGE)
        page = max(1, min(page, pages))
        on_page = entries[(page - 1) * ENTRIES_A_PAGE : page * ENTRIES_A_PAGE]
        before, after = max(page - 1, 1), min(page + 1, pages)
        turns = (
            self.to(kind, days, before, mark="p", label=words("Previous"), disabled=page == 1),
            self.to(kind, days, after, mark="n", label=words("Next"), disabled=page == pages),
        )
        message = render_insights.heading(kind, words, page=page, pages=pages)
        opening = [EntryButton.to(kind, days, page, one, label=words("Open")) for _, one in on_page]
        return Card(
            message,
            *(turns if pages > 1 else ()),
            entries=[(line, button) for (line, _), button in zip(on_page, opening, strict=True)],
        )


class EntryButton(
    AdminButton,
    template=r"insight:(?P<kind>[udp]):(?P<days>\d{1,3}):(?P<page>\d{1,4}):(?P<key>[0-9a-f]{1,16})",
):
    """What is known of a question, and of those that ask the same."""

    @classmethod
    def to(cls, kind: InsightList, days: int, page: int, one: KeptQuestion, *, label: str) -> Self:
        """The button that opens an entry of a page."""
        return cls(f"insight:{kind}:{days}:{page}:{one.key:x}", label=label)

    async def card(self, interaction: Interaction) -> Card:
        """The entry; whoever said what is wrong with the answer is told that it was seen.

        Raises:
            QuestionGoneError: it is not kept any more, or is none that the admins of this server may see.
        """
        host, place, words = host_of(interaction), place_of(interaction), words_of(interaction)
        kind, days, page = InsightList(self.match["kind"]), int(self.match["days"]), int(self.match["page"])
        key, server = int(self.match["key"], 16), str(place.server)
        question = await host.service.ledger.look(lambda ledger: ledger.question(key, server))
        if question is None:
            raise QuestionGoneError
        insights = await insights_of(host.service, place, interaction.user.id, days=days)
        group = (question, *(one for one in _group(insights, kind, key) if one.key != key))
        quote, is_answered = await host.service.read(
            place,
            lambda library: (quote_at(library, question), library.admin_answers.has(question.question)),
        )
        for one in group:
            await _tell_seen(interaction, one)
        back = ListButton.to(kind, days, page, label=words("Back"))
        filling = () if kind is InsightList.PASSAGES or question.is_claim else gap_buttons(question, words)
        message = render_insights.question(group, quote, words, is_answered=is_answered)
        return Card(message, *filling, back)


def summary_card(insights: Insights, words: Words, *, days: int, charts: Sequence[Any] = ()) -> Card:
    """What was asked in short, with its pictures and the buttons to its lists."""
    list_labels = render_insights.labels(insights, words)
    buttons = [ListButton.to(kind, days, 1, label=label) for kind, label in list_labels.items()]
    pictures = [(chart.name, chart.alt) for chart in charts]
    message = render_insights.summary(insights, words, days=days)
    return Card(message, *(buttons if insights.questions else ()), pictures=pictures)


def _entries(library: Library, insights: Insights, kind: InsightList, words: Words) -> list[Entry]:
    match kind:
        case InsightList.PASSAGES:
            return [
                (render_insights.passage_line(one, quote_at(library, one), words), one.questions[0])
                for one in insights.passages
            ]
        case InsightList.UNANSWERED:
            groups = insights.gaps
        case InsightList.DISLIKED:
            groups = insights.dislikes
    return [(render_insights.group_line(group, words), group.questions[0]) for group in groups]


def _group(insights: Insights, kind: InsightList, key: int) -> tuple[KeptQuestion, ...]:
    lists = {
        InsightList.UNANSWERED: [group.questions for group in insights.gaps],
        InsightList.DISLIKED: [group.questions for group in insights.dislikes],
        InsightList.PASSAGES: [passage.questions for passage in insights.passages],
    }
    return next((group for group in lists[kind] if key in (one.key for one in group)), ())


async def _tell_seen(interaction: Interaction, question: KeptQuestion) -> None:
    """Tells those who said what is wrong with an answer that it was seen, each once."""
    server = str(interaction.guild_id)
    people = await host_of(interaction).service.ledger.note(
        lambda ledger: ledger.see(question.key, server, datetime.now(UTC))
    )
    guild = interaction.guild
    words = words_for(guild.preferred_locale if guild else None)
    message = render_insights.seen(question, guild.name if guild else "", words)
    for person in people:
        try:
            channel = await interaction.client.create_dm(discord.Object(int(person)))
            await channel.send(view=Card(message))
        except SENDING_ERRORS as refusal:
            log.info("Could not tell somebody that what they said was seen: %s", refusal)
