"""The picture of the risk-coverage curve: its words, its lines and its marks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from bot.cli.plot import draw
from index import CurvePoint, RiskCurve

pytestmark = pytest.mark.slow

CURVE = RiskCurve(
    points=(CurvePoint(0.25, 0.0), CurvePoint(0.75, 0.2), CurvePoint(1.0, 0.4)),
    answered=CurvePoint(0.5, 0.1),
    shown=CurvePoint(0.75, 0.2),
)
RULES = RiskCurve(points=(CurvePoint(1.0, 0.5),), answered=None, shown=CurvePoint(1.0, 0.5))
TIERS = ["What is answered without reserve", "What is answered or marked uncertain"]


def words_of(file: Path) -> list[str]:
    """What is written in a picture, which has each text as its outline and says it beside that."""
    return re.findall("<!-- (.+?) -->", file.read_text(encoding="utf-8"))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    figures: list[Figure] = []
    save = Figure.savefig

    def noted(self: Figure, *args: object, **options: object) -> None:
        figures.append(self)
        save(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", noted)
    return figures


def test_the_picture_says_in_plain_words_what_it_shows(tmp_path: Path) -> None:
    draw(tmp_path / "curve.svg", "elms.json: 20 questions", {"Footnote": CURVE, "rules only": RULES})
    words = words_of(tmp_path / "curve.svg")
    assert {
        "How often Footnote is wrong, by how much it answers",
        "elms.json: 20 questions",
        "Share of the questions that are answered, the surest first",
        "Share of those answers that are wrong",
        *("Footnote", "rules only", *TIERS),
        *("0%", "100%"),
    } <= set(words)


def test_each_curve_is_a_line_and_each_tier_a_mark(tmp_path: Path, drawn: list[Figure]) -> None:
    draw(tmp_path / "curve.png", "elms", {"Footnote": CURVE, "rules only": RULES})
    (axes,) = drawn[0].axes
    lines = [
        (line.get_xydata().tolist(), line.get_marker(), line.get_color(), line.get_linestyle())  # type: ignore[union-attr]
        for line in axes.lines
    ]
    blue, vermilion = "#0072B2", "#D55E00"
    assert lines[:5] == [
        ([[0.25, 0.0], [0.75, 0.2], [1.0, 0.4]], "None", blue, "-"),
        ([[0.5, 0.1]], "o", blue, "-"),
        ([[0.75, 0.2]], "D", blue, "-"),
        ([[1.0, 0.5]], "None", vermilion, "--"),
        ([[1.0, 0.5]], "D", vermilion, "-"),
    ]
    assert (axes.get_xlim(), axes.get_ylim()[0]) == ((0, 1), 0)


def test_the_page_is_white_so_that_it_reads_in_light_and_dark(tmp_path: Path, drawn: list[Figure]) -> None:
    draw(tmp_path / "curve.svg", "elms", {"Footnote": CURVE})
    assert drawn[0].get_facecolor() == (1, 1, 1, 1)
    assert drawn[0].axes[0].get_facecolor() == (1, 1, 1, 1)


def test_the_same_figures_make_the_same_file(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        draw(tmp_path / name, "elms", {"Footnote": CURVE})
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


@pytest.mark.parametrize(("name", "start"), [("c.svg", b"<?xml"), ("c.PNG", b"\x89PNG"), ("c.pdf", b"%PDF")])
def test_the_ending_says_the_form(tmp_path: Path, name: str, start: bytes) -> None:
    draw(tmp_path / name, "elms", {"Footnote": CURVE})
    assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.filterwarnings("ignore:Glyph")
@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(), max_size=30), st.text(st.characters(), max_size=30))
def test_any_name_of_a_file_can_be_written(
    tmp_path_factory: pytest.TempPathFactory, one: str, two: str
) -> None:
    draw(tmp_path_factory.getbasetemp() / "any.svg", one, {two: CURVE})
