"""What is offered while somebody types, as Discord takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from discord import app_commands

from bot.host import Interaction, host_of
from bot.permissions import may_manage
from bot.place import place_of
from bot.service.suggestions import matching, names_of
from index import Entry, Library

Choices: TypeAlias = list[app_commands.Choice[str]]


def choices_of(values: Mapping[str, str], text: str) -> Choices:
    """The values whose names are like what is typed."""
    return [app_commands.Choice(name=name, value=values[name]) for name in matching(text, tuple(values))]


async def choices_for_managers(
    interaction: Interaction, text: str, work: Callable[[Library], Iterable[Entry | str]]
) -> Choices:
    """What an admin may choose from while typing: articles of the server's library, or ids; else nothing."""
    if not may_manage(interaction):
        return []
    place, asker = place_of(interaction), interaction.user.id
    offers = tuple(await host_of(interaction).service.glance(place, asker, work) or ())
    ids = {article: article for article in offers if isinstance(article, str)}
    entries = names_of((each for each in offers if isinstance(each, Entry)), with_id=True)
    return choices_of(ids | entries, text)
