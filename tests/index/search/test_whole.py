"""All articles as one index: the same whatever came and went, and of one article what that one finds."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import SnapshotDamagedError
from index.language.follow_ups import FollowUp
from index.language.terms import Analyzer
from index.model.article import Article, Span
from index.search.bm25 import TermPlaces
from index.search.build import Index, build
from index.search.embedding import Floats
from index.search.leads import Leads
from index.search.ranking import Retriever
from index.search.segments import Segment, segment_of
from index.search.whole import Share, WholeIndex
from tests.index.fakes import FakeEmbedder

EMBEDDER = FakeEmbedder()
TEXTS = (
    "Forty ships anchor here. Ada Berg keeps the log.\nShe came from Norway. A lamp burns all night.",
    "The bridge has seven arches. Cattle cross it on Mondays.\nQ: Who paid?\nThe keeper paid 40 crowns.",
    "Version 2.2 has a lamp.\nVersion 2.3 has none. The log says so.",
    "The rope is red. Ada Berg bought it. It is forty feet long.\nNobody sells rope on Mondays.",
    "Der Hafen hat vierzig Schiffe. Die Lampe brennt.",
)
QUESTIONS = (
    "Ada Berg keeps the log",
    "How many ships anchor here?",
    "What has version 2.3?",
    "Who paid?",
    "rope on Mondays",
    "Wer hat vierzig Schiffe?",
    "?",
)


def _index(number: int) -> Index:
    language = "de" if TEXTS[number].startswith("Der") else "en"
    article = Article(id=f"a{number}", title="", text=TEXTS[number], language=language)
    return build(article, EMBEDDER)


INDEXES = [_index(number) for number in range(len(TEXTS))]


def mentions(span: Span) -> list[Span]:
    """The one name of the first text, of its "She"."""
    ada = TEXTS[0].index("Ada Berg")
    return [Span(ada, ada + len("Ada Berg"))] if span.of(TEXTS[0]).startswith("She") else []


def no_mentions(_: Span) -> list[Span]:
    return []


def _segment(number: int) -> Segment:
    index = INDEXES[number]
    leads = Leads(index.article, index.passages)
    terms = TermPlaces.of(Analyzer(index.article.language).located_terms(index.article.text))
    return segment_of(index, leads, mentions if number == 0 else no_mentions, terms)


def written(segment: Segment) -> bytes:
    content = BytesIO()
    segment.write(content.write)
    return content.getvalue()


SEGMENTS = [_segment(number) for number in range(len(TEXTS))]


def tokens(key: tuple[int, int], rows: npt.NDArray[np.int64]) -> Floats:
    return np.asarray(INDEXES[key[1]].tokens.vectors[rows], dtype=np.float32)


def segment(key: tuple[int, int]) -> Segment:
    return SEGMENTS[key[1]].without_vectors()


def rank(whole: WholeIndex[tuple[int, int]], question: str) -> tuple[Share[tuple[int, int]], ...]:
    return whole.rank(question, None, EMBEDDER, segment=segment, tokens=tokens)


def found(shares: tuple[Share[tuple[int, int]], ...]) -> Sequence[object]:
    """What was found, without what numerals alone tell apart."""
    return sorted(
        (share.key, [(s.sentence, round(s.score, 3), round(s.support, 3)) for s in share.sentences])
        for share in shares
    )


@settings(deadline=None, max_examples=40)
@given(
    changes=st.lists(st.tuples(st.integers(0, 5), st.sampled_from([None, 0, 1, 2, 3, 4])), max_size=12),
    question=st.sampled_from(QUESTIONS),
)
@pytest.mark.slow
def test_whatever_came_and_went_it_finds_what_one_made_anew_finds(
    changes: list[tuple[int, int | None]], question: str
) -> None:
    grown: WholeIndex[tuple[int, int]] = WholeIndex(EMBEDDER.dimension)
    there: dict[int, int] = {}
    for place, text in changes:
        before = there.pop(place, None)
        if before is not None:
            grown.remove((place, before))
        if text is not None:
            grown.add((place, text), SEGMENTS[text])
            there[place] = text
    anew: WholeIndex[tuple[int, int]] = WholeIndex(EMBEDDER.dimension)
    for place, text in there.items():
        anew.add((place, text), SEGMENTS[text])
    assert len(grown) == len(anew) == sum(len(INDEXES[text].passages) for text in there.values())
    assert found(rank(grown, question)) == found(rank(anew, question))
    for word in ("ships", "crowns", "Schiffe", "nothing"):
        assert grown.knows(word) == anew.knows(word)


@pytest.mark.parametrize("question", QUESTIONS[:5])
def test_one_article_is_matched_as_by_itself(question: str) -> None:
    for number, index in enumerate(INDEXES[:4]):
        whole: WholeIndex[tuple[int, int]] = WholeIndex(EMBEDDER.dimension)
        whole.add((0, number), SEGMENTS[number])
        (share,) = rank(whole, question)
        alone = Retriever(index, EMBEDDER, mentions=mentions if number == 0 else no_mentions).rank(question)
        assert {one.sentence: round(one.support, 5) for one in share.sentences} == {
            one.sentence: round(one.support, 5) for one in alone.sentences
        }
        assert share.sentences[0].sentence == alone.sentences[0].sentence
        assert [one.number for one in share.passages] == [one.passage.number for one in alone.passages]


def test_the_article_that_answers_comes_first() -> None:
    whole: WholeIndex[tuple[int, int]] = WholeIndex(EMBEDDER.dimension)
    for number, one in enumerate(SEGMENTS):
        whole.add((0, number), one)
    best = {question: rank(whole, question)[0] for question in QUESTIONS}
    assert [best[question].key[1] for question in QUESTIONS[:6]] == [0, 0, 2, 1, 3, 4]
    version = best["What has version 2.3?"].sentences[0].sentence
    assert version.of(TEXTS[2]) == "Version 2.3 has none."


def test_a_follow_up_is_ranked_with_what_it_leans_on() -> None:
    whole: WholeIndex[tuple[int, int]] = WholeIndex(EMBEDDER.dimension)
    for number, one in enumerate(SEGMENTS):
        whole.add((0, number), one)
    leaning = FollowUp("Who keeps the log?", (), asks_on=False)
    shares = whole.rank("Where is she from?", leaning, EMBEDDER, segment=segment, tokens=tokens)
    assert shares[0].key[1] == 0


def test_an_empty_one_finds_nothing() -> None:
    assert rank(WholeIndex(EMBEDDER.dimension), "Who?") == ()


def test_a_segment_is_read_as_it_was_written_and_the_same_article_gives_the_same_bytes() -> None:
    for number, one in enumerate(SEGMENTS):
        content = written(one)
        again = Segment.read(BytesIO(content).read)
        assert (again.language, again.vocabulary, again.sentence_count) == (
            one.language,
            one.vocabulary,
            one.sentence_count,
        )
        for name in (
            "vectors",
            "passages",
            "sentences",
            "runs",
            "led",
            "term_starts",
            "term_places",
            "tokens",
        ):
            assert np.array_equal(getattr(again, name), getattr(one, name))
        assert written(_segment(number)) == content


@pytest.mark.parametrize("content", [b"", b"noise", written(SEGMENTS[0])[:-9]], ids=["no", "noise", "cut"])
def test_what_is_no_segment_is_refused(content: bytes) -> None:
    with pytest.raises(SnapshotDamagedError):
        Segment.read(BytesIO(content).read)
