"""Captions without their times, chats as messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sources.extract.transcripts import captions, chat

VTT = """WEBVTT - The meeting

NOTE nobody says this

STYLE
::cue { color: red }

1
00:00:01.000 --> 00:00:04.000 align:start
<v Mara>The tank leaks &amp; the
pump is <i>broken</i>.</v>

00:00:04.500 --> 00:00:06.000
<v Mara>It must be mended.

00:05.000 --> 00:08.000
<v.loud Oskar>Who pays for it?
"""
SRT = """1
00:00:01,000 --> 00:00:04,000
The ferry left the pier

2
00:00:04,500 --> 00:00:06,000
at nine in the evening.

3
00:00:06,500 --> 00:00:08,000
- Who saw it?
- Nobody did.

4
00:00:08,500 --> 00:00:09,000
{\\an8}OSKAR: I was on board.
"""


def test_captions_are_what_people_say() -> None:
    assert captions(VTT) == (
        "Mara: The tank leaks & the pump is broken. It must be mended.\n\nOskar: Who pays for it?"
    )
    assert captions(SRT) == (
        "The ferry left the pier at nine in the evening.\n\nWho saw it?\n\nNobody did.\n\n"
        "OSKAR: I was on board."
    )


def test_rolling_captions_say_nothing_twice() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nOne two\n\n00:02.000 --> 00:03.000\nOne two\nthree four\n"
    assert captions(text) == "One two three four"


def test_what_holds_no_captions_is_none() -> None:
    assert captions("1\n2\n3\nOne.") is None
    assert captions("One --> two.") is None


def test_a_message_of_several_lines_is_one_paragraph() -> None:
    assert chat(
        "12/05/2024, 10:04 - Messages are encrypted.\n12/05/2024, 10:04 - Mara: The pump is broken.\n"
        "I called the plumber,\nhe comes on Friday.\n12/05/2024, 10:09 - Oskar: Who pays?\n"
    ) == (
        "12/05/2024, 10:04 - Messages are encrypted.\n\n"
        "12/05/2024, 10:04 - Mara: The pump is broken. I called the plumber, he comes on Friday.\n\n"
        "12/05/2024, 10:09 - Oskar: Who pays?"
    )
    assert chat("[12.05.24, 10:04:33] Mara: It broke.\n[12.05.24, 10:05:00] Oskar Holm: When?\n") == (
        "[12.05.24, 10:04:33] Mara: It broke.\n\n[12.05.24, 10:05:00] Oskar Holm: When?"
    )


def test_a_name_above_a_message_stands_before_it() -> None:
    assert (
        chat("Mara, [12.05.2024 10:04]\nIt is broken.\nHe comes.\n\nOskar Holm, [12.05.2024 10:09]\nWho?\n")
        == "[12.05.2024 10:04] Mara: It is broken. He comes.\n\n[12.05.2024 10:09] Oskar Holm: Who?"
    )
    assert chat("[12-May-24 10:04 AM] mara\nHello there.\n\n[12-May-24 10:05 AM] oskar\nHello.\n") == (
        "[12-May-24 10:04 AM] mara: Hello there.\n\n[12-May-24 10:05 AM] oskar: Hello."
    )


@pytest.mark.parametrize(
    ("lines", "messages"),
    [
        ("mara — Today at 10:04 AM\nit broke\noskar — 12/05/2024 10:05\nwhen?\n",
         "[Today at 10:04 AM] mara: it broke\n\n[12/05/2024 10:05] oskar: when?"),
        ("mara\n — \n12/05/2024 10:04\nit broke\noskar\n — \n12/05/2024 10:05\nwhen?\n",
         "[12/05/2024 10:04] mara: it broke\n\n[12/05/2024 10:05] oskar: when?"),
        ("Mara Lind  10:04 AM\nIt broke.\nOn Monday.\nOskar  10:05 AM\nWhy?\n",
         "[10:04 AM] Mara Lind: It broke. On Monday.\n\n[10:05 AM] Oskar: Why?"),
        ("[10:04] Mara\nIt broke.\n[10:05] Oskar\nWhy?\n", "[10:04] Mara: It broke.\n\n[10:05] Oskar: Why?"),
        ("=====\nGuild: Elms\n=====\n\n[12-May-24 10:04 AM] mara\nit broke\n\n{Reactions}\n👍 (2)\n\n"
         "[12-May-24 10:05 AM] oskar\n{Attachments}\nfiles/a.png\n\n=====\nExported 2 message(s)\n=====\n",
         "Guild: Elms\n\n[12-May-24 10:04 AM] mara: it broke\n\n[12-May-24 10:05 AM] oskar: files/a.png\n\n"
         "Exported 2 message(s)"),
    ],
)  # fmt: skip
def test_chats_of_other_programs(lines: str, messages: str) -> None:
    assert chat(lines) == messages


def test_a_sound_is_no_ones_words() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Mara>Hush.\n\n00:03.000 --> 00:04.000\n[a door opens]\n"
    assert captions(text) == "Mara: Hush.\n\n[a door opens]"


def test_what_is_no_chat_is_none() -> None:
    assert chat("Bus 5  10:04\nBus 6  10:14\nBus 7  10:24\n") is None
    assert (
        chat("[12 May 2024 10:04] Met Anna.\nShe ran.\n[12 May 2024 18:30] Home.\n[13 May 2024 9:00] Rain.")
        is None
    )
    assert chat("On 12/05/2024, 10:04 it rained.\nIt was cold.") is None
    assert chat("See [12].\nAnd [13].") is None


PIECES = ["WEBVTT\n", "1\n", "00:00:01,000 --> 00:00:02,000\n", "<v A>", "A: ", "- ", "[12.05.24, 10:04] A: ",
          "B, [12.05.24 10:05]\n", "B — 10:05\n", "{Reactions}\n", "=====\n", "\n", "One two.",
          "\n\n"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_lines_can_be_read(text: str) -> None:
    for found in (captions(text), chat(text)):
        assert found is None or "-->" not in found or "-->" in text
