"""`footnote insights`: the page, the table and the text, and that none shows what its server may not see."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from bot.cli.app import app
from bot.cli.insights import COLUMNS, page, table, text
from bot.render import insights as render_insights
from bot.render.charts import DARK, LIGHT, charts
from bot.words import ENGLISH
from index import KeptQuestion, QuestionLedger, Status, insights
from tests.fakes import HeldLibrary
from tests.index.fakes import FakeEmbedder
from tests.index.storage.test_ledger import ADA, BEN, NOON, _Memory, asked, vote

DAY = timedelta(days=1)


def period(*questions: KeptQuestion) -> Any:
    return insights(questions, NOON - DAY, NOON + DAY, FakeEmbedder())


PLACES = st.tuples(st.sampled_from(["7", "8", None]), st.booleans(), st.sampled_from(Status))


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.lists(PLACES, max_size=6))
def test_no_export_and_no_chart_shows_what_is_private_or_anothers(
    places: list[tuple[str | None, bool, Status]],
) -> None:
    ledger, library = QuestionLedger(_Memory()), HeldLibrary()
    for key, (server, is_private, status) in enumerate(places):
        ledger.keep(
            asked(
                key,
                question=f"zq{key}z?",
                server=server,
                is_private=is_private,
                status=status,
                milliseconds=100_000 if (server, is_private) != ("7", False) else 1_000,
            )
        )
        ledger.vote(key, vote(comment=f"vq{key}z"))
    mine = {str(key) for key, (*place, _) in enumerate(places) if place == ["7", False]}
    found = insights(ledger.questions("7", NOON - DAY, NOON + DAY), NOON - DAY, NOON + DAY, FakeEmbedder())
    drawn = charts(found, ENGLISH, LIGHT)
    lists = (*found.gaps, *found.dislikes)
    shown = "\n".join(
        [
            re.sub(r"base64,[^\"]++", "", page(found, library, "Server 7")),  # pictures say anything
            table(found),
            text(found),
            render_insights.summary(found, ENGLISH, days=7).top,
            *(render_insights.question(one.questions, None, ENGLISH).top for one in lists),
            *(chart.alt for chart in drawn),
        ]
    )
    assert set(re.findall(r"[zv]q(\d+)z", shown)) == mine
    assert ADA not in shown
    assert BEN not in shown
    assert sum(found.counts().values()) == len(mine)
    assert [chart.alt.endswith("within 1.0.") for chart in drawn] == ([False, True] if mine else [])


def test_the_table_has_a_line_a_question_and_no_formula() -> None:
    bad = vote(comment="@import")
    first = asked(1, question='=HYPERLINK("x")', votes=(bad, vote(ADA, is_good=True, complaint=None)))
    second = asked(2, question="Two\nlines, and a comma?", span=None, status=Status.NOT_IN_ARTICLE)
    rows = list(csv.reader(io.StringIO(table(period(first, second)))))
    assert rows == [
        list(COLUMNS),
        [
            "2026-05-04T12:00:00+00:00",
            "answered",
            "question",
            "harbour",
            '\'=HYPERLINK("x")',
            "0.120",
            "3:9",
            "1",
            "1",
            "wrong",
            "'@import",
        ],
        [
            "2026-05-04T12:00:00+00:00",
            "not_in_article",
            "question",
            "harbour",
            "Two\nlines, and a comma?",
            "0.120",
            "",
            "0",
            "0",
            "",
            "",
        ],
    ]


def test_the_page_escapes_what_people_wrote_and_has_charts_for_both_looks() -> None:
    refused = asked(1, question="<script>alert(1)</script>", status=Status.NOT_IN_ARTICLE, span=None)
    marked = vote(comment="<b>older</b>")
    found = page(period(refused, asked(2, votes=(marked,))), HeldLibrary(), "Server <7>")
    assert "<script>" not in found
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found
    assert "<blockquote>👎 wrong: &lt;b&gt;older&lt;/b&gt;</blockquote>" in found
    assert "<h1>Server &lt;7&gt;</h1>" in found
    assert found.count('<source media="(prefers-color-scheme:dark)" srcset="data:image/png;base64,') == 2
    assert len(re.findall(r'<img src="data:image/png;base64,[^"]+" alt="[^"]+">', found)) == 2


def test_charts_are_left_out_where_nothing_can_draw_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(charts(period(asked()), ENGLISH, DARK)) == 2
    monkeypatch.setattr("bot.render.charts.can_draw", lambda: False)
    assert charts(period(asked()), ENGLISH, DARK) == ()
    assert "<img" not in page(period(asked()), HeldLibrary(), "Server 7")


@pytest.mark.slow
def test_the_command_writes_what_it_is_asked_for(
    library: HeldLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.process.open_library", lambda _: library)

    def run(*args: str) -> Result:
        return CliRunner().invoke(app, args, prog_name="footnote")

    result = run("insights")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Nothing that was asked in a server is kept." in result.stderr
    library.ledger.keep(asked(question="Where is the captain?", status=Status.NOT_IN_ARTICLE, span=None))
    result = run("insights", "--days", "3650")
    assert result.exit_code == 0
    assert "1 questions from " in result.stdout
    assert result.stdout.endswith("Not answered:\n  1 × Where is the captain?\n")
    library.ledger.keep(asked(2, server="8"))
    assert "Give its id with --server: 7, 8." in run("insights").stderr
    files = tmp_path / "page.html", tmp_path / "table.csv"
    result = run(
        "insights", "--server", "7", "--days", "3650", "--html", str(files[0]), "--csv", str(files[1])
    )
    assert (result.exit_code, result.stdout) == (0, "")
    for file in files:
        assert "Where is the captain?" in file.read_text(encoding="utf-8")
        assert "Question 2?" not in file.read_text(encoding="utf-8")
