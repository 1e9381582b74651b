"""How to use the bot, and a friendly word for those who ask nothing."""

from __future__ import annotations

from bot.render.message import BLUE, Rendered, command, footer, title
from bot.render.text import clip
from bot.service.small_talk import SmallTalk
from bot.words import Words
from index import Article


def help_text(article: Article, words: Words) -> Rendered:
    """How to use the bot, with questions that its article answers."""
    heading = words("Ask me about the article.")
    promise = words(
        "Every answer is in the article's own words, and each footnote is the exact sentence that it rests "
        "on. What the article does not say, I do not say."
    )
    ask, check, read = (command(words, name) for name in ("ask", "check", "read"))
    quotes, summary = command(words, "quotes"), command(words, "summary")
    lines = [
        f"**{heading}** {promise}",
        "",
        "- " + words("{ask} with your question, or mention me, or write to me in a DM", ask=ask),
        "- " + words("{check} with a claim tells whether the article says so", check=check),
        "- " + words("**Follow up** under an answer, or a reply to it, asks on from there"),
        "- " + words("on anybody's message: Apps, then **Ask the article**"),
        "- " + words("**Show in context** under a source shows its paragraph"),
        "- "
        + words(
            "{read} pages through the article, {quotes} lists who says what, "
            "{summary} gives its main sentences",
            read=read,
            quotes=quotes,
            summary=summary,
        ),
        "- " + words("{article} tells what the article is", article=command(words, "article")),
    ]
    return Rendered(BLUE, "\n".join([*lines, *_examples(article, words)]), footer=footer(article, words))


def _examples(article: Article, words: Words) -> list[str]:
    if not article.questions:
        return []
    return ["", words("For example:"), *(f"> {clip(question, 150)}" for question in article.questions[:5])]


def small_talk(talk: SmallTalk, article: Article, words: Words) -> Rendered:
    """A friendly word, with questions that the article answers."""
    about = title(article, words)
    match talk:
        case SmallTalk.ABILITIES:
            return help_text(article, words)
        case SmallTalk.GREETING:
            word = words("Hello! Ask me about {title}, and I answer in its own words.", title=about)
        case SmallTalk.THANKS:
            word = words("You are welcome! If you want to know more about {title}, ask on.", title=about)
    return Rendered(BLUE, "\n".join([word, *_examples(article, words)]), footer=footer(article, words))
