"""Question files as they are read, and metrics as they are counted, on cases that can be checked by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from index.errors import QuestionFileError
from index.evaluation.baseline import PlainDense
from index.evaluation.conversations import evaluate_conversations
from index.evaluation.measure import measure
from index.evaluation.metrics import ConversationMetrics, Metrics, Mode, Ranker, SecondTurns
from index.evaluation.run import evaluate, pooled
from index.library.library import Library
from index.model.answer import Answer, Citation, Status, Turn
from index.model.article import Article, Span
from index.search.build import Index, build
from index.search.embedding import Floats
from index.search.ranking import Ranking, ScoredPassage, ScoredSentence
from index.sources.question_files import (
    GoldArticle,
    GoldConversation,
    GoldQuestion,
    load_conversations,
    load_questions,
)
from tests.index.fakes import FakeEmbedder

TEXT = (
    "Elms has a harbour. It was built in 1901. Ships come.\nAda Berg runs it. Ada is Norse.\nThe lamp is lit."
)
HARBOUR, BUILT, SHIPS, RUNS, NORSE, LAMP = 0, 1, 2, 3, 4, 5
ARTICLE = Article(id="elms", title="Elms", text=TEXT)
SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "Elms",
            "paragraphs": [
                {
                    "context": "Ünder Elms. 🙂 Built in 1901.",
                    "qas": [
                        {
                            "id": "q1",
                            "question": "When was it built?",
                            "answers": [
                                {"text": "1901", "answer_start": 23},
                                {"text": "in 1901", "answer_start": 20},
                            ],
                        },
                        {
                            "id": "q2",
                            "question": "Who built it?",
                            "is_impossible": True,
                            "answers": [],
                            "plausible_answers": [{"text": "Elms", "answer_start": 6}],
                        },
                    ],
                },
                {
                    "context": "Ada runs it.",
                    "qas": [{"question": "Who runs it?", "answers": [{"text": "Ada", "answer_start": 0}]}],
                },
            ],
        },
        {
            "paragraphs": [
                {
                    "context": "The lamp is lit.",
                    "qas": [
                        {
                            "id": "q4",
                            "question": "What is lit?",
                            "answers": [{"text": "lamp", "answer_start": 4}],
                        }
                    ],
                }
            ],
        },
    ],
}  # fmt: skip
LOADED = (
    GoldArticle(
        Article(id="article-1", title="questions 1", text="Ünder Elms. 🙂 Built in 1901.\nAda runs it.\n"),
        (
            GoldQuestion("When was it built?", (Span(23, 27), Span(20, 27)), "q1", ("1901", "in 1901")),
            GoldQuestion("Who built it?", (), "q2"),
            GoldQuestion("Who runs it?", (Span(29, 32),), "", ("Ada",)),
        ),
    ),
    GoldArticle(
        Article(id="article-2", title="questions 2", text="The lamp is lit.\n"),
        (GoldQuestion("What is lit?", (Span(4, 8),), "q4", ("lamp",)),),
    ),
)
LINES = (
    '{"id": "a", "question": "Who runs it?", "evidence": ["Ada Berg", "Ada"]}',
    '{"question": " Who is\u2028lit? ", "evidence": [], "short": null}',
)
NEITHER = "The question file {path} is neither JSON lines with 'question' and 'evidence' nor SQuAD JSON: "


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "questions.json"


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("lead", ["", "\ufeff", "\n\n"])
def test_squad_is_read_on_one_line_and_on_many(path: Path, indent: int | None, lead: str) -> None:
    path.write_text(lead + json.dumps(SQUAD, indent=indent, ensure_ascii=False), encoding="utf-8")
    assert load_questions(path, ARTICLE) == LOADED
    assert [s.of(LOADED[0].article.text) for q in LOADED[0].questions for s in q.gold] == [
        "1901",
        "in 1901",
        "Ada",
    ]


@pytest.mark.parametrize("lead", ["", "\ufeff", "\n\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_json_lines_are_read_with_every_place_of_their_evidence(path: Path, lead: str, end: str) -> None:
    path.write_bytes((lead + end.join(LINES)).encode())
    (found,) = load_questions(path, ARTICLE)
    assert found == GoldArticle(
        ARTICLE,
        (
            GoldQuestion("Who runs it?", (Span(54, 62), Span(54, 57), Span(72, 75)), "a"),
            GoldQuestion("Who is\u2028lit?", ()),
        ),
    )
    assert [span.of(TEXT) for span in found.questions[0].gold] == ["Ada Berg", "Ada", "Ada"]


def test_json_lines_may_say_the_short_answer_or_some_that_are_accepted(path: Path) -> None:
    path.write_text(
        '{"question": "When?", "evidence": ["in 1901"], "short": "1901"}\n'
        '{"question": "Who?", "evidence": ["Ada Berg runs it."], "short": ["Ada", "Ada Berg"]}',
        encoding="utf-8",
    )
    (found,) = load_questions(path, ARTICLE)
    assert [question.short for question in found.questions] == [("1901",), ("Ada", "Ada Berg")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The question file {path} is empty."),
        (b"\xef\xbb\xbf \n\r\n", "The question file {path} is empty."),
        (b'{"question": "\xff"}', "The question file {path} is not UTF-8 text."),
        (b"When?", NEITHER + "Invalid JSON: expected value at line 1 column 1."),
        (b"[" * 100_000, NEITHER + "Invalid JSON: recursion limit exceeded at line 1 column 202."),
        (b'{"data": []}', NEITHER + "data: Tuple should have at least 1 item after validation, not 0."),
        (b'{"evidence": []}', NEITHER + "data: Field required."),
        (b'{"question": "Why?"}', NEITHER + "line 1, evidence: Field required."),
        (
            b'{"question": "Why?", "evidence": []}\n\n{"question": "Why?", "evidence": [""]}',
            NEITHER + "line 3, evidence.0: String should have at least 1 character.",
        ),
        (
            b'{"question": "Why?", "evidence": [], "short": ""}',
            NEITHER + "line 1, short.constrained-str: String should have at least 1 character.",
        ),
        (
            b'{"question": " ", "evidence": []}',
            NEITHER + "line 1, question: String should have at least 1 character.",
        ),
        (
            b'{"question": "Why?", "evidence": []}\n{"question"',
            NEITHER + "line 2: Invalid JSON: EOF while parsing an object at line 1 column 11.",
        ),
        (
            b'{"data": [{"paragraphs": [{"context": "a", "qas": '
            b'[{"question": "b", "answers": [{"text": "a"}]}]}]}]}',
            NEITHER + "data.0.paragraphs.0.qas.0.answers.0.answer_start: Field required.",
        ),
        (
            b'{"data": [{"paragraphs": [{"context": "a", "qas": []}]}]}',
            "The question file {path} has no questions.",
        ),
        (
            b'{"data": [{"paragraphs": [{"context": "a", "qas": []}]}, {"paragraphs": []}]}',
            "The question file {path} has no text in its article 2.",
        ),
        (
            '{"id": "a", "question": "Why?", "evidence": ["Elms", "Ünder"]}'.encode(),
            "Question 'a': its evidence 'Ünder' is not in the article 'elms'. "
            "Choose the article that the questions are about.",
        ),
        (
            b'{"data": [{"paragraphs": [{"context": "ab", "qas": '
            b'[{"question": "Why?", "answers": [{"text": "b", "answer_start": 0}]}]}]}]}',
            "Question 'Why?': its answer 'b' is not at 0 of its paragraph.",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(QuestionFileError) as error:
        load_questions(path, ARTICLE)
    assert str(error.value) == message.format(path=path)


def test_a_file_that_is_not_there_and_a_folder_are_named(path: Path) -> None:
    with pytest.raises(QuestionFileError) as error:
        load_questions(path, ARTICLE)
    assert str(error.value) == f"The question file {path} cannot be read: No such file or directory."
    with pytest.raises(QuestionFileError) as error:
        load_questions(path.parent, ARTICLE)
    assert str(error.value) == f"The question file {path.parent} cannot be read: Is a directory."


def test_pooled_articles_are_one_text_with_every_answer_in_its_place() -> None:
    one = pooled(LOADED)
    assert one.article.text == "Ünder Elms. 🙂 Built in 1901.\nAda runs it.\nThe lamp is lit.\n"
    assert [(q.id, [s.of(one.article.text) for s in q.gold]) for q in one.questions] == [
        ("q1", ["1901", "in 1901"]),
        ("q2", []),
        ("", ["Ada"]),
        ("q4", ["lamp"]),
    ]
    assert one.questions[3].gold == (Span(46, 50),)
    assert [q.short for q in one.questions] == [("1901", "in 1901"), (), ("Ada",), ("lamp",)]


class Told:
    """Ranks the sentences as it is told to, their passages as they come, and answers as it is told to."""

    def __init__(
        self,
        index: Index,
        ranks: Mapping[str, list[int]],
        answers: Mapping[str, tuple[Status, list[Span]]],
    ) -> None:
        self.article, self.passages = index.article, index.passages
        self.sentences = [sentence for passage in index.passages for sentence in passage.sentences]
        self.ranks, self.answers = ranks, answers

    def respond(self, question: str) -> tuple[Answer | None, Ranking]:
        return self.answer(question), self.rank(question)

    def rank(self, question: str) -> Ranking:
        ranked = [self.sentences[n] for n in self.ranks.get(question, [HARBOUR])]
        passages = list(dict.fromkeys(sentence.passage for sentence in ranked))
        return Ranking(
            sentences=tuple(ScoredSentence(sentence, 0, 0) for sentence in ranked),
            passages=tuple(ScoredPassage(self.passages[n], 0) for n in passages),
        )

    def answer(self, question: str) -> Answer | None:
        if question not in self.answers:
            return None
        status, spans = self.answers[question]
        cited = tuple(
            Citation(n, span.of(self.article.text), span.start, span.end, 1, "p1", None, 0.0)
            for n, span in enumerate(spans, 1)
        )
        refused = status is Status.NOT_IN_ARTICLE
        return Answer(
            question=question,
            status=status,
            citations=() if refused else cited,
            closest=cited if refused else (),
            article_id="elms",
            article_title="Elms",
            snapshot="1",
        )


COUNTS = ("short_count", "answered_count", "uncertain_count")
NOTHING = dict.fromkeys(
    one.name
    for one in fields(Metrics)
    if one.name not in ("file", "mode", "questions", "latency_ms", "outcomes")
) | dict.fromkeys(COUNTS, 0)
"""The figures of no answers."""


def figures(metrics: Metrics) -> dict[str, float | None]:
    """The shares and means."""
    named = ("file", "mode", "questions", "latency_ms", "outcomes")
    return {name: value for name, value in vars(metrics).items() if name not in named}


def measured(
    ranks: Mapping[str, list[int]],
    answers: Mapping[str, tuple[Status, list[Span]]],
    golds: Mapping[str, list[Span]],
) -> Metrics:
    gold = GoldArticle(ARTICLE, tuple(GoldQuestion(text, tuple(spans)) for text, spans in golds.items()))

    def told(index: Index) -> Ranker:
        return Told(index, ranks, answers)

    return evaluate([gold], FakeEmbedder(), file="f", system=told)


def test_every_measure_is_the_mean_of_what_can_be_counted_by_hand() -> None:
    year, ada, norse = Span(36, 40), Span(54, 57), Span(79, 84)
    assert [span.of(TEXT) for span in (year, ada, norse)] == ["1901", "Ada", "Norse"]
    built, runs, both = Span(20, 41), Span(54, 71), Span(54, 85)
    assert [span.of(TEXT) for span in (built, runs)] == ["It was built in 1901.", "Ada Berg runs it."]
    metrics = measured(
        ranks={
            "first": [BUILT, LAMP, RUNS],
            "third, other passage first": [LAMP, SHIPS, BUILT],
            "fourth": [LAMP, HARBOUR, SHIPS, NORSE],
            "never": [LAMP, SHIPS],
            "either": [RUNS],
        },
        answers={
            "first": (Status.ANSWERED, [built]),  # 21 characters
            "third, other passage first": (Status.UNCERTAIN, [runs, built]),  # 17 + 21
            "fourth": (Status.ANSWERED, [both]),  # 31
            "never": (Status.NOT_IN_ARTICLE, [built]),
            "either": (Status.ANSWERED, [built]),  # 21
            "nobody says, answered": (Status.ANSWERED, [runs]),
            "nobody says, uncertain": (Status.UNCERTAIN, [runs]),
            "nobody says, refused": (Status.NOT_IN_ARTICLE, [runs]),
        },
        golds={
            "first": [year],
            "third, other passage first": [year],
            "fourth": [norse],
            "never": [norse],
            "either": [norse, ada],
            "nobody says, answered": [],
            "nobody says, uncertain": [],
            "nobody says, refused": [],
        },
    )
    assert (metrics.file, metrics.mode, metrics.questions) == ("f", Mode.ARTICLE, 8)
    assert figures(metrics) == {
        "citation_at_1": 2 / 5,
        "citation_at_3": 3 / 5,
        "answer_recall": 3 / 5,
        "mean_quoted_chars": (21 + 38 + 31 + 21) / 4,
        "passage_recall_at_1": 2 / 5,
        "passage_mrr": pytest.approx((1 + 1 / 2 + 1 / 3 + 0 + 1) / 5, abs=1e-4),
        "not_answered_when_impossible": pytest.approx(2 / 3, abs=1e-4),
        "false_refusals": 1 / 5,
        "answered": 3 / 5,
        "short_count": 0,
        "short_given": None,
        "short_exact_match": None,
        "short_f1": None,
        "answered_count": 4,
        "answered_precision": 2 / 4,  # of "either" another sentence is cited than ranks first
        "uncertain_count": 2,
        "uncertain_precision": 0 / 2,
        "answerability_auc": 1 / 2,  # all sentences have the same support
        "refused_at_2": 0,
        "refused_at_5": 0,
        "refused_at_10": 0,
        "byte_exact": 1,
    }


def test_a_gold_answer_must_be_covered_whole() -> None:
    metrics = measured(
        ranks={"over two": [BUILT, SHIPS]},
        answers={"over two": (Status.ANSWERED, [Span(20, 41)])},
        golds={"over two": [Span(36, 47)]},
    )
    assert (metrics.citation_at_1, metrics.citation_at_3, metrics.answer_recall) == (0, 0, 0)
    assert metrics.passage_recall_at_1 == 1


def test_a_quote_that_is_not_the_articles_text_is_counted() -> None:
    class Misquotes(Told):
        def answer(self, question: str) -> Answer | None:
            answer = super().answer(question)
            assert answer
            first, *rest = answer.citations
            return replace(answer, citations=(replace(first, quote="It was built in 1902."), *rest))

    gold = GoldArticle(ARTICLE, (GoldQuestion("Why?", ()),))
    answers = {"Why?": (Status.ANSWERED, [Span(20, 41), Span(54, 71)])}
    metrics = evaluate([gold], FakeEmbedder(), file="f", system=lambda index: Misquotes(index, {}, answers))
    assert figures(metrics) == NOTHING | {
        "answered_count": 1,
        "answered_precision": 0,
        "byte_exact": 0.5,
        "not_answered_when_impossible": 0,
    }


def test_what_only_ranks_has_no_figures_of_answers() -> None:
    metrics = measured(ranks={"Who?": [RUNS]}, answers={}, golds={"Who?": [Span(54, 57)], "Why?": []})
    ranked = {"citation_at_1", "citation_at_3", "passage_recall_at_1", "passage_mrr"}
    assert figures(metrics) == NOTHING | dict.fromkeys(ranked, 1)
    assert metrics.outcomes == ()


def test_latency_is_told_in_milliseconds_beside_the_bare_encoding() -> None:
    metrics = measured(ranks={}, answers={}, golds={"Why?": []})
    assert list(metrics.latency_ms) == ["p50", "p95", "bare_encode_p50"]
    assert all(0 <= value < 1000 for value in metrics.latency_ms.values())


def test_progress_is_told_for_each_question() -> None:
    told: list[tuple[int, int]] = []
    evaluate(
        LOADED,
        FakeEmbedder(),
        file="f",
        system=lambda index: PlainDense(index, FakeEmbedder()),
        on_question=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


class Listens(Told):
    """Answers nothing, and notes which article is asked what."""

    heard: list[tuple[str, str]]

    def __init__(self, index: Index, status: Status) -> None:
        questions = [question.text for one in LOADED for question in one.questions]
        everything = list(range(sum(len(passage.sentences) for passage in index.passages)))
        super().__init__(index, dict.fromkeys(questions, everything), dict.fromkeys(questions, (status, [])))

    def answer(self, question: str) -> Answer | None:
        self.heard.append((self.article.id, question))
        return super().answer(question)


@pytest.mark.parametrize(
    ("mode", "heard"),
    [
        (Mode.ARTICLE, "article-1 article-1 article-1 article-2"),
        (Mode.POOLED, "pooled pooled pooled pooled"),
        (Mode.FOREIGN, "article-1 article-2 article-1 article-2 article-1 article-2 article-2 article-1"),
    ],
)
def test_each_mode_asks_the_articles_that_it_names(mode: Mode, heard: str) -> None:
    Listens.heard = []
    metrics = evaluate(
        LOADED, FakeEmbedder(), file="f", mode=mode, system=lambda index: Listens(index, Status.UNCERTAIN)
    )
    assert " ".join(article for article, _ in Listens.heard) == heard
    assert (metrics.mode, metrics.questions) == (mode, 4)


@pytest.mark.parametrize(
    ("status", "share"), [(Status.ANSWERED, 0), (Status.UNCERTAIN, 1), (Status.NOT_IN_ARTICLE, 1)]
)
def test_another_article_should_not_answer(status: Status, share: int) -> None:
    class Foreign(Listens):
        """Answers questions of its own article, and does what is to be counted with the other's."""

        def answer(self, question: str) -> Answer | None:
            answer = super().answer(question)
            own = next(one for one in LOADED if one.article.id == self.article.id)
            if answer and any(q.text == question and q.gold for q in own.questions):
                return replace(answer, status=Status.ANSWERED)
            return answer

    Listens.heard = []
    metrics = evaluate(
        LOADED,
        FakeEmbedder(),
        file="f",
        mode=Mode.FOREIGN,
        system=lambda index: Foreign(index, status),
    )
    assert metrics.not_answered_when_impossible == share
    assert (metrics.false_refusals, metrics.answered) == (0, 1)


def test_one_article_has_no_other_to_ask() -> None:
    with pytest.raises(QuestionFileError) as error:
        evaluate(
            LOADED[:1],
            FakeEmbedder(),
            file="f.json",
            mode=Mode.FOREIGN,
            system=lambda index: Listens(index, Status.ANSWERED),
        )
    assert str(error.value) == "f.json is about one article: there is no other to ask its questions of."


CONVERSATION_LINES = (
    '{"id": "a", "first": "What was built?", "question": "When? ", "evidence": ["1901"], "held_out": true}',
    '{"first": "When?", "question": "Who runs it?", "evidence": [], "new_subject": true}',
)


def test_conversations_are_read_with_their_marks(path: Path) -> None:
    path.write_text("\ufeff" + "\n\n".join(CONVERSATION_LINES), encoding="utf-8")
    assert load_conversations(path, ARTICLE) == (
        GoldConversation("What was built?", GoldQuestion("When?", (Span(36, 40),), "a"), held_out=True),
        GoldConversation("When?", GoldQuestion("Who runs it?", ()), new_subject=True),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\n", "The question file {path} is empty."),
        (
            '{"question": "Why?", "evidence": []}',
            "The question file {path} is not JSON lines with 'first', 'question' and 'evidence': "
            "line 1, first: Field required.",
        ),
        (
            '{"first": "Who?", "question": "Why?", "evidence": ["Ünder"]}',
            "Question 'Why?': its evidence 'Ünder' is not in the article 'elms'. "
            "Choose the article that the questions are about.",
        ),
    ],
)
def test_what_is_wrong_with_conversations_is_said(path: Path, content: str, message: str) -> None:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(QuestionFileError) as error:
        load_conversations(path, ARTICLE)
    assert str(error.value) == message.format(path=path)


class Converser(Told):
    """Ranks another sentence first where it is told what was asked before, and notes what it is told."""

    def __init__(self, index: Index, after: Mapping[str, int]) -> None:
        super().__init__(index, {}, {})
        self.after, self.heard = after, list[tuple[str, tuple[Turn, ...]]]()

    def respond(self, question: str, turns: Sequence[Turn] = ()) -> tuple[Answer, Ranking]:
        self.heard.append((question, tuple(turns)))
        best = self.sentences[self.after[question] if turns else LAMP]
        status = Status.UNCERTAIN if best == self.sentences[LAMP] else Status.ANSWERED
        self.answers = {question: (status, [best])}
        answer = self.answer(question)
        assert answer
        return answer, Ranking((ScoredSentence(best, 0, 0),), ())


def test_conversations_are_counted_with_the_first_turn_and_without() -> None:
    year, norse, lamp = (Span(36, 40),), (Span(79, 84),), (Span(90, 94),)
    assert [span.of(TEXT) for (span,) in (year, norse, lamp)] == ["1901", "Norse", "lamp"]
    conversations = (
        GoldConversation("Built?", GoldQuestion("right", year)),
        GoldConversation("Built?", GoldQuestion("wrong", year), held_out=True),
        GoldConversation("Built?", GoldQuestion("dragged", lamp), new_subject=True),
        GoldConversation("Built?", GoldQuestion("kept", lamp), new_subject=True, held_out=True),
        GoldConversation("Built?", GoldQuestion("no answer", ())),
        GoldConversation("Built?", GoldQuestion("none, and said", ())),
    )
    after = {"right": BUILT, "wrong": NORSE, "dragged": SHIPS, "kept": LAMP, "no answer": LAMP}
    converser = Converser(build(ARTICLE, FakeEmbedder()), after | {"none, and said": RUNS})
    told: list[tuple[int, int]] = []
    found = evaluate_conversations(
        conversations, converser, ARTICLE, file="f", on_question=lambda *step: told.append(step)
    )
    assert found == ConversationMetrics(
        file="f",
        conversations=6,
        all=SecondTurns(4, 0.5, 0.5),
        follow_ups=SecondTurns(2, 0.5, 0),
        new_subjects=SecondTurns(2, 0.5, 1),
        held_out=SecondTurns(2, 0.5, 0.5),
        not_answered_when_impossible=0.5,
        byte_exact=1,
    )
    first = Turn("Built?", (Span(86, 102),))
    assert first.spans[0].of(TEXT) == "The lamp is lit."
    assert converser.heard[:3] == [("Built?", ()), ("right", (first,)), ("right", ())]
    assert told == [(n, 6) for n in range(1, 7)]


def test_a_question_is_asked_once() -> None:
    class Counts(Told):
        asked = 0

        def respond(self, question: str) -> tuple[Answer | None, Ranking]:
            Counts.asked += 1
            return super().respond(question)

    ranks = {question.text: [0] for one in LOADED for question in one.questions}
    evaluate(LOADED, FakeEmbedder(), file="f", system=lambda index: Counts(index, ranks, {}))
    assert Counts.asked == 4


DEGREES = {"Why?": 0, "One two. Three four.\n": 60, "Five six.": 30, "One two.": 10, "Three four.": 80}


class Handmade(FakeEmbedder):
    """Vectors in the plane, so many degrees from the question's."""

    dimension = 2

    def encode(self, texts: Sequence[str]) -> Floats:
        angles = np.radians([DEGREES[text] for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_the_baseline_ranks_by_cosine() -> None:
    article = Article(id="a", title="t", text="One two. Three four.\nFive six.")
    baseline = PlainDense(build(article, FakeEmbedder()), Handmade())
    sentences, passages = baseline.rank("Why?").sentences, baseline.rank("Why?").passages
    assert [s.sentence.of(article.text) for s in sentences] == ["One two.", "Five six.", "Three four."]
    cosines = np.cos(np.radians([10, 30, 80])).tolist()
    assert [s.score for s in sentences] == [s.support for s in sentences] == pytest.approx(cosines)
    assert [p.passage.id for p in passages] == ["p2", "p1"]
    assert [p.score for p in passages] == pytest.approx(np.cos(np.radians([30, 60])).tolist())


@pytest.mark.usefixtures("_known_thresholds")
@pytest.mark.slow
def test_a_library_is_evaluated_on_its_article_without_an_index_on_disk(tmp_path: Path) -> None:
    article, questions, data = tmp_path / "elms.txt", tmp_path / "q.jsonl", tmp_path / "data"
    article.write_text(TEXT, encoding="utf-8")
    questions.write_text(
        '{"question": "When was the harbour built?", "evidence": ["1901"]}', encoding="utf-8"
    )
    library = Library(data, article_path=article, embedder=FakeEmbedder())
    measured = partial(measure, questions, library.article_in_use(), *library.models())
    found = measured()
    assert (found.file, found.mode, found.questions) == ("q.jsonl", Mode.ARTICLE, 1)
    assert (found.citation_at_1, found.passage_recall_at_1, found.byte_exact) == (1, 1, 1)
    plain = measured(plain=True)
    assert (plain.passage_recall_at_1, plain.answered, plain.byte_exact) == (1, None, None)
    assert not data.exists()
