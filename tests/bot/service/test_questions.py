"""What people write around a question is no part of it, and talk is no question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.service.questions import bare_question
from bot.service.small_talk import SmallTalk, small_talk


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
