"""What fills a gap: an answer that an admin writes, a passage that is chosen, a reply that is taken over."""

from __future__ import annotations

from bot.render.message import BLUE, GREEN, GREY, ORANGE, MessageContent, command, title
from bot.render.text import MAX_NAME, clip
from bot.words import Words
from index import Article

MAX_OPTION = 90  # characters of a line in a list to choose from; Discord shows a hundred
MAX_ASKED = 200


def choices(question: str, article: Article, words: Words) -> MessageContent:
    """Asks which passage of an article answers a question."""
    top = words("Which passage of {title} answers it?", title=title(article, words))
    note = words("It is quoted from then on, with your name and the date.")
    return MessageContent(BLUE, f"**{clip(question, MAX_ASKED)}**\n{top}\n-# {note}")


def option(passage: str) -> tuple[str, str | None]:
    """A passage as an option, in two lines: there, nothing is read as Markdown or as a mention."""
    text = " ".join(passage.split())
    first, rest = text[:MAX_OPTION], text[MAX_OPTION:]
    if not rest:
        return first, None
    return first, f"…{rest[: MAX_OPTION - 2]}…" if len(rest) > MAX_OPTION - 2 else f"…{rest}"


def may_keep(words: Words) -> MessageContent:
    """Asks who has replied to what was not answered whether their words may be kept."""
    ask = words("May this reply be kept as an answer, with your name?")
    note = words(
        "Only you can allow it; then an admin decides. Until then, delete the reply if you change your mind; "
        "after that, {delete} takes your name out again.",
        delete=command(words, "my-data", "delete"),
    )
    return MessageContent(BLUE, f"{ask}\n-# {note}")


def may_take_over(name: str, question: str, words: Words) -> MessageContent:
    """Tells admins that a reply may be kept."""
    top = words(
        "{name} lets their reply be kept as the answer to “{question}”. An admin can take it over.",
        name=clip(name, MAX_NAME),
        question=clip(question, MAX_ASKED),
    )
    return MessageContent(BLUE, top)


def taken_over(question: str, words: Words) -> MessageContent:
    """A reply is an answer by now."""
    return MessageContent(
        GREEN,
        words("“{question}” is answered with this reply from now on.", question=clip(question, MAX_ASKED)),
    )


def unreadable(words: Words) -> MessageContent:
    """Somebody whose reply could be kept has sent it so that Discord does not show it."""
    return MessageContent(
        GREY,
        words(
            "If this is the answer: Discord shows me a reply only where it mentions me. Reply once more, and "
            "mention me in it; then I ask you whether it may be kept."
        ),
    )


def filled(question: str, article: Article, words: Words) -> MessageContent:
    """A question is answered by an admin."""
    return MessageContent(
        GREEN,
        words(
            "“{question}” is answered from now on, from the article {title}.",
            question=clip(question, MAX_ASKED),
            title=title(article, words),
        ),
    )


def unkept(reason: str, answer: str, words: Words) -> MessageContent:
    """An answer could not be kept; what was written is given back."""
    given_back = words("What you wrote:")
    return MessageContent(ORANGE, f"{clip(reason, 500)}\n{given_back}\n> {clip(answer, 2_500)}")


def trusted(role: str | None, words: Words) -> MessageContent:
    """Whose replies can be taken over from now on; ``role`` is a mention."""
    if role is None:
        return MessageContent(GREY, words("Nobody's replies are offered as answers any more."))
    return MessageContent(
        GREEN,
        words(
            "Where I could not answer, a reply to me by a member of {role} can be taken over as the answer, "
            "if its author agrees.",
            role=role,
        ),
    )
