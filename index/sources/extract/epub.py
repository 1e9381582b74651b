"""EPUB: the chapters of a book, in the order in which they are read."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from index.model.article import Article
from index.sources.extract.blocks import Block, assembled, blocks
from index.sources.extract.markup import resolve
from index.sources.extract.metadata import day
from index.sources.extract.refusals import DAMAGE, TOO_MANY_PAGES, Refusal
from index.sources.extract.xml import dublin_core, xml_root
from index.sources.limits import Limits

if TYPE_CHECKING:
    from lxml.etree import _Element

    from index.sources.extract.archive import Archive

_NAMED_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z]\w{1,30});")


def epub(archive: Archive, limits: Limits) -> Article:
    """A book's article; the chapters that its file lacks are named in it as missing.

    Raises:
        Refusal: it is no book, or copy-protected, or has no chapter.
    """
    opf, package = _package(archive)
    chapters = _spine(package, opf)
    if len(chapters) > limits.max_pages:
        raise Refusal(TOO_MANY_PAGES, pages=len(chapters), limit=limits.max_pages)
    if "META-INF/encryption.xml" in archive:
        ciphertexts = {
            unquote(reference.get("URI") or "")
            for reference in xml_root(archive.read("META-INF/encryption.xml")).iter("{*}CipherReference")
        }
        if ciphertexts.intersection(chapters):
            raise Refusal("{source} is copy-protected. Give a copy that is not.")
    missing: list[str] = []
    text_blocks = list(_chapters(archive, chapters, missing))
    if chapters and len(missing) == len(chapters):
        raise Refusal(DAMAGE, format="EPUB")
    metadata = dublin_core(package)
    return replace(
        assembled(text_blocks, limits),
        title=metadata.get("title", ""),
        author=metadata.get("creator"),
        language=metadata.get("language", ""),
        published=day(metadata.get("date")),
        missing=tuple(missing),
    )


def _package(archive: Archive) -> tuple[str, _Element]:
    """Where the book says what it is made of, and what it says."""
    from lxml import etree

    try:
        rootfile = xml_root(archive.read("META-INF/container.xml")).find(".//{*}rootfile")
        opf = (rootfile.get("full-path") or "") if rootfile is not None else ""
        return opf.replace("\\", "/"), xml_root(archive.read(opf))
    except (KeyError, etree.XMLSyntaxError) as error:
        raise Refusal(DAMAGE, format="EPUB") from error


def _spine(package: _Element, opf: str) -> list[str]:
    """The paths of the chapters that are read in order, of what the book lists."""
    folder = posixpath.dirname(opf)
    files = {
        item.get("id"): posixpath.normpath(
            posixpath.join(folder, unquote((item.get("href") or "").partition("#")[0]).replace("\\", "/"))
        )
        for item in package.iter("{*}item")
        if "nav" not in (item.get("properties") or "").split()
    }
    return [
        files[item.get("idref")]
        for item in package.iter("{*}itemref")
        if item.get("linear") != "no" and item.get("idref") in files
    ]


def _chapters(archive: Archive, chapters: list[str], missing: list[str]) -> Iterator[Block]:
    """The chapters' blocks; the names of those that are not to be had are put with the ``missing``."""
    for name in chapters:
        try:
            content = archive.read(name)
        except KeyError:
            missing.append(name)
        else:
            yield from _chapter(content)


def _chapter(content: bytes) -> Iterator[Block]:
    """XHTML, as it should be; or the HTML that some books have in its place."""
    from lxml import etree
    from lxml import html as lxml_html

    if not content.strip():
        return
    try:
        root = xml_root(_NAMED_ENTITY.sub(_numbered, content))
    except etree.XMLSyntaxError:
        root = lxml_html.document_fromstring(content)
    body = root.find(".//{*}body")
    body = root if body is None else body
    resolve(body)
    yield from blocks(body)


def _numbered(name: re.Match[bytes]) -> bytes:
    """A character that HTML has a name for, as XML reads it."""
    return html.unescape(name[0].decode("latin-1")).encode("ascii", "xmlcharrefreplace")
