"""Files of every format: the words of the article and its headings, to the letter."""

from datetime import date

import pytest

from index.errors import ArticleError
from index.model.article import Article
from index.model.source import Origin, Source, SourceKind
from index.sources.extract.refusals import Refusal
from index.sources.extract.sniff import _MEDIA_TYPES, _SUFFIXES, Format, sniff
from index.sources.files import read, upload
from index.sources.ids import article_id
from index.sources.web import MEDIA_TYPES
from tests.index.documents import PAGE, PAGE_HEADINGS, PAGE_TEXT, Line, docx, epub, pdf, zipped

pytestmark = pytest.mark.usefixtures("_read_here")


def reading(name: str, content: bytes) -> Article:
    return read(upload(name, content), "x")


def refusal(name: str, content: bytes) -> str:
    with pytest.raises(ArticleError) as caught:
        reading(name, content)
    return str(caught.value)


def headings(article: Article) -> list[tuple[int, str]]:
    return [(heading.level, heading.of(article.text)) for heading in article.headings]


def paragraphs(article: Article) -> list[str]:
    return [paragraph.of(article.text) for paragraph in article.paragraphs]


@pytest.mark.parametrize(
    ("name", "media_type", "content", "expected"),
    [
        ("a.txt", None, b"One.", Format.TEXT),
        ("a", None, b"One.", Format.TEXT),
        ("a.txt", None, b"%PDF-1.4", Format.PDF),
        ("a.pdf", None, b"One.", Format.TEXT),
        ("a.txt", None, b"PK\3\4", Format.ZIP),
        ("a.MD", None, b"One.", Format.MARKDOWN),
        ("a", "text/markdown; charset=utf-8", b"One.", Format.MARKDOWN),
        ("a.htm", None, b"One.", Format.HTML),
        ("a", "text/html; charset=utf-8", b"One.", Format.HTML),
        ("a.txt", "text/plain", b"\n<!-- x --><!DOCTYPE HTML><p>One.", Format.HTML),
        ("a.txt", None, b"MZ is two letters.", Format.TEXT),
        ("a.txt", None, b"Rar! is a word.", Format.TEXT),
        ("a.txt", None, b"<!---->" * 60, Format.TEXT),
        ("a.txt", None, b"<?xml version='1.0'?>" + b"<!---->" * 60 + b"<html>", Format.HTML),
        ("a.txt", None, "One.".encode("utf-16"), Format.TEXT),
    ],
)
def test_what_a_file_is_its_bytes_tell_first(
    name: str, media_type: str | None, content: bytes, expected: Format
) -> None:
    assert sniff(content, name, media_type) is expected


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"RIFF\0\0\0\0WEBP", "WebP"),
        (b"\0\0\0\x18ftypmp42", "MP4/HEIC"),
        (b"\x7fELF", "ELF"),
        (b"MZ\x90\0", "EXE"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Microsoft Office 97"),
        (b"{\\rtf1", "RTF"),
        (b'<?xml version="1.0"?><rss>', "XML"),
        (b"<svg>", "XML"),
    ],
)
def test_what_is_no_text_is_called_by_its_name(content: bytes, format_: str) -> None:
    with pytest.raises(Refusal) as caught:
        sniff(content, "a.txt")
    assert caught.value.values == {"format": format_}


def test_a_web_page() -> None:
    origin = Origin(SourceKind.WEB, "https://elms.example.org/?id=1", "text/html")
    article = read(Source(origin, PAGE.encode()), "x")
    assert article.text == PAGE_TEXT
    assert headings(article) == PAGE_HEADINGS
    assert (article.title, article.title_is_label) == ("The harbour of Elms", False)
    assert (article.author, article.claimed_site, article.language) == ("Ada Lovelace", "Elms Gazette", "en")
    assert (article.published, article.source) == (date(2026, 5, 4), "https://example.org/elms")


def test_a_page_without_a_canonical_address_has_its_own() -> None:
    page = PAGE.replace('<link rel="canonical" href="https://example.org/elms">', "").encode()
    origin = Origin(SourceKind.WEB, "https://example.org/news?id=1", "text/html")
    assert read(Source(origin, page), "x").source == "https://example.org/news?id=1"


def test_an_address_that_is_none_is_not_kept() -> None:
    page = PAGE.replace("https://example.org/elms", "javascript:alert(1)").encode()
    article = reading("elms.html", page)
    assert (article.source, article.claimed_source) == (None, None)


@pytest.mark.parametrize(
    ("page", "media_type"),
    [
        (PAGE.replace("town", "köping").encode("latin-1"), "text/html; charset=iso-8859-1"),
        (
            PAGE.replace("town", "köping")
            .replace("<head>", '<head><meta charset="latin1">')
            .encode("latin-1"),
            None,
        ),
        (PAGE.replace("town", "köping").encode("utf-16"), "text/html"),
        (PAGE.replace("town", "köping").encode(), "text/html; charset=zlib"),
    ],
)
def test_the_encoding_of_a_page(page: bytes, media_type: str | None) -> None:
    origin = Origin(SourceKind.WEB, "https://example.org/elms", media_type)
    assert read(
        Source(origin, b"<!doctype html>\n" + page if page[:2] != b"\xff\xfe" else page), "x"
    ).text == (PAGE_TEXT.replace("town", "köping"))


def test_headings_and_lists_of_a_page_without_any_boxes_are_kept() -> None:
    page = (
        "<title>Elms</title><body><h1>Elms</h1><p>The town of Elms was built in 1850 on wool.</p>"
        "<h2>Later</h2><p>In June it was closed by the mayor.</p><ul><li>One thing.</li></ul></body>"
    )
    article = reading("a.html", page.encode())
    assert paragraphs(article) == [
        "Elms",
        "The town of Elms was built in 1850 on wool.",
        "Later",
        "In June it was closed by the mayor.",
        "One thing.",
    ]
    assert headings(article) == [(1, "Elms"), (2, "Later")]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("<p>Sign in</p><input type=password>",
         " It asks for a login. Give a page that opens without one, or the article as a file."),
        ('<script type="application/ld+json">{"isAccessibleForFree": "False"}</script><p>He said that</p>',
         " The site gives it only to subscribers. Give the article as a file."),
        ("<script src=a.js></script><noscript>Please enable JavaScript.</noscript>",
         " It is put together by scripts in the browser. Give the article as a file."),
        ("<ul>" + "<li><a href=/1>What happened then, in a long line of words</a></li>" * 20 + "</ul>",
         " It is a list of links. Give the address of one article."),
        ("<main>" + "<h2><a href=/1>A story</a></h2><p>What the story tells.</p>" * 9 + "</main>",
         " It is a list of links. Give the address of one article."),
        ("<nav><a href=/>Home</a></nav>", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_page_without_an_article_is_refused_with_the_reason(page: str, reason: str) -> None:
    found = refusal("a.html", f"<html><body>{page}</body></html>".encode())
    assert found == "a.html holds no article text." + reason


def test_markdown() -> None:
    article = reading(
        "a.md",
        b"---\ntitle: Harbour\nauthor: 'Ada'\ndate: 2020-01-02\nlang: fr-CA\n---\n# One\n\n"
        b"What *was*\nthere.\n\n## Two\n\n1. first\n2. second\n\n> quoted &amp; [linked](http://a.example)\n\n<script>x</script>\n\n"
        b"| a | b |\n|---|---|\n| 1 |   |\n",
    )
    assert paragraphs(article) == [
        "One", "What was there.", "Two", "1. first", "2. second", "quoted & linked", "a: 1",
    ]  # fmt: skip
    assert headings(article) == [(1, "One"), (2, "Two")]
    assert (article.title, article.author, article.language) == ("Harbour", "Ada", "fr")
    assert article.published == date(2020, 1, 2)


def test_the_first_heading_is_the_title_where_nothing_else_is() -> None:
    assert reading("a.md", b"# The port\n\nOne.").title == "The port"
    article = reading("a.md", b"One.\n\n# The port\n\nTwo.")
    assert (article.title, article.title_is_label) == ("a", True)


def test_docx() -> None:
    article = reading(
        "a.docx",
        docx(
            [
                ("Title", "The harbour"),
                ("Normal", "It was &amp;  is."),
                ("Heading1", "Later"),
                ("Normal", ""),
                ("Heading2", "In June"),
                ("Normal", "Closed."),
            ],
            "<dc:creator>Ada</dc:creator><dc:language>de-DE</dc:language>"
            "<dcterms:created>2013-12-23T23:15:00Z</dcterms:created>",
        ),
    )
    assert article.text == "The harbour\n\nIt was & is.\n\nLater\n\nIn June\n\nClosed."
    assert headings(article) == [(1, "The harbour"), (1, "Later"), (2, "In June")]
    assert (article.title, article.author, article.language) == ("The harbour", "Ada", "de")
    assert article.published is None  # the day a file was made is not the day that it was published


def test_epub_in_the_order_of_its_spine() -> None:
    article = reading(
        "a.epub",
        epub(
            [
                "<h1>One</h1><p>It&nbsp;was&mdash;<i>is</i>.<br/>Still.</p><!-- no -->",
                '<h2>Two</h2><p>In June<a href="#n"><sup>1</sup></a>.</p><script>x</script>',
                "<p>Broken & open",
            ],
            "<dc:title>Elms</dc:title><dc:creator>Ada</dc:creator><dc:creator>Grace</dc:creator>"
            "<dc:language>fr</dc:language><dc:date>2020-01-02T00:00:00Z</dc:date>",
        ),
    )
    assert article.text == "One\n\nIt was—is. Still.\n\nTwo\n\nIn June.\n\nBroken & open"
    assert headings(article) == [(1, "One"), (2, "Two")]
    assert (article.title, article.author, article.language) == ("Elms", "Ada, Grace", "fr")
    assert article.published == date(2020, 1, 2)


def test_a_protected_book_is_refused() -> None:
    lock = '<encryption><CipherReference URI="OEBPS/c%200.xhtml"/></encryption>'
    assert refusal("a.epub", epub(["<p>One.</p>"], more={"META-INF/encryption.xml": lock})) == (
        "a.epub is copy-protected. Give a copy that is not."
    )


def page(number: int, *lines: str) -> list[Line]:
    """A page with a running head, lines of 12 points and a number at its foot."""
    return [
        (50, 800, 9, f"Elms Gazette, page {number}"),
        *((50.0, 760.0 - 12 * n, 10.0, line) for n, line in enumerate(lines)),
        (290, 30, 9, f"- {number} -"),
    ]


def test_pdf() -> None:
    pages = [
        page(
            1,
            "The harbour was built in 1850 by a well-known bank, which had grown",
            "rich on wool and wanted ships of its own, by unenthu-",
        ),
        page(2, "siastic men. It took a well-", "known loan.", "Nobody complained about it."),
        page(3, "It was closed."),
    ]
    pages[0][1:1] = [(50, 785, 18, "The harbour")]
    pages[2][1:1] = [(50, 780, 14, "Later years")]
    article = reading("a.pdf", pdf(pages, info="/Title (report.docx) /Author (Ada)", catalog="/Lang (en-GB)"))
    assert paragraphs(article) == [
        "The harbour",
        "The harbour was built in 1850 by a well-known bank, which had grown rich on wool and wanted "
        "ships of its own, by unenthusiastic men. It took a well-known loan.",
        "Nobody complained about it.",
        "Later years",
        "It was closed.",
    ]
    assert headings(article) == [(1, "The harbour"), (2, "Later years")]
    assert (article.title, article.author, article.published) == ("The harbour", "Ada", None)


def test_paragraphs_of_a_pdf_are_told_by_space_and_by_indent() -> None:
    lines: list[Line] = [
        (50, 700, 10, "One line of words that goes on to the right edge of it."),
        (50, 688, 10, "Two lines of words that go on to the right edge of it."),
        (50, 666, 10, "A space above tells a paragraph that goes to the edge."),
        (50, 654, 10, "It goes on to the right edge once more, as it had done."),
        (62, 642, 10, "An indent tells another one, which goes on to the edge"),
        (50, 630, 10, "and ends."),
        (50, 618, 10, "• a point"),
    ]
    assert paragraphs(reading("a.pdf", pdf([lines]))) == [
        f"{lines[0][3]} {lines[1][3]}",
        f"{lines[2][3]} {lines[3][3]}",
        f"{lines[4][3]} {lines[5][3]}",
        "• a point",
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", zipped({"xl/workbook.xml": ""}),
         "a.xlsx is not a text: its format is Excel. Give a text, Markdown, HTML, PDF, DOCX or EPUB file."),
        ("a.docx", b"PK\3\4 and no more",
         "a.docx is damaged, or not the ZIP file that it seems to be. Get it again and try that."),
        ("a.pdf", b"%PDF-1.7 startxref",
         "a.pdf is damaged, or not the PDF file that it seems to be. Get it again and try that."),
        ("a.docx", docx([("Normal", " ")]), "a.docx holds no text. An article needs at least one sentence."),
        ("a.md", b"---\ntitle: x\n---\n***\n", "a.md holds no text. An article needs at least one sentence."),
        ("a.txt", b"One\0two",
         "a.txt is not a text, but binary data. Give a text, Markdown, HTML, PDF, DOCX or EPUB file."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(name: str, content: bytes, message: str) -> None:
    assert refusal(name, content) == message


def test_a_format_is_known_wherever_formats_are_told() -> None:
    assert set(_MEDIA_TYPES) <= MEDIA_TYPES
    assert {article_id(f"notes{ending}") for ending in _SUFFIXES} == {"notes"}
