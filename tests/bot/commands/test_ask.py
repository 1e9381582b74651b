"""Every way of asking, in a simulated Discord."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest
import simcord

from bot import render
from bot.commands.ask import NoQuestionError, NoTextError
from bot.service.line import LineFullError
from bot.service.rates import Rate, Rates, TooFastError
from bot.service.service import Service
from bot.service.small_talk import SmallTalk
from bot.service.threads import QUESTION_THREADS
from bot.words import ENGLISH
from index import ALL, MAX_QUESTION_CHARS, Article, QuestionError, UnknownArticleError
from tests.bot.conftest import HeldService, World, says
from tests.fakes import ARTICLE, BRIDGE, HeldLibrary

HOW_TO = (
    "Ask me something about the article\\: mention me with your question in one message, or use /ask. "
    "To ask on from an answer to /ask, press Follow up under it\\: Discord shows me no replies to it."
)
QUESTION = "When was the harbour of Elms built?"


def answer_to(question: str = QUESTION, *, with_question: bool = False, article: Article = ARTICLE) -> str:
    """All the texts of the answer."""
    found = HeldLibrary(article).ask(question)
    shown = render.answer(found, ENGLISH, with_question=with_question)
    return "\n".join([shown.top, *(text for _, text in shown.sources), shown.footer])


async def test_slash_command_defers_and_answers_publicly(world: World) -> None:
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert world.requests("POST", "/interactions/*/callback") == [{"type": 5}]
    assert result.response
    assert not result.response.ephemeral
    assert says(result.response) == answer_to(with_question=True)
    assert world.library.calls[0].question == QUESTION


async def test_mention_in_a_channel_is_answered_as_a_reply(world: World) -> None:
    asked = await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    answer = world.channel.last_message
    assert says(answer) == answer_to()
    assert answer
    assert answer.reference
    assert answer.reference.message_id == asked.id
    assert world.library.calls[0].question == QUESTION
    assert len(world.requests("POST", f"/channels/{world.channel.id}/typing")) == 1


async def test_mention_in_a_thread(world: World) -> None:
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="harbour", type=discord.ChannelType.public_thread)
    (thread,) = world.channel.threads
    await world.reader.send(thread, f"{world.mention}{QUESTION}")
    assert says(thread.last_message) == answer_to()


async def test_direct_message_needs_no_mention(world: World) -> None:
    await world.reader.send_dm(QUESTION)
    assert says(world.reader.user.dm_channel.last_message) == answer_to()


async def test_reply_to_the_bot_is_a_question(world: World) -> None:
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    await world.reader.send(world.channel, "Is the lighthouse closed?", reply_to=world.channel.last_message)
    assert says(world.channel.last_message) == answer_to("Is the lighthouse closed?")


async def test_reply_to_a_slash_answer_cannot_be_read_and_is_told_so(world: World) -> None:
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    await world.reader.send(world.channel, "And the lighthouse?", reply_to=result.response)
    assert says(world.channel.last_message) == HOW_TO
    assert world.errors() == [NoQuestionError]


@pytest.mark.parametrize("content", ["{}", "  {}  {} "])
async def test_mention_alone_gets_a_how_to(world: World, content: str) -> None:
    await world.reader.send(world.channel, content.format(world.mention, world.mention))
    assert says(world.channel.last_message) == HOW_TO
    assert world.library.calls == []
    assert world.errors() == [NoQuestionError]


@pytest.mark.parametrize(
    "content",
    [
        "{} <:thonk:987654321098765432> %s",
        "{} Hi Footnote, could you please tell me %s Thanks, Ida",
        "<@1456074443980800017> wants to know: {} %s <t:1700000000:R>",
        "{} see <#1456074443980800018> https://example.org/?a=b %s",
    ],
)
async def test_what_is_no_part_of_the_question_is_left_out(world: World, content: str) -> None:
    question = "see When was the harbour of Elms built?" if "see" in content else QUESTION
    await world.reader.send(world.channel, content.replace("%s", QUESTION).format(world.mention))
    assert world.library.calls[-1].question == question


@pytest.mark.parametrize(
    ("content", "talk"),
    [
        ("hi!", SmallTalk.GREETING),
        ("Thank you, Footnote", SmallTalk.THANKS),
        ("what can you do?", SmallTalk.ABILITIES),
    ],
)
async def test_talk_gets_a_friendly_word_and_no_passage(world: World, content: str, talk: SmallTalk) -> None:
    await world.reader.send(world.channel, f"{world.mention} {content}")
    shown = render.small_talk(talk, ARTICLE, ENGLISH)
    assert says(world.channel.last_message) == "\n".join(filter(None, (shown.top, shown.footer)))
    result = await world.reader.slash(world.channel, "ask", question=content)
    assert says(result.response) == says(world.channel.last_message)
    assert world.library.calls == []


async def test_the_bot_stays_silent_where_nobody_asked_it(world: World) -> None:
    role = world.guild.create_role("Footnote readers")
    other = world.guild.add_member(world.env.create_user("other", bot=True))
    before = await world.reader.send(world.channel, "When was it built?")
    await world.reader.send(world.channel, f"@everyone @here {role.mention} when was it built?")
    await world.reader.send(world.channel, f"{world.reader.mention} when was it built?", reply_to=before)
    last = await other.send(world.channel, f"{world.mention} {QUESTION}")
    hook = world.guild.create_webhook(world.channel)
    await hook.send(f"{world.mention} {QUESTION}")
    assert world.library.calls == []
    assert last.id in [message.id for message in world.channel.history()]
    assert all(message.author != world.bot.user for message in world.channel.history())


async def test_a_question_that_cannot_be_asked_gets_the_librarys_message(world: World) -> None:
    world.library.error = QuestionError("This question is too long.")
    await world.reader.send_dm("How long is too long?")
    assert says(world.reader.user.dm_channel.last_message) == "This question is too long."
    assert world.errors() == [QuestionError]


async def test_discord_itself_refuses_a_slash_question_over_the_limit(world: World) -> None:
    with pytest.raises(simcord.OptionError, match=str(MAX_QUESTION_CHARS)):
        await world.reader.slash(world.channel, "ask", question="x" * (MAX_QUESTION_CHARS + 1))


async def test_where_the_bot_may_not_send_it_logs_and_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert world.bot.user
    silence = discord.PermissionOverwrite(send_messages=False)
    quiet = world.guild.create_text_channel("quiet", overwrites={world.bot.user: silence})
    await world.reader.send(quiet, f"{world.mention} {QUESTION}")
    assert world.errors() == [discord.Forbidden]
    assert f"Could not answer in server {world.guild.id}, channel {quiet.id}: 403" in caplog.text
    await world.reader.send_dm(QUESTION)
    assert says(world.reader.user.dm_channel.last_message) == answer_to()


async def test_a_question_deleted_meanwhile_is_still_answered(world: World) -> None:
    world.library.asking.clear()
    await world.begin(world.reader.send(world.channel, f"{world.mention} {QUESTION}"))
    (question,) = world.channel.history()
    world.env.backend.delete_message(world.channel.id, question.id)
    world.library.asking.set()
    await world.env.settle()
    assert world.texts() == [answer_to()]


async def test_nothing_pings_whatever_is_asked_or_answered(world: World) -> None:
    nasty = f"@everyone {world.reader.mention} ships harbour built"
    await world.reader.slash(world.channel, "ask", question=nasty)
    await world.reader.send_dm(nasty)
    sent = [*world.requests("PATCH", "/webhooks/*"), *world.requests("POST", "/channels/*/messages")]
    assert [body["allowed_mentions"] for body in sent] == [{"parse": []}] * 2
    assert all(not m.mentions and not m.mention_everyone for m in world.channel.history())


async def test_an_answer_can_be_asked_for_in_private(world: World) -> None:
    result = await world.reader.slash(world.channel, "ask", question=QUESTION, private=True)
    assert world.requests("POST", "/interactions/*/callback") == [{"type": 5, "data": {"flags": 64}}]
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == answer_to(with_question=True)
    assert world.texts() == []


@pytest.mark.parametrize("named", ["bridge", "The bridge of Oaks", " the BRIDGE of oaks "])
async def test_an_article_can_be_chosen_by_id_or_title(world: World, named: str) -> None:
    world.library.branch(str(world.guild.id)).give(BRIDGE)
    result = await world.reader.slash(world.channel, "ask", question="How many arches has it?", article=named)
    assert says(result.response) == answer_to("How many arches has it?", with_question=True, article=BRIDGE)


@pytest.mark.parametrize("named", [ALL, "All articles"])
async def test_all_articles_can_be_asked_at_once(world: World, named: str) -> None:
    world.library.branch(str(world.guild.id)).give(BRIDGE)
    await world.reader.slash(world.channel, "ask", question="How many arches has the bridge?", article=named)
    assert "The bridge of Oaks has seven arches." in render.unescape(world.texts()[-1])
    assert world.library.calls[0].article == ALL


async def test_an_article_that_is_not_there_is_named(world: World) -> None:
    await world.reader.slash(world.channel, "ask", question=QUESTION, article="*tunnel*")
    assert world.texts() == ["No article “\\*tunnel\\*” is here. The list of articles says which ones are."]
    assert world.errors() == [UnknownArticleError]


async def test_the_articles_of_the_place_are_offered(world: World) -> None:
    world.library.branch(str(world.guild.id)).give(BRIDGE)
    every = [
        {"name": "All articles", "value": ALL},
        {"name": "The bridge of Oaks", "value": "bridge"},
        {"name": "The harbour of *Elms*", "value": "harbour"},
    ]
    assert await world.reader.autocomplete(world.channel, "ask", "article", "") == every
    assert await world.reader.autocomplete(world.channel, "ask", "article", "brigde oak") == every[1:2]
    assert await world.reader.user.autocomplete("ask", "article", "") == [every[0], every[2]]


async def test_articles_of_the_same_title_are_told_apart(world: World) -> None:
    world.library.branch(str(world.guild.id)).give(replace(ARTICLE, id="elms"))
    offered = await world.reader.autocomplete(world.channel, "ask", "article", "")
    assert offered[1:] == [
        {"name": "The harbour of *Elms*", "value": "elms"},
        {"name": "The harbour of *Elms* (harbour)", "value": "harbour"},
    ]


async def test_many_articles_with_long_titles_are_offered_within_discords_limits(world: World) -> None:
    branch = world.library.branch(str(world.guild.id))
    for number in range(40):
        branch.give(replace(BRIDGE, id=f"a{number}", title=f"{number:03} " + "🌉" * 120))
    offered = await world.reader.autocomplete(world.channel, "ask", "article", "")
    assert len(offered) == 25
    assert all(1 <= len(choice["name"].encode("utf-16-le")) // 2 <= 100 for choice in offered)


async def test_example_questions_are_offered_and_what_is_most_asked_in_the_channel(world: World) -> None:
    example, often, once = ARTICLE.questions[0], "Who is the harbour master?", "Is the lighthouse closed?"

    async def offered(channel: simcord.ChannelHandle, typed: str = "", **filled: str) -> list[str]:
        choices = await world.reader.autocomplete(channel, "ask", "question", typed, **filled)
        assert all(choice["name"] == choice["value"] for choice in choices)
        return [choice["name"] for choice in choices]

    assert await offered(world.channel) == [example]
    await world.reader.slash(world.channel, "ask", question=once)
    for _ in range(2):
        await world.admin.send(world.channel, f"{world.mention} {often}")
    assert await offered(world.channel) == [example, often, once]
    assert await offered(world.channel, "lighthose") == [once]
    assert await offered(world.channel, "xyzzy") == []
    assert await offered(world.channel, article="bridge") == []  # not here
    world.library.branch(str(world.guild.id)).give(BRIDGE)
    assert await offered(world.channel, article="bridge") == list(BRIDGE.questions)
    assert await offered(world.channel, article=ALL) == [example, often, once]


async def test_what_is_asked_elsewhere_in_private_or_in_vain_is_never_offered(world: World) -> None:
    other = world.guild.create_text_channel("other")
    await world.reader.slash(world.channel, "ask", question="Who is the harbour master?", private=True)
    await world.reader.slash(other, "ask", question="Who is the harbour master here?")
    await world.reader.send_dm("Who is Ada Berg, harbour master?")
    await world.reader.slash(world.channel, "ask", question="My password is xyzzy")
    asked = await world.admin.send(world.channel, "Ada Berg is the harbour master")
    await world.reader.context_menu(world.channel, "Ask the article", asked)
    assert len(world.library.calls) == 5
    offered = await world.admin.autocomplete(world.channel, "ask", "question", "")
    assert [choice["name"] for choice in offered] == list(ARTICLE.questions)
    offered = await world.reader.user.autocomplete("ask", "question", "")
    assert [choice["name"] for choice in offered] == list(ARTICLE.questions)


async def test_what_is_asked_in_a_channel_is_offered_in_its_threads_and_not_the_other_way_round(
    world: World,
) -> None:
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="harbour", type=discord.ChannelType.public_thread)
    (thread,) = world.channel.threads
    above, below = "Who is the harbour master?", "Is the lighthouse closed?"
    await world.reader.slash(world.channel, "ask", question=above)
    await world.reader.slash(thread, "ask", question=below)
    names = {
        place: {c["name"] for c in await world.reader.autocomplete(place, "ask", "question", "")}
        for place in (world.channel, thread)
    }
    assert names == {
        world.channel: {*ARTICLE.questions, above},
        thread: {*ARTICLE.questions, above, below},
    }


async def test_the_menu_asks_what_anybodys_message_says_and_answers_privately(world: World) -> None:
    asked = await world.admin.send(world.channel, QUESTION)
    result = await world.reader.context_menu(world.channel, "Ask the article", asked)
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == answer_to(with_question=True)


async def test_the_menu_says_so_where_a_message_has_no_text(world: World) -> None:
    asked = await world.admin.send(world.channel, attachments=[("ship.png", b"x")])
    result = await world.reader.context_menu(world.channel, "Ask the article", asked)
    assert says(result.response) == "That message has no text that I could ask the article about."
    assert world.errors() == [NoTextError]


async def test_a_server_asks_its_own_library_and_a_dm_everyones(world: World) -> None:
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    await world.reader.send_dm(QUESTION)
    await world.reader.user.slash("ask", question=QUESTION)
    assert [call.library for call in world.library.calls] == [str(world.guild.id), "", ""]


async def test_where_only_the_person_has_installed_it_everyones_library_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.bot, "get_guild", lambda _: None)  # the bot is no member of this server
    world.library.branch(str(world.guild.id)).give(BRIDGE)
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert says(result.response) == answer_to(with_question=True)
    assert (world.library.calls[0].library, world.library.calls[0].place) == ("", None)
    offered = await world.reader.autocomplete(world.channel, "ask", "article", "")
    assert [choice["value"] for choice in offered] == [ALL, "harbour"]


async def test_what_is_for_everybody_can_be_installed_by_everybody(world: World) -> None:
    """0 is a server, 1 a person; 0 is a server's channels, 1 a DM with the bot, 2 other DMs."""
    (payload, *_) = world.requests("PUT", "/applications/*/commands")
    commands = {command["name"]: command for command in payload}
    for name in ("ask", "article", "help", "read", "Ask the article"):
        assert sorted(commands[name]["integration_types"]) == [0, 1], name
        assert sorted(commands[name]["contexts"]) == [0, 1, 2], name
    for name in ("reindex", "library"):
        assert (commands[name]["integration_types"], commands[name]["contexts"]) == ([0], [0]), name


def one_question_a_minute() -> Rates:
    return Rates(questions=Rate(person=1), now=lambda: discord.utils.utcnow().timestamp())


async def test_who_asks_too_fast_is_told_privately_how_long_to_wait(world: World) -> None:
    world.bot.service = Service(world.library, rates=one_question_a_minute())
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == "One moment, please: you can ask again in 60 s."
    await world.env.advance_time(61)
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert len(world.library.calls) == 2
    assert world.errors() == [TooFastError]


async def test_in_a_channel_it_is_told_once_and_every_way_of_asking_counts(world: World) -> None:
    world.bot.service = Service(world.library, rates=one_question_a_minute())
    asked = await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    for _ in range(3):
        await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    await world.reader.send_dm(QUESTION)
    refused = await world.reader.context_menu(world.channel, "Ask the article", asked)
    wait = "One moment, please: you can ask again in 60 s."
    assert [text for text in world.texts() if "<@" not in text] == [answer_to(), wait]
    assert says(refused.response) == wait
    assert len(world.library.calls) == 1
    assert world.errors() == [TooFastError] * 5


async def test_who_waits_is_told_the_place_in_the_line_in_the_message_that_becomes_the_answer(
    world: World,
) -> None:
    held = world.hold()
    for number in range(QUESTION_THREADS):
        await world.admin.slash(world.channel, "ask", question=f"Ships {number}?")
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    await world.reader.send(world.channel, f"{world.mention} {QUESTION} And why?")
    under_way = [""] * QUESTION_THREADS
    assert world.texts() == [*under_way, "", f"{world.mention} {QUESTION} And why?"]
    await world.env.advance_time(HeldService.seconds_to_first_note)
    first, second = (f"Many are asking just now: you are {place} in line." for place in ("1st", "2nd"))
    assert world.texts() == [*under_way, first, f"{world.mention} {QUESTION} And why?", second]
    await world.env.advance_time(
        3 * HeldService.seconds_between_notes
    )  # what has not changed is not said again
    assert len(world.requests("PATCH", "/webhooks/*")) == 1
    held._line.leave(next(iter(held._asking.values())).ticket)
    await world.env.advance_time(HeldService.seconds_between_notes)
    assert world.texts()[-1] == first
    held._line._turns += 1
    held.let_go.set()
    await world.env.settle()
    texts = world.texts()
    assert texts[QUESTION_THREADS] == answer_to(with_question=True)
    assert texts[QUESTION_THREADS + 2 :] == [answer_to(f"{QUESTION} And why?")]


async def test_while_the_model_loads_a_question_waits_with_a_note(world: World) -> None:
    held = world.hold()
    held._loaded = False
    held._line.close()
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    await world.env.advance_time(HeldService.seconds_to_first_note)
    assert world.texts() == ["I'm just starting. Your question is answered as soon as I'm ready."]
    assert world.library.calls == []
    held._open()
    held.let_go.set()
    await world.env.settle()
    assert world.texts() == [answer_to(with_question=True)]


async def test_a_note_is_taken_back_when_there_is_no_answer(world: World) -> None:
    held = world.hold()
    held._line.close()
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    await world.env.advance_time(HeldService.seconds_to_first_note)
    assert "1st in line" in world.texts()[-1]
    world.library.error = QuestionError("No.")
    held._line.open()
    held.let_go.set()
    await world.env.settle()
    assert world.texts()[1:] == ["No."]
    assert world.errors() == [QuestionError]


async def test_a_note_that_cannot_be_shown_does_not_stop_the_answer(world: World) -> None:
    held = world.hold()
    held._line.close()
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    world.env.inject_error("PATCH", "/webhooks/*", status=400)
    await world.env.advance_time(HeldService.seconds_to_first_note)
    held._line.open()
    held.let_go.set()
    await world.env.settle()
    assert world.texts() == [answer_to(with_question=True)]


async def test_a_full_line_says_so(world: World) -> None:
    held = world.hold(line=1)
    for number in range(QUESTION_THREADS + 1):
        await world.admin.slash(world.channel, "ask", question=f"Ships {number}?")
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == "The line is full: 1 are waiting. Please ask again in a minute."
    held.let_go.set()
    await world.env.settle()
    assert len(world.library.calls) == QUESTION_THREADS + 1
    assert world.errors() == [LineFullError]
