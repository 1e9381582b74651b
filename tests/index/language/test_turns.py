"""Labels of transcripts and chats are speakers; other words before a colon are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.language.attribution import Speech
from index.language.sentences import split_sentences
from index.model.article import Article, Span


def spoken(text: str, language: str = "en") -> list[tuple[str | None, str, str]]:
    """Each sentence with its speaker and with what a reader sees before it."""
    article = Article(id="", title="", text=text, language=language)
    speech = Speech(article)
    spans = [
        Span(paragraph.start + one.start, paragraph.start + one.end)
        for paragraph in article.paragraphs
        for one in split_sentences(paragraph.of(text), language)
    ]
    return [(speech.speaker(span), speech.frame(span)[0], span.of(text)) for span in spans]


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_transcript(language: str) -> None:
    text = (
        "Meeting of the club\n\nMARGIT: The bill has doubled. I want meters.\nOSKAR: I am against meters.\n"
        "MARGIT: The tank was mended.\nPRIYA (quietly): Then we test ten. It may run until May."
    )
    assert spoken(text, language) == [
        (None, "", "Meeting of the club"),
        ("MARGIT", "", "MARGIT: The bill has doubled."),
        ("MARGIT", "MARGIT: ", "I want meters."),
        ("OSKAR", "", "OSKAR: I am against meters."),
        ("MARGIT", "", "MARGIT: The tank was mended."),
        ("PRIYA", "", "PRIYA (quietly): Then we test ten."),
        ("PRIYA", "PRIYA: ", "It may run until May."),
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("<Mara>", "<oskar>"),
        ("[10:04] mara:", "[10:05] oskar:"),
        ("[10:04] <@Mara>", "10:05 <oskar>"),
        ("[12.05.24, 10:04:33] Mara Lind:", "[12.05.24, 10:05:01] Oskar:"),
        ("12/05/2024, 10:04 - Mara:", "12/05/2024, 10:05 - Oskar:"),
        ("(0:04) Mara:", "00:10:05 Oskar:"),
        ("12/05/2024, 10:04 - Mara:", "12/05/2024, 10:05 - \u202aOskar 1\u202c:"),
    ],
)
def test_a_chat(first: str, second: str) -> None:
    found = spoken(f"{first} The pump is broken. It leaks.\n{second} Who pays?")
    assert [speaker and speaker.split()[0].lower() for speaker, _, _ in found] == ["mara", "mara", "oskar"]


def test_names_that_come_again_are_speakers() -> None:
    text = "Anna Jones: It rained. We stayed.\nTom: We did.\nAnna Jones: It stopped.\nTom: At last it did."
    assert [speaker for speaker, _, _ in spoken(text)] == ["Anna Jones"] * 2 + ["Tom", "Anna Jones", "Tom"]


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("Mara: It leaks.\nOskar: Who pays?\nMara: We do.", ["Mara", "Oskar", "Mara"]),
        ("**Mara:** It leaks.\n**Oskar**: Who pays?\n**Mara:** We do.", ["Mara", "Oskar", "Mara"]),
        ("mara: it leaks\noskar: who pays?\nmara: we do\noskar: why?", ["mara", "oskar", "mara", "oskar"]),
        ("[10:04] +47 555 01: It leaks.\n[10:05] Mara: Who pays?", ["+47 555 01", "Mara"]),
    ],
)
def test_where_all_have_a_label_it_is_a_conversation(text: str, speakers: list[str]) -> None:
    assert [speaker for speaker, _, _ in spoken(text)] == speakers


@pytest.mark.parametrize(
    "text",
    [
        "mara: it leaks\nwhat now?\noskar: who pays?\nmara: we do\noskar: why?",
        "Price: 40 crowns\nPlace: Elms\nPrice: 50 crowns\nPlace: Orla",
        "INGREDIENTS: Flour and eggs.\nMETHOD: Stir it.",
        "Q: When does it open?\nA: At nine.\nQ: When does it close?\nA: At five.",
        "Year: 1986 · Toll: 40\nYear: 1990 · Toll: 50",
        "Note: It rained.\nNote: It stopped.",
        "The town of Elms has two things: wool and rain.\nThe town of Orla has two things: rain and wool.",
        "Anna: It rained.\nIt rained on.\nTom: It stopped.",
    ],
)
def test_other_words_before_a_colon_are_none(text: str) -> None:
    assert {speaker for speaker, _, _ in spoken(text)} == {None}


def test_what_is_quoted_in_a_turn_is_of_the_one_who_is_quoted() -> None:
    text = "MARGIT: It leaks. “We will pay,” said Tom Hale.\nOSKAR: Good.\nMARGIT: It is."
    assert [speaker for speaker, _, _ in spoken(text)] == ["MARGIT", "Tom Hale", "OSKAR", "MARGIT"]


PIECES = ["MARGIT: ", "<a> ", "[10:04] ", "b: ", "Tom: ", "One two. ", "\n", "(x)", ":", "“", "”", " · "]


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_any_text_has_its_turns(text: str) -> None:
    assert all(words for _, _, words in spoken(text))
