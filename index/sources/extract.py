"""Every format that an article can come in -> plain text, its headings, and what the file says of itself.

Files of strangers can make a parser take hours and gigabytes, so ``extract`` runs in a process of its own
whose memory and time are bounded (``index.sources`` starts it). That process runs this file as a script: it
imports nothing of the package, and each parser only when a file needs it, so that it is up in no time.

Nothing is written to disk, no address that a file names is opened, no entity that it declares is expanded.
"""

from __future__ import annotations

import codecs
import html
import io
import itertools
import json
import logging
import posixpath
import re
import statistics
import sys
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

if TYPE_CHECKING:
    from lxml.etree import _Element
    from pypdf import PageObject, PdfReader

MAX_ENTRIES = 5_000  # of a ZIP archive: a novel with a file for each chapter and picture has hundreds
SENTENCE_CHARS = 20  # a page of which no paragraph is as long is no article
PROSE_CHARS = 500  # a page with less text is looked at for a reason why it has no more


@dataclass(frozen=True)
class Limits:
    """What a source may cost; beyond it, it is refused.

    Attributes:
        max_bytes: Of a source; also of what is packed in it, once unpacked.
        max_seconds: For fetching one from the web, redirects included.
        max_redirects: How often the web may send on.
        max_pages: Of a PDF; chapters of an EPUB.
        max_chars: Of an article's text.
        max_extract_seconds: For taking the text out of a file.
        max_extract_bytes: Memory of the process that does so, all of it counted.
    """

    max_bytes: int = 20_000_000
    max_seconds: float = 8.0
    max_redirects: int = 5
    max_pages: int = 500
    max_chars: int = 2_000_000
    max_extract_seconds: float = 8.0
    max_extract_bytes: int = 230_000_000


DEFAULT_LIMITS = Limits()


class Format(StrEnum):
    """What a file is."""

    TEXT = "text"
    MARKDOWN = "Markdown"
    HTML = "HTML"
    PDF = "PDF"
    ZIP = "ZIP"  # a DOCX or an EPUB: it takes a look inside to tell


class Refused(Exception):  # noqa: N818 (it is what was done with the source)
    """A file is no article, or cannot be read.

    ``message`` has ``{source}`` and the names of ``values`` in it.
    """

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


@dataclass(frozen=True)
class Extracted:
    """An article as a file has it. ``headings`` are (start, end, level); ``published`` is ISO 8601."""

    text: str
    headings: tuple[tuple[int, int, int], ...] = ()
    title: str | None = None
    author: str | None = None
    site: str | None = None
    language: str | None = None
    published: str | None = None
    address: str | None = None


NO_TEXT = "{source} holds no text. An article needs at least one sentence."
NO_PROSE = "{source} holds no article text."
DAMAGED = "{source} is damaged, or not the {format} file that it seems to be. Get it again and try that."
TOO_MANY_PAGES = (
    "{source} has {pages} pages, more than the {limit} that are read. Give the part that holds the article."
)
TOO_LONG = "{source} has more text than the {limit} characters that are indexed. Give the article alone."
UNPACKS = "{source} unpacks to more than {limit} MB, the most that is read. Make it smaller and try again."
LOCKED = "{source} is locked with a password. Save it without one and try again."
ENTITIES = "{source} declares XML entities, which no article needs and attacks use. It is not read."
UNKNOWN_ENCODING = "{source} is in an encoding that cannot be told. Save it as UTF-8 and try again."
IS_NO_TEXT = (
    "{source} is not a text: its format is {format}. Give a text, Markdown, HTML, PDF, DOCX or EPUB file."
)
BINARY = "{source} is not a text, but binary data. Give a text, Markdown, HTML, PDF, DOCX or EPUB file."

_MAGIC = (  # (where, what it starts with, the name of that format)
    (0, b"\x89PNG\r\n", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"GIF8", "GIF"),
    (8, b"WEBP", "WebP"),
    (0, b"BM", "BMP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"\0\0\x01\0", "ICO"),
    (4, b"ftyp", "MP4/HEIC"),
    (0, b"RIFF", "AVI/WAV"),
    (0, b"OggS", "Ogg"),
    (0, b"ID3", "MP3"),
    (0, b"fLaC", "FLAC"),
    (0, b"\x1aE\xdf\xa3", "Matroska"),
    (0, b"\x7fELF", "ELF"),
    (0, b"MZ", "EXE"),
    (0, b"\xcf\xfa\xed\xfe", "Mach-O"),
    (0, b"\xca\xfe\xba\xbe", "Java/Mach-O"),
    (0, b"\0asm", "WebAssembly"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ", "xz"),
    (0, b"7z\xbc\xaf", "7-Zip"),
    (0, b"Rar!", "RAR"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard"),
    (257, b"ustar", "tar"),
    (0, b"SQLite format 3", "SQLite"),
    (0, b"\xd0\xcf\x11\xe0", "Microsoft Office 97"),
    (0, b"{\\rtf", "RTF"),
    (0, b"%!PS", "PostScript"),
    (0, b"wOF", "WOFF"),
    (0, b"\0\x01\0\0", "TrueType"),
    (0, b"OTTO", "OpenType"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SUFFIXES = {
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
}
_MEDIA_TYPES = {
    "text/markdown": Format.MARKDOWN,
    "text/x-markdown": Format.MARKDOWN,
    "text/html": Format.HTML,
    "application/xhtml+xml": Format.HTML,
}
_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S
)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]*encoding=[\"']([\w.:-]+)", re.I
)


def sniff(content: bytes, name: str, media_type: str | None = None) -> Format:
    """What a file is: by its own first bytes, then by its media type, then by its name.

    Raises:
        Refused: it is nothing that an article can be read from; the message says what it is.
    """
    if b"%PDF-" in content[:1024]:
        return Format.PDF
    if content[:4] in (b"PK\3\4", b"PK\5\6"):
        return Format.ZIP
    if not content.startswith(tuple(bom for bom, _ in _BOMS)):
        for start, magic, format_ in _MAGIC:
            if content[start : start + len(magic)] == magic and not _is_ascii_word(magic, content):
                raise Refused(IS_NO_TEXT, format=format_)
    by_type = _MEDIA_TYPES.get((media_type or "").partition(";")[0].strip().lower())
    by_name = _SUFFIXES.get(PurePosixPath(name).suffix.lower())
    if _HTML_START.match(content[:4096]) or Format.HTML in (by_type, by_name):
        return Format.HTML
    if re.match(rb"\s*<(?:\?xml|svg)\b", content[:1024]):
        raise Refused(IS_NO_TEXT, format="XML")
    return by_type or by_name or Format.TEXT


def _is_ascii_word(magic: bytes, content: bytes) -> bool:
    """A text may well begin with the letters BM or MZ: what is told by letters alone has to be binary."""
    return magic.isalnum() and b"\0" not in content[:512]


def decode(content: bytes, charset: str | None = None) -> str:
    """Bytes as text: by byte order mark, as UTF-8, as ``charset`` says, or as the bytes themselves suggest.

    Raises:
        Refused: the encoding cannot be told, or these bytes are no text.
    """
    text = _decoded(content, charset)
    if "\0" in text:
        raise Refused(BINARY)
    return text


def _decoded(content: bytes, charset: str | None) -> str:
    marked = next((encoding for bom, encoding in _BOMS if content.startswith(bom)), None)
    for encoding in (marked, "utf-8", charset):
        if encoding:
            try:
                return content.decode(encoding)
            except (UnicodeError, LookupError):
                continue
    if sum(byte > 127 for byte in content) < 8 and b"\0" not in content:
        try:  # too little to tell by; the encoding of Western Windows is by far the likeliest
            return content.decode("cp1252")
        except UnicodeError:
            pass
    from charset_normalizer import from_bytes

    best = from_bytes(content).best()
    if best is None:
        raise Refused(UNKNOWN_ENCODING)
    return str(best)


def extract(
    content: bytes, form: Format, limits: Limits, *, charset: str | None = None, address: str | None = None
) -> Extracted:
    """Takes the article out of a file.

    Args:
        content: The file's bytes.
        form: What it is.
        limits: How much it may hold.
        charset: The encoding that it was sent with.
        address: The web address that it was read from.

    Raises:
        Refused: it is no article, or too large. What the parsers themselves raise comes as it is.
    """
    match form:
        case Format.TEXT:
            text = decode(content, charset)
            if not text.strip():
                raise Refused(NO_TEXT)
            return Extracted(_within(text, limits))
        case Format.MARKDOWN:
            return _markdown(decode(content, charset), limits)
        case Format.HTML:
            return _html(content, limits, charset, address)
        case Format.PDF:
            return _pdf(content, limits)
        case Format.ZIP:
            return _zip(content, limits)


def _first_heading(blocks: Sequence[_Block]) -> str | None:
    """The heading of the first level that a text begins with: its title, where nothing else says so."""
    return blocks[0].text if blocks and blocks[0].level == 1 else None


def _within(text: str, limits: Limits) -> str:
    if len(text) > limits.max_chars:
        raise Refused(TOO_LONG, limit=f"{limits.max_chars:,}")
    return text


# -- blocks: what all formats but plain text are brought to


@dataclass(frozen=True)
class _Block:
    """A paragraph, or (with a level from 1) a heading. ``linked`` counts its characters that are links."""

    text: str
    level: int = 0
    linked: int = 0


_BLOCK_TAGS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hr item li list main nav ol p pre quote row section summary table tbody "
    "tfoot thead tr ul".split()
)
_SKIPPED_TAGS = frozenset(
    "audio button canvas embed head iframe input math noscript object option rp rt script select style svg "
    "template textarea title video".split()
)
_ROW_TAGS, _CELL_TAGS, _LINK_TAGS = ("tr", "row"), ("td", "th", "cell"), ("a", "ref")
_SPACE = re.compile(r"\s+")
_CELL_END, _LINE_END = "\x1f", "\n"


def _blocks(root: _Element) -> Iterator[_Block]:
    """The paragraphs and headings under an element of HTML or of trafilatura's XML, in order.

    A row of a table is one paragraph, its cells parted by a bar; two line breaks part paragraphs.
    """
    from lxml import etree

    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    words: list[str] = []
    level = linked = links = 0
    row: _Element | None = None

    def flush() -> Iterator[_Block]:
        nonlocal linked
        raw = "".join(words)
        words.clear()
        for piece in re.split(r"\n\s*\n", raw):
            cells = [text for cell in piece.split(_CELL_END) if (text := clean(cell))]
            if cells:
                yield _Block(" | ".join(cells), level, linked)
                linked = 0

    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = str(element.tag).rpartition("}")[2].lower()
        heading = int(tag[1]) if re.fullmatch("h[1-6]", tag) else 0
        if event == "start":
            if tag in _SKIPPED_TAGS or _is_note_mark(element, tag):
                walk.skip_subtree()
                continue
            if tag in _BLOCK_TAGS and row is None:
                yield from flush()
                level = heading or level
            if tag in _ROW_TAGS and row is None and _is_plain_row(element):
                row = element
            links += _leads_away(element, tag)
            words.append(_LINE_END if tag in ("br", "lb") else " " if tag in _BLOCK_TAGS else "")
            text = _SPACE.sub(" ", element.text or "")
        else:
            if tag in _SKIPPED_TAGS or _is_note_mark(element, tag):
                pass
            else:
                links -= _leads_away(element, tag)
                if element is row:
                    row = None
                if tag in _CELL_TAGS:
                    words.append(_CELL_END if row is not None else " ")
                if tag in _BLOCK_TAGS and row is None:
                    yield from flush()
                    level = 0 if heading else level
            text = _SPACE.sub(" ", element.tail or "") if element is not root else ""
        words.append(text)
        linked += len(text) if links else 0
    yield from flush()


def _leads_away(element: _Element, tag: str) -> bool:
    """Whether an element is a link to another page; a heading's link to itself is none."""
    return tag in _LINK_TAGS and "#" not in (element.get("href") or element.get("target") or "#")


def _is_note_mark(element: _Element, tag: str) -> bool:
    """Whether an element is the little number that leads to a footnote, or the arrow back from it."""
    if tag == "sup":
        return element.find(".//{*}a") is not None or str(element.getparent().tag).endswith(("}a", "a"))
    return tag == "a" and (
        element.get("{http://www.idpf.org/2007/ops}type") == "noteref"
        or (element.get("href") or "").startswith(("#footnote-ref-", "#endnote-ref-"))
    )


def _is_plain_row(row: _Element) -> bool:
    """A table that lays out a page holds whole paragraphs in its cells: its rows are no paragraphs."""
    inside = Counter(str(element.tag).rpartition("}")[2].lower() for element in row.iter("*"))
    cells = sum(inside[tag] for tag in _CELL_TAGS)
    return inside["p"] <= cells and not any(
        inside[tag] for tag in ("table", "ul", "ol", "list", "h1", "h2", "h3")
    )


def clean(words: str) -> str:
    """Words in one line: white space made single spaces, characters that cannot be seen left out."""
    if not words.isascii() or not words.isprintable():
        words = "".join(
            char
            for char in words
            if char != "\xad" and (unicodedata.category(char) not in ("Cc", "Cs") or char.isspace())
        )
    return " ".join(words.split())


def _assembled(blocks: Iterable[_Block], limits: Limits) -> Extracted:
    """Blocks as an article's text, a blank line between them."""
    texts: list[str] = []
    headings: list[tuple[int, int, int]] = []
    length = 0
    for block in blocks:
        if length + len(block.text) > limits.max_chars:
            raise Refused(TOO_LONG, limit=f"{limits.max_chars:,}")
        if block.level and any(char.isalnum() for char in block.text):
            headings.append((length, length + len(block.text), block.level))
        texts.append(block.text)
        length += len(block.text) + 2
    text = "\n\n".join(texts)
    if not any(char.isalnum() for char in text):
        raise Refused(NO_TEXT)
    return Extracted(text, tuple(headings))


# -- Markdown

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.S | re.M)
_FRONT_LINE = re.compile(r"^(\w+):[ \t]*(.+?)[ \t]*$", re.M)


def _markdown(text: str, limits: Limits) -> Extracted:
    from lxml import html as lxml_html
    from markdown_it import MarkdownIt

    front = _FRONT_MATTER.match(text)
    said = {key.lower(): value.strip("\"'") for key, value in _FRONT_LINE.findall(front[1])} if front else {}
    markup = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .render(text[front.end() if front else 0 :])
    )
    if not markup.strip():
        raise Refused(NO_TEXT)
    blocks = list(_blocks(lxml_html.fragment_fromstring(markup, create_parent="div")))
    return replace(
        _assembled(blocks, limits),
        title=said.get("title") or _first_heading(blocks),
        author=said.get("author"),
        language=said.get("lang") or said.get("language"),
        published=said.get("date"),
        address=said.get("canonical") or said.get("source"),
    )


# -- HTML

_LOGIN = NO_PROSE + " It asks for a login. Give a page that opens without one, or the article as a file."
_SUBSCRIBERS = NO_PROSE + " The site gives it only to subscribers. Give the article as a file."
_SCRIPTS = NO_PROSE + " It is put together by scripts in the browser. Give the article as a file."
_LISTING = NO_PROSE + " It is a list of links. Give the address of one article."
_PAID = re.compile(r'"isAccessibleForFree"\s*:\s*"?false', re.IGNORECASE)
_ANYTHING = re.compile("")


def _html(content: bytes, limits: Limits, charset: str | None, address: str | None) -> Extracted:
    """The main text of a page: its menus, side columns, comments and the like left out by trafilatura."""
    import trafilatura
    from lxml import html as lxml_html

    meta = _META_CHARSET.search(content[:4096])
    declared = (meta[1] or meta[2]).decode("ascii") if meta else None
    text = decode(content, charset or declared)
    if not text.strip():
        raise Refused(NO_PROSE)
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    tree = lxml_html.document_fromstring(text.encode(), parser, ensure_head_body=True)
    _enclose(tree)
    language = tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
    obstacle = _obstacle(tree)
    page = list(_blocks(deepcopy(tree)))
    found = trafilatura.bare_extraction(
        tree,
        url=address,
        with_metadata=True,
        include_comments=False,
        include_links=True,
        include_formatting=True,
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    if not isinstance(found, trafilatura.settings.Document):
        raise Refused(obstacle[0] if obstacle else NO_PROSE)
    body = found.body
    for heading in body.iter("head"):
        heading.tag = heading.get("rend") or "h2"
    blocks = list(_with_headings(list(_blocks(body)), page))
    prose = " ".join(block.text for block in blocks)
    if obstacle and (not prose or (len(prose) < PROSE_CHARS and obstacle[1].search(prose))):
        raise Refused(obstacle[0])
    if _is_listing(blocks):
        raise Refused(_LISTING)
    if not any(len(block.text) >= SENTENCE_CHARS and not block.level for block in blocks):
        raise Refused(NO_PROSE)
    return replace(
        _assembled(blocks, limits),
        title=found.title,
        author=found.author,
        site=found.sitename,
        language=language,
        published=found.date,
        address=found.url or address,
    )


def _enclose(tree: _Element) -> None:
    """Marks all of a page as the article where its paragraphs stand in no box, as in an exported text."""
    body = tree.find("body")
    if body is not None and len(body.findall("p")) > len(body.findall(".//p")) / 2:
        body.tag = "article"
        outer = body.makeelement("body")
        tree.replace(body, outer)
        outer.append(body)


def _with_headings(blocks: Sequence[_Block], page: Sequence[_Block]) -> Iterator[_Block]:
    """The main text with the headings that stand over its paragraphs in the page: trafilatura drops some."""
    over: dict[str, list[_Block]] = {}
    waiting: list[_Block] = []
    for block in page:
        if block.level:
            waiting.append(block)
        else:
            over.setdefault(block.text, waiting)
            waiting = []
    have = {block.text for block in blocks if block.level}
    for block in blocks:
        yield from (heading for heading in over.pop(block.text, ()) if heading.text not in have)
        yield block


def _obstacle(tree: _Element) -> tuple[str, re.Pattern[str]] | None:
    """Why a page may show no article, and what its little text then looks like."""
    if tree.xpath("//input[@type='password']"):
        return _LOGIN, _ANYTHING
    if any(_PAID.search(script.text or "") for script in tree.iter("script")):
        return _SUBSCRIBERS, _ANYTHING
    if tree.find(".//script") is not None:
        return _SCRIPTS, re.compile("javascript", re.IGNORECASE)
    return None


def _is_listing(blocks: Sequence[_Block]) -> bool:
    size = sum(len(block.text) for block in blocks)
    headings = [block for block in blocks if block.level]
    linked = [block for block in headings if block.linked > len(block.text) / 2]
    return (sum(block.linked for block in blocks) > size / 2 and len(blocks) >= 5) or len(linked) >= max(
        5, len(headings) / 2
    )


# -- DOCX and EPUB


def _zip(content: bytes, limits: Limits) -> Extracted:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise Refused(DAMAGED, format="ZIP") from error
    entries = {entry.filename: entry for entry in archive.infolist()}
    if len(archive.infolist()) > MAX_ENTRIES:
        raise Refused("{source} packs more than {limit} files, which no article does.", limit=MAX_ENTRIES)
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


def _docx(content: bytes, archive: zipfile.ZipFile, limits: Limits) -> Extracted:
    """By mammoth, which reads what styles mean. It expands entities, so every part is looked at before."""
    import mammoth
    from lxml import html as lxml_html

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
    if not markup.strip():
        raise Refused(NO_TEXT)
    blocks = list(_blocks(lxml_html.fragment_fromstring(markup, create_parent="div")))
    return replace(
        _assembled(blocks, limits),
        title=said.get("title") or _first_heading(blocks),
        author=said.get("creator"),
        language=said.get("language"),
    )


def _epub(archive: zipfile.ZipFile, limits: Limits) -> Extracted:
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
        _assembled((block for name in chapters for block in _chapter(archive.read(name))), limits),
        title=said.get("title"),
        author=said.get("creator"),
        language=said.get("language"),
        published=said.get("date"),
    )


def _chapter(content: bytes) -> Iterator[_Block]:
    """XHTML, as it should be; or the HTML that some books have in its place."""
    from lxml import etree
    from lxml import html as lxml_html

    named = re.sub(
        rb"&(?!(?:amp|lt|gt|quot|apos);)(\w+);",
        lambda match: html.unescape(match[0].decode("latin-1")).encode("ascii", "xmlcharrefreplace"),
        content,
    )
    try:
        root = _xml(named)
    except etree.XMLSyntaxError:
        root = lxml_html.document_fromstring(content)
    body = root.find(".//{*}body")
    yield from _blocks(root if body is None else body)


# -- PDF


@dataclass(frozen=True)
class _Line:
    """A line of a page: how far from its left and lower edge, and the size of its letters, in points."""

    text: str
    page: int
    x: float
    y: float
    size: float


def _pdf(content: bytes, limits: Limits) -> Extracted:
    import pypdf

    if b"startxref" not in content[-4096:]:
        raise Refused("{source} breaks off before its end. Get the whole file and try again.")
    reader = pypdf.PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not _unlocked(reader):
        raise Refused(LOCKED)
    claimed = cast("pypdf.generic.DictionaryObject", reader.root_object["/Pages"]).get("/Count", 0)
    pages = claimed if isinstance(claimed, int) and claimed > limits.max_pages else len(reader.pages)
    if pages > limits.max_pages:
        raise Refused(TOO_MANY_PAGES, pages=f"{pages:,}", limit=limits.max_pages)
    lines: list[_Line] = []
    chars = 0
    for number, page in enumerate(reader.pages):
        found = _lines(page, number)
        chars += sum(len(line.text) for line in found)
        lines += found
        if chars > limits.max_chars:
            raise Refused(TOO_LONG, limit=f"{limits.max_chars:,}")
    if not lines:
        raise Refused(
            "{source} holds no text, only pictures of it, as scans do. "
            "Run text recognition (OCR) over it and try again."
        )
    blocks = _paragraphs(_without_edges(lines, pages), _outline(reader))
    said: Mapping[str, object] = reader.metadata or {}
    language = reader.root_object.get("/Lang")
    return replace(
        _assembled(blocks, limits),
        title=_own_title(str(said.get("/Title") or "")) or _first_heading(blocks),
        author=str(said.get("/Author") or "") or None,
        language=str(language) if language else None,
    )


def _unlocked(reader: PdfReader) -> bool:
    """Whether a PDF opens without a password: many are locked against changes only."""
    from pypdf.errors import DependencyError

    try:
        return bool(reader.decrypt(""))
    except DependencyError:  # AES, which takes a library that is not worth its weight
        return False


def _own_title(title: str) -> str | None:
    """A PDF's title, unless the program that made it put the file's name there."""
    title = clean(title)
    if re.search(
        r"^(untitled|Microsoft (Word|PowerPoint) - )|\.(docx?|pdf|tex|dvi|indd|qxd|odt|rtf)$", title, re.I
    ):
        return None
    return title or None


def _outline(reader: PdfReader) -> Mapping[str, int]:
    """The bookmarks, as the headings that they lead to: text and level."""
    found: dict[str, int] = {}
    waiting: list[tuple[Sequence[object], int]] = [(reader.outline, 1)]
    while waiting:
        entries, level = waiting.pop()
        for entry in entries:
            if isinstance(entry, list):
                waiting.append((entry, level + 1))
            else:
                found.setdefault(clean(str(getattr(entry, "title", ""))), level)
    return found


_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}


def _lines(page: PageObject, number: int) -> list[_Line]:
    lines: list[_Line] = []
    pieces: list[tuple[str, float, float, float]] = []

    def end_line() -> None:
        text = clean("".join(piece for piece, *_ in pieces).translate(_LIGATURES))
        if text:
            shown = [piece for piece in pieces if piece[0].strip()]
            _, x, y, _ = shown[0]
            sizes: Counter[float] = Counter()
            for piece, _, _, size in shown:
                sizes[size] += len(piece)
            lines.append(_Line(text, number, x, y, sizes.most_common(1)[0][0]))
        pieces.clear()

    def visit(text: str, cm: Sequence[float], tm: Sequence[float], _font: object, size: float) -> None:
        x = cm[0] * tm[4] + cm[2] * tm[5] + cm[4]
        y = cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
        scale = abs(cm[3] * tm[3]) or abs(cm[1] * tm[2]) or abs(cm[2] * tm[1]) or 1.0
        for part in text.splitlines(keepends=True):
            pieces.append((part, x, y, round(abs(size) * scale, 1)))
            if part.endswith(("\n", "\r")):
                end_line()

    page.extract_text(visitor_text=visit)
    end_line()
    return lines


def _leading(lines: Sequence[_Line]) -> float:
    """The distance between two lines of a paragraph: the commonest one."""
    gaps = Counter(
        round(one.y - two.y)
        for one, two in itertools.pairwise(lines)
        if one.page == two.page and one.y - two.y > 1
    )
    return float(gaps.most_common(1)[0][0]) if gaps else 12.0


_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|p\.|página|pagina)\s*)?(?:\d{1,4}|[ivxlc]{1,7})\W*(?:(?:of|von|de|/|sur|di)\s*\d{1,4}\W*)?",
    re.I,
)


def _without_edges(lines: Sequence[_Line], pages: int) -> list[_Line]:
    """The lines but page numbers, and but what repeats at the same place at the head or foot of pages."""
    leading = _leading(lines)
    edges: list[_Line] = []
    for number in range(pages):
        down = sorted((line for line in lines if line.page == number), key=lambda line: -line.y)
        for order in (down, down[::-1]):
            for depth, line in enumerate(order[:2]):
                apart = depth + 1 >= len(order) or abs(line.y - order[depth + 1].y) > 1.25 * leading
                if apart or line.size != order[depth + 1].size:
                    edges += order[: depth + 1]
    places = {line: (re.sub(r"\d+", "#", line.text), round(line.y / 3)) for line in edges}
    counts = Counter(places.values())
    often = 2 if pages <= 3 else 3
    dropped = {
        line
        for line, place in places.items()
        if counts[place] >= often or (pages > 1 and _PAGE_NUMBER.fullmatch(line.text))
    }
    return [line for line in lines if line not in dropped]


def _paragraphs(lines: Sequence[_Line], outline: Mapping[str, int]) -> list[_Block]:
    """Lines joined to the paragraphs that they were set from; headings by their size or the bookmarks."""
    if not lines:
        return []
    leading = _leading(lines)
    width = statistics.quantiles([len(line.text) for line in lines], n=10)[-1] if len(lines) > 1 else 80
    letters: Counter[float] = Counter()
    for line in lines:
        letters[line.size] += len(line.text)
    body = letters.most_common(1)[0][0]
    known = set(re.findall(r"\w+(?:-\w+)*", " ".join(line.text for line in lines)))
    groups: list[list[_Line]] = []
    for line in lines:
        if groups and not _starts_paragraph(groups[-1][-1], line, leading, width, outline):
            groups[-1].append(line)
        else:
            groups.append([line])
    texts = [(_joined([line.text for line in group], known), group[0].size) for group in groups]
    large = sorted({size for text, size in texts if _is_heading(text, size, body)}, reverse=True)
    return [
        _Block(
            text,
            min(large.index(size) + 1, 6) if _is_heading(text, size, body) else min(outline.get(text, 0), 6),
        )
        for text, size in texts
    ]


def _is_heading(text: str, size: float, body: float) -> bool:
    return size > 1.12 * body and len(text) <= 200 and sum(char.isalpha() for char in text) > 1


_SENTENCE_END = re.compile(r"[.!?:…][\"”’»)\]\d]*$")
_BULLET = re.compile(r"[•●▪◦‣·*–—-]\s|\(?\d{1,3}[.)]\s")


def _starts_paragraph(
    last: _Line, line: _Line, leading: float, width: float, outline: Mapping[str, int]
) -> bool:
    if line.text in outline or last.text in outline or _BULLET.match(line.text):
        return True
    if abs(line.size - last.size) > 0.12 * last.size:
        return True
    ended = bool(_SENTENCE_END.search(last.text))
    gap = last.y - line.y
    if line.page != last.page or gap < -1:  # the next page or column
        return ended or (line.text[:1].isupper() and len(last.text) < width / 2)
    if gap > max(1.25 * leading, 1.25 * last.size):
        return True
    indented = line.x > last.x + last.size / 2
    return ended and (indented or len(last.text) < 0.75 * width)


def _joined(lines: Sequence[str], known: set[str]) -> str:
    """Lines as one, words that were cut at a line's end whole again.

    A hyphen stays where the text has the word with it elsewhere.
    """
    text = lines[0]
    for line in lines[1:]:
        cut = re.search(r"(\w+)[-‐]$", text)
        rest = re.match(r"\w+", line)
        if cut and rest and rest[0][0].islower():
            whole, hyphened = cut[1] + rest[0], f"{cut[1]}-{rest[0]}"
            text = text + line if hyphened in known and whole not in known else text[:-1] + line
        else:
            text = f"{text} {line}"
    return text


# -- the process of its own


OUT_OF_MEMORY = '{"exceeded": "memory"}'


def respond(request: str, content: bytes) -> str:
    """Answers a request that ``index.sources`` makes, both in JSON; never raises."""
    asked = json.loads(request)
    form, limits = Format(asked["form"]), Limits(**asked["limits"])
    try:
        return json.dumps(
            {
                "article": asdict(
                    extract(content, form, limits, charset=asked["charset"], address=asked["address"])
                )
            }
        )
    except Refused as refusal:
        return json.dumps({"refused": refusal.message, "values": refusal.values})
    except Exception as error:  # a parser may raise anything; the caller logs it
        if isinstance(error, MemoryError) or _is_full(limits):
            return OUT_OF_MEMORY
        return json.dumps({"failed": f"{type(error).__name__}: {error}"[:500]})


def _bound(limits: Limits) -> None:
    """Bounds this process; where the system has no such bounds, its time is still kept by who started it."""
    try:
        import resource
    except ImportError:
        return
    seconds = int(limits.max_extract_seconds) + 1
    for what, most in (
        (resource.RLIMIT_AS, limits.max_extract_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError) as error:
            logging.getLogger(__name__).debug("No limit on %s: %s", what, error)


def _is_full(limits: Limits) -> bool:
    """Whether this process came near its bound: libraries in C call a lack of memory many names."""
    status = Path("/proc/self/status")  # Linux; elsewhere the bound does not hold either
    peak = re.search(r"VmPeak:\s+(\d+) kB", status.read_text(encoding="ascii")) if status.exists() else None
    return peak is not None and int(peak[1]) * 1_024 > 0.8 * limits.max_extract_bytes


def main() -> None:
    """Reads a request from the command line and a file from standard input; writes what came of it."""
    request = sys.argv[1]
    logging.disable()
    _bound(Limits(**json.loads(request)["limits"]))
    try:
        answer = respond(request, sys.stdin.buffer.read()).encode()
    except MemoryError:
        answer = OUT_OF_MEMORY.encode()
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
