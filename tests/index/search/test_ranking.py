"""Who is ranked before whom, and by what."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from index.language.follow_ups import FollowUp
from index.model.article import Article, Span
from index.model.passages import Passages
from index.search.build import build
from index.search.embedding import Floats
from index.search.ranking import (
    NEIGHBOUR,
    QuestionTokens,
    Ranking,
    Retriever,
)
from index.search.scoring import _IDF_POWER
from tests.index.fakes import FakeEmbedder

TEXT = (
    "Forty ships anchor here. Ada Berg keeps the log.\n"
    "She came from Norway. A lamp burns all night.\n"
    "Visitors are welcome; visitors pay nothing."
)


def retriever(text: str = TEXT, **options: object) -> Retriever:
    embedder = FakeEmbedder()
    return Retriever(build(Article(id="a", title="t", text=text), embedder), embedder, **options)  # type: ignore[arg-type]


def quotes(ranking: Ranking) -> list[str]:
    return [scored.sentence.of(TEXT) for scored in ranking.sentences]


def test_support_is_the_share_of_the_question_found_rare_words_counting_more() -> None:
    support = {s.sentence.of(TEXT): s.support for s in retriever().rank("lamp visitors zebra").sentences}
    # ln(1 + (N - n + 0.5) / (n + 0.5)) of N = 5 sentences: n = 1 but for "zebra", which has n = 0.
    known, unseen = math.log1p(4.5 / 1.5) ** _IDF_POWER, math.log1p(5.5 / 0.5) ** _IDF_POWER
    share = pytest.approx(known / (2 * known + unseen), rel=1e-3)
    assert support == {
        "A lamp burns all night.": share,
        "Visitors are welcome; visitors pay nothing.": share,
        "She came from Norway.": 0,
        "Forty ships anchor here.": 0,
        "Ada Berg keeps the log.": 0,
    }


def test_the_sentence_and_its_passage_come_first() -> None:
    ranking = retriever().rank("Where does the lamp burn all night?")
    assert quotes(ranking)[0] == "A lamp burns all night."
    assert ranking.passages[0].passage.id == "p2"
    assert sorted(quotes(ranking)) == sorted(
        [
            "Forty ships anchor here.",
            "Ada Berg keeps the log.",
            "She came from Norway.",
            "A lamp burns all night.",
            "Visitors are welcome; visitors pay nothing.",
        ]
    )
    for scores in ([s.score for s in ranking.sentences], [p.score for p in ranking.passages]):
        assert scores == sorted(scores, reverse=True)


def test_a_question_without_a_token_supports_nothing() -> None:
    assert [scored.support for scored in retriever().rank("  ").sentences] == [0] * 5


def test_a_sentence_counts_the_names_that_it_leans_on_as_its_own() -> None:
    ada = TEXT.index("Ada Berg")

    def mentions(span: Span) -> list[Span]:
        return [Span(ada, ada + len("Ada Berg"))] if span.of(TEXT).startswith("She") else []

    question = "Berg came from Norway"
    assert {s.sentence.of(TEXT): s.support for s in retriever().rank(question).sentences}[
        "She came from Norway."
    ] < 1
    leaning = retriever(mentions=mentions).rank(question).sentences[0]
    assert leaning.sentence.of(TEXT) == "She came from Norway."
    assert leaning.support == pytest.approx(1)


def test_passages_beyond_the_candidates_are_not_ranked_and_a_rare_word_brings_its_own() -> None:
    text = "\n".join([f"Word{n} stands alone." for n in range(200)])
    ranking = retriever(text).rank("word150")
    assert ranking.sentences[0].sentence.of(text) == "Word150 stands alone."
    assert len(ranking.passages) < 200


class Backwards:
    """Prefers what comes last."""

    asked: list[tuple[str, list[str]]]

    def __init__(self) -> None:
        self.asked = []

    def scores(self, question: str, texts: Sequence[str]) -> Floats:
        self.asked.append((question, list(texts)))
        return np.arange(len(texts), dtype=np.float32)


def test_a_reranker_reads_the_best_sentences_and_decides() -> None:
    plain = quotes(retriever().rank("lamp"))
    backwards = Backwards()
    ranking = retriever(reranker=backwards).rank("lamp")
    assert backwards.asked == [("lamp", plain)]
    assert quotes(ranking) == plain[::-1]
    assert [scored.score for scored in ranking.sentences] == [4, 3, 2, 1, 0]


def test_a_reranker_leaves_the_rest_as_it_was() -> None:
    text = "\n".join([f"Word{n} stands. Alone{n}. Still{n}. There{n}." for n in range(40)])
    plain = [s.sentence for s in retriever(text).rank("word7 alone9").sentences]
    backwards = Backwards()
    ranked = [s.sentence for s in retriever(text, reranker=backwards).rank("word7 alone9").sentences]
    read = len(backwards.asked[0][1])
    assert 1 < read < len(plain)
    assert ranked == plain[:read][::-1] + plain[read:]


SHIPS, BERG, NORWAY, LAMP, VISITORS = (
    "Forty ships anchor here.",
    "Ada Berg keeps the log.",
    "She came from Norway.",
    "A lamp burns all night.",
    "Visitors are welcome; visitors pay nothing.",
)


def follow(context: str, *cited: str, asks_on: bool = False) -> FollowUp:
    starts = [TEXT.index(words) for words in cited]
    spans = (Span(start, start + len(words)) for start, words in zip(starts, cited, strict=True))
    return FollowUp(context, tuple(spans), asks_on)


def test_a_follow_up_is_ranked_by_what_was_asked_before_as_well() -> None:
    assert quotes(retriever().rank("why"))[0] != LAMP
    assert quotes(retriever().rank("why", follow("Where does the lamp burn?")))[0] == LAMP
    assert quotes(retriever().rank("and the visitors?", follow("Where does the lamp burn?")))[0] == VISITORS


def test_the_support_of_a_follow_up_is_half_its_own_words() -> None:
    found = retriever().rank("and the zebra?", follow("a lamp burns")).sentences[0]
    alone = retriever().rank("a lamp burns").sentences[0]
    assert found.sentence.of(TEXT) == alone.sentence.of(TEXT) == LAMP
    assert alone.support == pytest.approx(1)
    assert 0 < found.support < 0.5


def test_a_question_that_says_nothing_has_the_support_of_what_it_leans_on() -> None:
    whole, *_ = retriever().rank("why", follow("a lamp burns")).sentences
    assert whole.sentence.of(TEXT) == LAMP
    assert 0.5 < whole.support < 1


def test_people_ask_on_from_beside_what_was_cited() -> None:
    scores = {
        cited: {
            s.sentence.of(TEXT): s.score for s in retriever().rank("why", follow("zebra", cited)).sentences
        }
        for cited in (SHIPS, NORWAY)
    }
    assert scores[SHIPS][BERG] - scores[NORWAY][BERG] == pytest.approx(NEIGHBOUR)
    assert scores[NORWAY][LAMP] - scores[SHIPS][LAMP] == pytest.approx(NEIGHBOUR)
    assert scores[SHIPS][NORWAY] == pytest.approx(scores[NORWAY][NORWAY])  # another paragraph


def test_what_was_cited_comes_last_where_something_else_is_asked_for() -> None:
    known = (LAMP, VISITORS)
    first = quotes(retriever().rank("what else", follow("lamp visitors", *known)))
    assert set(first[:2]) == set(known)
    last = quotes(retriever().rank("what else", follow("lamp visitors", *known, asks_on=True)))
    assert set(last[-2:]) == set(known)


def test_words_of_the_question_decide_in_whole_words_and_at_most_three_runs() -> None:
    found = retriever()
    sentence = Span(TEXT.index(VISITORS), len(TEXT))

    def deciding(question: str) -> list[str]:
        return [run.of(TEXT) for run in found.deciding(sentence, found.rank(question).question)]

    assert deciding("Are visitors welcome?") == ["Visitors", "welcome"]
    assert deciding("pay nothing") == ["pay nothing"]
    assert deciding("zebra") == []
    assert deciding("?") == []
    assert found.deciding(sentence, None) == ()


def test_no_word_decides_where_no_token_stands_in_one() -> None:
    embedder = FakeEmbedder()
    index = build(Article(id="a", title="t", text="(a ship"), embedder)
    index = index._replace(tokens=index.tokens._replace(starts=np.zeros_like(index.tokens.starts)))
    found = Retriever(index, embedder)
    asked = QuestionTokens(np.eye(256, dtype=np.float32)[:3], np.ones(3, dtype=np.float32))
    assert found.deciding(Span(0, 7), asked) == ()


def test_a_sentences_vector_is_the_weighted_mean_of_its_tokens() -> None:
    vectors = retriever("One word. One one.\nSix.").sentence_vectors()
    assert vectors.shape == (3, FakeEmbedder.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    axis = FakeEmbedder().token_id("one")
    assert vectors[1][axis] > vectors[0][axis] > vectors[2][axis] == 0


def test_a_token_need_not_stand_in_a_sentence() -> None:
    embedder = FakeEmbedder()
    index = build(Article(id="a", title="t", text="The lamp\nIt burns all night. Ships come."), embedder)
    heading, *rest = index.passages
    index = index._replace(passages=Passages([replace(heading, sentences=()), *rest]))
    found = Retriever(index, embedder).rank("the lamp")
    assert [s.sentence.of(index.article.text) for s in found.sentences] == [
        "It burns all night.",
        "Ships come.",
    ]
    assert [s.support for s in found.sentences] == pytest.approx([0, 0], abs=0.3)
