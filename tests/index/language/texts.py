"""Texts that strain what cuts them: every kind of space, mark and script."""

from hypothesis import strategies as st

PIECES = (
    "One two three. ", "Who? ", "“No. Never!” ", '"Yes," he said. ', "e.g. ", "Mr. ", "3.5 ", "…", "; ",
    ", ", " – ", "word ", "\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", " ",
    "\t", "\u00a0", "\u3000", "\u200b", "🙂", "👩‍👩‍👧", "مرحبا بالعالم. ", "שלום! ", "\u202e", "日本語の文。",
    "？", "e\u0301", "ﷺ", "\x00", "”", "“", "(", ") ", "-", "x" * 120, "floccinaucinihilipilification",
    "naïve/", "a1b2c3d4e5f6g7h8i9", "Donaudampfschifffahrtsgesellschaftskapitän ",
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.lists(st.sampled_from(PIECES) | st.text(max_size=9), max_size=25).map("".join),
)

WHITE = "".join(filter(str.isspace, map(chr, range(0x3001)))) + (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
)
"""Every space, and what takes no room at all."""
