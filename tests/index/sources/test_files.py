"""Bytes to articles: what is taken as it is, and what is said of what cannot be."""

import hashlib
import os
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from index.errors import ArticleError
from index.model.article import Article
from index.model.source import Origin, Source, SourceKind
from index.sources.files import (
    SHIPPED_ARTICLE,
    load_article,
    read,
    read_file,
    reread,
    upload,
)
from index.sources.ids import article_id
from index.sources.limits import Limits
from tests.fakes import read_here
from tests.index.documents import PAGE

pytestmark = pytest.mark.slow


MARKS = [
    b"<p>", b"</p>", b"<h1>", b"<h2>", b"</h2>", b"<table><tr><td>", b"<br><br>", b"<li>", b"<script>",
    b"&nbsp;", b"&x;", b"# ", b"\n\n", b"\n", b"- ", b"> ", b"|", b"---\n", b"title: x\n", b"One. ", b"Two ",
    "é".encode(), b"\xe9", b"\0", b"\xc2\xad", "\u2028".encode(), b"\x1c", b"\x1f", b"<!-- -->", b"<html>",
    b"<?xml?>", b"A paragraph of words that is long enough. ",
]  # fmt: skip


def save(folder: Path, text: bytes, sidecar: bytes | None = None) -> Path:
    path = folder / "The harbour.txt"
    path.write_bytes(text)
    if sidecar is not None:
        path.with_suffix(".toml").write_bytes(sidecar)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ArticleError) as caught:
        load_article(path)
    return str(caught.value)


def test_the_article_that_ships_is_word_for_word(shipped: Article) -> None:
    data = SHIPPED_ARTICLE.read_bytes()
    assert (
        hashlib.sha256(data).hexdigest() == "97da9c48f2c4b79018cad33051ef99d3b95cf0f837d3d5ad36910d79c9627254"
    )
    assert shipped.text.encode() == data
    assert shipped.sha256 == hashlib.sha256(data).hexdigest()


def test_the_article_that_ships_claims_nothing_that_its_text_lacks(shipped: Article) -> None:
    assert shipped.id == "khan-gaza-palestine"
    assert len(shipped.paragraphs) == 8
    assert (shipped.title_is_label, shipped.source, shipped.published) == (True, None, None)
    assert shipped.title == "Khan on Gaza and the recognition of Palestine"
    assert shipped.language == "en"
    assert len(shipped.questions) == len(set(shipped.questions)) == 6


def test_a_text_alone_is_an_article_labelled_with_its_file_name(tmp_path: Path) -> None:
    assert load_article(save(tmp_path, b"One.\r\n\r\n Two.\n")) == Article(
        id="the-harbour", title="The harbour", text="One.\r\n\r\n Two.\n", title_is_label=True
    )


def test_the_sidecar_says_what_the_text_lacks(tmp_path: Path) -> None:
    sidecar = """
        title = " The port "
        language = "de"
        source = "https://example.org/port?id=1"
        published = 2026-05-04
        questions = ["Who?"]
    """
    assert load_article(save(tmp_path, b"One.", sidecar.encode())) == Article(
        id="the-harbour",
        title="The port",
        text="One.",
        language="de",
        source="https://example.org/port?id=1",
        published=date(2026, 5, 4),
        questions=("Who?",),
    )


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    assert load_article(save(tmp_path, b"\xef\xbb\xbfOne.")).text == "One."


def test_text_in_another_encoding_is_read(tmp_path: Path) -> None:
    words = (
        "Der Bürgermeister sagte: „Wir können stolz sein.“ Die Brücke über den Fluss wurde im März eröffnet."
    )
    for encoding in ("utf-16", "utf-8-sig", "cp1252"):
        assert load_article(save(tmp_path, words.encode(encoding))).text == words
    assert load_article(save(tmp_path, "ein Café\r\n".encode("latin-1"))).text == "ein Café\r\n"


def test_text_whose_encoding_cannot_be_told_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, bytes(n * n % 251 for n in range(9_999)))
    assert refusal(path) == (f"{path} is in an encoding that cannot be told. Save it as UTF-8 and try again.")


@pytest.mark.parametrize("text", [b"", b" \n\t\r\n", b"\xef\xbb\xbf"])
def test_a_text_without_words_is_refused(tmp_path: Path, text: bytes) -> None:
    path = save(tmp_path, text)
    assert refusal(path) == f"{path} holds no text. An article needs at least one sentence."


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.txt"
    assert refusal(path) == f"The article {path} cannot be read: No such file or directory."


def test_a_folder_is_no_article(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"The article {tmp_path} cannot be read: Is a directory."


@pytest.mark.parametrize(
    ("sidecar", "reason"),
    [
        (b"title = ", "is not valid TOML: Invalid value (at end of document)."),
        (
            b'title = "\xff"',
            "is not valid TOML: 'utf-8' codec can't decode byte 0xff in position 9: invalid start byte.",
        ),
        (
            b'writer = "Ada"',
            "says something of the article that cannot be used: writer: Extra inputs are not permitted.",
        ),
        (
            b'source = "javascript:alert(1)"',
            "says something of the article that cannot be used: source: Value error, should be a web address "
            "that "
            "starts with http:// or https://.",
        ),
        (
            b'title = " "',
            "says something of the article that cannot be used: title: String should have at least 1 "
            "character.",
        ),
        (
            b'questions = ["Who?", ""]\npublished = "soon"',
            "says something of the article that cannot be used: published: Input should be a valid date or "
            "datetime, "
            "input is too short; questions.1: String should have at least 1 character.",
        ),
    ],
)
def test_a_sidecar_that_cannot_be_used_is_refused(tmp_path: Path, sidecar: bytes, reason: str) -> None:
    path = save(tmp_path, b"One.", sidecar)
    assert refusal(path) == f"{path.with_suffix('.toml')} {reason}"


def test_a_sidecar_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = save(tmp_path, b"One.")
    sidecar = path.with_suffix(".toml")
    sidecar.mkdir()
    assert refusal(path) == f"{sidecar} cannot be read: Is a directory."


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("The harbour.txt", "the-harbour"),
        ("../..ÉTÉ 2026!.txt", "ete-2026"),
        ("日本.txt", "article"),
        ("a" * 39 + " b.txt", "a" * 39),
        ("The U.S. economy in 3.5 years", "the-u-s-economy-in-3-5-years"),
        ("C:\\Users\\ada\\Elms.final.PDF", "elms-final"),
        ("https://example.org/2026/05/the-harbour-of-elms.html?from=rss#top", "the-harbour-of-elms"),
        ("https://www.Example.org/", "example-org"),
        ("https://example.org/elms/index.html", "elms"),
        ("https://example.org/%C3%9Cber%20Elms/", "uber-elms"),
    ],
)
def test_an_id_is_safe_as_a_folder_name(name: str, expected: str) -> None:
    assert article_id(name) == expected


def test_a_file_is_got_with_what_lies_beside_it(tmp_path: Path) -> None:
    path = save(tmp_path, b"One.", b'title = "Port"')
    asked = tmp_path / "The harbour.questions.jsonl"
    asked.write_bytes(b"{}")
    source = read_file(path)
    assert source == Source(Origin(SourceKind.FILE, str(path)), b"One.", b'title = "Port"', b"{}")
    assert reread(source.origin) == source


def test_the_article_that_ships_is_known_by_its_name_alone() -> None:
    source = read_file(SHIPPED_ARTICLE)
    assert source.origin == Origin(SourceKind.SHIPPED, "khan-gaza-palestine.txt")
    assert reread(source.origin) == source


def test_an_attachment_is_known_by_the_last_part_of_its_name() -> None:
    source = upload("../../etc/The\x00 \u2028harbour.md", b"# Elms\n\nOne.", questions=b"{}")
    assert source == Source(Origin(SourceKind.UPLOAD, "The harbour.md"), b"# Elms\n\nOne.", questions=b"{}")
    assert reread(source.origin) is None
    assert upload(" /", b"One.").origin.place == "attachment"


def test_an_origin_goes_through_json() -> None:
    origin = Origin(SourceKind.WEB, "https://example.org/", "text/html")
    adapter = TypeAdapter(Origin)
    assert adapter.validate_json(adapter.dump_json(origin)) == origin


def test_what_the_sidecar_says_goes_before_what_the_file_says() -> None:
    source = upload("elms.html", PAGE.encode())
    said = b'title = "Elms"\nauthor = "Grace"\nsite = "Here"\nlanguage = "de"\nsource = "https://a.example/"'
    article = read(replace(source, sidecar=said), "elms")
    assert (article.title, article.author, article.site) == ("Elms", "Grace", "Here")
    assert (article.language, article.source) == ("de", "https://a.example/")


def test_a_source_without_a_title_is_labelled_with_its_name() -> None:
    address = "https://example.org/news/the-port.txt?id=1"
    article = read(Source(Origin(SourceKind.WEB, address, "text/plain"), b"One."), "x")
    assert (article.title, article.title_is_label) == ("the-port", True)


def test_a_source_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path, limits = save(tmp_path, b"x" * 1_500_001), Limits(max_bytes=1_500_000)
    content = path.read_bytes()
    stored = Source(Origin(SourceKind.FILE, str(path)), content)
    for attempt, shown in (
        (lambda: read_file(path, limits), str(path)),
        (lambda: read(upload(str(path), content), "x", limits), path.name),
        (lambda: read(stored, "x", limits), str(path)),
    ):
        with pytest.raises(ArticleError) as caught:
            attempt()
        assert str(caught.value) == (
            f"{shown} is larger than 1.5 MB, the most that is read. Make it smaller and try again."
        )


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(ArticleError) as caught:
        read(upload("a.txt", b"One two."), "x", Limits(max_chars=7))
    assert str(caught.value) == (
        "a.txt has more text than the 7 characters that are indexed. Give the article alone."
    )


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pipe.txt"
    os.mkfifo(path)
    assert refusal(path) == f"{path} is not a file. Give the path of a file."


def test_extraction_is_bounded_in_time_and_memory() -> None:
    slow = upload("slow.md", b"[" * 2_000_000)
    with pytest.raises(ArticleError) as caught:
        read(slow, "x", Limits(max_extract_seconds=0.5))
    assert str(caught.value) == (
        "slow.md takes longer than 0.5 seconds to read. Make it smaller and try again."
    )
    with pytest.raises(ArticleError) as caught:
        read(upload("big.md", b"*a_ " * 1_000_000), "x", Limits(max_extract_bytes=90_000_000))
    assert str(caught.value) == (
        "big.md takes more than 90 MB of memory to read. Make it smaller and try again."
    )


@settings(max_examples=200)
@given(
    content=st.binary(max_size=300)
    | st.text(max_size=300).map(str.encode)
    | st.lists(st.sampled_from(MARKS), max_size=40).map(b"".join),
    name=st.text(max_size=12)
    | st.sampled_from(["a.txt", "a.md", "a.html", "a.pdf", "a.docx", "a.epub", "a", ".html", "a.toml"]),
    sidecar=st.none() | st.binary(max_size=30),
)
@example(b"PK\3\4", "a.docx", None)
@example(b"%PDF-1.7\nstartxref\n0\n%%EOF", "a.pdf", None)
@example("<p>\ud800</p>".encode("utf-8", "surrogatepass"), "a.html", None)
@example(b"One.", ".", b"no TOML")
def test_any_bytes_are_read_or_refused(content: bytes, name: str, sidecar: bytes | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.sources.sandbox.run", read_here)
        article = None
        with suppress(ArticleError):
            article = read(replace(upload(name, content), sidecar=sidecar), "x")
    if article is None:
        return
    text = article.text
    assert text.strip()
    text.encode()
    paragraphs = article.paragraphs
    starts = {paragraph.start: paragraph for paragraph in paragraphs}
    for heading in article.headings:
        assert starts[heading.start].end == heading.end
        assert 1 <= heading.level <= 6
    if article.headings:
        assert "\n\n".join(paragraph.of(text) for paragraph in paragraphs) == text
