"""What somebody in Discord names as a source: an attachment or a web address, and never a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import discord

from index import FootnoteError, Limits, Source, fetch, upload


class SourceError(FootnoteError):
    """What was named as a source is none that can be taken from Discord."""


async def source_of(
    url: str | None,
    file: discord.Attachment | None,
    questions: discord.Attachment | None,
    limits: Limits,
) -> Callable[[], Source] | None:
    """What gets the source, for a thread in which that may take its time; None where none is named.

    Args:
        url: A web address.
        file: An attachment.
        questions: A file of questions that accompanies either.
        limits: What a source may cost.

    Raises:
        SourceError: two are named, or none that the questions accompany; it is no web address; it is too
            large; Discord does not give it.
    """
    if url and file:
        raise SourceError("Name one source: either “url” or “file”.")
    if questions and not (url or file):
        raise SourceError("“questions” go with a source: name it as “url” or “file”.")
    address = None if url is None else _address(url)
    asked = await _read(questions, limits) if questions else None
    if file:
        content = await _read(file, limits)
        return lambda: upload(file.filename, content, questions=asked, limits=limits)
    if address:
        return lambda: replace(fetch(address, limits), questions=asked)
    return None


def _address(url: str) -> str:
    address = url.strip().removeprefix("<").removesuffix(">")
    if not re.match(r"https?://", address, re.IGNORECASE):
        raise SourceError(
            "An address starts with http:// or https://. A file of yours can be attached as “file”; files of "
            "the machine that I run on cannot be named."
        )
    return address


async def _read(file: discord.Attachment, limits: Limits) -> bytes:
    if file.size > limits.max_bytes:
        raise SourceError(
            "{name} has {size} MB. A source may have {most} MB.",
            name=file.filename,
            size=f"{file.size / 1_000_000:.1f}",
            most=f"{limits.max_bytes / 1_000_000:g}",
        )
    try:
        return await file.read()
    except discord.HTTPException as error:
        raise SourceError(
            "Discord did not give me {name}. Attach it once more.", name=file.filename
        ) from error
