"""Changes of a library that take their time: shown as they go, cancelled at a press, told when they end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import discord

from bot import render
from bot.components.cancel import CancelButton
from bot.components.card import Card
from bot.host import ChangeOutcome, ChangeWork, Interaction, host_of
from bot.permissions import NotAllowedError, may_manage
from bot.render import library as render_library
from bot.replies import EXPIRED, UNSENT, InteractionReply
from bot.service.place import Place
from bot.service.service import Service
from bot.words import Words, words_of
from index import (
    CancelledError,
    FootnoteError,
    LibraryError,
    OwnQuestionsError,
    Progress,
    SelfCheckError,
)

log = logging.getLogger(__name__)

SECONDS_BETWEEN_EDITS = 1.0
BEFORE_EXPIRY = timedelta(minutes=1)
"""How long before an interaction's token ends its message is edited for the last time as work goes on."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A change that is running: who started it, in which server, and what calls it off.

    ``editing`` is held while its message is edited: what is shown last is what was found last.
    """

    starter: int
    server: int | None
    cancelled: threading.Event = field(default_factory=threading.Event)
    editing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Changes:
    """Makes the changes that admins ask for, each with a message that lives as it goes."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._jobs: dict[str, _Job] = {}

    async def make(self, interaction: Interaction, place: Place, work: ChangeWork) -> None:
        """Makes a change, shows how far it is, and says how it ended.

        An interaction's message can be edited for fifteen minutes. A change that takes longer says its end in
        the channel, else in a DM, else in the log; what went wrong, only in a DM or in the log.

        Args:
            interaction: Where the change was asked for; deferred already.
            place: Whose library.
            work: Makes the change; see ``Service.change``.

        Raises:
            FootnoteError: it could not be made, and the interaction can still be answered.
        """
        words, private = words_of(interaction), False
        try:
            outcome = await self._run(interaction, place, work, words)
            quotas = (*outcome.report.quotas, *self._service.use_of_changes(place))
            report = replace(outcome.report, quotas=quotas)
            ending = render_library.report(report, words, added=outcome.added, in_use=outcome.in_use)
        except CancelledError:
            ending = render_library.unchanged(words)
        except (SelfCheckError, OwnQuestionsError) as error:
            ending = render_library.unpublished(error, words)
        except FootnoteError as error:
            if not interaction.is_expired():
                raise
            ending, private = (
                render_library.refusal(host_of(interaction).reporter.message(interaction, error, words)),
                True,
            )
        await _tell(interaction, ending, private=private)

    async def cancel(self, interaction: Interaction, job_id: str) -> None:
        """Calls a running change off, for the one who started it or another admin of its server.

        Raises:
            LibraryError: it is not running any more.
            NotAllowedError: somebody else pressed.
        """
        job = self._jobs.get(job_id)
        if job is None:
            raise LibraryError("This is over already: nothing is running any more.")
        here = interaction.guild_id == job.server
        if interaction.user.id != job.starter and not (here and may_manage(interaction)):
            raise NotAllowedError
        job.cancelled.set()
        async with job.editing:
            if job_id in self._jobs:
                await interaction.response.edit_message(
                    view=Card(render_library.stopping(words_of(interaction)))
                )
            else:  # it has ended meanwhile, and its message says how
                await interaction.response.defer()

    async def _run(
        self, interaction: Interaction, place: Place, work: ChangeWork, words: Words
    ) -> ChangeOutcome:
        job_id, job = secrets.token_hex(8), _Job(interaction.user.id, place.server)
        button = CancelButton(job_id, words)
        steps: asyncio.Queue[Progress | None] = asyncio.Queue()
        self._jobs[job_id] = job
        try:
            await _show(interaction, job, Card(render_library.progress(None, words), button))
            change = self._service.change(place, work, steps.put_nowait, cancel=job.cancelled)
            changing = asyncio.create_task(change)
            changing.add_done_callback(lambda _: steps.put_nowait(None))
            async for step in _now_and_then(steps):
                last = discord.utils.utcnow() >= interaction.expires_at - BEFORE_EXPIRY
                await _show(interaction, job, Card(render_library.progress(step, words, last=last), button))
            return await changing
        finally:
            async with job.editing:
                del self._jobs[job_id]


async def _now_and_then(steps: asyncio.Queue[Progress | None]) -> AsyncIterator[Progress]:
    """The newest of the steps, at most one a second, until None comes."""
    newest: Progress | None = None
    due = time.perf_counter() + SECONDS_BETWEEN_EDITS
    while True:
        with contextlib.suppress(TimeoutError):
            timeout = due - time.perf_counter() if newest else None
            step = await asyncio.wait_for(steps.get(), timeout)
            if step is None:
                return
            newest = step
        if newest and time.perf_counter() >= due:
            yield newest
            newest, due = None, time.perf_counter() + SECONDS_BETWEEN_EDITS


async def _show(interaction: Interaction, job: _Job, card: Card) -> None:
    async with job.editing:
        if job.cancelled.is_set() or interaction.is_expired():
            return
        try:
            await interaction.edit_original_response(view=card)
        except UNSENT as error:  # the work goes on, and its end is what matters
            log.warning("Could not show how far the reindex is: %s", error)


async def _tell(interaction: Interaction, ending: render.Rendered, *, private: bool) -> None:
    try:
        await InteractionReply(interaction, private=True).show(Card(ending))
    except discord.HTTPException as error:
        if error.code not in EXPIRED:
            raise
    else:
        return
    targets: list[tuple[discord.abc.Messageable, render.Rendered]] = [(interaction.user, ending)]
    if not private and interaction.channel_id is not None:
        channel = interaction.client.get_partial_messageable(interaction.channel_id)
        named = replace(ending, top=f"{interaction.user.mention}\n{ending.top}")
        targets.insert(0, (channel, named))
    for target, rendered in targets:
        try:
            await target.send(view=Card(rendered))
        except UNSENT as error:
            log.info("Could not tell %s how a reindex ended: %s", target, error)
        else:
            return
    log.warning("A reindex of %s has ended, and they could not be told: %s", interaction.user, ending.top)
