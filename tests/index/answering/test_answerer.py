"""Answers of the real model on the article that ships, and on texts made for one rule each."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.answering.answerer import Answerer
from index.answering.confidence import Thresholds
from index.errors import QuestionError
from index.language.quotations import quotations
from index.model.answer import MAX_QUESTION_CHARS, Answer, Citation, Status, Turn
from index.model.article import Article, Span
from index.search.build import build
from tests.index.fakes import THRESHOLDS, FakeEmbedder

KHAN = "Khan, in a statement posted on X"
LABOUR_MPS = (
    "Nearly 60 Labour MPs recently signed a letter demanding immediate recognition of Palestine, according "
    "to The "
    "Guardian, following controversial remarks by Israel’s defence minister about relocating Gaza’s "
    "population to "
    "the ruins of Rafah."
)
HARBOUR = Article(
    id="harbour",
    title="The harbour",
    text=(
        "The harbour of Elms was built in 1901. Forty ships anchor there every summer.\n"
        "“We never turn a ship away,” said Ada Berg, the harbour master. She has held the post for ten "
        "years.\n"
        "The lighthouse is closed. This annoys visitors.\n"
    ),
)
LONG = (
    "The council met in the old hall; the harbour master read out the names of all the ships that had "
    "anchored in the "
    "bay since the spring; the mayor complained about the noise of the ferries on Sunday mornings and asked "
    "for a new "
    "timetable; the fishermen wanted the ice house back which had been sold to a hotel in the year of the "
    "flood; the "
    "teacher of the village school proposed a library in the lighthouse with a reading room for the "
    "children; nobody "
    "spoke of the money that the bridge had cost; the priest fell asleep beside the stove; the doctor "
    "counted the votes "
    "twice because the first count had one vote too many; and at midnight they all went home in the rain."
)


def check_citation(citation: Citation, text: str) -> None:
    """What holds of every citation."""
    assert citation.quote == text[citation.start : citation.end] == citation.quote.strip() != ""
    assert len(citation.deciding) <= 3
    ends = [citation.start, *(place for run in citation.deciding for place in (run.start, run.end))]
    assert ends == sorted(ends)
    assert ends[-1] <= citation.end
    for run in citation.deciding:
        assert re.fullmatch(r"\w.*\w|\w", run.of(text), re.DOTALL)
        around = text[citation.start : run.start][-1:], text[run.end : citation.end][:1]
        assert not any(char.isalnum() for char in around)


def check(answer: Answer, text: str) -> None:
    """What holds of every answer."""
    for citation in answer.citations + answer.closest:
        check_citation(citation, text)
    if answer.status is Status.NOT_IN_ARTICLE:
        assert (answer.citations, len(answer.closest)) == ((), 1)
    else:
        assert answer.closest == ()
        assert 1 <= len(answer.citations) <= 2
    assert [one.number for one in answer.in_article_order] == list(range(1, len(answer.citations) + 1))
    ends = [(citation.start, citation.end) for citation in answer.in_article_order]
    assert all(end <= start for (_, end), (start, _) in pairwise(ends))


def answer_of(article: Article, question: str, thresholds: Thresholds = THRESHOLDS) -> Answer:
    embedder = FakeEmbedder(window=250)
    answer = Answerer(build(article, embedder), embedder, thresholds=thresholds).answer(question)
    check(answer, article.text)
    return answer


def test_what_the_article_says_twice_is_cited_once() -> None:
    text = "Tickets cost 12 crowns.\n\nThe hall has 300 seats. Tickets  cost 12 crowns.\n\nThe play is new.\n"
    answer = answer_of(Article("play", "The play", text), "What do tickets cost?")
    assert [(one.quote, one.start) for one in answer.citations] == [("Tickets cost 12 crowns.", 0)]


def test_the_answer_and_its_footnote(answerer: Answerer, shipped: Article) -> None:
    answer = answerer.answer("How many Labour MPs signed the letter?")
    check(answer, shipped.text)
    assert answer.status is Status.ANSWERED
    assert [citation.text for citation in answer.citations] == [LABOUR_MPS]
    assert (answer.article_id, answer.article_title, answer.snapshot, answer.read_as) == (
        "khan-gaza-palestine",
        "Khan on Gaza and the recognition of Palestine",
        "000001-97da9c48",
        (),
    )
    (citation,) = answer.citations
    start = shipped.text.index(LABOUR_MPS)
    assert (citation.number, citation.quote, citation.start, citation.end) == (
        1, LABOUR_MPS, start, start + len(LABOUR_MPS),
    )  # fmt: skip
    assert (citation.paragraph, citation.passage_id, citation.speaker) == (4, "p4", None)
    assert (citation.before, citation.after) == ("", "")


def test_timings_add_up(answerer: Answerer) -> None:
    timings = answerer.answer("How many Labour MPs signed the letter?").timings_ms
    assert list(timings) == ["rank", "read", "compose", "total"]
    assert 0 < timings["rank"] < timings["total"]
    assert timings["rank"] + timings["read"] + timings["compose"] == pytest.approx(timings["total"], abs=0.02)


def test_every_question_that_is_offered_is_answered(answerer: Answerer, shipped: Article) -> None:
    answers = [answerer.answer(question) for question in shipped.questions]
    for answer in answers:
        check(answer, shipped.text)
    assert [answer.status for answer in answers] == [Status.ANSWERED] * 6
    assert [answer.citations[0].paragraph for answer in answers] == [4, 1, 3, 6, 7, 8]


@pytest.mark.parametrize(
    ("question", "quote", "speaker", "shown"),
    [
        (
            "What did Khan say about a two-state solution?",
            "There can be no two-state solution if there is no viable state to call Palestine.”",
            KHAN,
            f"{KHAN}: “There can be no two-state solution if there is no viable state to call Palestine.”",
        ),
        (
            "What was said about a viable state to call Palestine?",
            "There can be no two-state solution if there is no viable state to call Palestine.”",
            KHAN,
            f"{KHAN}: “There can be no two-state solution if there is no viable state to call Palestine.”",
        ),
        (
            "Are Israeli military operations legitimate self-defence?",
            "Speaking in Parliament on Tuesday, Health Secretary Wes Streeting voiced concern that "
            "recognition should "
            "happen “while there’s still a state of Palestine left to recognise,” and said Israeli military "
            "operations “go well beyond legitimate self-defence.”",
            "Health Secretary Wes Streeting, speaking in Parliament on Tuesday",
            "Speaking in Parliament on Tuesday, Health Secretary Wes Streeting voiced concern that "
            "recognition should "
            "happen “while there’s still a state of Palestine left to recognise,” and said Israeli military "
            "operations “go well beyond legitimate self-defence.”",
        ),
    ],
)
def test_quoted_speech_is_given_as_the_speakers(
    answerer: Answerer, question: str, quote: str, speaker: str, shown: str
) -> None:
    first = answerer.answer(question).citations[0]
    assert (first.quote, first.speaker, first.text) == (quote, speaker, shown)


@pytest.mark.parametrize(
    ("question", "read_as", "paragraph", "status"),
    [
        ("what did streting say in parliament", (("streting", "Streeting"),), 6, Status.UNCERTAIN),
        ("What about the ruins of rafa?", (("rafa", "Rafah"),), 4, Status.UNCERTAIN),
        ("What did the Labuor MPs sign?", (("Labuor", "Labour"),), 4, Status.ANSWERED),
        ("what about the ruins of rafah", (), 4, Status.ANSWERED),
        ("WHAT DID STREETING SAY IN PARLIAMENT", (), 6, Status.ANSWERED),
    ],
)
def test_slips_in_the_articles_own_words_are_read_right(
    answerer: Answerer, question: str, read_as: tuple[tuple[str, str], ...], paragraph: int, status: Status
) -> None:
    answer = answerer.answer(question)
    assert (answer.question, answer.read_as) == (question, read_as)
    assert answer.status is status
    assert answer.citations[0].paragraph == paragraph


@pytest.mark.parametrize(
    "question",
    [
        "asdf jkl qwerty?",
        "How long do I boil an egg so that the yolk stays soft?",
        "Wie wird das Wetter morgen in München?",
        "日本で一番長い川は何ですか",
        "Сколько стоит билет в Большой театр?",
        "ما هو أطول نهر؟",
        "🙂🙂🙂",
        "👩‍👩‍👧 ?!",
        "\u200b",
        "?",
        "x" * MAX_QUESTION_CHARS,
    ],
    ids=ascii,
)
def test_what_the_article_does_not_say_is_said_to_be_so(
    answerer: Answerer, shipped: Article, question: str
) -> None:
    answer = answerer.answer(question)
    check(answer, shipped.text)
    assert answer.status is Status.NOT_IN_ARTICLE


@pytest.mark.parametrize(
    "question", ["What did Boris Johnson say about Gaza?", "How many MPs signed the letter in 1999?"]
)
def test_a_name_or_year_that_the_article_lacks_is_not_answered(answerer: Answerer, question: str) -> None:
    assert answerer.answer(question).status is not Status.ANSWERED


@pytest.mark.parametrize("question", ["", "  \n\t "])
def test_an_empty_question_is_refused(answerer: Answerer, question: str) -> None:
    with pytest.raises(QuestionError, match=r"^There is no question\. Ask something about the article\.$"):
        answerer.answer(question)


def test_a_question_that_is_too_long_is_refused(answerer: Answerer) -> None:
    with pytest.raises(QuestionError) as caught:
        answerer.answer("x" * (MAX_QUESTION_CHARS + 1))
    assert str(caught.value) == "The question has 4,001 characters; at most 4,000 can be read. Shorten it."


def test_a_question_of_the_greatest_length_is_read(answerer: Answerer, shipped: Article) -> None:
    question = "How many Labour MPs signed the letter? ".ljust(MAX_QUESTION_CHARS, "!") + " "
    answer = answerer.answer(question)
    check(answer, shipped.text)
    assert answer.question == question


@pytest.mark.parametrize("number", range(1, 9))
def test_a_pasted_paragraph_finds_itself(answerer: Answerer, shipped: Article, number: int) -> None:
    answer = answerer.answer(shipped.paragraphs[number - 1].of(shipped.text))
    check(answer, shipped.text)
    assert answer.status is not Status.NOT_IN_ARTICLE
    assert answer.citations[0].paragraph == number


QUESTION_PIECES = (
    "Khan", "who", "When ", "How many ", "MPs", " Gaza ", "rafa", "streting", "“", "\n", "🙂", "1999",
    "\u202e", "\x00", "\ud800", "?", "日本",
)  # fmt: skip
QUESTIONS = st.text(max_size=200) | st.lists(st.sampled_from(QUESTION_PIECES), max_size=20).map("".join)


@pytest.mark.slow
@settings(max_examples=60)
@given(text=QUESTIONS.filter(str.strip))
@example(text="\ud800")
@example(text="\x00" * 50)
def test_any_question_has_an_answer(answerer: Answerer, shipped: Article, text: str) -> None:
    answer = answerer.answer(text)
    assert answer.question == text
    check(answer, shipped.text)


ARTICLE_PIECES = st.sampled_from([
    "ships", "Ada", "said", "“", "”", "He", "This", "she", ". ", "? ", ", ", "; ", "\n", "\r\n", "\u2028",
    " ", "\u200b", "🙂", "was", "in 1901", "x" * 700, "ship " * 300, "日本。",
    "مرحبا. ", "(", ") ", " – ",
])  # fmt: skip


@settings(max_examples=100)
@given(
    text=st.lists(ARTICLE_PIECES | st.text(max_size=5), max_size=30).map("".join).filter(str.strip),
    question=st.lists(ARTICLE_PIECES, max_size=5)
    .map(" ".join)
    .filter(lambda q: 0 < len(q.strip()) <= MAX_QUESTION_CHARS),
    limit=st.sampled_from([-2.0, 0.3, 2.0]),
)
def test_any_article_is_cited_to_the_byte(text: str, question: str, limit: float) -> None:
    answer_of(Article(id="a", title="t", text=text), question, Thresholds(limit, limit))


@settings(max_examples=60)
@given(
    text=st.lists(ARTICLE_PIECES | st.text(max_size=5), max_size=40).map("".join).filter(str.strip),
    words=st.lists(ARTICLE_PIECES | st.text(max_size=5), max_size=5).map(" ".join),
)
@example(text="A.", words="A.")
@example(text="?", words="\ud800")
def test_any_article_is_summed_up_and_searched_to_the_byte(text: str, words: str) -> None:
    embedder = FakeEmbedder(window=250)
    answerer = Answerer(
        build(Article(id="a", title="t", text=text), embedder), embedder, thresholds=THRESHOLDS
    )
    nearest = answerer.nearest(words)
    summary, quotes = answerer.summary(), answerer.quotes()
    for citations in (summary, quotes, [nearest] if nearest else []):
        assert [citation.number for citation in citations] == list(range(1, len(citations) + 1))
        assert all(one.end <= other.start for one, other in pairwise(citations))
        for citation in citations:
            check_citation(citation, text)
    assert 1 <= len(summary) <= 5
    assert [citation.start for citation in quotes] == [
        span.start for span in quotations(Article("a", "t", text))
    ]
    for name in answerer.speakers():
        assert answerer.quotes(name)


def test_the_words_that_decide_are_those_that_match_the_question(
    answerer: Answerer, shipped: Article
) -> None:
    def deciding(question: str) -> list[str]:
        return [span.of(shipped.text) for span in answerer.answer(question).citations[0].deciding]

    assert deciding("How many Labour MPs signed the letter?") == ["Labour MPs", "signed", "letter"]
    assert deciding("Who is Wes Streeting?") == ["Wes Streeting"]
    assert deciding("What did Streeting say about Israeli military operations?") == [
        "Streeting",
        "military operations",
    ]
    assert answerer.answer("asdf jkl qwerty?").closest[0].deciding == ()


def test_the_article_is_summed_up_in_its_own_sentences(answerer: Answerer, shipped: Article) -> None:
    summary = answerer.summary()
    assert [citation.number for citation in summary] == [1, 2, 3, 4]
    assert [citation.paragraph for citation in summary] == sorted({c.paragraph for c in summary})
    assert summary[0].start == 0
    assert all(citation.quote in shipped.text and citation.deciding == () for citation in summary)
    assert summary == answerer.summary()


SAID = Article(
    id="said",
    title="The harbour",
    text=(
        "“We never turn a ship away. Not one,” said Ada Berg, the harbour master. "
        "A “Closed” sign hangs there.\n"
        "“It is late,” Berg added. Mr Ola Dahl called the pier “a wreck”.\n"
        "Nobody answered."
    ),
)


def said(speaker: str | None = None) -> list[tuple[int, str, str | None]]:
    embedder = FakeEmbedder()
    answerer = Answerer(build(SAID, embedder), embedder, thresholds=THRESHOLDS)
    return [(c.number, c.text, c.speaker) for c in answerer.quotes(speaker)]


def test_every_quotation_is_given_with_its_speaker() -> None:
    assert said() == [
        (1, "“We never turn a ship away. Not one,”", "Ada Berg"),
        (2, "“Closed”", None),
        (3, "“It is late,”", "Berg"),
        (4, "“a wreck”", "Mr Ola Dahl"),
    ]


@pytest.mark.parametrize("name", ["Ada Berg", "ADA BERG", "berg", "ada"])
def test_quotations_are_found_by_their_speaker_in_any_case(name: str) -> None:
    assert said(name) == [
        (1, "“We never turn a ship away. Not one,”", "Ada Berg"),
        (2, "“It is late,”", "Berg"),
    ]


def test_a_speaker_whose_name_is_part_of_anothers_is_told_apart() -> None:
    text = "“Ships are dear,” said the council. “Ships are cheap,” said the town council."
    embedder = FakeEmbedder()
    answerer = Answerer(build(Article("a", "t", text), embedder), embedder, thresholds=THRESHOLDS)
    dear, cheap = "“Ships are dear,”", "“Ships are cheap,”"
    for name, quotes in {"The council": [dear], "town council": [cheap], "council": [dear, cheap]}.items():
        assert [citation.quote for citation in answerer.quotes(name)] == quotes


@pytest.mark.parametrize("name", ["", "be", "Ada Dahl", "Closed", "?"])
def test_who_says_nothing_has_no_quotations(name: str) -> None:
    assert said(name) == []


def test_speakers_have_one_name_each_and_are_ordered_by_how_much_they_say(answerer: Answerer) -> None:
    embedder = FakeEmbedder()
    assert Answerer(build(SAID, embedder), embedder, thresholds=THRESHOLDS).speakers() == (
        "Ada Berg",
        "Mr Ola Dahl",
    )
    assert answerer.speakers() == ("Khan", "Health Secretary Wes Streeting", "The UK government")
    assert len(answerer.quotes("khan")) == 4


def test_words_of_an_older_version_are_not_found_within_others() -> None:
    embedder = FakeEmbedder()
    article = Article("a", "t", "In May she resigned. Then, in June, he resigned. Nobody knew.")
    found = Answerer(build(article, embedder), embedder, thresholds=THRESHOLDS).nearest("he resigned.")
    assert found
    assert (found.start, found.quote) == (article.text.index(" he ") + 1, "he resigned.")


@pytest.mark.parametrize("question", ["why?", "what else?", "and in 1901?", "he?"])
@pytest.mark.parametrize(
    "turn", [Turn("Who said it?", (Span(10_000, 10_010),)), Turn("", (Span(0, 10**9),)), Turn("", ())]
)
def test_a_conversation_about_a_longer_version_is_gone_on_with(question: str, turn: Turn) -> None:
    embedder = FakeEmbedder()
    answer = Answerer(build(SAID, embedder), embedder, thresholds=THRESHOLDS).answer(question, [turn] * 4)
    for citation in answer.citations + answer.closest:
        check_citation(citation, SAID.text)


def test_words_of_an_older_version_are_found_where_they_stand(answerer: Answerer, shipped: Article) -> None:
    words = "demanding immediate recognition of Palestine"
    found = answerer.nearest(f" {words}\n")
    assert found is not None
    start = shipped.text.index(words)
    assert (found.quote, found.start, found.end, found.number) == (words, start, start + len(words), 1)


@pytest.mark.parametrize(
    ("words", "paragraph"),
    [
        ("There is no two-state solution when no state is left to be called Palestine.", 2),
        ("About 60 MPs of Labour have signed the letter that demands recognition of Palestine.", 4),
    ],
)
def test_words_that_were_changed_are_found_by_their_sense(
    answerer: Answerer, words: str, paragraph: int
) -> None:
    found = answerer.nearest(words)
    assert found is not None
    assert found.paragraph == paragraph


@pytest.mark.parametrize("words", ["", " \n", "Boil an egg for six minutes so that the yolk stays soft."])
def test_words_of_something_else_are_not_found(answerer: Answerer, words: str) -> None:
    assert answerer.nearest(words) is None


def test_a_sentence_that_leans_on_the_one_before_brings_it() -> None:
    answer = answer_of(HARBOUR, "What annoys visitors?")
    assert [citation.quote for citation in answer.citations] == [
        "The lighthouse is closed. This annoys visitors."
    ]


def test_a_pronoun_is_explained_beside_the_quote() -> None:
    first = answer_of(HARBOUR, "Who has held the post for ten years?").citations[0]
    assert (first.quote, first.after) == ("She has held the post for ten years.", " [“She” is Ada Berg]")


def test_a_sentence_that_is_too_long_is_cited_by_its_clauses() -> None:
    article = Article(id="a", title="t", text=f"{LONG} The end came soon.\nAnother paragraph.")
    (first,) = answer_of(article, "How were the votes counted at midnight in the rain?").citations
    start = LONG.index("the mayor complained")
    assert first.quote == LONG[start:]
    assert (first.start, first.end) == (start, len(LONG))


def test_a_shortened_sentence_keeps_its_score() -> None:
    article = Article(id="a", title="t", text=f"{LONG} The end came soon.\nAnother paragraph.")
    embedder = FakeEmbedder(window=250)
    answerer = Answerer(build(article, embedder), embedder, thresholds=Thresholds(-1, -1))
    question = "How were the votes counted at midnight in the rain?"
    answer, ranking = answerer.respond(question)
    assert answer.citations[0].score == round(ranking.sentences[0].score, 4)


def test_a_long_sentence_is_cut_after_a_clause() -> None:
    article = Article(id="a", title="t", text=f"{LONG} The end came soon.\nAnother paragraph.")
    (first,) = answer_of(article, "Who met in the old hall of the council?").citations
    assert first.quote == LONG[: LONG.index(" the doctor counted")]
    assert first.quote.endswith("beside the stove;")
    assert len(first.quote) <= 600
