"""MHTML, which is a web page saved in one file, and mails: the text among the parts of a message."""

from __future__ import annotations

import email
import email.message
import email.policy
import email.utils
from dataclasses import replace
from datetime import date

from index.model.article import Article
from index.sources.extract.encoding import decode
from index.sources.extract.html import html
from index.sources.extract.plain import plain
from index.sources.extract.refusals import IS_NO_TEXT, Refusal
from index.sources.limits import Limits

_MAX_PARTS = 2_000  # of a page: each picture is one
_BODY_TYPES = ("text/html", "application/xhtml+xml", "text/plain")


def mail(content: bytes, limits: Limits, address: str | None) -> Article:
    """The page or the text that a message holds, titled by its subject.

    Args:
        content: The file's bytes.
        limits: How much it may hold.
        address: The web address that it was read from.

    Raises:
        Refusal: it holds neither, or no article.
    """
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    page_address = str(message.get("Snapshot-Content-Location") or "") or None
    part = _part(message)
    if part is None:
        raise Refusal(IS_NO_TEXT, format="MHTML")
    payload = part.get_payload(decode=True)
    body = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset()
    if part.get_content_type() == "text/plain":
        article = plain(decode(body, charset), limits)
    else:
        article = html(body, limits, charset, page_address or address)
    return replace(
        article,
        title=article.title or _written(message.get("Subject")),
        author=article.author or (None if page_address else _sender(message)),
        published=article.published or (None if page_address else _day(message)),
        source=article.source or page_address,
    )


def _part(message: email.message.Message) -> email.message.Message | None:
    """The first page of a message; where it has none, its first text."""
    parts: list[email.message.Message] = []
    for number, part in enumerate(message.walk()):
        if number > _MAX_PARTS:
            break
        if part.get_content_type() in _BODY_TYPES and part.get_content_disposition() != "attachment":
            parts.append(part)
    texts = [part for part in parts if part.get_content_type() == "text/plain"]
    is_saved = message.get_content_type() == "multipart/related"
    pages = [part for part in parts if part not in texts]
    return next(iter([*pages, *texts] if is_saved else [*texts, *pages]), None)


def _sender(message: email.message.Message) -> str | None:
    """Whom a mail is from: the name, or where there is none, the address."""
    sender = _written(message.get("From"))
    name, address = email.utils.parseaddr(sender)
    return name or address or sender or None


def _day(message: email.message.Message) -> date | None:
    try:
        return email.utils.parsedate_to_datetime(str(message.get("Date") or "")).date()
    except (ValueError, TypeError, IndexError):
        return None


def _written(header: object) -> str:
    """A header's words, whatever encoding each of them is in."""
    from email.header import decode_header, make_header

    try:
        return str(make_header(decode_header(str(header)))) if header else ""
    except (ValueError, LookupError):
        return ""
