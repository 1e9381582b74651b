"""The numbers of lists, as a list's own style writes them."""

from __future__ import annotations

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
    (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MAX_ROMAN = 3_999  # MMMCMXCIX

_STYLES = {
    "a": "a", "A": "A", "i": "i", "I": "I",
    "lower-alpha": "a", "lower-latin": "a", "upper-alpha": "A", "upper-latin": "A", "lower-roman": "i",
    "upper-roman": "I", "lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I",
}  # fmt: skip
"""By what HTML, CSS and Word call it; whatever else there is counts in figures."""


def numeral(number: int, style: str = "") -> str:
    """A number in letters, in Roman figures or in common ones.

    Args:
        number: The number; one that has no such form is written in common figures.
        style: What HTML, CSS or Word calls the style.
    """
    kind = _STYLES.get(style)
    if kind in ("a", "A") and number > 0:
        letters = ""
        rest = number
        while rest > 0:
            rest, last = divmod(rest - 1, len(_LETTERS))
            letters = _LETTERS[last] + letters
        return letters.upper() if kind == "A" else letters
    if kind in ("i", "I") and 0 < number <= _MAX_ROMAN:
        figures = ""
        for value, figure in _ROMAN:
            times, number = divmod(number, value)
            figures += figure * times
        return figures.upper() if kind == "I" else figures
    return str(number)
