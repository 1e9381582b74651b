"""Pages of a few lines, live blogs, captions; pages and mails in one file; captions and chats as files."""

from datetime import date

import pytest

from index.errors import ArticleError
from index.model.article import Article
from index.model.source import Origin, Source, SourceKind
from index.sources.files import read, upload

pytestmark = pytest.mark.usefixtures("_read_here")


def reading(name: str, text: str | bytes) -> Article:
    return read(upload(name, text if isinstance(text, bytes) else text.encode()), "x")


def paragraphs(article: Article) -> list[str]:
    return [paragraph.of(article.text) for paragraph in article.paragraphs]


LONG = (
    "The mill pond froze over on the second of January, and for the first time since the war the race of the "
    "town was held on the whole length of its dam, which is two miles long and one foot wide."
)


@pytest.mark.parametrize(
    "page",
    [
        "<nav><a href=/>Home</a> <a href=/s>Sport</a></nav><article>{}</article><aside><h3>Most read</h3>"
        "<a href=/1>Man finds ring</a></aside>",
        "<div id=top-nav><a href=/>Home</a> | <a href=/s>Sport</a></div>{}<div class='site footer'>S</div>",
        "<div role=navigation>Menu</div><main>{}<p><a href=/2>Read more about the bridge</a></p></main>",
    ],
)
def test_a_short_page_comes_without_its_menus(page: str) -> None:
    text = "<h1>Bridge closed</h1><p>The bridge is closed until Friday.</p><p>Buses go by Tarn.</p>"
    article = reading("a.html", f"<html lang=en><title>News</title><body>{page.format(text)}</body></html>")
    assert paragraphs(article) == ["Bridge closed", "The bridge is closed until Friday.", "Buses go by Tarn."]
    assert [heading.of(article.text) for heading in article.headings] == ["Bridge closed"]


def test_a_live_blog_has_its_times_and_its_newest_post() -> None:
    posts = "".join(
        f"<section><time datetime='2024-05-12T{hour}:10Z'>{hour}:10</time>{head}"
        f"<p>{words} {LONG}</p></section>"
        for hour, head, words in (
            (14, "<h2>It leaves</h2>", "The ferry left."),
            (13, "", "Two were hurt."),
            (12, "", "Smoke was seen."),
        )
    )
    article = reading("a.html", f"<html lang=en><article><h1>Fire: live</h1>{posts}</article></html>")
    assert paragraphs(article) == [
        "Fire: live",
        "14:10 (newest) – It leaves",
        f"The ferry left. {LONG}",
        f"13:10: Two were hurt. {LONG}",
        f"12:10: Smoke was seen. {LONG}",
    ]


def test_captions_quotations_and_tables_stay() -> None:
    page = (
        f"<html lang=en><nav><a href=/>Home</a></nav><article><h1>Race</h1><p>{LONG}</p>"
        "<figure><img src=a.png><figcaption>Elin Moe crosses the line.</figcaption></figure>"
        f"<p>He said <q>we are proud</q> and left. {LONG}</p>"
        "<table><caption>Results</caption><tr><th>Name<th>Time"
        "<tr><td>Elin Moe<td>14:02</table></article></html>"
    )
    assert paragraphs(reading("a.html", page)) == [
        "Race",
        LONG,
        "Elin Moe crosses the line.",
        f"He said “we are proud” and left. {LONG}",
        "Results",
        "Name: Elin Moe · Time: 14:02",
    ]


def test_a_heading_stands_over_its_post() -> None:
    posts = "".join(f"<div class=post><p>{words} {LONG}</p></div>" for words in ("One.", "Two.", "Three."))
    article = reading("a.html", f"<html lang=en><article><h1>Fire: live</h1>{posts}</article></html>")
    assert paragraphs(article) == ["Fire: live", f"One. {LONG}", f"Two. {LONG}", f"Three. {LONG}"]


def test_who_is_quoted_stays_and_what_only_screen_readers_say_goes() -> None:
    page = (
        f"<html lang=en><article><h1>Race</h1><p>{LONG}</p>"
        f"<blockquote><p>{LONG}</p><footer>— Elin Moe</footer></blockquote>"
        f"<p>{LONG} <a href=/x>More<span class=sr-only> (a new window)</span></a></p></article></html>"
    )
    assert paragraphs(reading("a.html", page)) == ["Race", LONG, LONG, "— Elin Moe", f"{LONG} More"]


SAVED = """From: <Saved by Blink>
Snapshot-Content-Location: https://news.example.org/seals
Subject: =?utf-8?Q?Seals_on_H=C3=A9st?=
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="--aa"

----aa
Content-Type: text/html
Content-Transfer-Encoding: quoted-printable

<html lang=3D"en"><article><p>The seals came to H=C3=A9st in the win=
ter of 1994.</p></article></html>
----aa
Content-Type: image/png
Content-Transfer-Encoding: base64

AAAA
----aa--
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_page_saved_in_one_file(end: str) -> None:
    article = reading("page.mhtml", SAVED.replace("\n", end))
    assert article.text == "The seals came to Hést in the winter of 1994."
    assert (article.title, article.author) == ("Seals on Hést", None)
    assert article.claimed_source == "https://news.example.org/seals"


def test_a_mail() -> None:
    mail = (
        "From: Ida Krogh <ida@example.org>\nSubject: The pier\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=iso-8859-1\n\nThe pier is rotten \x96 we close it.\n"
    )
    article = reading("a.eml", mail.encode("latin-1"))
    assert article.text == "The pier is rotten – we close it.\n"
    assert (article.title, article.author, article.published) == ("The pier", "Ida Krogh", None)


def test_a_mail_of_an_old_program_has_its_day() -> None:
    mail = "From: ida@example.org\nSubject: The pier\nDate: Tue, 5 Mar 2024 23:10:00 +0100\n\nWe close it.\n"
    article = reading("a.eml", mail)
    assert article.text == "We close it.\n"
    assert (article.author, article.published) == ("ida@example.org", date(2024, 3, 5))
    assert reading("a.txt", mail).text.startswith("From: ida@example.org")


def test_a_saved_page_without_a_page_is_refused_by_its_name() -> None:
    mail = SAVED.replace("Content-Type: text/html", "Content-Type: image/gif")
    with pytest.raises(ArticleError, match=r"a\.mhtml is not a text: its format is MHTML\."):
        reading("a.mhtml", mail)


def test_captions_and_chats_are_texts() -> None:
    captions = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Mara>It\u200b broke.\n"
    assert reading("a.vtt", captions).text == "Mara: It broke."
    origin = Origin(SourceKind.WEB, "https://example.org/talk", "text/vtt")
    assert read(Source(origin, captions.encode()), "x").text == "Mara: It broke."
    assert reading("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nIt broke.\n").text == "It broke."


def test_one_bad_byte_spoils_no_text() -> None:
    words = "Zoë said that the café of Elms – “the old one” – is open."
    assert reading("a.txt", words.encode() + b" It\x92s near.").text == f"{words} It’s near."
    assert reading("a.txt", "Größe: 4 €".encode("cp1252")).text == "Größe: 4 €"


@pytest.mark.parametrize("charset", ["iso-8859-1", "latin1", "us-ascii", "windows-1252"])
def test_an_encoding_is_what_browsers_take_it_for(charset: str) -> None:
    page = (
        f"<meta charset={charset}><p>It\x92s \x93the old one\x94 \x96 4 \x80, na\xefve caf\xe9.</p>".encode(
            "latin-1"
        )
    )
    assert reading("a.html", b"<html lang=en>" + page).text == "It’s “the old one” – 4 €, naïve café."


@pytest.mark.parametrize(
    ("text", "language", "is_guess"),
    [
        (
            "Die Brücke über den Fluss wurde im März eröffnet, und der Bürgermeister war stolz darauf.",
            "de",
            True,
        ),
        (
            "Le café de la rue Drouot appartient à Zoë Lefèvre, la fille d'un boulanger de la ville.",
            "fr",
            True,
        ),
        ("افتتحت مكتبة الميناء في عام 1962. كان أول مدير لها سامي حداد.", "ar", True),
        (
            "The ferry was built in the winter of 1903 by two brothers, who never built another one.",
            "en",
            True,
        ),
        ("1903", "en", False),
    ],
)
def test_the_language_is_told_by_the_words_where_nobody_says_it(
    text: str, language: str, is_guess: bool
) -> None:
    article = reading("a.txt", text)
    assert (article.language, article.language_is_guess) == (language, is_guess)


def test_a_language_that_is_said_is_no_guess() -> None:
    article = reading(
        "a.md", "---\nlang: de\n---\nThe ferry was built in the winter of 1903 by two brothers."
    )
    assert (article.language, article.language_is_guess) == ("de", False)
