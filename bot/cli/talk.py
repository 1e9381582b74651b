"""What the terminal says besides answers: a friendly word with what can be asked, and facts of an article."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from bot.cli.terminal import printable
from bot.render.facts import minutes_to_read
from bot.service.small_talk import SmallTalk
from index import Article, ArticleFact, ArticleTopic

_EXAMPLES = 5  # fit a terminal without scrolling


def talk_text(talk: SmallTalk, article: Article) -> RenderableType:
    """A friendly word, with questions that the article answers."""
    examples = [Text(f"  {printable(question)}") for question in article.questions[:_EXAMPLES]]
    leading = [Text("\nFor example:", style="dim")] if examples else []
    return Group(Text(printable(_words(talk, article)), style="green"), *leading, *examples)


def talk_json(question: str, talk: SmallTalk, article: Article) -> dict[str, object]:
    """What ``ask --json`` prints where nothing was asked of the article: no answer, and nothing cited."""
    return {
        "question": question,
        "status": "not_in_article",
        "talk": talk.value,
        "answer": _words(talk, article),
        "examples": list(article.questions[:_EXAMPLES]),
        "citations": [],
        "closest": [],
        "read_as": [],
        "article": {"id": article.id, "title": article.title},
    }


def fact_text(fact: ArticleFact) -> str:
    """What is known of an article as a whole, in a line."""
    match fact.topic:
        case ArticleTopic.AUTHOR:
            return f"Author: {fact.value}"
        case ArticleTopic.DATE:
            return f"Published: {fact.value}"
        case ArticleTopic.SOURCE if fact.is_claim:
            return f"Says it is from {fact.value}, which nobody has checked."
        case ArticleTopic.SOURCE:
            return f"Source: {fact.value}"
        case ArticleTopic.LENGTH:
            count = int(fact.value)
            return f"Length: {count:,} words, which take about {minutes_to_read(count):,} min to read"
    return f"Title: {fact.value}"


def _words(talk: SmallTalk, article: Article) -> str:
    match talk:
        case SmallTalk.GREETING:
            return f"Hello! Ask me about “{article.title}”, and I answer in its own words."
        case SmallTalk.THANKS:
            return f"You are welcome! If you want to know more about “{article.title}”, ask on."
    return (
        f"I answer questions about “{article.title}” in its own words, each answer with the exact sentence "
        "that it rests on. What the article does not say, I do not say."
    )
