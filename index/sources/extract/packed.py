"""DOCX and EPUB: articles that are packed in a ZIP archive."""

from __future__ import annotations

import html
import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from index.model.article import Article
from index.sources.extract.blocks import Block, assembled, blocks, clean
from index.sources.extract.markup import from_markup, resolve
from index.sources.extract.metadata import day
from index.sources.extract.refusals import (
    DAMAGED,
    ENTITIES,
    IS_NO_TEXT,
    LOCKED,
    TOO_MANY_PAGES,
    UNPACKS,
    Refused,
)
from index.sources.limits import Limits

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_ENTRIES = 5_000  # of a ZIP archive: a novel with a file for each chapter and picture has hundreds
_NAMED_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)(\w++);")


def packed(content: bytes, limits: Limits) -> Article:
    """What a ZIP archive is, and the article in it.

    Raises:
        Refused: it is neither a DOCX nor an EPUB file, or one that must not be unpacked.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise Refused(DAMAGED, format="ZIP") from error
    entries = {entry.filename: entry for entry in archive.infolist()}
    if len(archive.infolist()) > _MAX_ENTRIES:
        raise Refused("{source} packs more than {limit} files, which no article does.", limit=_MAX_ENTRIES)
    if any(".." in PurePosixPath(name).parts or name.startswith("/") or ":" in name for name in entries):
        raise Refused("{source} names files outside of itself, which no article does. It is not read.")
    if sum(entry.file_size for entry in archive.infolist()) > limits.max_bytes:
        raise Refused(UNPACKS, limit=limits.max_bytes // 1_000_000)
    if any(entry.flag_bits & 1 for entry in archive.infolist()):
        raise Refused(LOCKED)
    if "word/document.xml" in entries:
        return _docx(content, archive, limits)
    if "META-INF/container.xml" in entries:
        return _epub(archive, limits)
    if "EncryptedPackage" in entries:
        raise Refused(LOCKED)
    office = {
        "xl/workbook.xml": "Excel",
        "ppt/presentation.xml": "PowerPoint",
        "content.xml": "OpenDocument",
    }
    raise Refused(IS_NO_TEXT, format=next((office[name] for name in office if name in entries), "ZIP"))


def _xml(content: bytes) -> _Element:
    """The root of an XML file: no entity expanded, nothing opened."""
    from lxml import etree

    if b"<!ENTITY" in content:
        raise Refused(ENTITIES)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    root = etree.fromstring(content, parser)
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise Refused(ENTITIES)
    return root


def _dublin_core(root: _Element) -> dict[str, str]:
    """What a file says of itself, in the terms of Dublin Core, which both formats use. Authors are joined."""
    said: dict[str, list[str]] = {}
    for element in root.iter("{http://purl.org/dc/elements/1.1/}*"):
        if value := clean(element.text or ""):
            said.setdefault(element.tag.rpartition("}")[2], []).append(value)
    return {name: ", ".join(values) if name == "creator" else values[0] for name, values in said.items()}


def _docx(content: bytes, archive: zipfile.ZipFile, limits: Limits) -> Article:
    """By mammoth, which reads what styles mean. It expands entities, so every part is looked at before."""
    import mammoth

    for name in archive.namelist():
        if name.endswith((".xml", ".rels")):
            _xml(archive.read(name))
    said = (
        _dublin_core(_xml(archive.read("docProps/core.xml")))
        if "docProps/core.xml" in archive.namelist()
        else {}
    )
    markup = mammoth.convert_to_html(
        io.BytesIO(content),
        style_map="p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh",
        convert_image=mammoth.images.img_element(lambda _: {}),
    ).value
    article = from_markup(markup, limits)
    return replace(
        article,
        title=said.get("title") or article.title,
        author=said.get("creator"),
        language=said.get("language", ""),
    )


def _epub(archive: zipfile.ZipFile, limits: Limits) -> Article:
    """The chapters in the order of the book's spine."""
    rootfile = _xml(archive.read("META-INF/container.xml")).find(".//{*}rootfile")
    if rootfile is None:
        raise Refused(DAMAGED, format="EPUB")
    opf = rootfile.get("full-path") or ""
    package = _xml(archive.read(opf))
    files = {
        item.get("id"): posixpath.normpath(
            posixpath.join(posixpath.dirname(opf), unquote(item.get("href") or ""))
        )
        for item in package.iter("{*}item")
        if "nav" not in (item.get("properties") or "").split()
    }
    chapters = [
        files[item.get("idref")]
        for item in package.iter("{*}itemref")
        if item.get("linear") != "no" and item.get("idref") in files
    ]
    if len(chapters) > limits.max_pages:
        raise Refused(TOO_MANY_PAGES, pages=len(chapters), limit=limits.max_pages)
    if "META-INF/encryption.xml" in archive.namelist():
        locked = {
            unquote(reference.get("URI") or "")
            for reference in _xml(archive.read("META-INF/encryption.xml")).iter("{*}CipherReference")
        }
        if locked.intersection(chapters):
            raise Refused("{source} is copy-protected. Give a copy that is not.")
    said = _dublin_core(package)
    return replace(
        assembled((block for name in chapters for block in _chapter(archive.read(name))), limits),
        title=said.get("title", ""),
        author=said.get("creator"),
        language=said.get("language", ""),
        published=day(said.get("date")),
    )


def _chapter(content: bytes) -> Iterator[Block]:
    """XHTML, as it should be; or the HTML that some books have in its place."""
    from lxml import etree
    from lxml import html as lxml_html

    named = _NAMED_ENTITY.sub(
        lambda match: html.unescape(match[0].decode("latin-1")).encode("ascii", "xmlcharrefreplace"),
        content,
    )
    try:
        root = _xml(named)
    except etree.XMLSyntaxError:
        root = lxml_html.document_fromstring(content)
    body = root.find(".//{*}body")
    body = root if body is None else body
    resolve(body)
    yield from blocks(body)
