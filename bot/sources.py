"""What somebody in Discord names as a source: an attachment or a web address, and never a path."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

import aiohttp
import discord

from index import FootnoteError, Limits

SECONDS_FOR_DISCORD = 20.0
"""How much longer than a web page an attachment may take: it comes from Discord, and was asked for."""

QUESTIONS_BYTES = 1_000_000
"""The most bytes of a file of questions: some hundred have a few thousand, and to parse megabytes of JSON
holds everybody else."""


class SourceError(FootnoteError):
    """What was named as a source is none that can be taken from Discord."""


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A source that was named: an address or a file, and the questions that accompany it.

    Nothing is got before its turn: what waits for that takes no memory.

    Attributes:
        address: Where it is on the web; None for an attachment.
        file: The attachment; None for an address.
        questions: The file of questions, if any.
        seconds: How long an attachment may take.
    """

    address: str | None
    file: discord.Attachment | None
    questions: discord.Attachment | None
    seconds: float

    @property
    def file_name(self) -> str | None:
        """The name of the attachment."""
        return self.file.filename if self.file else None

    async def attachments(self) -> tuple[bytes | None, bytes | None]:
        """The attachment's bytes, and those of the questions; None where there is none.

        Raises:
            SourceError: Discord does not give them.
        """
        questions = await _bytes_of(self.questions, self.seconds) if self.questions else None
        return await _bytes_of(self.file, self.seconds) if self.file else None, questions


def source_of(
    url: str | None,
    file: discord.Attachment | None,
    questions: discord.Attachment | None,
    limits: Limits,
) -> NamedSource | None:
    """The source that is named; None where none is.

    Args:
        url: A web address.
        file: An attachment.
        questions: A file of questions that accompanies either.
        limits: What a source may cost.

    Raises:
        SourceError: two are named, or none that the questions accompany; it is no web address; it is too
            large.
    """
    if url and file:
        raise SourceError("Name one source: either “url” or “file”.")
    if questions and not (url or file):
        raise SourceError("“questions” go with a source: name it as “url” or “file”.")
    address = None if url is None else _address(url)
    for one, most in ((file, None), (questions, QUESTIONS_BYTES)):
        if one is not None:
            _admit(one, limits, most=most)
    if not (file or address):
        return None
    return NamedSource(address, file, questions, limits.max_seconds + SECONDS_FOR_DISCORD)


def _address(url: str) -> str:
    address = url.strip().removeprefix("<").removesuffix(">")
    if not re.match(r"https?://", address, re.IGNORECASE):
        raise SourceError(
            "An address starts with http:// or https://. A file of yours can be attached as “file”; files of "
            "the machine that I run on cannot be named."
        )
    return address


def _admit(file: discord.Attachment, limits: Limits, *, most: int | None) -> None:
    """Refuses an attachment that is too large; ``most`` are the bytes of a file of questions."""
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


async def _bytes_of(file: discord.Attachment, seconds: float) -> bytes:
    try:
        return await asyncio.wait_for(file.read(), seconds)
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
        raise SourceError(
            "Discord did not give me {name}. Attach it once more.", name=file.filename
        ) from error
