"""Conversations of two turns in, metrics out. See ``footnote eval --conversations``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from index.evaluation.metrics import ConversationMetrics, SecondTurns, Tally
from index.library.self_check import OnQuestion, covers
from index.model.answer import Answer, Status, Turn
from index.model.article import Article, Span
from index.search.ranking import Ranking
from index.sources.question_files import GoldConversation


class Conversational(Protocol):
    """What answers a question after others."""

    def respond(self, question: str, turns: Sequence[Turn] = ()) -> tuple[Answer, Ranking]:
        """The answer, and what the question found, best first."""


def evaluate_conversations(
    conversations: Sequence[GoldConversation],
    answerer: Conversational,
    article: Article,
    *,
    file: str,
    on_question: OnQuestion = lambda *_: None,
) -> ConversationMetrics:
    """Asks the second turn of each conversation by itself, and again after the first one was answered.

    Args:
        conversations: About the article.
        answerer: Answers about it.
        article: What is asked about.
        file: The file's name, for the report.
        on_question: Told of each conversation that is done.
    """
    tally = Tally()
    for done, one in enumerate(conversations, 1):
        before, _ = answerer.respond(one.first)
        spans = tuple(Span(c.start, c.end) for c in before.citations or before.closest)
        answer, ranking = answerer.respond(one.then.text, (Turn(one.first, spans),))
        tally.count_citations(answer, article)
        if one.then.gold:
            _, alone = answerer.respond(one.then.text)
            kinds = ["all", "new_subjects" if one.new_subject else "follow_ups"]
            for kind in [*kinds, "held_out"] if one.held_out else kinds:
                tally.add(kind, covers(ranking.sentences[0].sentence, one.then.gold))
                tally.add(f"{kind} alone", covers(alone.sentences[0].sentence, one.then.gold))
        else:
            tally.add("not_answered_when_impossible", answer.status is not Status.ANSWERED)
        on_question(done, len(conversations))
    turns = {
        kind: SecondTurns(tally.count(kind), tally.mean(kind), tally.mean(f"{kind} alone"))
        for kind in ("all", "follow_ups", "new_subjects", "held_out")
    }
    return ConversationMetrics(
        file=file,
        conversations=len(conversations),
        not_answered_when_impossible=tally.mean("not_answered_when_impossible"),
        byte_exact=tally.mean("byte_exact"),
        **turns,
    )
