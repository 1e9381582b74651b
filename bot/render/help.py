"""How to use the bot, and a friendly word for those who ask nothing."""

from __future__ import annotations

from bot.render.message import BLUE, MessageContent, command, footer, title
from bot.render.text import MAX_NAME, clip
from bot.service.small_talk import SmallTalk
from bot.words import Words
from index import Article


def help_text(article: Article, words: Words, *, for_admin: bool = False) -> MessageContent:
    """How to use the bot, with questions that its article answers; for an admin, how to look after it."""
    heading = words("Ask me about the article.")
    promise = words(
        "Every answer is in the article's own words, and each footnote is the exact sentence that it rests "
        "on. What the article does not say, I do not say."
    )
    ask, check, reading = (command(words, name) for name in ("ask", "check", "read"))
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
            read=reading,
            quotes=quotes,
            summary=summary,
        ),
        "- " + words("{article} tells what the article is", article=command(words, "article")),
        "- " + words("{privacy} says what I keep of you", privacy=command(words, "privacy")),
        *(_for_admins(words) if for_admin else ()),
    ]
    return MessageContent(
        BLUE, "\n".join([*lines, *_examples(article, words)]), footer=footer(article, words)
    )


def _examples(article: Article, words: Words) -> list[str]:
    if not article.questions:
        return []
    return ["", words("For example:"), *(f"> {clip(question, 150)}" for question in article.questions[:5])]


def welcome(words: Words, *, admin_role: str | None = None) -> MessageContent:
    """What those who have invited the bot do first.

    Args:
        words: The language of their server.
        admin_role: The role, besides the permission, whose members are admins; None for none.
    """
    promise = words(
        "I answer questions about the articles that you give me, in their own words, each answer with the "
        "exact sentence it rests on. What they do not say, I do not say."
    )
    admins = (
        words(
            "Admins are those who may manage the server, and the role {role}.",
            role=clip(admin_role, MAX_NAME),
        )
        if admin_role
        else words("Admins are those who may manage the server.")
    )
    add, ask, help_, privacy = (
        command(words, *names) for names in (("library", "add"), ("ask",), ("help",), ("privacy",))
    )
    lines = [
        f"**{words('Hello! Thank you for having me.')}** {promise}",
        "",
        "- " + words("Give me an article: {add}, with a web address or a file", add=add),
        "- " + words("Then everybody can ask: {ask}, or by mentioning me", ask=ask),
        "- " + words("{help} shows all of it; to admins, their half as well", help=help_),
        "- " + words("{privacy} says what I keep of people, and who sees it", privacy=privacy),
        "",
        admins,
    ]
    return MessageContent(BLUE, "\n".join(lines))


def _for_admins(words: Words) -> list[str]:
    add, use, reindex, undo, history = (
        command(words, *names)
        for names in (
            ("library", "add"),
            ("library", "use"),
            ("reindex",),
            ("library", "undo"),
            ("library", "history"),
        )
    )
    return [
        "",
        f"**{words('For you as an admin:')}**",
        "- " + words("{add} adds an article, {use} chooses the one that is asked here", add=add, use=use),
        "- "
        + words(
            "{reindex} reads it afresh, {undo} takes the last change back, {history} tells who did what",
            reindex=reindex,
            undo=undo,
            history=history,
        ),
        "- "
        + words(
            "{watch} has an article from the web read again by schedule, {follow} the pages of a feed or a "
            "channel",
            watch=command(words, "library", "watch"),
            follow=command(words, "library", "follow"),
        ),
        "- "
        + words(
            "{insights} shows what was asked and not answered, or voted down, and there you answer it",
            insights=command(words, "insights"),
        ),
        "- "
        + words(
            "{auto} has questions in a channel answered without a mention, {trust} says whose replies may be "
            "kept as answers",
            auto=command(words, "library", "auto"),
            trust=command(words, "library", "trust"),
        ),
    ]


def small_talk(talk: SmallTalk, article: Article, words: Words) -> MessageContent:
    """A friendly word, with questions that the article answers."""
    about = title(article, words)
    match talk:
        case SmallTalk.ABILITIES:
            return help_text(article, words)
        case SmallTalk.GREETING:
            word = words("Hello! Ask me about {title}, and I answer in its own words.", title=about)
        case SmallTalk.THANKS:
            word = words("You are welcome! If you want to know more about {title}, ask on.", title=about)
    return MessageContent(BLUE, "\n".join([word, *_examples(article, words)]), footer=footer(article, words))
