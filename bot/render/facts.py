"""What is known of an article as a whole, in a line."""

from __future__ import annotations

from datetime import date

from bot.render.text import MAX_NAME, clip
from bot.words import Words
from index import ArticleFact, ArticleTopic

WORDS_A_MINUTE = 230  # silent reading of English non-fiction averages 238 (Brysbaert 2019)


def fact_line(fact: ArticleFact, words: Words) -> str:
    """What is known: the author, the day, the source, the length or the title."""
    match fact.topic:
        case ArticleTopic.AUTHOR:
            return words("Author: {author}", author=clip(fact.value, 2 * MAX_NAME))
        case ArticleTopic.DATE:
            return words("Published: {date}", date=words.date(date.fromisoformat(fact.value)))
        case ArticleTopic.SOURCE if fact.is_claim:
            return words("Says it is from {claim}, which nobody has checked.", claim=clip(fact.value, 300))
        case ArticleTopic.SOURCE:
            return words("Source: {source}", source=clip(fact.value, 300))
        case ArticleTopic.LENGTH:
            count = int(fact.value)
            return words(
                "Length: {count} words, which take about {minutes} min to read",
                count=words.number(count),
                minutes=words.number(minutes_to_read(count)),
            )
    return words("Title: {title}", title=clip(fact.value, 2 * MAX_NAME))


def minutes_to_read(count: int) -> int:
    """How long some number of words take to read, one minute at least."""
    return max(round(count / WORDS_A_MINUTE), 1)
