"""The questions that are offered while somebody types one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import islice

from rapidfuzz import fuzz, process, utils

from index import Entry

MOST_CHARS = 100  # of a choice's name and of its value
MOST_CHOICES = 25  # Discord's limit
MOST_COMPARED = 1_000  # compared within a few milliseconds, while somebody types
MOST_CHANNELS = 1_000  # a few kilobytes each
MOST_QUESTIONS = 100  # of a channel that are remembered to be suggested
LIKE_ENOUGH = 55.0  # of 100, by rapidfuzz: below, suggestions look unrelated


class Suggestions:
    """How often which question was asked in public, by channel and article.

    Only what everybody in a channel could see asked and answered is counted here, and it is offered nowhere
    else. So many channels are remembered, and so many questions of each; what was not asked for longest goes.
    """

    def __init__(self) -> None:
        self._channels: OrderedDict[int, OrderedDict[tuple[str, str], int]] = OrderedDict()

    def count(self, question: str, *, channel: int, article: str) -> None:
        """Counts a question that was asked and answered for all in the channel to see."""
        question = " ".join(question.split())
        if not question or _units(question) > MOST_CHARS:
            return
        counts = self._channels.setdefault(channel, OrderedDict())
        counts[article, question] = counts.get((article, question), 0) + 1
        counts.move_to_end((article, question))
        self._channels.move_to_end(channel)
        if len(counts) > MOST_QUESTIONS:
            counts.popitem(last=False)
        if len(self._channels) > MOST_CHANNELS:
            self._channels.popitem(last=False)

    def forget(self, questions: Iterable[str]) -> None:
        """Forgets questions, whoever asked them."""
        texts = {" ".join(question.split()) for question in questions}
        for counts in self._channels.values():
            for key in [key for key in counts if key[1] in texts]:
                del counts[key]

    def most_asked(self, *, channels: Iterable[int], article: str) -> tuple[str, ...]:
        """What was asked of an article in any of ``channels``, most often first."""
        total: dict[str, int] = {}
        for channel in channels:
            for (of, question), times in self._channels.get(channel, {}).items():
                if of == article:
                    total[question] = total.get(question, 0) + times
        return tuple(sorted(total, key=lambda question: -total[question]))


def matching(beginning: str, offers: Sequence[str]) -> tuple[str, ...]:
    """Those of ``offers`` that are like what is ``beginning``, best first; all, where that is nothing.

    So many of them are compared, and so much of what is typed: this runs while everybody else waits, and an
    article may have any number of speakers.
    """
    candidates = islice(offers, MOST_COMPARED)
    offers = tuple(dict.fromkeys(text for text in candidates if text and _units(text) <= MOST_CHARS))
    beginning = beginning[:MOST_CHARS]
    if not beginning.strip():
        return offers[:MOST_CHOICES]
    matches = process.extract(
        beginning,
        offers,
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        score_cutoff=LIKE_ENOUGH,
        limit=MOST_CHOICES,
    )
    return tuple(text for text, *_ in matches)


def names_of(entries: Iterable[Entry], *, with_id: bool = False) -> dict[str, str]:
    """The ids of articles by the names that they are offered under.

    Args:
        entries: The articles.
        with_id: Whether to name the id after each title; else only after one that another one has, too.
    """
    ids: dict[str, str] = {}
    for entry in entries:
        name = shorten(entry.title)
        if with_id or not name or name in ids:
            mark = f" ({entry.id})"
            name = shorten(entry.title, MOST_CHARS - len(mark)) + mark
        ids[name] = entry.id
    return ids


def shorten(text: str, most: int = MOST_CHARS) -> str:
    """``text`` as the name of a choice, cut with "…" where it is too long."""
    if _units(text) <= most:
        return text
    fits = text[: most - 1]
    while _units(fits) >= most:
        fits = fits[:-1]
    return f"{fits.rstrip()}…"


def _units(text: str) -> int:
    """The length of ``text`` in UTF-16 code units, the most that Discord may count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
