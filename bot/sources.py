"""What somebody in Discord names as a source: an attachment or a web address, and never a path."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace

import aiohttp
import discord

from index import FootnoteError, Limits, Source, fetch, upload

SECONDS_FOR_DISCORD = 20.0
"""How much longer than a web page an attachment may take: it comes from Discord, and was asked for."""

QUESTIONS_BYTES = 1_000_000
"""The most bytes of a file of questions: some hundred have a few thousand, and to parse megabytes of JSON
holds everybody else."""


class SourceError(FootnoteError):
    """What was named as a source is none that can be taken from Discord."""


async def source_of(
    url: str | None,
    file: discord.Attachment | None,
    questions: discord.Attachment | None,
    limits: Limits,
) -> Callable[[], Source] | None:
    """What gets the source, for a thread in which that may take its time; None where none is named.

    Nothing is got before: what waits for its turn takes no memory.

    Args:
        url: A web address.
        file: An attachment.
        questions: A file of questions that accompanies either.
        limits: What a source may cost.

    Raises:
        SourceError: two are named, or none that the questions accompany; it is no web address; it is too
            large; later, that Discord does not give it.
    """
    if url and file:
        raise SourceError("Name one source: either “url” or “file”.")
    if questions and not (url or file):
        raise SourceError("“questions” go with a source: name it as “url” or “file”.")
    address = None if url is None else _address(url)
    get_file = _getter(file, limits) if file else None
    get_questions = _getter(questions, limits, most=QUESTIONS_BYTES) if questions else None

    def get() -> Source:
        question_file = get_questions() if get_questions else None
        if file and get_file:
            return upload(file.filename, get_file(), questions=question_file, limits=limits)
        return replace(fetch(address or "", limits), questions=question_file)

    return get if file or address else None


def _address(url: str) -> str:
    address = url.strip().removeprefix("<").removesuffix(">")
    if not re.match(r"https?://", address, re.IGNORECASE):
        raise SourceError(
            "An address starts with http:// or https://. A file of yours can be attached as “file”; files of "
            "the machine that I run on cannot be named."
        )
    return address


def _getter(file: discord.Attachment, limits: Limits, *, most: int | None = None) -> Callable[[], bytes]:
    """What gets an attachment, called in a thread while the event loop goes on.

    Args:
        file: The attachment.
        limits: What a source may cost.
        most: The bytes that it may have, where it is a file of questions.

    Raises:
        SourceError: it is too large; later, that Discord does not give it.
    """
    if file.size > limits.max_bytes:
        raise SourceError(
            "{name} has {size} MB. A source may have {most} MB.",
            name=file.filename,
            size=f"{file.size / 1_000_000:.1f}",
            most=f"{limits.max_bytes / 1_000_000:g}",
        )
    if most is not None and file.size > most:
        raise SourceError(
            "{name} has {size} MB. A file of questions may have {most} MB.",
            name=file.filename,
            size=f"{file.size / 1_000_000:.1f}",
            most=f"{most / 1_000_000:g}",
        )
    loop = asyncio.get_running_loop()

    def get() -> bytes:
        reading = asyncio.run_coroutine_threadsafe(file.read(), loop)
        try:
            return reading.result(limits.max_seconds + SECONDS_FOR_DISCORD)
        except (discord.HTTPException, aiohttp.ClientError, TimeoutError, CancelledError) as error:
            reading.cancel()
            raise SourceError(
                "Discord did not give me {name}. Attach it once more.", name=file.filename
            ) from error

    return get
