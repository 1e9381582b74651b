"""Claims as they are read, and what is counted of them, on cases that can be checked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import EvidenceError, QuestionError, QuestionFileError
from index.evaluation.claims import ClaimedArticle, evaluate_claims
from index.evaluation.measure import measure_claims
from index.evaluation.metrics import ClaimAccuracy, ClaimMetrics
from index.model.answer import Answer, Verdict
from index.model.article import Article, Span
from index.sources.question_files import GoldClaim, load_claims
from tests.index.evaluation.test_outcomes import (
    ANSWERED,
    ARTICLE,
    BUILT,
    NAME,
    REFUSED,
    RUNS,
    UNCERTAIN,
    YEAR,
    Reply,
    answer_of,
)
from tests.index.fakes import FakeEmbedder

pytestmark = pytest.mark.slow

SO, OTHERWISE, NOTHING = Verdict.SAYS_SO, Verdict.SAYS_OTHERWISE, Verdict.DOES_NOT_SAY
FORM = (
    "The claim file {path} is not JSON lines with 'claim' or 'question', 'label' (yes, no or unknown) and "
    "'evidence': "
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "elms.claims.jsonl"


def test_claims_and_questions_are_read_with_their_labels(path: Path) -> None:
    path.write_text(
        '\ufeff{"id": "a", "claim": " Ada Berg runs it. ", "label": "yes", "evidence": ["Ada Berg"]}\n\n'
        '{"question": "Is it from 1801?", "label": "no", "evidence": ["1901"]}\n'
        '{"claim": "It is deep.", "label": "unknown", "evidence": []}\n',
        encoding="utf-8",
    )
    assert load_claims(path, ARTICLE) == (
        GoldClaim("Ada Berg runs it.", False, SO, (NAME,), "a"),
        GoldClaim("Is it from 1801?", True, OTHERWISE, (YEAR,)),
        GoldClaim("It is deep.", False, NOTHING, ()),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\n", "The question file {path} is empty."),
        ('{"claim": "So?", "evidence": []}', FORM + "line 1, label: Field required."),
        (
            '\n{"claim": "So.", "label": "maybe", "evidence": []}',
            FORM + "line 2, label: Input should be 'yes', 'no' or 'unknown'.",
        ),
        (
            '{"label": "yes", "evidence": []}',
            FORM + "line 1: Value error, a line has either a claim or a question.",
        ),
        (
            '{"claim": "So.", "question": "So?", "label": "yes", "evidence": []}',
            FORM + "line 1: Value error, a line has either a claim or a question.",
        ),
        (
            '{"claim": " ", "label": "yes", "evidence": []}',
            FORM + "line 1, claim: String should have at least 1 character.",
        ),
    ],
)
def test_what_is_wrong_with_claims_is_said(path: Path, content: str, message: str) -> None:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(QuestionFileError) as error:
        load_claims(path, ARTICLE)
    assert str(error.value) == message.format(path=path)


def test_evidence_that_the_article_lacks_is_said(path: Path) -> None:
    path.write_text('{"claim": "So.", "label": "yes", "evidence": ["Oaks"]}', encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"^Question 'So\.': its evidence 'Oaks' is not in the article"):
        load_claims(path, ARTICLE)


class Judges:
    """Replies to each claim and each question, and notes how it was asked."""

    def __init__(self, replies: dict[str, Reply]) -> None:
        self.replies = replies
        self.asked: list[tuple[str, str]] = []

    def check(self, claim: str) -> Answer:
        self.asked.append(("check", claim))
        return answer_of(claim, self.replies[claim])

    def answer(self, question: str) -> Answer:
        self.asked.append(("answer", question))
        return answer_of(question, self.replies[question])


def test_verdicts_are_what_can_be_counted_by_hand() -> None:
    claims = {
        GoldClaim("so, certain, its evidence", False, SO, (YEAR,)): Reply(ANSWERED, BUILT, verdict=SO),
        GoldClaim("so, uncertain, other evidence", True, SO, (YEAR,)): Reply(UNCERTAIN, RUNS, verdict=SO),
        GoldClaim("so, refused", False, SO, (YEAR,)): Reply(REFUSED, BUILT, verdict=NOTHING),
        GoldClaim("so, a sentence alone", True, SO, (YEAR,)): Reply(ANSWERED, BUILT),
        GoldClaim("otherwise", False, OTHERWISE, (NAME,)): Reply(UNCERTAIN, RUNS, verdict=OTHERWISE),
        GoldClaim("otherwise, wrong", False, OTHERWISE, (NAME,)): Reply(ANSWERED, RUNS, verdict=SO),
        GoldClaim("nothing", False, NOTHING, ()): Reply(REFUSED, RUNS, verdict=NOTHING),
        GoldClaim("nothing, without a verdict", True, NOTHING, ()): Reply(REFUSED, RUNS),
        GoldClaim("nothing, wrong", False, NOTHING, ()): Reply(UNCERTAIN, RUNS, verdict=OTHERWISE),
    }
    judges = Judges({claim.text: reply for claim, reply in claims.items()})
    told: list[tuple[int, int]] = []
    found = evaluate_claims(
        [ClaimedArticle(ARTICLE, tuple(claims))],
        FakeEmbedder(),
        file="f",
        system=lambda _: judges,
        on_question=lambda *step: told.append(step),
    )
    assert found == ClaimMetrics(
        file="f",
        claims=9,
        accuracy=round(5 / 9, 4),
        statements=ClaimAccuracy(6, 3 / 6),
        questions=ClaimAccuracy(3, round(2 / 3, 4)),
        yes=ClaimAccuracy(4, 2 / 4),
        no=ClaimAccuracy(2, 1 / 2),
        unknown=ClaimAccuracy(3, round(2 / 3, 4)),
        without_verdict=1,
        certain_count=2,
        certain_precision=1 / 2,
        rightly_cited=round(2 / 3, 4),
        byte_exact=1,
    )
    assert judges.asked == [("answer" if one.is_question else "check", one.text) for one in claims]
    assert told == [(n, 9) for n in range(1, 10)]


def test_claims_about_several_articles_are_counted_together() -> None:
    other = Article(id="elms", title="Another of that id", text="Nothing is said here.")
    claim = GoldClaim("It is from 1901.", False, SO, (YEAR,))
    unknown = GoldClaim("It is from 1901.", False, NOTHING, ())
    found = evaluate_claims(
        [ClaimedArticle(ARTICLE, (claim,)), ClaimedArticle(other, (unknown,))],
        FakeEmbedder(),
        file="all",
        system=lambda index: Judges(
            {
                claim.text: Reply(ANSWERED, BUILT, verdict=SO)
                if index.article is ARTICLE
                else Reply(REFUSED, Span(0, 7), verdict=NOTHING)
            }
        ),
    )
    assert (found.claims, found.accuracy) == (2, 1)
    assert (found.yes, found.no, found.unknown) == (
        ClaimAccuracy(1, 1),
        ClaimAccuracy(0, None),
        ClaimAccuracy(1, 1),
    )


@pytest.mark.usefixtures("_known_thresholds")
def test_where_nothing_reads_claims_cannot_be_checked(path: Path) -> None:
    path.write_text('{"claim": "It is deep.", "label": "unknown", "evidence": []}', encoding="utf-8")
    with pytest.raises(QuestionError, match=r"^Claims cannot be checked against this article"):
        measure_claims(path, ARTICLE, FakeEmbedder())
