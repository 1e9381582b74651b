"""Questions about the article as a whole are told from those about what stands in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.language.article_questions import article_topic
from index.model.answer import ArticleTopic


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("What is this article about?", ArticleTopic.CONTENT),
        ("whats it about", ArticleTopic.CONTENT),
        ("Please summarise the text!", ArticleTopic.CONTENT),
        ("TL;DR", ArticleTopic.CONTENT),
        ("What are the main points?", ArticleTopic.CONTENT),
        ("Give me the main points", ArticleTopic.CONTENT),
        ("What is this interview about?", ArticleTopic.CONTENT),
        ("When was this e-mail sent?", ArticleTopic.DATE),
        ("What's this handbook called?", ArticleTopic.TITLE),
        ("When was the handbook printed?", None),
        ("Worum geht es in diesem Text?", ArticleTopic.CONTENT),
        ("De quoi parle cet article ?", ArticleTopic.CONTENT),
        ("¿De qué trata este texto?", ArticleTopic.CONTENT),
        ("Who wrote this?", ArticleTopic.AUTHOR),
        ("Who is the author of the article?", ArticleTopic.AUTHOR),
        ("Wer hat das geschrieben?", ArticleTopic.AUTHOR),
        ("Qui a écrit ce texte ?", ArticleTopic.AUTHOR),
        ("¿Quién escribió el artículo?", ArticleTopic.AUTHOR),
        ("When was it published?", ArticleTopic.DATE),
        ("Wann wurde der Artikel veröffentlicht?", ArticleTopic.DATE),
        ("Where is this page from?", ArticleTopic.SOURCE),
        ("What's the source?", ArticleTopic.SOURCE),
        ("How long is the article?", ArticleTopic.LENGTH),
        ("What is this text called?", ArticleTopic.TITLE),
        ("Who wrote the letter?", None),
        ("Who wrote the report?", None),
        ("How long is it?", None),
        ("When was it built?", None),
        ("Where is it?", None),
        ("What is the article of the treaty that ends the war about?", None),
        ("What is the subject of the treaty?", None),
    ],
)
def test_topics(question: str, topic: ArticleTopic | None) -> None:
    assert article_topic(question) is topic


@pytest.mark.parametrize(
    ("question", "topic"), [("Who wrote it?", None), ("Who wrote this article?", ArticleTopic.AUTHOR)]
)
def test_what_was_spoken_of_before_is_meant_first(question: str, topic: ArticleTopic | None) -> None:
    assert article_topic(question, is_first=False) is topic


@given(st.text())
def test_any_text_is_looked_at(text: str) -> None:
    assert article_topic(text) is article_topic(f" {text}  ")
