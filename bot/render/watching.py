"""What is read by schedule: that it is, that it is no more, and what has changed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.render.errors import error_text
from bot.render.library import report, unpublished
from bot.render.message import BLUE, GREEN, GREY, ORANGE, MessageContent, command
from bot.render.schedules import rhythm, subject
from bot.render.text import MARGIN, MAX_NAME, MAX_TEXT, clip, size
from bot.service.watch_news import ArticleNews, ListNews, News
from bot.words import Words
from index import Entry, FootnoteError, OwnQuestionsError, SelfCheckError, Watch

MOST_PARAGRAPHS = 4  # that are new, and as many that are gone
MOST_LINES = 5  # of each kind of news of a feed
MOST_MOVED = 2  # answers of a page of a feed
PARAGRAPH_CHARS = 160
ADDRESS_CHARS = 120


def watched(entry: Entry, watch: Watch, words: Words) -> MessageContent:
    """An article is read again by schedule from now on."""
    text = words(
        "{title} is read again {how_often}. Where its text has changed it is reindexed, and I tell this "
        "channel what changed.",
        title=f"**{clip(entry.title, 2 * MAX_NAME)}**",
        how_often=rhythm(watch.every, words),
    )
    return MessageContent(GREEN, text, footer=f"-# `{clip(entry.id, MAX_NAME)}`")


def list_followed(watch: Watch, count: int, words: Words) -> MessageContent:
    """The pages of a feed or a sitemap become articles from now on; ``count`` is how many it lists."""
    text = words(
        "{address} lists {count} pages now. The newest become articles within minutes, {most} at most; it is "
        "read {how_often}, and I tell this channel what is added, changed and removed.",
        address=subject(watch),
        count=words.number(count),
        most=words.number(watch.most),
        how_often=rhythm(watch.every, words),
    )
    return MessageContent(GREEN, text)


def channel_followed(watch: Watch, words: Words) -> MessageContent:
    """The messages of a channel become an article from now on."""
    text = words(
        "The messages of {channel} become the article {id} within minutes; it is read {how_often}, and I "
        "tell this channel what changed. Whoever may ask here may ask it.",
        channel=subject(watch),
        id=f"`{clip(watch.article or '', MAX_NAME)}`",
        how_often=rhythm(watch.every, words),
    )
    return MessageContent(GREEN, text)


def ended(name: str, words: Words, *, was_on: bool) -> MessageContent:
    """Something is not read any more. ``name`` is what ``subject`` or an id makes of it, safe to show."""
    if not was_on:
        return MessageContent(GREY, words("{name} was not read by schedule. Nothing was changed.", name=name))
    return MessageContent(
        GREEN, words("{name} is not read by schedule any more. The articles stay as they are.", name=name)
    )


def news(content: News, words: Words) -> MessageContent:
    """What came of reading something."""
    lines, colour, footer = list[str](), BLUE, ""
    name = subject(content.watch)
    if content.end is not None:
        lines.append(_reason(content.end, words))
        colour = ORANGE
        if content.end.must_go and content.watch.article:
            lines.append(_removal(content.watch.article, words))
    if content.is_well:
        lines.append(words("{name} is kept up again.", name=name))
    if isinstance(content.refusal, SelfCheckError | OwnQuestionsError):
        colour = ORANGE
        lines.append(words("{name} has changed, and the change was not put in place.", name=name))
        lines.append(unpublished(content.refusal, words).top)
    if content.article is not None:
        whole = report(
            content.article.outcome.report,
            words,
            added=content.article.outcome.added,
            in_use=content.article.outcome.in_use,
        )
        lines.append(whole.top)
        footer = whole.footer
        lines += _difference(
            content.article, words, MAX_TEXT - size("\n".join(lines)) - size(footer) - MARGIN
        )
    if content.pages is not None and content.pages.is_any:
        lines += [f"**{words('News of {address}', address=name)}**", *_pages(content.pages, words)]
    if content.error is not None:
        colour = ORANGE
        lines.append(
            words(
                "{name} cannot be kept up. {reason} I go on trying, less and less often, and tell you when "
                "it works again.",
                name=name,
                reason=_reason(content.error, words),
            )
        )
    return MessageContent(colour, _fitting(lines, MAX_TEXT - size(footer) - MARGIN), footer=footer)


def has_changed_since(words: Words) -> MessageContent:
    """What a button would undo is not the last change any more."""
    history, undo = command(words, "library", "history"), command(words, "library", "undo")
    return MessageContent(
        ORANGE,
        words(
            "This article has changed since, so nothing was done. {history} says how, {undo} takes the last "
            "change back.",
            history=history,
            undo=undo,
        ),
    )


def _difference(article: ArticleNews, words: Words, room: int) -> list[str]:
    """The paragraphs that are new, and those that are gone, as many as there is room for."""
    lines = list[str]()
    for heading, texts in (
        (
            words("New paragraphs: {number}", number=words.number(len(article.difference.new))),
            article.difference.new,
        ),
        (
            words("Paragraphs gone: {number}", number=words.number(len(article.difference.old))),
            article.difference.old,
        ),
    ):
        if texts:
            lines += [heading, *(f"> {clip(text, PARAGRAPH_CHARS)}" for text in texts[:MOST_PARAGRAPHS])]
            lines += _more(len(texts) - MOST_PARAGRAPHS, words)
    while lines and size("\n".join(lines)) > room:
        lines.pop()
    return lines


def _pages(pages: ListNews, words: Words) -> list[str]:
    lines = list[str]()
    for one in pages.additions[:MOST_LINES]:
        lines.append(words("Added: {title}", title=_titled(one)))
    lines += _more(len(pages.additions) - MOST_LINES, words)
    for one in pages.changes[:MOST_LINES]:
        new, old = (words.number(len(texts)) for texts in (one.difference.new, one.difference.old))
        lines.append(
            words("Changed: {title}; {new} paragraphs new, {old} gone", title=_titled(one), new=new, old=old)
        )
        for answer in one.outcome.report.moved[:MOST_MOVED]:
            question = clip(answer.question, PARAGRAPH_CHARS)
            lines.append(f"> {words('the answer moved: {question}', question=question)}")
    lines += _more(len(pages.changes) - MOST_LINES, words)
    lines += [_removal(one, words) for one in pages.removals[:MOST_LINES]]
    lines += _more(len(pages.removals) - MOST_LINES, words)
    for address, error in pages.problems[:MOST_LINES]:
        lines.append(
            words(
                "Not taken in: {address}. {reason}",
                address=clip(address, ADDRESS_CHARS),
                reason=_reason(error, words),
            )
        )
    return [*lines, *_more(len(pages.problems) - MOST_LINES, words)]


def _titled(one: ArticleNews) -> str:
    return f"**{clip(one.title, MAX_NAME)}** `{clip(one.id, MAX_NAME)}`"


def _removal(article: str, words: Words) -> str:
    undo = command(words, "library", "undo")
    return words("Removed {id}. {undo} brings it back.", id=f"`{clip(article, MAX_NAME)}`", undo=undo)


def _reason(error: FootnoteError, words: Words) -> str:
    if error.for_operator:
        return words("Something went wrong on my side; the log says what.")
    return error_text(error, words)


def _more(count: int, words: Words) -> list[str]:
    return [words.plural("and {number} more", "and {number} more", count)] if count > 0 else []


def _fitting(lines: Sequence[str], room: int) -> str:
    """As many lines as fit."""
    text = ""
    for line in "\n".join(lines).split("\n"):
        longer = f"{text}\n{line}" if text else line
        if size(longer) > room:
            break
        text = longer
    return text
