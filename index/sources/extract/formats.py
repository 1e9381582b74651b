"""A source of any format -> an article, its sentences cut and its speech analysed."""

from __future__ import annotations

from index.model.article import Article
from index.sources.extract.encoding import decode
from index.sources.extract.plain import plain
from index.sources.extract.sniff import Format
from index.sources.limits import Limits


def extract(
    content: bytes, form: Format, limits: Limits, *, charset: str | None = None, address: str | None = None
) -> Article:
    """Takes the article out of a file, with what the file says of itself as it says it; its id is empty.

    Args:
        content: The file's bytes.
        form: What it is.
        limits: How much it may hold.
        charset: The encoding that it was sent with.
        address: The web address that it was read from.

    Raises:
        Refusal: it is no article, or too large. What the parsers themselves raise comes as it is.
    """
    match form:
        case Format.TEXT:
            return plain(decode(content, charset), limits)
        case Format.MARKDOWN:
            from index.sources.extract.markdown import markdown

            return markdown(decode(content, charset), limits)
        case Format.HTML:
            from index.sources.extract.html import html

            return html(content, limits, charset, address)
        case Format.MHTML:
            from index.sources.extract.mail import mail

            return mail(content, limits, address)
        case Format.PDF:
            from index.sources.extract.pdf.document import pdf

            return pdf(content, limits)
        case Format.ZIP:
            from index.sources.extract.packed import packed

            return packed(content, limits)
        case Format.ANSWERS:
            from index.sources.extract.answers import answers

            return answers(content, limits)
