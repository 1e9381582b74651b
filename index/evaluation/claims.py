"""Claims in, metrics out. See ``footnote eval --claims``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from index.evaluation.metrics import ClaimAccuracy, ClaimMetrics, Tally
from index.library.self_check import OnQuestion, covers
from index.model.answer import Answer, Status, Verdict
from index.model.article import Article, Span
from index.search.build import Index, build
from index.search.embedding import Embedder
from index.sources.question_files import GoldClaim


class Checker(Protocol):
    """What checks claims, and answers questions."""

    def check(self, claim: str) -> Answer:
        """What the article says to a claim."""

    def answer(self, question: str) -> Answer:
        """What it says to a question."""


@dataclass(frozen=True)
class ClaimedArticle:
    """An article and the claims about it."""

    article: Article
    claims: tuple[GoldClaim, ...]


def evaluate_claims(
    articles: Sequence[ClaimedArticle],
    embedder: Embedder,
    *,
    file: str,
    system: Callable[[Index], Checker],
    on_question: OnQuestion = lambda *_: None,
) -> ClaimMetrics:
    """Has every claim checked, asks every question, and counts.

    Args:
        articles: With their claims.
        embedder: Builds the indexes.
        file: The claim file's name, for the report.
        system: Makes what is evaluated of an index.
        on_question: Told of each claim that is done.

    Raises:
        QuestionError: nothing reads an article, so that its claims cannot be checked.
    """
    tally = Tally()
    checkers = [(system(build(one.article, embedder)), one) for one in articles]
    claims = [(checker, one.article, claim) for checker, one in checkers for claim in one.claims]
    for done, (checker, article, claim) in enumerate(claims, 1):
        answer = checker.answer(claim.text) if claim.is_question else checker.check(claim.text)
        tally.count_citations(answer, article)
        _count(tally, claim, answer)
        on_question(done, len(claims))
    kinds = ("statements", "questions", Verdict.SAYS_SO, Verdict.SAYS_OTHERWISE, Verdict.DOES_NOT_SAY)
    statements, questions, yes, no, unknown = (
        ClaimAccuracy(tally.count(kind), tally.mean(kind)) for kind in kinds
    )
    return ClaimMetrics(
        file=file,
        claims=len(claims),
        accuracy=tally.mean("accuracy"),
        statements=statements,
        questions=questions,
        yes=yes,
        no=no,
        unknown=unknown,
        without_verdict=tally.count("without_verdict"),
        certain_count=tally.count("certain"),
        certain_precision=tally.mean("certain"),
        rightly_cited=tally.mean("rightly_cited"),
        byte_exact=tally.mean("byte_exact"),
    )


def _count(tally: Tally, claim: GoldClaim, answer: Answer) -> None:
    verdict = Verdict.DOES_NOT_SAY if answer.status is Status.NOT_IN_ARTICLE else answer.verdict
    right = verdict is claim.verdict
    tally.add("accuracy", right)
    tally.add("questions" if claim.is_question else "statements", right)
    tally.add(claim.verdict, right)
    if verdict is None:
        tally.add("without_verdict", 1)
    elif answer.status is Status.ANSWERED:
        tally.add("certain", right)
    if right and answer.citations:
        first = answer.citations[0]
        tally.add("rightly_cited", covers(Span(first.start, first.end), claim.gold))
