"""Rankings that are read: which sentence comes first, in which words, and what speaks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from index.answering.reading import (
    MARGIN,
    READ_CHARS,
    READ_PASSAGES,
    READER_WEIGHT,
    RankingReader,
    ReadRanking,
)
from index.answering.reading_judge import ReadingJudge
from index.answering.tiers import Signs, Tiers, VerdictTiers
from index.answering.verdicts import judge_verdict
from index.language.attribution import Speech
from index.language.follow_ups import FollowUp
from index.model.answer import Status, Verdict
from index.model.article import Article
from index.reader.model import Reading, Verdicts
from index.reader.windows import BestSpan, Excerpt
from index.search.build import build
from index.search.ranking import Retriever
from tests.index.fakes import FakeEmbedder

TEXT = (
    "The old ferry leaves at nine from the north pier.\n"
    "The new ferry leaves at ten. It is blue and it was built in Turku.\n"
    "Bicycles travel on the ferry for two crowns.\n"
    "Dogs are not allowed on the ferry.\n"
    "The pier was closed in winter, when the ferry stays in Turku.\n"
    "The ferry has a small kitchen.\n"
)
SILENT = Verdicts(0.1, 0.1, 0.8)


class WordReader:
    """Reads by a table: each word is an answer of the margin that stands beside it.

    Attributes:
        questions: What it was asked.
        texts: What it was given to read, of all questions.
        claims: What it was to judge.
    """

    def __init__(self, margins: Mapping[str, float], verdicts: Mapping[str, Verdicts] = {}) -> None:
        self._margins, self._verdicts = margins, verdicts
        self.questions: list[str] = []
        self.texts: list[str] = []
        self.claims: list[str] = []

    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        self.questions.append(question)
        self.texts += [excerpt.text for excerpt in excerpts]
        return [self._reading(excerpt) for excerpt in excerpts]

    def verdicts(self, claim: str, excerpts: Sequence[Excerpt]) -> list[Verdicts]:
        self.claims.append(claim)
        return [
            next((v for word, v in self._verdicts.items() if word in excerpt.text), SILENT)
            for excerpt in excerpts
        ]

    def _reading(self, excerpt: Excerpt) -> Reading:
        spans = tuple(self._span(excerpt.text, start, end) for start, end in excerpt.sentences)
        return Reading(spans, 1.0)

    def _span(self, text: str, start: int, end: int) -> BestSpan | None:
        words = [word for word in self._margins if text.find(word, start, end) >= 0]
        if not words:
            return BestSpan(start, end, 1.0 - 8.0)
        best = max(words, key=lambda word: self._margins[word])
        at = text.index(best, start, end)
        return BestSpan(at, at + len(best), 1.0 + self._margins[best])


def parts(text: str = TEXT) -> tuple[Article, Retriever, Speech]:
    article = Article(id="ferry", title="The ferry", text=text)
    speech = Speech(article)
    embedder = FakeEmbedder()
    return article, Retriever(build(article, embedder), embedder, mentions=speech.mentions), speech


def read(
    question: str, reader: WordReader, text: str = TEXT, follow_up: FollowUp | None = None
) -> ReadRanking:
    article, retriever, speech = parts(text)
    ranking_reader = RankingReader(article, speech=speech, retriever=retriever, reader=reader)
    return ranking_reader.read(question, retriever.rank(question, follow_up), follow_up)


def test_the_reader_decides_between_sentences_that_match_alike() -> None:
    for word in ("nine", "ten"):
        ranked = read("When does the ferry leave?", WordReader({word: 6.0}))
        assert ranked.span is not None
        assert ranked.span.of(TEXT) == word
        assert word in ranked.ranking.sentences[0].sentence.of(TEXT)


def test_what_parts_cells_is_no_part_of_the_words() -> None:
    text = "Zone: B · Colour: blue\nZone: C · Colour: white\n"
    ranked = read("Which zone is white?", WordReader({"C · ": 6.0}), text)
    assert ranked.span is not None
    assert ranked.span.of(text) == "C"


def test_scores_are_the_retrievers_and_a_share_of_the_margin() -> None:
    _, retriever, _ = parts()
    before = {one.sentence: one.score for one in retriever.rank("When does the ferry leave?").sentences}
    ranked = read("When does the ferry leave?", WordReader({"nine": 6.0, "ten": 2.0}))
    margins = {"nine": 6.0, "ten": 2.0, "Turku": -8.0}
    for word, margin in margins.items():
        one = next(s for s in ranked.ranking.sentences if word in s.sentence.of(TEXT))
        expected = before[one.sentence] + READER_WEIGHT * margin
        assert one.score == pytest.approx(expected)
    assert [one.score for one in ranked.ranking.sentences] == sorted(
        (one.score for one in ranked.ranking.sentences), reverse=True
    )


WORDS = "first second third fourth fifth sixth seventh eighth".split()


def test_only_the_best_passages_are_read_and_what_is_not_counts_as_no_answer() -> None:
    reader = WordReader({"kitchen": 9.0})
    ranked = read("When does the ferry leave the north pier?", reader)
    assert len(reader.texts) == READ_PASSAGES
    unread = [
        one
        for one in ranked.ranking.sentences
        if not any(one.sentence.of(TEXT) in text for text in reader.texts)
    ]
    assert len(unread) == 3
    _, retriever, _ = parts()
    before = retriever.rank("When does the ferry leave the north pier?").sentences
    for one in unread:
        score = next(other.score for other in before if other.sentence == one.sentence)
        assert one.score == pytest.approx(score - READER_WEIGHT * MARGIN)


def test_of_a_long_passage_what_stands_around_its_best_sentence_is_read() -> None:
    sentences = [f"The {word} ferry {'m' * 70} sank." for word in WORDS]
    text = " ".join(sentences)
    reader = WordReader({})
    ranked = read("When did the sixth ferry sink?", reader, text)
    assert [len(one) <= READ_CHARS for one in reader.texts] == [True]
    assert reader.texts[0] in text
    assert sentences[5] in reader.texts[0]
    assert reader.texts[0].startswith("The ")
    assert reader.texts[0].endswith("sank.")
    assert ranked.ranking.sentences[0].sentence.of(text) == sentences[5]


def test_the_label_of_a_turn_answers_who_said_what_is_asked() -> None:
    text = (
        "OSKAR: I am against meters. We should mend the leaking tank first.\n"
        "MARGIT: The tank was mended in March.\nOSKAR: Fine.\nMARGIT: Good.\n"
    )
    ranked = read("Who said that we should mend the leaking tank first?", WordReader({"OSKAR": 9.0}), text)
    best = ranked.ranking.sentences[0].sentence
    assert best.of(text) == "We should mend the leaking tank first."
    assert (ranked.signs.margin, ranked.span) == (9.0, None)
    assert (ranked.signs.short_lacks, ranked.signs.words) == (False, 5 / 80)


def test_when_something_was_said_is_no_answer() -> None:
    text = "[10:04] mara: when does the plumber come?\n[10:05] oskar: friday at nine\n"
    ranked = read("When does the plumber come?", WordReader({"10:05": 9.0, "friday": 3.0}), text)
    assert ranked.span is not None
    assert ranked.span.of(text) == "friday"


def test_an_answer_is_read_with_the_question_that_leads_it() -> None:
    text = "When does the ferry leave?\n\nAt nine.\n\nWhere does it sleep?\n\nIn the bay.\n"
    reader = WordReader({"nine": 5.0})
    ranked = read("When does the ferry leave?", reader, text)
    assert ranked.ranking.sentences[0].sentence.of(text) == "At nine."
    assert any(one.split() == "When does the ferry leave? At nine.".split() for one in reader.texts)
    assert ranked.signs.in_sentence == 1


def test_the_passage_of_the_best_sentence_is_read_whatever_its_rank() -> None:
    reader = WordReader({})
    article, retriever, speech = parts()
    ranking = retriever.rank("ferry")
    last = ranking.sentences[-1]
    ranking = ranking.__class__((last, *ranking.sentences[:-1]), ranking.passages, ranking.question)
    RankingReader(article, speech=speech, retriever=retriever, reader=reader).read("ferry", ranking)
    assert any(last.sentence.of(TEXT) in text for text in reader.texts)
    assert len(reader.texts) == READ_PASSAGES


def test_signs_tell_what_speaks_for_the_first_sentence() -> None:
    signs = read("When did Olga say the ferry leaves?", WordReader({"nine": 6.0, "ten": 2.0})).signs
    assert signs.margin == pytest.approx(6.0)
    assert (signs.unknown, signs.time, signs.number, signs.name, signs.reason) == (
        1,
        True,
        False,
        False,
        False,
    )
    assert signs.lacks  # a bare “nine” is no time
    assert signs.agrees
    assert signs.lead > 0
    # Of olga, say, ferry and leave (“when”, “did” and “the” say nothing) two stand there.
    assert (signs.in_sentence, signs.in_passage) == (0.5, 0.5)


def test_the_best_margin_need_not_be_the_first_sentences() -> None:
    signs = read("When does the old ferry leave the north pier?", WordReader({"nine": 3.0, "ten": 3.5})).signs
    assert (signs.margin, signs.agrees) == (3.0, False)


def test_margins_are_bounded() -> None:
    assert read("When does the old ferry leave?", WordReader({"nine": 400.0})).signs.margin == MARGIN


def test_an_article_of_one_sentence_leads_by_the_bound() -> None:
    signs = read("When?", WordReader({"nine": 1.0}), "It leaves at nine.\n").signs
    assert (signs.lead, signs.agrees) == (MARGIN, True)


def test_a_follow_up_is_read_with_what_it_leans_on() -> None:
    reader = WordReader({})
    read("And the new one?", reader, follow_up=FollowUp("When does the old ferry leave?", (), False))
    assert reader.questions == ["When does the old ferry leave? And the new one?"]


WEIGHTS = Signs(*[0.0] * len(Signs._fields))._replace(margin=1.0)
TIERS = Tiers(
    weights=WEIGHTS._asdict(),
    intercept=0.0,
    uncertain=0.3,
    answered=0.9,
    verdicts=VerdictTiers(says=0.5, certain=0.8),
)


def judge(reader: WordReader, text: str = TEXT) -> tuple[ReadingJudge, Retriever]:
    article, retriever, speech = parts(text)
    ranking_reader = RankingReader(article, speech=speech, retriever=retriever, reader=reader)
    return ReadingJudge(ranking_reader, TIERS), retriever


@pytest.mark.parametrize(
    ("margin", "status", "short"),
    [
        (6.0, Status.ANSWERED, "nine"),
        (0.0, Status.UNCERTAIN, "nine"),
        (-6.0, Status.NOT_IN_ARTICLE, None),
    ],
)
def test_the_probability_decides_and_an_answer_has_a_short_form(
    margin: float, status: Status, short: str | None
) -> None:
    judged, retriever = judge(WordReader({"nine": margin, "ten": -7.0}))
    question = "When does the old ferry leave?"
    judgement = judged.judge(question, retriever.rank(question))
    assert judgement.status is status
    assert (judgement.short.of(TEXT) if judgement.short else None) == short
    assert judgement.verdict is None


@pytest.mark.parametrize(
    "question",
    [
        "Why does the old ferry leave at nine?",
        "What are the old ferry times?",
        "How do I get to the old ferry?",
    ],
)
def test_a_reason_a_list_or_a_way_has_no_short_form(question: str) -> None:
    judged, retriever = judge(WordReader({"nine": 8.0}))
    judgement = judged.judge(question, retriever.rank(question))
    assert (judgement.status, judgement.short) == (Status.ANSWERED, None)


VERDICTS = {
    "Dogs": Verdicts(0.02, 0.95, 0.03),
    "Bicycles": Verdicts(0.9, 0.05, 0.05),
    "kitchen": Verdicts(0.35, 0.3, 0.35),
}


@pytest.mark.parametrize(
    ("question", "words", "verdict", "status"),
    [
        ("Are dogs allowed on the ferry?", ("Dogs",), Verdict.SAYS_OTHERWISE, Status.ANSWERED),
        ("Do bicycles travel on the ferry?", ("Bicycles",), Verdict.SAYS_SO, Status.ANSWERED),
        ("Has the ferry a kitchen?", ("kitchen",), None, Status.NOT_IN_ARTICLE),
        ("Does the ferry leave at nine?", (), None, Status.UNCERTAIN),
    ],
)
def test_a_question_for_yes_or_no_gets_the_verdict_of_the_passage_that_says_most(
    question: str, words: tuple[str, ...], verdict: Verdict | None, status: Status
) -> None:
    margins = {word: 9.0 for word in words if word != "kitchen"}
    judged, retriever = judge(WordReader({"nine": 1.0, **margins}, {word: VERDICTS[word] for word in words}))
    judgement = judged.judge(question, retriever.rank(question))
    assert (judgement.verdict, judgement.status, judgement.short) == (verdict, status, None)
    first = judgement.ranking.sentences[0].sentence.of(TEXT)
    assert all(word in first for word in words)
    assert len(set(judgement.ranking.sentences)) == len(judgement.ranking.sentences)


def test_a_verdict_is_told_where_the_answer_is_uncertain() -> None:
    reader = WordReader({"Bicycles": 1.0}, {"Bicycles": VERDICTS["Bicycles"]})
    judged, retriever = judge(reader)
    question = "Do bicycles travel on the ferry?"
    judgement = judged.judge(question, retriever.rank(question))
    assert (judgement.status, judgement.verdict) == (Status.UNCERTAIN, Verdict.SAYS_SO)


def test_what_yes_or_no_does_not_answer_is_not_judged() -> None:
    reader = WordReader({"nine": 8.0}, VERDICTS)
    judged, retriever = judge(reader)
    for question in ("When does the old ferry leave?", "Does the old ferry leave?"):
        judged.judge(question, retriever.rank(question))
    assert reader.claims == ["Does the old ferry leave?"]


def test_of_a_question_for_yes_or_no_its_own_passage_is_heard() -> None:
    verdicts = {"Dogs": Verdicts(0.5, 0.2, 0.3), "Bicycles": Verdicts(0.0, 1.0, 0.0)}
    reader = WordReader({"Dogs": 9.0}, verdicts)
    assert read("Are dogs allowed on the ferry?", reader).signs.says == pytest.approx(0.7)
    assert read("Which dogs are allowed on the ferry?", reader).signs.says == 0


def test_an_article_of_which_nothing_was_read_does_not_say() -> None:
    judgement = judge_verdict(read("Is it blue?", WordReader({}))._replace(passages=()), TIERS.verdicts)
    assert (judgement.status, judgement.verdict) == (Status.NOT_IN_ARTICLE, Verdict.DOES_NOT_SAY)


def test_a_verdict_alone_answers_nothing() -> None:
    judged, retriever = judge(WordReader({}, VERDICTS))
    question = "Are dogs allowed on the ferry?"
    judgement = judged.judge(question, retriever.rank(question))
    assert (judgement.verdict, judgement.status) == (None, Status.NOT_IN_ARTICLE)


def test_a_claim_is_checked_like_a_question_for_yes_or_no() -> None:
    judged, retriever = judge(WordReader({}, VERDICTS))
    claim = "Dogs may come along."
    judgement = judged.check(claim, retriever.rank(claim))
    assert (judgement.verdict, judgement.status) == (Verdict.SAYS_OTHERWISE, Status.ANSWERED)
