"""Small files of every format, written by hand: what is in them is known to the letter."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence

PAGE = """<!doctype html>
<html lang="en-GB">
<head>
<title>The harbour of Elms | Elms Gazette</title>
<meta name="author" content="Ada Lovelace">
<meta property="og:site_name" content="Elms Gazette">
<meta property="article:published_time" content="2026-05-04T10:00:00Z">
<link rel="canonical" href="https://example.org/elms">
<script>var secret = "never in the article";</script>
<style>p { color: red }</style>
</head>
<body>
<nav><a href="/">Home</a> <a href="/news">News</a></nav>
<article>
<h1>The harbour of Elms</h1>
<p>It was built in 1850 by <b>the town</b> of Elms,&nbsp;which<br>had grown rich on wool.</p>
<script>document.write("written by a script");</script>
<h2>Later years</h2>
<p>In June 1931 it was <a href="/closed">closed</a>. &ldquo;Never again,&rdquo; said the mayor.</p>
<h3>What is left</h3>
<ul><li>The old crane.</li><li>The light.</li></ul>
<table><tr><th>Year</th><th>Ships</th></tr><tr><td>1850</td><td>12</td></tr></table>
</article>
<footer>All rights reserved.</footer>
</body>
</html>
"""
PAGE_TEXT = """The harbour of Elms

It was built in 1850 by the town of Elms, which had grown rich on wool.

Later years

In June 1931 it was closed. “Never again,” said the mayor.

What is left

The old crane.

The light.

Year: 1850 · Ships: 12"""
PAGE_HEADINGS = [(1, "The harbour of Elms"), (2, "Later years"), (3, "What is left")]


Files = Mapping[str, str | bytes]
_NONE: Files = {}


def zipped(files: Files) -> bytes:
    """A ZIP archive of files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/word/document.xml"
 ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"""
_RELATIONS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Target="word/document.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>"""
_STYLES = f"""<w:styles {_W}>
<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/></w:style></w:styles>"""
_STYLE_RELATION = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Target="styles.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/></Relationships>"""


def docx(
    paragraphs: Sequence[tuple[str, str]], core: str = "", before: str = "", more: Files = _NONE
) -> bytes:
    """A Word file of (style, words); ``core`` is what it says of itself, ``before`` goes before its root."""
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{words}</w:t></w:r></w:p>'
        for style, words in paragraphs
    )
    return zipped(
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": _RELATIONS,
            "word/document.xml": f"{before}<w:document {_W}><w:body>{body}</w:body></w:document>",
            "word/styles.xml": _STYLES,
            "word/_rels/document.xml.rels": _STYLE_RELATION,
            "docProps/core.xml": '<p xmlns:dc="http://purl.org/dc/elements/1.1/" '
            f'xmlns:dcterms="http://purl.org/dc/terms/">{core}</p>',
            **more,
        }
    )


def epub(chapters: Sequence[str], metadata: str = "", more: Files = _NONE) -> bytes:
    """A book of chapters, each the inside of an XHTML body."""
    items = "".join(f'<item id="c{n}" href="c%20{n}.xhtml"/>' for n in range(len(chapters)))
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    files: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>{metadata}</metadata>'
        '<manifest><item id="nav" href="nav.xhtml" properties="nav"/>'
        f'{items}</manifest><spine><itemref idref="nav"/>{spine}</spine></package>',
        "OEBPS/nav.xhtml": "<html><body><p>Contents</p></body></html>",
    }
    for number, chapter in enumerate(chapters):
        files[f"OEBPS/c {number}.xhtml"] = (
            '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
            f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{chapter}</body></html>'
        )
    return zipped({**files, **more})


Line = tuple[float, float, float, str]
"""A line on a page: x, y and size in points, and its words."""


def pdf(pages: Iterable[Sequence[Line]], info: str = "", catalog: str = "", trailer: str = "") -> bytes:
    """A PDF of lines."""
    contents = [
        "".join(f"BT /F1 {size} Tf {x} {y} Td ({words}) Tj ET\n" for x, y, size, words in page)
        for page in pages
    ]
    return pdf_of([content.encode("cp1252") for content in contents], info, catalog, trailer)


_FONTS = b" ".join(
    b"/F%d << /Type /Font /Subtype /Type1 /BaseFont /%b >>" % (number, name)
    for number, name in enumerate((b"Helvetica-Bold", b"Symbol", b"ZapfDingbats"), 2)
)


def pdf_of(contents: Sequence[bytes], info: str = "", catalog: str = "", trailer: str = "") -> bytes:
    """A PDF of pages, each given by what draws it; F1 to F4: Helvetica, its bold, Symbol, ZapfDingbats."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(contents)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, content in enumerate(contents):
        packed = zlib.compress(content)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R %b >> >> "
            b"/Contents %d 0 R >>" % (_FONTS, 5 + 2 * number)
        )
        objects.append(
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed)
        )
    objects.append(f"<< {info} >>".encode())
    return pdf_objects(objects, f"/Info {len(objects)} 0 R {trailer}")


def pdf_objects(objects: Sequence[bytes], trailer: str = "") -> bytes:
    """A PDF of numbered objects, the first of them its catalog."""
    written = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % place for place in places)
    written += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\n".encode()
    written += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(written)
