"""What the bot tells about itself."""

from __future__ import annotations

from tests.bot.conftest import World, says
from tests.fakes import INDEXED_AT


async def test_article(world: World) -> None:
    result = await world.reader.slash(world.channel, "article")
    assert result.response
    assert result.response.ephemeral
    indexed = int(INDEXED_AT.timestamp())
    assert says(result.response) == (
        "**The harbour of \\*Elms\\***\n"
        "Source: unknown\n"
        "Published: unknown\n"
        "Length: 3 paragraphs, 216 characters\n"
        "Passages: 3\n"
        "Model: bag of words\n"
        f"Indexed: <t:{indexed}:f> (<t:{indexed}:R>)"
    )


async def test_help_names_every_way_of_asking_and_an_example(world: World) -> None:
    result = await world.reader.slash(world.channel, "help")
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == (
        "**Ask me about the article.** Every answer is in the article's own words, and each footnote is the "
        "exact sentence that it rests on. What the article does not say, I do not say.\n"
        "\n"
        "- `/ask` with your question, or mention me, or write to me in a DM\n"
        "- reply to an answer with the @ left on, to ask the next one\n"
        "- **Show in context** under a source shows its paragraph\n"
        "- `/article` tells what the article is\n"
        "\n"
        "For example:\n"
        "> When was the harbour built?\n"
        "-# Article: The harbour of \\*Elms\\*"
    )
