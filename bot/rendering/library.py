"""The article as a whole, how to ask it, and what a reindex did."""

from __future__ import annotations

from bot.rendering.message import BLUE, Rendered, footer, title
from bot.rendering.text import MAX_NAME, clip
from index import Article, IndexInfo, Progress, ReindexReport


def about(info: IndexInfo) -> Rendered:
    """What the bot knows of its article."""
    article = info.article
    published = article.published.isoformat() if article.published else "unknown"
    source = clip(article.source, 300) if article.source else "unknown"
    indexed = int(info.indexed_at.timestamp())
    lines = (
        f"**{clip(article.title, 2 * MAX_NAME)}**",
        *(["-# A label: the article has no title of its own."] if article.title_is_label else []),
        f"Source: {source}",
        f"Published: {published}",
        f"Length: {len(article.paragraphs):,} paragraphs, {len(article.text):,} characters",
        f"Passages: {len(info.passages):,}",
        f"Model: {clip(info.model, MAX_NAME)}",
        f"Indexed: <t:{indexed}:f> (<t:{indexed}:R>)",
    )
    return Rendered(BLUE, "\n".join(lines))


def help_text(article: Article) -> Rendered:
    """How to use the bot, with questions that its article answers."""
    lines = [
        "**Ask me about the article.** Every answer is in the article's own words, and each footnote is the "
        "exact sentence that it rests on. What the article does not say, I do not say.",
        "",
        "- `/ask` with your question, or mention me, or write to me in a DM",
        "- reply to an answer with the @ left on, to ask the next one",
        "- **Show in context** under a source shows its paragraph",
        "- `/article` tells what the article is",
    ]
    if article.questions:
        lines += ["", "For example:", *(f"> {clip(question, 150)}" for question in article.questions[:5])]
    return Rendered(BLUE, "\n".join(lines), footer=footer(article))


def progress(step: Progress) -> str:
    """How far a reindex is, in one line."""
    share = step.done / step.total if step.total else 0.0
    filled = round(share * 20)
    return f"Reindexing: {step.stage} `{'█' * filled}{'░' * (20 - filled)}` {share:.0%}"


def report(done: ReindexReport) -> str:
    """What a reindex changed and how long it took."""
    changes = f"{done.added:,} new, {done.removed:,} removed, {done.kept:,} unchanged"
    if not done.added and not done.removed:
        changes = f"nothing changed, {done.kept:,} unchanged"
    return (
        f"Reindexed {title(done.info.article)} in {done.seconds:.1f} s.\n"
        f"Passages: {len(done.info.passages):,} ({changes})"
    )
