"""What the terminal shows of a library: its articles, what was changed, and what a change did."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from bot.cli import tables
from index import Action, Change, MovedAnswer, ReindexReport, SelfCheck
from tests.fakes import ARTICLE, INDEXED_AT, HeldLibrary

INFO = HeldLibrary().info()
(ENTRY,) = HeldLibrary().entries()
REPORT = ReindexReport(INFO, kept=2, added=1, removed=4, seconds=12.34)


def screen(shown: RenderableType, width: int = 80) -> str:
    """What a terminal would show, without the spaces that pad its lines."""
    file = io.StringIO()
    Console(file=file, markup=False, emoji=False, highlight=False, width=width).print(shown)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def test_a_report_counts_passages() -> None:
    assert screen(tables.report_text(REPORT)) == (
        "Indexed “The harbour of *Elms*” in 12.3 s: 3 passages (2 kept, 1 new, 4 \nremoved)."
    ).replace(" \n", "\n")


def test_a_report_shows_the_answers_that_moved_and_the_self_check() -> None:
    report = replace(
        REPORT,
        published=False,
        examples=3,
        moved=(MovedAnswer("When?", "In 1901.", "In 1902."), MovedAnswer("Who?", None, "Ada.")),
        check=SelfCheck(asked=10, right=9, failed=("Why \x1b[2J?",)),
    )
    assert screen(tables.report_text(report), width=120).splitlines()[1:] == [
        "Nothing has changed, so the index from before goes on serving.",
        "Example questions whose answer moved: 2 of 3.",
        "  When?",
        "    before  In 1901.",
        "    now     In 1902.",
        "  Who?",
        "    before  the article did not say",
        "    now     Ada.",
        "Its own questions: 9 of 10 answered rightly.",
        "  wrong: Why \ufffd[2J?",
    ]


def test_what_the_article_no_longer_says_is_told_as_now() -> None:
    report = replace(REPORT, examples=1, moved=(MovedAnswer("When?", "In 1901.", None),))
    assert screen(tables.report_text(report)).splitlines()[-1] == "    now     the article does not say"


def test_a_narrow_terminal_wraps_the_list_and_loses_nothing() -> None:
    shown = screen(tables.entries_text((ENTRY,)), width=40)
    assert "".join(re.findall(r"[a-z]", shown)).count("h") >= 3
    assert all(len(line) <= 40 for line in shown.splitlines())


@given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()))
def test_no_text_reaches_the_terminal_as_a_command(title: str, place: str, who: str) -> None:
    entry = replace(ENTRY, title=title)
    change = Change(INDEXED_AT, who, Action.ADDED, title, place)
    report = replace(
        REPORT,
        info=replace(INFO, article=replace(ARTICLE, title=title)),
        examples=1,
        moved=(MovedAnswer(title, place, who),),
        check=SelfCheck(1, 0, (who,)),
    )
    for shown in (
        tables.entries_text((replace(entry, place=place),)),
        tables.history_text((change,)),
        tables.report_text(report),
        tables.undone_text(report.info),
    ):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", screen(shown))
    listed = tables.entries_json((replace(entry, place=place),)), tables.history_json((change,))
    json.dumps(listed, ensure_ascii=False).encode(errors="backslashreplace")
