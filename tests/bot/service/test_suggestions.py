"""What is offered while somebody types: what fits, in bounds, and only where it was asked."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from bot.service.suggestions import (
    MOST_CHANNELS,
    MOST_CHARS,
    MOST_CHOICES,
    MOST_COMPARED,
    MOST_QUESTIONS,
    Suggestions,
    matching,
    shorten,
)


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def test_the_most_asked_come_first_by_channel_and_article() -> None:
    asked = Suggestions()
    for question in ("Who?", "Why?", " Why? ", "Why?\n", "When?", "Who?"):
        asked.count(question, channel=1, article="harbour")
    asked.count("Who?", channel=1, article="bridge")
    asked.count("When?", channel=2, article="harbour")
    asked.count("When?", channel=2, article="harbour")
    assert asked.most_asked(channels=[1], article="harbour") == ("Why?", "Who?", "When?")
    assert asked.most_asked(channels=[1, 2], article="harbour") == ("Why?", "When?", "Who?")
    assert asked.most_asked(channels=[1], article="bridge") == ("Who?",)
    assert asked.most_asked(channels=[3], article="harbour") == ()


def test_so_much_is_remembered_and_what_was_not_asked_for_longest_goes_first() -> None:
    asked = Suggestions()
    for number in range(MOST_QUESTIONS + 1):
        asked.count(f"{number}?", channel=1, article="harbour")
    kept = asked.most_asked(channels=[1], article="harbour")
    assert (len(kept), "0?" in kept, "1?" in kept) == (MOST_QUESTIONS, False, True)
    for channel in range(2, MOST_CHANNELS + 2):
        asked.count("Why?", channel=channel, article="harbour")
    assert asked.most_asked(channels=[1], article="harbour") == ()
    assert asked.most_asked(channels=[2], article="harbour") == ("Why?",)


def test_what_is_too_long_to_be_offered_is_not_kept() -> None:
    asked = Suggestions()
    for question in ("", " ", "x" * (MOST_CHARS + 1), "🌉" * (MOST_CHARS // 2 + 1), "x" * MOST_CHARS):
        asked.count(question, channel=1, article="harbour")
    assert asked.most_asked(channels=[1], article="harbour") == ("x" * MOST_CHARS,)


def test_what_is_like_what_is_typed_comes_best_first() -> None:
    offered = ("When was the harbour built?", "Who is the harbour master?", "Is the lighthouse closed?")
    assert matching("", offered) == offered
    assert matching("lighthose", offered) == offered[2:]
    assert matching("harbor master", offered)[0] == offered[1]
    assert matching("LIGHTHOUSE", offered) == offered[2:]


@given(st.text(max_size=200), st.lists(st.text(max_size=150), max_size=60))
def test_whatever_is_typed_and_offered_fits_discord(typed: str, offered: list[str]) -> None:
    found = matching(typed, offered)
    assert len(found) == len(set(found)) <= MOST_CHOICES
    assert all(text in offered and 1 <= units(text) <= MOST_CHARS for text in found)


@given(st.text(max_size=300))
def test_a_name_is_cut_to_fit(text: str) -> None:
    short = shorten(text)
    assert units(short) <= MOST_CHARS
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]) and units(text) > MOST_CHARS)


def test_of_any_number_and_of_any_length_so_much_is_compared() -> None:
    offered = [f"Speaker {number}" for number in range(50_000)]
    assert matching("Speaker 999", offered)[0] == "Speaker 999"
    assert "Speaker 1000" not in matching("Speaker 1000", offered)  # the article quotes 1,000 others more
    assert (MOST_COMPARED, MOST_CHARS) == (1_000, 100)
    assert matching("Speaker 7" + " " * 91 + "x" * 6_000, offered) == matching("Speaker 7", offered)
    began = time.thread_time()
    matching("word " * 1_200, offered)
    assert time.thread_time() - began < 0.1  # it took five seconds
