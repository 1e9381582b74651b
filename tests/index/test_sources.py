"""Bytes to articles: what is taken as it is, and what is said of what cannot be."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from index.errors import ArticleError
from index.models import Article
from index.sources import SHIPPED_ARTICLE, article_id, load_article


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


def test_text_that_is_not_utf8_is_refused_with_the_place(tmp_path: Path) -> None:
    path = save(tmp_path, "ein Caf\u00e9".encode("latin-1"))
    assert refusal(path) == f"{path} is not UTF-8 text (byte 7 is not valid). Save it as UTF-8 and try again."


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
            b'author = "Ada"',
            "says something of the article that cannot be used: author: Extra inputs are not permitted.",
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
        ("../..ÉTÉ 2026!.txt", "t-2026"),
        ("日本.txt", "article"),
        ("a" * 39 + " b.txt", "a" * 39),
    ],
)
def test_an_id_is_safe_as_a_folder_name(name: str, expected: str) -> None:
    assert article_id(Path(name)) == expected
