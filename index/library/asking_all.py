"""One question asked of every article of a library."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from index.answering.answerer import check_question
from index.answering.reading import READ_PASSAGES
from index.answering.together import RankedArticle, answer_together, is_of_one_article
from index.errors import SnapshotDamagedError
from index.language.follow_ups import follow_up
from index.library.finding import Collection
from index.library.indexing import Indexing, Key, StaleArticleError, WholeLibrary
from index.library.opening import Opener
from index.model.answer import Result, Turn
from index.search.whole import Share

ATTEMPTS = 8
"""How many articles a question waits for at most that were not as the library's index has them."""

log = logging.getLogger(__name__)


class AllArticles:
    """Ranks the passages of all articles as one set, and opens those only that the best of them are from.

    Args:
        opener: Opens them.
        indexing: Keeps the libraries' indexes.
    """

    def __init__(self, *, opener: Opener, indexing: Indexing) -> None:
        self._opener = opener
        self._indexing = indexing

    def ask(self, collection: Collection, question: str, turns: Sequence[Turn]) -> Result:
        """The answer of the article that answers best.

        Raises:
            QuestionError: the question is empty or longer than MAX_QUESTION_CHARS.
            FootnoteError: none can be opened; it says what keeps the one in use from it.
        """
        check_question(question)
        # What was cited before counts in one article's text, and a turn does not say in which.
        questions = [Turn(turn.question, ()) for turn in turns]
        for _ in range(ATTEMPTS):
            library = self._indexing.current(collection, self._opener.open)
            try:
                result = _answered(library, question, questions)
            except StaleArticleError as stale:
                log.info("“%s” is taken into the index of all articles again.", stale)
                for key in stale.keys:
                    self._opener.doubt(key)
                    library.heal(key)
                continue
            if result is not None:
                return result
            break
        article = self._opener.open(collection.find(None))
        return Result(article.answerer.answer(question, questions), article.info)


def _answered(library: WholeLibrary, question: str, turns: Sequence[Turn]) -> Result | None:
    """The best answer; None where there is nothing to ask.

    The question is read in the words of the article that ranks first, and where they or what it leans on by
    its names are others than it was ranked with, ranked again.

    Raises:
        StaleArticleError: an article is not as it was ranked.
    """
    began = time.perf_counter()
    asked = check_question(question)
    leaning = follow_up(asked, turns, "")
    shares = library.rank(asked, leaning)
    if not shares:
        return None
    first = library.opened(shares[0].key)
    if is_of_one_article(question, first.answerer, is_first=not turns):
        return Result(first.answerer.answer(question, turns), first.info)
    query, context = first.answerer.read(question, turns, library.index.knows)
    if (query.text, context) != (asked, leaning):
        shares = library.rank(query.text, context)
    articles_open = [(share, library.opened(share.key)) for share in _to_open(shares)]
    first = articles_open[0][1]
    if is_of_one_article(question, first.answerer, is_first=not turns):
        return Result(first.answerer.answer(question, turns), first.info)
    articles = [RankedArticle(one.answerer, one.answerer.ranking(share)) for share, one in articles_open]
    try:
        place, answer = answer_together(question, query, articles, context, (began, time.perf_counter()))
    except SnapshotDamagedError as error:
        raise StaleArticleError(*(share.key for share, _ in articles_open)) from error
    return Result(answer, articles_open[place][1].info)


def _to_open(shares: Sequence[Share[Key]]) -> list[Share[Key]]:
    """The shares of the articles that the passages that are read are from; that of the best passage first."""
    passages = sorted((-one.score, share.key) for share in shares for one in share.passages)
    keys = {key for _, key in passages[:READ_PASSAGES]}
    keys.add(max(shares, key=lambda share: share.sentences[0].score).key)
    return [share for share in shares if share.key in keys]
