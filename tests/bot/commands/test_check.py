"""Claims, checked in a simulated Discord: the same walk as a question's."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest
import simcord

from bot import render
from bot.service.line import LineFullError
from bot.service.rates import Rate, Rates, TooFastError
from bot.service.service import Service
from bot.words import ENGLISH
from index import MAX_QUESTION_CHARS, QuestionError, UnknownArticleError
from tests.bot.claims import (
    BUILT_EARLY,
    BUILT_IN_1850,
    BUILT_IN_1901,
    BUILT_LATELY,
    IS_YELLOW,
    reads_claims,
)
from tests.bot.commands.test_ask import QUESTION
from tests.bot.conftest import HeldService, World, says
from tests.fakes import ARTICLE, BRIDGE, INDEXED_AT, HeldLibrary

FOOTER = f"-# Article: The harbour of \\*Elms\\* · indexed <t:{INDEXED_AT.timestamp():.0f}:R>"
NO_READER = (
    "Claims cannot be checked against this article\\: nothing here reads its language. Ask a question about "
    "it instead."
)


@pytest.fixture
def library(_read_here: None) -> HeldLibrary:
    return HeldLibrary(reading=reads_claims())


def checked(claim: str, library: HeldLibrary) -> str:
    """All the texts of the answer to a claim."""
    calls = len(library.calls)
    shown = render.answer(library.check(claim), ENGLISH, with_question=True, is_claim=True)
    del library.calls[calls:]
    return "\n".join([shown.top, *(text for _, text in shown.sources), shown.footer])


@pytest.mark.parametrize(
    ("claim", "lead"),
    [
        (BUILT_IN_1901, "✅ **The article says so.**"),
        (BUILT_IN_1850, "↔️ **The article says otherwise.**"),
        (BUILT_EARLY, "⚠️ The article may say so, or otherwise. The closest it says:"),
        (BUILT_LATELY, "⚠️ The article may say so, or otherwise. The closest it says:"),
    ],
)
async def test_what_the_article_says_to_a_claim_has_its_citation(world: World, claim: str, lead: str) -> None:
    result = await world.reader.slash(world.channel, "check", claim=claim)
    assert world.requests("POST", "/interactions/*/callback") == [{"type": 5}]
    assert result.response
    assert not result.response.ephemeral
    asked, said, quote, label, footer = says(result.response).splitlines()
    assert asked == f"-# Claim: {claim}"
    assert said == lead
    assert render.unescape(quote).startswith("> The harbour of Elms was built in 1901.")
    assert label == "-# paragraph 1"
    assert footer == FOOTER
    assert says(result.response) == checked(claim, world.library)
    (call,) = world.library.calls
    assert (call.question, call.is_claim, call.turns) == (claim, True, ())


async def test_what_the_article_does_not_say_has_the_closest_passage(world: World) -> None:
    result = await world.reader.slash(world.channel, "check", claim=IS_YELLOW)
    assert says(result.response).splitlines()[:3] == [
        f"-# Claim: {IS_YELLOW}",
        "❌ **The article does not say.**",
        "-# The closest passage, which does not say it:",
    ]
    assert says(result.response).splitlines()[3].startswith("> -# The harbour of Elms was built in 1901.")


async def test_a_claim_can_be_checked_in_private_against_another_article(world: World) -> None:
    world.library.branch(str(world.guild.id)).give(BRIDGE)
    result = await world.reader.slash(
        world.channel, "check", claim="It has seven arches.", article="The bridge of Oaks", private=True
    )
    assert world.requests("POST", "/interactions/*/callback") == [{"type": 5, "data": {"flags": 64}}]
    assert result.response
    assert result.response.ephemeral
    assert "Article: The bridge of Oaks" in says(result.response)
    assert [(call.library, call.article) for call in world.library.calls] == [(str(world.guild.id), "bridge")]
    assert world.texts() == []


@pytest.mark.parametrize("named", ["tunnel", "All articles"])
async def test_a_claim_is_checked_against_one_article_that_is_there(world: World, named: str) -> None:
    await world.reader.slash(world.channel, "check", claim=BUILT_IN_1901, article=named)
    assert world.texts() == [f"No article “{named}” is here. The list of articles says which ones are."]
    assert world.errors() == [UnknownArticleError]


async def test_the_articles_of_the_place_are_offered_one_by_one(world: World) -> None:
    world.library.branch(str(world.guild.id)).give(BRIDGE)
    assert await world.reader.autocomplete(world.channel, "check", "article", "") == [
        {"name": "The bridge of Oaks", "value": "bridge"},
        {"name": "The harbour of *Elms*", "value": "harbour"},
    ]


async def test_a_question_for_yes_or_no_leads_with_it(world: World) -> None:
    for year, lead in (("1901", "✅ **Yes.**"), ("1850", "✅ **No.**")):
        question = f"Was the harbour of Elms built in {year}?"
        result = await world.reader.slash(world.channel, "ask", question=question)
        assert says(result.response).splitlines()[:2] == [f"-# Question: {question}", lead]


async def test_a_short_answer_leads_and_is_set_off_in_its_sentence(world: World) -> None:
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert says(result.response).splitlines() == [
        f"-# Question: {QUESTION}",
        "✅ **1901**",
        "> The harbour of Elms was built in **1901**.",
        "-# paragraph 1",
        f"-# Article: The harbour of \\*Elms\\* · ✅ answered · indexed <t:{INDEXED_AT.timestamp():.0f}:R>",
    ]


async def test_claims_and_questions_have_the_same_rates(world: World) -> None:
    rates = Rates(questions=Rate(person=1), now=lambda: discord.utils.utcnow().timestamp())
    world.bot.service = Service(world.library, rates=rates)
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    result = await world.reader.slash(world.channel, "check", claim=BUILT_IN_1901)
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == "One moment, please: you can ask again in 60 s."
    assert world.errors() == [TooFastError]


async def test_claims_and_questions_wait_in_the_same_line(world: World) -> None:
    held = world.hold(line=1)
    for number in range(2):
        await world.admin.slash(world.channel, "ask", question=f"Ships {number}?")
    await world.reader.slash(world.channel, "check", claim=BUILT_IN_1901)
    await world.env.advance_time(HeldService.seconds_to_first_note)
    assert world.texts()[-1] == "Many are asking just now: you are 1st in line."
    result = await world.reader.slash(world.channel, "check", claim=BUILT_IN_1850)
    assert says(result.response) == "The line is full: 1 are waiting. Please ask again in a minute."
    held.let_go.set()
    await world.env.settle()
    assert world.texts()[-1] == checked(BUILT_IN_1901, world.library)
    assert world.errors() == [LineFullError]


async def test_a_claim_is_never_offered_as_a_question_and_can_be_asked_on_from(world: World) -> None:
    result = await world.reader.slash(world.channel, "check", claim=BUILT_IN_1901)
    offered = await world.reader.autocomplete(world.channel, "ask", "question", "")
    assert [choice["name"] for choice in offered] == list(ARTICLE.questions)
    assert result.response
    modal = await world.reader.click(result.response, label="Follow up")
    await world.reader.submit_modal(modal, {"question": "Who is its master?"})
    claimed, asked = world.library.calls
    assert (claimed.is_claim, asked.is_claim) == (True, False)
    assert [turn.question for turn in asked.turns] == [BUILT_IN_1901]


async def test_discord_itself_refuses_a_claim_over_the_limit(world: World) -> None:
    with pytest.raises(simcord.OptionError, match=str(MAX_QUESTION_CHARS)):
        await world.reader.slash(world.channel, "check", claim="x" * (MAX_QUESTION_CHARS + 1))


async def test_nothing_pings_whatever_is_claimed(world: World) -> None:
    await world.reader.slash(
        world.channel, "check", claim=f"@everyone {world.reader.mention} built it in 1901"
    )
    (sent,) = world.requests("PATCH", "/webhooks/*")
    assert sent["allowed_mentions"] == {"parse": []}


async def test_where_nothing_reads_the_article_it_is_said(world: World) -> None:
    dutch = replace(
        BRIDGE, text="De brug van Oaks heeft zeven bogen.\nVee gaat er op maandag over.", language="nl"
    )
    world.library.branch(str(world.guild.id)).give(dutch)
    await world.reader.slash(world.channel, "check", claim="De brug heeft zeven bogen.", article="bridge")
    assert world.texts() == [NO_READER]
    assert world.errors() == [QuestionError]


async def test_it_is_in_every_language_and_for_everybody(world: World) -> None:
    (payload, *_) = world.requests("PUT", "/applications/*/commands")
    check = next(command for command in payload if command["name"] == "check")
    names = {"de": "prüfen", "es-419": "comprobar", "es-ES": "comprobar", "fr": "vérifier"}
    assert check["name_localizations"] == names
    assert sorted(check["integration_types"]) == [0, 1]
    assert sorted(check["contexts"]) == [0, 1, 2]
    assert [option["name"] for option in check["options"]] == ["claim", "article", "private"]
    assert check["options"][0]["name_localizations"]["fr"] == "affirmation"
