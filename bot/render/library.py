"""The articles: what they are, how to ask them, and what was changed of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from bot.render.errors import error_text
from bot.render.message import BLUE, GREEN, GREY, ORANGE, MessageContent, command, indexed, title
from bot.render.schedules import follows, rhythm
from bot.render.text import MAX_NAME, clip
from bot.words import Words
from index import (
    Action,
    Change,
    Entry,
    IndexInfo,
    MovedAnswer,
    OwnQuestionsError,
    PassageCounts,
    Progress,
    QuotaKind,
    QuotaUse,
    ReindexReport,
    Restoration,
    SelfCheckError,
    Stage,
    Watch,
)

T = TypeVar("T")

BAR = 20  # characters, a line on a phone
MB = 1_000_000
ENTRIES_A_PAGE = 8  # with their buttons within Discord's forty components
CHANGES_A_PAGE = 15  # each a line or two, within a message
MAX_MOVED = 4  # answers that are shown before and after, each of some 400 characters
MAX_FAILED = 8  # questions that are named, each a line


def about(info: IndexInfo, words: Words) -> MessageContent:
    """What the bot knows of an article."""
    article = info.article
    unknown = words("unknown")
    lines = [f"**{clip(article.title, 2 * MAX_NAME)}**"]
    if article.title_is_label:
        lines.append("-# " + words("A label: the article has no title of its own."))
    source = clip(article.source, 300) if article.source else unknown
    lines.append(words("Source: {source}", source=source))
    if article.site:
        lines.append(words("Site: {site}", site=clip(article.site, MAX_NAME)))
    claims = filter(None, (article.claimed_source, article.claimed_site))
    lines.extend(
        "-# " + words("Says it is from {claim}, which nobody has checked.", claim=clip(claim, 300))
        for claim in claims
    )
    if article.author:
        lines.append(words("Author: {author}", author=clip(article.author, 2 * MAX_NAME)))
    date = words.date(article.published) if article.published else unknown
    lines += [
        words("Published: {date}", date=date),
        words(
            "Length: {paragraphs} paragraphs, {characters} characters",
            paragraphs=words.number(len(article.paragraphs)),
            characters=words.number(len(article.text)),
        ),
        words("Passages: {count}", count=words.number(len(info.passages))),
        words("Model: {model}", model=clip(_without_folders(info.model), MAX_NAME)),
        words("Indexed: {when}", when=f"{_moment(info.indexed_at)} ({_moment(info.indexed_at, 'R')})"),
    ]
    return MessageContent(BLUE, "\n".join(lines))


def progress(step: Progress | None, words: Words, *, last: bool = False) -> MessageContent:
    """How far a change is.

    Args:
        step: The step that it is at; None before it has begun.
        words: The words of the one who started it.
        last: Whether the message cannot be edited much longer, so that its end will be told elsewhere.
    """
    share = min(step.done / step.total, 1.0) if step and step.total else 0.0
    blocks = round(share * BAR)
    doing = _stage(step.stage, words) if step else words("Getting ready")
    bar = "█" * blocks + "░" * (BAR - blocks)
    later = words("This takes long. It goes on, and when it is done I write to this channel.") if last else ""
    return MessageContent(
        BLUE,
        f"**{words('Reindexing')}**\n{doing} `{bar}` {words.percent(share)}",
        footer=f"-# {later}" if later else "",
    )


def stopping(words: Words) -> MessageContent:
    """Somebody has pressed Cancel, and the work is about to stop."""
    return MessageContent(GREY, words("Cancelling: it stops at its next step."))


def report(outcome: ReindexReport, words: Words, *, added: bool, in_use: bool) -> MessageContent:
    """What a change of an article did to it.

    Args:
        outcome: What was done.
        words: The words of the one who is told.
        added: Whether the article is new.
        in_use: Whether it is the one that is asked where no other is named.
    """
    article = outcome.info.article
    name = title(article, words)
    heading = words("Added {title}", title=name) if added else words("Reindexed {title}", title=name)
    counts = words(
        "Passages: {kept} kept, {new} new, {removed} removed. It took {seconds} s.",
        kept=words.number(outcome.kept),
        new=words.number(outcome.added),
        removed=words.number(outcome.removed),
        seconds=words.number(outcome.seconds, decimals=1),
    )
    lines = [f"**{heading}**", counts]
    if not outcome.published:
        lines.append(words("Nothing had changed, so the index from before goes on serving."))
    if outcome.check is not None:
        lines.append(
            words(
                "Self-check: {right} of {asked} of its own questions are answered rightly.",
                right=words.number(outcome.check.right),
                asked=words.number(outcome.check.asked),
            )
        )
        lines += _questions(outcome.check.failed, words)
    if outcome.unread_questions is not None:
        reason = error_text(outcome.unread_questions, words)
        lines.append(words("Its own questions were not asked. {reason}", reason=reason))
    if outcome.examples:
        lines.append(
            words(
                "Example questions whose answer moved: {moved} of {asked}.",
                moved=words.number(len(outcome.moved)),
                asked=words.number(outcome.examples),
            )
        )
        lines += [_moved(answer, words) for answer in outcome.moved[:MAX_MOVED]]
        lines += _more(len(outcome.moved) - MAX_MOVED, words)
    lines += [_quota(use, words) for use in outcome.quotas if use.is_close]
    if in_use:
        lines.append(words("It is the article in use here."))
    elif added:
        how = command(words, "library", "use")
        lines.append(words("To have it asked where no article is named: {command}", command=how))
    return MessageContent(GREEN, "\n".join(lines), footer=f"-# {_id(article.id)}")


def _quota(use: QuotaUse, words: Words) -> str:
    amount, most = words.number(use.used), words.number(use.most)
    match use.kind:
        case QuotaKind.ARTICLES:
            return words("This server has {used} of {most} articles.", used=amount, most=most)
        case QuotaKind.BYTES:
            amount, most = words.number(use.used // MB), words.number(use.most // MB)
            return words(
                "Its articles take {used} of {most} MB, with what is kept of them.", used=amount, most=most
            )
        case QuotaKind.CHANGES:
            return words("This was change {used} of {most} in this hour.", used=amount, most=most)


def unpublished(error: SelfCheckError | OwnQuestionsError, words: Words) -> MessageContent:
    """Why an index was not put in place, and what to do."""
    lines = [f"**{words('Nothing was changed.')}**"]
    if isinstance(error, SelfCheckError):
        total, right = error.values.get("asked"), error.values.get("right")
        lines += [
            words(
                "Self-check: {right} of {asked} of its own questions are answered rightly. That is too few.",
                right=right,
                asked=total,
            ),
            words("Not answered rightly:"),
            *_questions(error.failed, words),
        ]
    else:
        lines.append(error_text(error, words))
    how = words("To put it in place all the same, use the option `{option}`.", option=words.name("force"))
    return MessageContent(ORANGE, "\n".join([*lines, how]))


def refusal(message: str) -> MessageContent:
    """Why something was not done. ``message`` is in the reader's language and safe to show."""
    return MessageContent(ORANGE, message)


def entries(
    articles: Sequence[Entry], words: Words, *, page: int = 1, watches: Sequence[Watch] = ()
) -> MessageContent:
    """The articles of a place, a page of them, with what is read by schedule."""
    on_page, below = _page(articles, page, ENTRIES_A_PAGE, words)
    rhythms = {watch.article: rhythm(watch.every, words) for watch in watches if watch.article}
    lines = [_entry(entry, words, rhythms.get(entry.id) if entry.own else None) for entry in on_page]
    return MessageContent(BLUE, "\n".join([*lines, *follows(watches, words)]), footer=below)


def _entry(entry: Entry, words: Words, how_often: str | None = None) -> str:
    facts = [
        _id(entry.id),
        words.plural("{number} passage", "{number} passages", entry.passages),
        indexed(entry.indexed_at, words),
        words("from {place}", place=clip(_without_folders(entry.place), MAX_NAME)),
    ]
    if how_often is not None:
        facts.append(words("read again {how_often}", how_often=how_often))
    if not entry.own:
        facts.append(words("everyone's"))
    name = f"**{clip(entry.title, 2 * MAX_NAME)}**"
    mark = f" · **{words('in use here')}**" if entry.in_use else ""
    return f"{name}{mark}\n-# {' · '.join(facts)}"


def _without_folders(place: str) -> str:
    """A path without the folders that it leads through; a web address, and a mere name, as it is."""
    return place if "://" in place else re.split(r"[/\\]", place)[-1]


def history(changes: Sequence[Change], words: Words, *, page: int = 1) -> MessageContent:
    """Who changed what, and when; a page of it."""
    if not changes:
        return MessageContent(BLUE, words("Nothing has been changed yet."))
    on_page, below = _page(changes, page, CHANGES_A_PAGE, words)
    return MessageContent(BLUE, "\n".join(_change(change, words) for change in on_page), footer=below)


def _change(change: Change, words: Words) -> str:
    doing = _action(change.action, words, who=clip(change.who, 60), article=_id(change.article))
    return " · ".join(filter(None, (_moment(change.when), doing, _detail(change.detail, words))))


def _detail(detail: PassageCounts | Restoration | str, words: Words) -> str:
    match detail:
        case PassageCounts(kept=kept, added=added, removed=removed):
            return words(
                "passages: {kept} kept, {new} new, {removed} removed",
                kept=words.number(kept),
                new=words.number(added),
                removed=words.number(removed),
            )
        case Restoration(snapshot=name):
            return words("back to {snapshot}", snapshot=_id(name)) if name else words("brought back")
        case text:  # an earlier version's, in English
            return clip(text, MAX_NAME) if text else ""


def used(entry: Entry, words: Words, *, channel: str | None = None) -> MessageContent:
    """Which article is asked from now on, in the server or in a channel (its mention)."""
    name = f"**{clip(entry.title, 2 * MAX_NAME)}**"
    if channel is None:
        return MessageContent(GREEN, words("{title} is now the article in use in this server.", title=name))
    return MessageContent(
        GREEN, words("{title} is now the article in use in {channel}.", title=name, channel=channel)
    )


def may_remove(entry: Entry, words: Words) -> MessageContent:
    """Asks whether an article is to be removed."""
    undo = command(words, "library", "undo")
    text = words(
        "Remove {title}? It is not asked any more; {undo} brings it back.",
        title=f"**{clip(entry.title, 2 * MAX_NAME)}**",
        undo=undo,
    )
    return MessageContent(ORANGE, text, footer=f"-# {_id(entry.id)}")


def may_undo(article_id: str, entry: Entry | None, words: Words) -> MessageContent:
    """Asks whether an article is to go back to the index before, or, without an entry, is to come back."""
    if entry is None:
        return MessageContent(ORANGE, words("Bring the removed article {id} back?", id=_id(article_id)))
    text = words(
        "Take {title} back to the index before the one of {when}?",
        title=f"**{clip(entry.title, 2 * MAX_NAME)}**",
        when=_moment(entry.indexed_at),
    )
    return MessageContent(ORANGE, text, footer=f"-# {_id(article_id)}")


def removed(article_id: str, words: Words) -> MessageContent:
    """An article is not there any more."""
    undo = command(words, "library", "undo")
    return MessageContent(GREEN, words("Removed {id}. {undo} brings it back.", id=_id(article_id), undo=undo))


def undone(info: IndexInfo, words: Words) -> MessageContent:
    """An article is back."""
    name = f"**{clip(info.article.title, 2 * MAX_NAME)}**"
    when = _moment(info.indexed_at)
    return MessageContent(GREEN, words("{title} is back, as it was indexed {when}.", title=name, when=when))


def unchanged(words: Words) -> MessageContent:
    """Nothing was done, as was wished."""
    return MessageContent(GREY, words("Nothing was changed."))


def _page(items: Sequence[T], page: int, size: int, words: Words) -> tuple[Sequence[T], str]:
    pages = max(1, -(-len(items) // size))
    page = min(page, pages)
    below = words("Page {page} of {pages}", page=words.number(page), pages=words.number(pages))
    return items[(page - 1) * size : page * size], f"-# {below}" if pages > 1 else ""


def _moved(answer: MovedAnswer, words: Words) -> str:
    silent = words("the article did not say")
    before = clip(answer.before, 200) if answer.before else silent
    now = clip(answer.after, 200) if answer.after else words("the article does not say")
    return "\n".join(
        (
            f"> **{clip(answer.question, 150)}**",
            f"> {words('before: {quote}', quote=before)}",
            f"> {words('now: {quote}', quote=now)}",
        )
    )


def _questions(questions: Sequence[str], words: Words) -> list[str]:
    lines = [f"> {clip(question, 100)}" for question in questions[:MAX_FAILED]]
    return [*lines, *_more(len(questions) - MAX_FAILED, words)]


def _more(count: int, words: Words) -> list[str]:
    return [words.plural("and {number} more", "and {number} more", count)] if count > 0 else []


def _stage(stage: Stage, words: Words) -> str:
    match stage:
        case Stage.READ:
            return words("Reading the article")
        case Stage.CHUNK:
            return words("Cutting it into passages")
        case Stage.EMBED:
            return words("Embedding the passages")
        case Stage.CALIBRATE:
            return words("Fitting the confidence thresholds")
        case Stage.CHECK:
            return words("Asking its questions")
        case Stage.SAVE:
            return words("Saving the index")


def _action(action: Action, words: Words, *, who: str, article: str) -> str:
    match action:
        case Action.ADDED:
            return words("{who} added {article}", who=who, article=article)
        case Action.REINDEXED:
            return words("{who} reindexed {article}", who=who, article=article)
        case Action.REMOVED:
            return words("{who} removed {article}", who=who, article=article)
        case Action.USED:
            return words("{who} put {article} in use", who=who, article=article)
        case Action.UNDONE:
            return words("{who} undid the last change of {article}", who=who, article=article)


def _id(article_id: str) -> str:
    return f"`{clip(article_id, MAX_NAME)}`"


def _moment(when: datetime, style: str = "f") -> str:
    return f"<t:{int(when.timestamp())}:{style}>"
