"""What people write around a question is no part of it, and talk is no question."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.service.answers import LABELS
from bot.service.questions import AskedQuestion, bare_question
from bot.service.small_talk import SmallTalk, small_talk
from index import RebuildingError, Result, WrittenAnswer
from tests.fakes import ARTICLE, HeldLibrary


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("<a:party:123456789012345678> when did it open?", "when did it open?"),
        ("<@!12> asks: when did it open? <@&34>", "when did it open?"),
        ("what is in <#99>, and why <t:1700000000>?", "what is in , and why ?"),
        ("When did it open? https://example.org/a?b=c#d", "When did it open?"),
        ("Good morning everyone, when did it open?", "when did it open?"),
        ("hey when did it open", "when did it open"),
        ("Hello! Please could you tell me when did it open?\n\nBest regards,\nIda Roe", "when did it open?"),
        ("Does anybody know who built it? Thanks so much!", "who built it?"),
        ("Quick question: who built it? – Ida", "who built it?"),
        ("Hallo zusammen, wer hat es gebaut? Danke, Ida", "wer hat es gebaut?"),
        ("Bonjour, qui a construit le pont ? Merci d’avance", "qui a construit le pont ?"),
        ("Hola, ¿quién lo construyó? Gracias", "¿quién lo construyó?"),
        ("Hi @Footnote, quick question: who built it?", "who built it?"),
        ("Hello Kitty was drawn by whom?", "Hello Kitty was drawn by whom?"),
        ("Who said thanks?", "Who said thanks?"),
        ("Which cheers, Ida?", "Which cheers, Ida?"),
        ("What is 5 < 6?", "What is 5 < 6?"),
        ("Who is the best?", "Who is the best?"),
        ("hi", "hi"),
        ("<:x:1>", ""),
    ],
)
def test_the_question_in_a_message(message: str, question: str) -> None:
    assert bare_question(message) == question


@given(st.text(alphabet="hi thanks,?.!<@#:>1\n–who"))
def test_a_question_is_no_longer_than_its_message(message: str) -> None:
    bare = bare_question(message)
    assert len(bare) <= len(message)
    assert bare == bare.strip()


@pytest.mark.parametrize(
    ("message", "talk"),
    [
        ("Hi there!", SmallTalk.GREETING),
        ("hallo", SmallTalk.GREETING),
        ("Bonjour !", SmallTalk.GREETING),
        ("¡Hola!", SmallTalk.GREETING),
        ("hey, how are you?", SmallTalk.GREETING),
        ("ok thanks", SmallTalk.THANKS),
        ("Thank you so much, Footnote!", SmallTalk.THANKS),
        ("danke schön", SmallTalk.THANKS),
        ("What can you do?", SmallTalk.ABILITIES),
        ("who are you", SmallTalk.ABILITIES),
        ("Was kannst du?", SmallTalk.ABILITIES),
        ("help", SmallTalk.ABILITIES),
        ("What can the mayor do?", None),
        ("Who are they?", None),
        ("hi, who built it?", None),
        ("Why?", None),
        ("", None),
    ],
)
def test_talk_is_told_from_questions(message: str, talk: SmallTalk | None) -> None:
    assert small_talk(message) is talk


@given(st.text())
def test_any_message_may_be_talk(message: str) -> None:
    assert small_talk(message) in (None, *SmallTalk)


@pytest.mark.slow
@pytest.mark.usefixtures("_read_here")
def test_what_cannot_be_asked_besides_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    library = HeldLibrary().branch("7")
    answer = WrittenAnswer(1, "7", "Where?", "At the pier.", None, "", "", datetime.now(UTC))
    library.admin_answers.add(answer, LABELS, who="", lease="", on_progress=lambda _: None)
    article = library.admin_answers.article
    assert article is not None
    asked = AskedQuestion("How are cows?", 7, ARTICLE.id, (), None, False, None, assumed=True)
    there = replace(asked, text="Where?")
    assert there.asked_of(library).answer.article_id == article
    assert replace(there, assumed=False).asked_of(library).answer.article_id == ARTICLE.id
    assert replace(there, server=None).asked_of(library).answer.article_id == ARTICLE.id
    ask = HeldLibrary.ask

    def fail(self: HeldLibrary, question: str, **options: Any) -> Result:
        if options["article"] == article:
            raise RebuildingError("It is being rebuilt.", done=0, total=0)
        return ask(self, question, **options)

    monkeypatch.setattr(HeldLibrary, "ask", fail)
    for question in (asked, there):
        assert question.asked_of(library).answer.article_id == ARTICLE.id
    gone = replace(asked, article="gone")
    assert gone.asked_of(library).answer.article_id == ARTICLE.id
