"""Passages: nothing of the text is lost, no sentence is cut that fits, every offset is true."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.language.sentences import split_sentences
from index.model.article import Article, Heading, Span
from index.model.passages import Passages
from index.search.embedding import SentenceTransformerEmbedder
from index.search.passages import Tokenize, TokenSpans, chunk, cuts
from tests.index.fakes import char_spans, word_spans
from tests.index.language.texts import TEXTS, WHITE

WINDOWS = st.integers(min_value=1, max_value=40)

SHIPPED_SENTENCES = {
    1: [
        "In a statement posted on X, Khan described the humanitarian situation in Gaza as “absolutely "
        "harrowing,” "
        "urging stronger intervention by the international community.",
        "“Starving children searching hopelessly for food in the rubble.",
        'Family members shot dead by Israeli soldiers as they search for aid," he wrote.',
        "“The international community – including our own government – must do far more to pressure the "
        "Israeli "
        "government to stop this horrific, senseless killing and let vital, life-saving aid in.",
        "Nothing justifies the actions of the Israeli government.”",
    ],
    2: [
        "He continued: “The UK must immediately recognise Palestinian statehood.",
        "There can be no two-state solution if there is no viable state to call Palestine.”",
    ],
    3: [
        "The UK government has said it would recognize Palestine as part of a broader peace process, ideally "
        "alongside other Western allies and “at the point of maximum impact,” though a timeline has not been "
        "set "
        "for when that would come."
    ],
    4: [
        "Inside the Labour Party, pressure has been building.",
        "Nearly 60 Labour MPs recently signed a letter demanding immediate recognition of Palestine, "
        "according to "
        "The Guardian, following controversial remarks by Israel’s defence minister about relocating Gaza’s "
        "population to the ruins of Rafah.",
    ],
    5: [
        "A number of senior UK ministers have also reportedly pushed Prime Minister Starmer in cabinet "
        "meetings to "
        "make recognition a diplomatic tool to hold Israel accountable.",
        "According to reports, growing restlessness is growing through parts of the cabinet in recent weeks, "
        "especially as images and reports of mass hunger and civilian casualties in Gaza continue.",
    ],
    6: [
        "Speaking in Parliament on Tuesday, Health Secretary Wes Streeting voiced concern that recognition "
        "should "
        "happen “while there’s still a state of Palestine left to recognise,” and said Israeli military "
        "operations "
        "“go well beyond legitimate self-defence.”"
    ],
    7: [
        "Khan's latest remarks are not the first time he has diverged from party leadership.",
        "In June, he broke ranks to oppose proposed changes to disability benefits, aligning himself with "
        "Labour "
        "members who eventually defeated the plan.",
    ],
    8: [
        "Khan, who has served three terms as mayor, is not expected to run for a fourth term, which has "
        "given him "
        "more room to speak freely on national issues."
    ],
}


def article(text: str, language: str = "en") -> Article:
    return Article(id="a", title="t", text=text, language=language)


def headed(*lines: str) -> Article:
    """An article of lines; one that begins with marks (#) is a heading of that level."""
    texts = [line.lstrip("#") for line in lines]
    starts = [sum(len(text) + 2 for text in texts[:n]) for n in range(len(texts))]
    headings = tuple(
        Heading(start, start + len(text), len(line) - len(text))
        for line, text, start in zip(lines, texts, starts, strict=True)
        if line.startswith("#")
    )
    return Article(id="a", title="t", text="\n\n".join(texts), headings=headings)


def outline(found: Article, window: int, tokenize: Tokenize = word_spans) -> list[tuple[str, list[str], str]]:
    """The text, sentences and path of each passage."""
    return [
        (
            passage.of(found.text).strip(),
            [s.of(found.text) for s in passage.sentences],
            "/".join(passage.path),
        )
        for passage in chunk(found, tokenize, window)
    ]


def pieces(text: str, window: int, tokenize: Tokenize = word_spans) -> list[list[str]]:
    """The sentences of each passage."""
    return [[s.of(text) for s in passage.sentences] for passage in chunk(article(text), tokenize, window)]


def check(text: str, passages: Passages) -> None:
    found = article(text)
    assert bool(passages) == bool(found.paragraphs)
    assert "".join(passage.of(text) for passage in passages) == (text if passages else "")
    assert [passage.number for passage in passages] == list(range(len(passages)))
    assert len({passage.id for passage in passages}) == len(passages)
    end = 0
    for passage in passages:
        assert passage.sentences
        paragraph = found.paragraphs[passage.paragraph - 1]
        for sentence in passage.sentences:
            assert (sentence.paragraph, sentence.passage) == (passage.paragraph, passage.number)
            assert max(passage.start, paragraph.start) <= sentence.start < sentence.end
            assert sentence.end <= min(passage.end, paragraph.end)
            assert sentence.of(text) == sentence.of(text).strip()
            assert not text[end : sentence.start].strip(WHITE)
            end = sentence.end
    assert not text[end:].strip(WHITE)


def test_the_article_that_ships_sentence_by_sentence(
    shipped: Article, real_embedder: SentenceTransformerEmbedder
) -> None:
    passages = chunk(shipped, real_embedder.token_spans, real_embedder.window)
    found = {p.paragraph: [s.of(shipped.text) for s in p.sentences] for p in passages}
    assert found == SHIPPED_SENTENCES
    assert [passage.id for passage in passages] == [f"p{number}" for number in range(1, 9)]
    check(shipped.text, passages)


def test_a_paragraph_that_fits_is_one_passage_with_the_space_around_it() -> None:
    text = "\n One two. Three four.\n\n Five six.\n"
    passages = chunk(article(text), word_spans, 6)
    assert [passage.of(text) for passage in passages] == ["\n One two. Three four.\n\n ", "Five six.\n"]
    assert [(p.id, p.paragraph) for p in passages] == [("p1", 1), ("p2", 2)]


def test_a_paragraph_that_does_not_fit_is_cut_evenly_between_sentences() -> None:
    text = "Red cat ran. Big dog sat. Old cow ate. Shy fox hid. Sly rat won.\nWet pig dug."
    passages = chunk(article(text), word_spans, 16)
    assert [passage.of(text) for passage in passages] == [
        "Red cat ran. Big dog sat. Old cow ate. ",
        "Shy fox hid. Sly rat won.\n",
        "Wet pig dug.",
    ]
    assert [(p.id, p.number, p.paragraph) for p in passages] == [("p1.1", 0, 1), ("p1.2", 1, 1), ("p2", 2, 2)]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (
            7,
            [
                ["One two, three four five;"],
                ["six seven – eight nine"],
                ["(ten eleven)"],
                ["twelve thirteen fourteen."],
            ],
        ),
        (
            9,
            [
                ["One two, three four five;"],
                ["six seven – eight nine (ten eleven)"],
                ["twelve thirteen fourteen."],
            ],
        ),
        (99, [["One two, three four five; six seven – eight nine (ten eleven) twelve thirteen fourteen."]]),
    ],
)
def test_a_sentence_longer_than_the_window_is_cut_at_its_clauses(
    window: int, expected: list[list[str]]
) -> None:
    text = "One two, three four five; six seven – eight nine (ten eleven) twelve thirteen fourteen."
    assert pieces(text, window) == expected


def test_the_pieces_of_a_long_sentence_are_sentences_among_others() -> None:
    text = "One two. Red, two three four, five six."
    assert pieces(text, 5) == [["One two.", "Red,"], ["two three four,"], ["five six."]]


def test_a_sentence_without_a_clause_is_cut_between_words_and_a_word_anywhere() -> None:
    text = "Nearly sixty members signed the letter that the paper printed on Monday morning."
    assert pieces(text, 4) == [
        ["Nearly sixty members signed"],
        ["the letter that the"],
        ["paper printed on Monday"],
        ["morning."],
    ]
    assert pieces("abcdefghij", 4, char_spans) == [["abcd"], ["efgh"], ["ij"]]
    long = "x" * 10_000
    assert pieces(long, 254, char_spans) == [[long[n : n + 254]] for n in range(0, 10_000, 254)]


@given(TEXTS, WINDOWS, st.sampled_from([word_spans, char_spans]))
@example("x" * 10_000, 7, char_spans)
@example("\x00", 1, char_spans)
def test_passages_rebuild_any_text(text: str, window: int, tokenize: Tokenize) -> None:
    passages = chunk(article(text), tokenize, window)
    check(text, passages)
    counted = tokenize([passage.of(text) for passage in passages])
    assert all(len(tokens) <= window for tokens in counted)


@settings(max_examples=200)
@given(text=TEXTS.filter(str.strip), window=st.integers(min_value=3, max_value=40) | st.just(254))
@example(text="日本語" * 400, window=254)
@example(text="x" * 10_000, window=254)
@example(text="a1b2.c3d4," * 300, window=254)
@example(text="word " * 600, window=254)
@pytest.mark.slow
def test_no_passage_exceeds_the_window_as_the_model_counts(
    real_embedder: SentenceTransformerEmbedder, text: str, window: int
) -> None:
    passages = chunk(article(text), real_embedder.token_spans, window)
    check(text, passages)
    counted = real_embedder.token_spans([passage.of(text) for passage in passages])
    assert all(len(tokens) <= window for tokens in counted)


def test_a_heading_stands_before_its_paragraph_and_is_no_sentence() -> None:
    found = headed(
        "#Elms", "It grew.", "##Later", "###In June", "It shrank. It sank.", "Gone.", "##End", "So."
    )
    assert outline(found, 12) == [
        ("Elms\n\nIt grew.", ["It grew."], "Elms"),
        ("Later\n\nIn June\n\nIt shrank. It sank.", ["It shrank.", "It sank."], "Elms/Later/In June"),
        ("Gone.", ["Gone."], "Elms/Later/In June"),
        ("End\n\nSo.", ["So."], "Elms/End"),
    ]
    passages = chunk(found, word_spans, 12)
    assert [(p.id, p.paragraph) for p in passages] == [("p2", 2), ("p5", 5), ("p6", 6), ("p8", 8)]
    assert "".join(passage.of(found.text) for passage in passages) == found.text


def test_a_headings_tokens_count_in_the_window() -> None:
    found = headed("#One two", "Red cat ran. Big dog sat. Old cow ate.")
    assert outline(found, 14) == [
        ("One two\n\nRed cat ran. Big dog sat. Old cow ate.",
         ["Red cat ran.", "Big dog sat.", "Old cow ate."], "One two"),
    ]  # fmt: skip
    assert outline(found, 13) == [
        ("One two\n\nRed cat ran.", ["Red cat ran."], "One two"),
        ("Big dog sat. Old cow ate.", ["Big dog sat.", "Old cow ate."], "One two"),
    ]


@pytest.mark.parametrize(
    ("lines", "window", "expected"),
    [
        (("#One two three", "Red cat."), 4, [("One two three", ""), ("Red cat.", "One two three")]),
        (("#One", "##Two", "Red cat."), 3, [("One", ""), ("Two", "One"), ("Red cat.", "One/Two")]),
        (("#One", "##Two", "Red cat."), 4, [("One", ""), ("Two\n\nRed cat.", "One/Two")]),
        (("Red cat.", "#One", "##Two"), 9, [("Red cat.", ""), ("One", ""), ("Two", "One")]),
        (("#One",), 9, [("One", "")]),
    ],
)
def test_a_heading_that_is_too_long_or_heads_nothing_is_a_paragraph(
    lines: tuple[str, ...], window: int, expected: list[tuple[str, str]]
) -> None:
    found = outline(headed(*lines), window)
    assert [(text, path) for text, _, path in found] == expected
    assert all(sentences for _, sentences, _ in found)


@given(TEXTS, WINDOWS, st.sampled_from([word_spans, char_spans]), st.lists(st.integers(0, 3), max_size=30))
def test_passages_of_an_article_with_headings_rebuild_it(
    text: str, window: int, tokenize: Tokenize, levels: list[int]
) -> None:
    headings = tuple(
        Heading(paragraph.start, paragraph.end, level)
        for paragraph, level in zip(article(text).paragraphs, levels, strict=False)
        if level
    )
    found = Article(id="a", title="t", text=text, headings=headings)
    passages = chunk(found, tokenize, window)
    assert "".join(passage.of(text) for passage in passages) == (text if passages else "")
    assert all(len(tokens) <= window for tokens in tokenize([passage.of(text) for passage in passages]))
    spans = {(heading.start, heading.end) for heading in headings}
    said = [sentence for passage in passages for sentence in passage.sentences]
    for paragraph in found.paragraphs:
        inside = [s for s in said if paragraph.start <= s.start < paragraph.end]
        assert inside or (paragraph.start, paragraph.end) in spans
    assert chunk(found, lambda _: [], window, cuts(found, passages)) == passages


def test_what_is_known_is_cut_as_it_was_and_only_the_rest_is_looked_at() -> None:
    before = headed("#Elms", "It grew. It shrank.", "Gone.")
    known = cuts(before, chunk(before, word_spans, 5))
    looked: list[str] = []

    def noted(texts: Sequence[str]) -> list[TokenSpans]:
        looked.extend(texts)
        return word_spans(texts)

    after = headed("New.", "#Elms", "It grew. It shrank.", "Gone.")
    assert chunk(after, noted, 5, known) == chunk(after, word_spans, 5)
    assert looked == ["New."]


@given(TEXTS, WINDOWS)
def test_sentences_that_were_cut_when_it_was_read_are_taken_as_they_are(text: str, window: int) -> None:
    fresh = article(text)
    spans = tuple(
        Span(paragraph.start + span.start, paragraph.start + span.end)
        for paragraph in fresh.paragraphs
        for span in split_sentences(paragraph.of(text))
    )
    assert chunk(replace(fresh, sentences=spans), word_spans, window) == chunk(fresh, word_spans, window)


def test_nothing_is_cut_into_sentences_that_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.search.passages.split_sentences", None)
    text = "One. Two.\nThree."
    (first, second) = chunk(replace(article(text), sentences=(Span(0, 9), Span(10, 16))), word_spans, 40)
    assert [span.of(text) for span in (*first.sentences, *second.sentences)] == ["One. Two.", "Three."]
