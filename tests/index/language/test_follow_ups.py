"""Which questions lean on the one before, what they are read with, and what a conversation comes to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.answering.answerer import Answerer
from index.evaluation.conversations import evaluate_conversations
from index.language.follow_ups import (
    MAX_CONTEXT_CHARS,
    MAX_TURNS,
    FollowUp,
    asks_on,
    follow_up,
    has_open_pronoun,
    leans,
    telling_words,
)
from index.model.answer import Citation, Status, Turn
from index.model.article import Article, Span
from index.search.build import build
from index.sources.question_files import load_conversations
from tests.index.fakes import THRESHOLDS, FakeEmbedder

CONVERSATIONS = Path(__file__).parents[1] / "data" / "conversations.jsonl"
NAMES = frozenset({"Khan", "Berg", "Israel", "Toyota"})


def is_name(word: str) -> bool:
    return word in NAMES


@pytest.mark.parametrize(
    "question",
    [
        "why?",
        "When?",
        "with whom?",
        "and then?",
        "What for?",
        "who?",
        "and?",
        "And in June?",
        "on which day?",
        "under what conditions?",
        "and the mayor?",
        "how many MPs?",
        "Why now?",
        "why so late?",
        "how often?",
        "how many were killed?",
        "but the UK",
        "What did he say?",
        "is she married?",
        "Where was his statement posted?",
        "who told them?",
        "What did Khan say about it?",
        "Was it accepted?",
        "what is its name?",
        "which party is he from?",
        "what should the UK do, according to him?",
        "what was in that letter?",
        "Who said that?",
        "why is that?",
        "how many is that so far?",
        "What do these ministers want?",
        "Who says so?",
        "did Khan do the same?",
        "What happened there?",
        "what else?",
        "Anything else?",
        "What else did Khan say?",
        "tell me more",
        "go on",
        "More!",
        "and the others?",
        "Thanks! And why?",
        "ok, what about the aid?",
        "How about Israel?",
    ],
)
def test_a_question_that_needs_the_one_before_it(question: str) -> None:
    assert leans(question, is_name)


@pytest.mark.parametrize(
    "question",
    [
        "How many Labour MPs signed the letter?",
        "Who is Wes Streeting?",
        "Who resigned?",
        "disability benefits",
        "Which newspaper reported?",
        "Khan",
        "What does Khan say about his party?",
        "Did Israel defend its actions?",
        "Does Khan say that nothing justifies the killing?",
        "Is it true that Khan will run again?",
        "Is there a date for recognition?",
        "Why was the bridge closed and who closed it?",
        "When did Toyota say it would close?",
        "Who gave their name to Normandy?",
        "thanks! who is the mayor?",
        "And what did the ministers demand from Starmer?",
        "What did the mayor say after his speech?",
        "What happened this week?",
        "What is this article about?",
        "",
        "?",
        "🙂",
        "why " * 60,
    ],
)
def test_a_question_that_stands_by_itself(question: str) -> None:
    assert not leans(question, is_name)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("what else?", True),
        ("And who else signed?", True),
        ("go on", True),
        ("Why?", False),
        ("and his?", False),
    ],
)
def test_what_asks_on_is_told_apart(question: str, *, expected: bool) -> None:
    assert asks_on(question) is expected


TEXT = "The bridge is old. The ferry is new."
BRIDGE, FERRY = Span(0, 18), Span(19, 36)


def turn(question: str, *cited: Span) -> Turn:
    return Turn(question, cited)


def test_a_follow_up_is_read_with_the_turns_that_it_reaches_back_to() -> None:
    first, second = turn("Who built the bridge?", BRIDGE), turn("and when?", FERRY)
    assert follow_up("why?", [first], TEXT) == FollowUp("Who built the bridge?", (BRIDGE,), asks_on=False)
    assert follow_up("what else?", [second, first], TEXT) == FollowUp(
        "Who built the bridge?", (BRIDGE,), asks_on=True
    )
    assert follow_up("why?", [first, second], TEXT) == FollowUp(
        "Who built the bridge? and when?", (FERRY,), asks_on=False
    )


def test_it_reaches_back_so_far_and_no_further() -> None:
    turns = [turn("Who built the bridge?"), *(turn(f"why {n}?") for n in range(5))]
    found = follow_up("why?", turns, TEXT)
    assert found is not None
    assert found.context == " ".join(f"why {n}?" for n in range(5 - MAX_TURNS, 5))


def test_a_turn_without_a_question_is_read_as_what_it_cites() -> None:
    assert follow_up("why?", [turn("Who?", FERRY), turn("", BRIDGE)], TEXT) == FollowUp(
        "The bridge is old.", (BRIDGE,), asks_on=False
    )


def test_what_went_before_is_cut_to_what_the_model_can_read() -> None:
    found = follow_up("why?", [turn("bridge \n" * 500)], TEXT)
    assert found is not None
    assert found.context == ("bridge " * 500)[:MAX_CONTEXT_CHARS]


@pytest.mark.parametrize("turns", [[], [turn("Who built the bridge?", BRIDGE)]])
def test_without_turns_or_need_nothing_is_leaned_on(turns: list[Turn]) -> None:
    assert follow_up("Who built the ferry?", turns, TEXT) is None
    assert follow_up("why?", [], TEXT) is None


@given(question=st.text(max_size=250), before=st.text(max_size=400))
def test_any_words_can_be_a_conversation(question: str, before: str) -> None:
    found = follow_up(question, [turn(before, Span(5, 10_000))], TEXT)
    assert found is None or len(found.context) <= MAX_CONTEXT_CHARS
    assert all(word.of(question).strip() for word in telling_words(question))


def test_telling_words() -> None:
    text = "So what did Khan oppose?"
    assert [word.of(text) for word in telling_words(text)] == ["Khan", "oppose"]
    assert telling_words("") == []


@pytest.mark.parametrize("question", ["who his?", "who her", "who their"])
def test_who_with_a_possessive_alone_leans(question: str) -> None:
    assert has_open_pronoun(question)


# Answers.


def cited(citations: tuple[Citation, ...]) -> tuple[Span, ...]:
    return tuple(Span(citation.start, citation.end) for citation in citations)


@pytest.mark.slow
def test_a_question_on_something_else_is_answered_as_if_nothing_went_before(
    answerer: Answerer, shipped: Article
) -> None:
    before = answerer.answer("What did Khan oppose in June?")
    turns = [Turn(before.question, cited(before.citations))]
    for question in (*shipped.questions, "Who is Wes Streeting?", "How do I bake bread?"):
        alone, ranked = answerer.respond(question)
        answer, ranking = answerer.respond(question, turns)
        assert [(s.sentence, s.score, s.support) for s in ranking.sentences] == [
            (s.sentence, s.score, s.support) for s in ranked.sentences
        ]
        assert (answer.status, answer.citations) == (alone.status, alone.citations)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "question", "quote"),
    [
        ("How many terms has Khan served?", "will he run again?", "is not expected to run for a fourth term"),
        ("Has Khan disagreed with his party before?", "and in June?", "disability benefits"),
        ("How many Labour MPs signed the letter?", "who reported that?", "according to The Guardian"),
        ("What did Streeting say about Palestine?", "And about Israel?", "go well beyond"),
    ],
)
def test_a_follow_up_is_answered(answerer: Answerer, first: str, question: str, quote: str) -> None:
    before = answerer.answer(first)
    answer = answerer.answer(question, [Turn(first, cited(before.citations))])
    assert answer.status is Status.ANSWERED
    assert quote in answer.citations[0].quote


def test_a_follow_up_works_where_only_the_citations_are_known(answerer: Answerer) -> None:
    before = answerer.answer("How many terms has Khan served?")
    answer = answerer.answer("will he run again?", [Turn("", cited(before.citations))])
    assert "is not expected to run for a fourth term" in answer.citations[0].quote


def test_more_is_something_else(answerer: Answerer) -> None:
    before = answerer.answer("What did Khan say about children in Gaza?")
    known = cited(before.citations)
    answer = answerer.answer("What else did he say?", [Turn(before.question, known)])
    assert answer.citations
    assert all(c.end <= span.start or span.end <= c.start for c in answer.citations for span in known)


@pytest.mark.parametrize(
    ("first", "question"),
    [
        ("What did Khan say about children?", "thanks! do you know a good pizza recipe?"),
        ("Why did the mayor speak?", "What's the weather like there today?"),
        ("Which newspaper reported on the letter?", "Who is its editor?"),
    ],
)
def test_what_the_article_does_not_say_it_does_not_say_in_a_conversation(
    answerer: Answerer, first: str, question: str
) -> None:
    before = answerer.answer(first)
    turns = [Turn(first, cited(before.citations))]
    assert answerer.answer(question, turns).status is Status.NOT_IN_ARTICLE


def test_why_is_not_answered_by_any_sentence_that_matches_what_was_asked_before() -> None:
    article = Article(id="a", title="t", text="The old bridge is closed.\nShips anchor in the bay.")
    embedder = FakeEmbedder()
    answerer = Answerer(build(article, embedder), embedder, thresholds=THRESHOLDS)
    turns = [Turn("Is the old bridge closed?", (Span(0, 25),))]
    assert answerer.answer("Is the old bridge closed?").status is Status.ANSWERED
    why = answerer.answer("why?", turns)
    assert (why.status, why.citations[0].quote) == (Status.UNCERTAIN, "The old bridge is closed.")


def test_another_language_is_not_leaned_on() -> None:
    article = Article(id="a", title="t", text="Die Brücke ist alt.\nWhy not?", language="de")
    embedder = FakeEmbedder()
    answerer = Answerer(build(article, embedder), embedder, thresholds=THRESHOLDS)
    turns = [Turn("Wie alt ist die Brücke?", (Span(0, 19),))]
    assert answerer.answer("why?", turns).citations == answerer.answer("why?").citations


# The conversations about the article that ships.


def test_there_are_enough_conversations_of_each_kind(shipped: Article) -> None:
    held = load_conversations(CONVERSATIONS, shipped)
    assert len(held) >= 36
    assert len({(one.first, one.then.text) for one in held}) == len(held)
    assert sum(one.new_subject for one in held) >= 8
    assert sum(not one.then.gold for one in held) >= 8
    assert sum(one.held_out for one in held) == len(held) // 3


@pytest.mark.slow
def test_carrying_the_first_turn_answers_the_second(shipped: Article, answerer: Answerer) -> None:
    found = evaluate_conversations(
        load_conversations(CONVERSATIONS, shipped), answerer, shipped, file=CONVERSATIONS.name
    )
    assert (found.file, found.conversations, found.all.questions) == ("conversations.jsonl", 71, 57)
    assert found.byte_exact == 1
    for kind in (found.all, found.follow_ups, found.held_out):
        assert kind.citation_at_1 is not None
        assert kind.alone is not None
        assert kind.citation_at_1 >= 0.85
        assert kind.citation_at_1 >= kind.alone + 0.15
    assert found.new_subjects.citation_at_1 is not None
    assert found.new_subjects.alone is not None
    assert found.new_subjects.citation_at_1 >= found.new_subjects.alone
    assert found.not_answered_when_impossible is not None
    assert found.not_answered_when_impossible >= 0.8
