"""The whole way: the real bot with the real model on the real article."""

from __future__ import annotations

from pathlib import Path

import simcord

from bot import Settings, create_bot
from tests.bot.conftest import buttons, says


async def test_a_question_its_source_and_what_the_article_does_not_say(tmp_path: Path) -> None:
    bot = create_bot(Settings(data_dir=tmp_path))
    article = await bot.service.article()  # loads the model, before the clock of the simulation runs
    async with simcord.run(bot, settle_timeout=60) as env:
        channel = env.create_guild().create_text_channel("general")
        reader = env.guild.add_member(env.create_user("reader"))

        result = await reader.slash(channel, "ask", question="How many Labour MPs signed the letter?")
        assert result.response
        text = says(result.response)
        assert text.startswith("**The article says:**\n")
        assert "**\\[1\\]** paragraph 4\n> Nearly 60 Labour MPs recently signed a letter" in text
        assert text.endswith("-# Article: Khan on Gaza and the recognition of Palestine (a label)")

        shown = await reader.click(result.response, custom_id=buttons(result.response)[0])
        assert says(shown.response).startswith(f"**Paragraph 4 of {len(article.paragraphs)}**\n")
        assert "**Nearly 60 Labour MPs recently signed a letter" in says(shown.response)

        result = await reader.slash(channel, "ask", question="What is the price of bread in Lisbon?")
        assert says(result.response).startswith("**The article does not say.**\n")
        await bot.close()
