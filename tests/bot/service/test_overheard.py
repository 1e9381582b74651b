"""What of all that people write is a question that an article could answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.channels import MAX_THREAD_NAME, thread_name
from bot.render.text import size
from bot.service.overheard import overheard_question
from index import MAX_QUESTION_CHARS

QUESTION = "When was the harbour built?"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (QUESTION, QUESTION),
        (f"Hello everyone! {QUESTION} Thanks, Ada", QUESTION),
        (f"{QUESTION} 😀 <:ship:123456789012345678>", f"{QUESTION} 😀"),
        ("when was the harbour built", "when was the harbour built"),
        ("**Is the lighthouse open?**", "**Is the lighthouse open?**"),
        ("Wann wurde der Hafen gebaut?", "Wann wurde der Hafen gebaut?"),
        ("Wieso ist der Leuchtturm geschlossen", "Wieso ist der Leuchtturm geschlossen"),
        ("Quand le port a-t-il été construit ?", "Quand le port a-t-il été construit ?"),
        ("Quelle est la loi du port", "Quelle est la loi du port"),
        ("¿Cuándo se construyó el puerto?", "¿Cuándo se construyó el puerto?"),
        ("¿Cuál es el puerto", "¿Cuál es el puerto"),
        ("港はいつ 建て られ ましたか？", "港はいつ 建て られ ましたか？"),
    ],
)
def test_questions_are_heard_in_each_language(text: str, question: str) -> None:
    assert overheard_question(text) == question


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "Why?",
        "Really, now?",
        "The harbour was built in 1901.",
        "What a lovely harbour it is!",
        "I asked when? and then left the harbour.",
        "/ask when was the harbour built?",
        "!rank who is the best?",
        "?? ",
        "How are you?",
        "What can you do?",
        "https://example.org/?when=was-it-built",
        f"What is {'x' * MAX_QUESTION_CHARS} of them?",
    ],
)
def test_what_asks_nothing_of_an_article_is_not(text: str) -> None:
    assert overheard_question(text) is None


@pytest.mark.parametrize(
    ("title", "text", "question"),
    [
        (QUESTION, "I looked it up and found nothing.", QUESTION),
        (QUESTION, "", QUESTION),
        ("Harbour", QUESTION, f"Harbour\n{QUESTION}"),
        ("Harbour", "Lovely, it is.", None),
    ],
)
def test_a_title_that_is_a_question_is_asked_alone(title: str, text: str, question: str | None) -> None:
    assert overheard_question(text, title=title) == question


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_text_is_a_question_that_may_be_asked_or_none(text: str, title: str) -> None:
    for question in (overheard_question(text), overheard_question(text, title=title)):
        assert question is None or (0 < len(question) <= MAX_QUESTION_CHARS and question.strip())


@given(st.text(min_size=1, max_size=400).filter(lambda text: any(map(str.isalnum, text))))
def test_a_question_names_a_thread_whatever_it_is_made_of(question: str) -> None:
    name = thread_name(question)
    assert 1 <= size(name) <= MAX_THREAD_NAME
    assert name.isprintable()
    assert name == name.strip()


def test_a_long_question_is_cut_in_the_name_of_its_thread() -> None:
    assert thread_name("When\nwas  it?") == "When was it?"
    assert thread_name("x" * 100) == "x" * 100
    assert thread_name("x" * 101) == "x" * 99 + "…"
    assert thread_name("😀" * 60) == "😀" * 49 + "…"
