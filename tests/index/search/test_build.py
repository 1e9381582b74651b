"""An index in memory: token embeddings dealt to the sentences that the tokens stand in."""

import numpy as np
import pytest

from index.model.article import Article, Passage, Sentence
from index.model.library import Progress, Stage
from index.search.build import TokenTable, build, token_table
from index.search.embedded_blocks import BlocksInMemory, EmbeddedPassage
from index.search.token_vectors import HalfPrecision
from tests.index.fakes import CountingEmbedder, FakeEmbedder


def embedded(starts: list[int], first: int) -> EmbeddedPassage:
    """Tokens at ``starts``, the nth of them the vector (first + n, 0) with the id 10 * (first + n)."""
    numbers = np.arange(first, first + len(starts))
    return EmbeddedPassage(
        vector=np.array([1, 0], dtype=np.float32),
        codes=np.stack([numbers, np.zeros(len(starts))], axis=1).astype(np.float16),
        starts=np.array(starts, dtype=np.int32),
        ids=(10 * numbers).astype(np.int32),
    )


def test_tokens_are_dealt_to_their_sentences() -> None:
    # " Aa bb. Cc.\n" and "Dd.": three sentences in two passages, and a passage without a token between them.
    passages = (
        Passage(0, 12, "p1", 0, 1, (Sentence(1, 7, 1, 0), Sentence(8, 11, 1, 0))),
        Passage(12, 14, "p2", 1, 2, (Sentence(12, 13, 2, 1),)),
        Passage(14, 17, "p3", 2, 3, (Sentence(14, 17, 3, 2),)),
    )
    table = token_table(
        passages,
        [embedded([0, 1, 4, 6, 8, 10], first=1), embedded([], first=7), embedded([0, 2], first=7)],
        8,
        HalfPrecision(),
        BlocksInMemory(),
    )
    assert table.ends.tolist() == [4, 6, 6, 8]
    assert table.starts.tolist() == [0, 1, 4, 6, 8, 10, 14, 16]
    assert table.ids.tolist() == [10, 20, 30, 40, 50, 60, 70, 80]
    assert table.vectors[:].tolist() == [[n, 0] for n in range(1, 9)]


def test_an_index_holds_a_vector_a_passage_and_every_token() -> None:
    article = Article(id="a", title="t", text="Ships anchor here. Ships leave.\nThe lamp is green.\n")
    embedder = FakeEmbedder()
    index = build(article, embedder)
    assert [passage.of(article.text) for passage in index.passages] == [
        "Ships anchor here. Ships leave.\n",
        "The lamp is green.\n",
    ]
    numbers, scores = index.store.search(embedder.embed_question("The lamp").vector, 2)
    assert numbers.tolist() == [1, 0]
    assert scores.tolist() == pytest.approx([2 / (2**0.5 * 5**0.5), 0])
    assert index.tokens.ends.tolist() == [4, 7, 12]
    words = ["Ships", "anchor", "here", ".", "Ships", "leave", ".", "The", "lamp", "is", "green", "."]
    assert index.tokens.ids.tolist() == [embedder.token_id(word) for word in words]
    assert [
        article.text[start:].startswith(w) for start, w in zip(index.tokens.starts, words, strict=True)
    ] == ([True] * 12)


def test_progress_is_told_stage_by_stage() -> None:
    told: list[Progress] = []
    build(Article(id="a", title="t", text="One.\nTwo.\n"), FakeEmbedder(), told.append)
    assert told == [Progress(Stage.CHUNK, 0, 2), Progress(Stage.EMBED, 0, 2), Progress(Stage.EMBED, 2, 2)]


def test_what_is_known_keeps_its_embeddings_wherever_it_moves() -> None:
    embedder = CountingEmbedder()
    lamp, ships = "The lamp is green.\n", "Ships anchor here. Ships leave.\n"
    before = build(Article(id="a", title="t", text=lamp + ships), embedder)
    embedder.texts.clear()
    article = Article(id="a", title="t", text=f"\n{ships}It is new.\n{ships}{lamp}")
    after = build(article, embedder, before=before)
    assert embedder.texts == [f"\n{ships}", "It is new.\n"]  # with the blank line it is another passage
    whole = build(article, FakeEmbedder())
    assert (after.passages, after.article) == (whole.passages, article)
    assert np.array_equal(after.store.vectors(), whole.store.vectors())
    assert np.array_equal(after.tokens.vectors.codes[:], whole.tokens.vectors.codes[:])
    for part in TokenTable._fields[1:]:
        one, other = getattr(after.tokens, part), getattr(whole.tokens, part)
        assert np.array_equal(one, other)
        assert one.dtype == other.dtype
