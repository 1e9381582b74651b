"""Changes of a library that take their time: shown as they go, cancelled at a press, told when they end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import discord

from bot import render
from bot.components.cancel import CancelButton
from bot.components.card import Card
from bot.host import Interaction, host_of
from bot.permissions import NotAllowedError, may_manage
from bot.render import gaps as render_gaps
from bot.render import library as render_library
from bot.replies import EXPIRY_CODES, SENDING_ERRORS, InteractionReply
from bot.service.change_ends import count_end
from bot.service.change_request import ChangeOutcome, ChangeRequest
from bot.service.place import Place
from bot.service.service import Service
from bot.sources import NamedSource
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

SECONDS_BETWEEN_EDITS = 1.0  # Discord lets a message be edited five times in five seconds
BEFORE_EXPIRY = timedelta(minutes=1)
"""How long before an interaction's token ends its message is edited for the last time as work goes on."""


@dataclass(slots=True)
class _Job:
    """The message of a change that was asked for here.

    ``editing`` is held while it is edited: what is shown last is what was found last.
    """

    is_called_off: bool = False
    editing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Changes:
    """Makes the changes that admins ask for, each with a message that lives as it goes."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._jobs: dict[str, _Job] = {}

    async def make(
        self, interaction: Interaction, request: ChangeRequest, source: NamedSource | None
    ) -> ChangeOutcome | None:
        """Makes a change, shows how far it is, and says how it ended.

        An interaction's message can be edited for fifteen minutes. A change that takes longer says its end in
        the channel, else in a DM, else in the log; what went wrong, only in a DM or in the log.

        Args:
            interaction: Where the change was asked for; deferred already.
            request: What is to be changed.
            source: What it is read from, where that was named.

        Returns:
            What was changed; None where nothing was, as has been told.

        Raises:
            FootnoteError: it could not be made, and the interaction can still be answered.
        """
        words, private = words_of(interaction), False
        outcome: ChangeOutcome | None = None
        try:
            outcome = await self._run(interaction, request, source, words)
            quotas = (*outcome.report.quotas, *self._service.use_of_changes(Place(request.server)))
            report = replace(outcome.report, quotas=quotas)
            if request.answer is not None:
                ending = render_gaps.filled(request.answer.question, report.info.article, words)
            else:
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
        return outcome

    async def cancel(self, interaction: Interaction, job_id: str) -> None:
        """Calls a running change off, for the one who started it or another admin of its server.

        Raises:
            LibraryError: it is not running any more.
            NotAllowedError: somebody else pressed.
        """
        request, job = await self._service.jobs.request(job_id), self._jobs.get(job_id, _Job())
        if request is None:
            raise LibraryError("This is over already: nothing is running any more.")
        here = interaction.guild_id == request.server
        if interaction.user.id != request.starter and not (here and may_manage(interaction)):
            raise NotAllowedError
        job.is_called_off = True
        await self._service.jobs.cancel(job_id)
        async with job.editing:
            if await self._service.jobs.request(job_id):
                await interaction.response.edit_message(
                    view=Card(render_library.stopping(words_of(interaction)))
                )
            else:  # it has ended meanwhile, and its message says how
                await interaction.response.defer()

    async def _run(
        self, interaction: Interaction, request: ChangeRequest, source: NamedSource | None, words: Words
    ) -> ChangeOutcome:
        job_id, job = secrets.token_hex(8), _Job()
        button = CancelButton(job_id, words)
        steps: asyncio.Queue[Progress | None] = asyncio.Queue()
        self._jobs[job_id] = job
        try:
            await _show(interaction, job, Card(render_library.progress(None, words), button))
            attach = source.attachments if source else None
            change = self._service.change(request, steps.put_nowait, job_id=job_id, attach=attach)
            changing = asyncio.create_task(change)
            changing.add_done_callback(lambda _: steps.put_nowait(None))
            changing.add_done_callback(partial(count_end, self._service.metrics))
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
        if job.is_called_off or interaction.is_expired():
            return
        try:
            await interaction.edit_original_response(view=card)
        except SENDING_ERRORS as error:  # the work goes on, and its end is what matters
            log.warning("Could not show how far the reindex is: %s", error)


async def _tell(interaction: Interaction, ending: render.MessageContent, *, private: bool) -> None:
    try:
        await InteractionReply(interaction, private=True).show(Card(ending))
    except discord.HTTPException as error:
        if error.code not in EXPIRY_CODES:
            raise
    else:
        return
    targets: list[tuple[discord.abc.Messageable, render.MessageContent]] = [(interaction.user, ending)]
    if not private and interaction.channel_id is not None:
        channel = interaction.client.get_partial_messageable(interaction.channel_id)
        mention = replace(ending, top=f"{interaction.user.mention}\n{ending.top}")
        targets.insert(0, (channel, mention))
    for target, message in targets:
        try:
            await target.send(view=Card(message))
        except SENDING_ERRORS as error:
            log.info("Could not tell an admin how a reindex ended: %s", error)
        else:
            return
    log.warning("A reindex has ended, and who asked for it could not be told: %s", ending.top)
