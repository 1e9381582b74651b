"""The whole way: the real bot with the real model on the real article."""

from __future__ import annotations

from pathlib import Path

import pytest
import simcord

from bot import Settings, create_bot, render
from bot.service.place import Place
from bot.words import ENGLISH
from tests.bot.conftest import buttons, says


@pytest.mark.slow
async def test_a_question_its_source_a_follow_up_and_what_the_article_does_not_say(tmp_path: Path) -> None:
    bot = create_bot(Settings(data_dir=tmp_path))
    await bot.service.read(Place(), lambda library: library.load())  # before the clock of the simulation runs
    async with simcord.run(bot, settle_timeout=60) as env:
        channel = env.create_guild().create_text_channel("general")
        reader = env.guild.add_member(env.create_user("reader"))

        result = await reader.slash(channel, "ask", question="How many Labour MPs signed the letter?")
        assert result.response
        text = says(result.response)
        assert text.splitlines()[1] == "✅ **Nearly 60**"
        assert "\n-# paragraph 4\n" in text
        assert "Nearly 60 Labour MPs recently signed a letter" in text.replace("**", "")
        assert "Article: Khan on Gaza and the recognition of Palestine (a label)" in text

        shown = await reader.click(result.response, custom_id=buttons(result.response)[0])
        assert "Nearly 60 Labour MPs recently signed a letter" in says(shown.response).replace("**", "")

        modal = await reader.click(result.response, label="Follow up")
        result = await reader.submit_modal(modal, {"question": "And what did it demand?"})
        assert "demanding immediate recognition of Palestine" in says(result.response).replace("**", "")

        question = "What is the price of bread in Lisbon?"
        await reader.send_dm(question)
        found = await bot.service.ask(question, place=Place(), asker=0)
        expected = render.answer(found, ENGLISH)
        answer = says(reader.user.dm_channel.last_message)
        assert answer.startswith(expected.top)
        assert "The article does not say." in answer
        claim = "Nearly 60 Labour MPs signed a letter demanding recognition of Palestine."
        result = await reader.slash(channel, "check", claim=claim)
        asked, lead, quote, *_ = says(result.response).splitlines()
        assert asked == f"-# Claim: {claim}"
        assert lead.removeprefix("✅ **").startswith(
            ("The article says so.", "⚠️ The article may say so, or otherwise.")
        )
        assert quote.startswith("> ")
        assert "Labour MPs recently signed a letter" in quote.replace("**", "")
        await bot.close()
