"""How often Footnote is wrong, by how much it answers: the risk-coverage curve, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.cli.errors import MisuseError
from bot.cli.terminal import printable
from index import CurvePoint, RiskCurve

EXTRA_MISSING = """\
--plot needs the extra `plot`. Install it: pip install 'footnote[plot]'
(in a checkout: pip install -e '.[plot]')"""
SUFFIXES = (".svg", ".png", ".pdf")
WRONG_SUFFIX = "--plot draws .svg, .png and .pdf: give a file that ends so."
NO_FOLDER = "--plot: the folder {folder} does not exist."

# Okabe and Ito's, which colour-blind readers can tell apart; of them, those that stand out on white. The page
# is white whatever surrounds it, so that the picture reads the same in light and dark.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
_DASHES = ("solid", "dashed", "dashdot", "dotted")
_INK, _GRID = "#222222", "#D9D9D9"
_TIERS = {
    "answered": ("o", "What is answered without reserve"),
    "shown": ("D", "What is answered or marked uncertain"),
}


def check_plot(file: Path) -> None:
    """Checks that a plot can be drawn, before minutes are spent on what it shows.

    Raises:
        MisuseError: it cannot.
    """
    if file.suffix.lower() not in SUFFIXES:
        raise MisuseError(WRONG_SUFFIX)
    if not file.absolute().parent.is_dir():
        raise MisuseError(NO_FOLDER, folder=file.absolute().parent)
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise MisuseError(EXTRA_MISSING) from error
    del mpl


def draw(file: Path, title: str, curves: Mapping[str, RiskCurve]) -> None:
    """Draws curves of risk.

    Args:
        file: Where to; its ending says in which form.
        title: What was asked.
        curves: A curve by what the legend calls it.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    # Without the date and with a salt, the same figures make the same file.
    with mpl.rc_context({"svg.hashsalt": "footnote", "font.size": 10, "text.parse_math": False}):
        figure = Figure(figsize=(7.2, 4.5), layout="constrained", facecolor="white")
        axes = figure.add_subplot(facecolor="white")
        for number, (name, curve) in enumerate(curves.items()):
            colour = _COLOURS[number % len(_COLOURS)]
            dashes = _DASHES[number % len(_DASHES)]
            coverage, risk = zip(*curve.points, strict=True)
            axes.plot(coverage, risk, color=colour, linestyle=dashes, linewidth=1.8, label=printable(name))
            for tier, (marker, _) in _TIERS.items():
                point: CurvePoint | None = getattr(curve, tier)
                if point is not None:
                    axes.plot(
                        *point,
                        marker=marker,
                        markersize=8,
                        color=colour,
                        markeredgecolor="white",
                        clip_on=False,
                    )
        for marker, label in _TIERS.values():
            axes.plot([], [], marker=marker, markersize=8, color=_INK, linestyle="none", label=label)
        axes.set_title(f"How often Footnote is wrong, by how much it answers\n{printable(title)}", color=_INK)
        axes.set_xlabel("Share of the questions that are answered, the surest first", color=_INK)
        axes.set_ylabel("Share of those answers that are wrong", color=_INK)
        axes.set_xlim(0, 1)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.tick_params(colors=_INK)
        axes.grid(color=_GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside lower center", ncols=2, frameon=False, labelcolor=_INK)
        metadata = {"Title": printable(title)} | ({"Date": None} if file.suffix.lower() == ".svg" else {})
        figure.savefig(file, dpi=150, metadata=metadata)
