"""What stands around a sentence and is none of it: a list's number before it, a note's mark after it.

Both hide from a cutter of sentences where one ends: in "It closed.[3] It opened." no space follows the stop,
and in "3. The roof leaks." a stop follows the number.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(
    r"\s*+(?:\(?(?:\d{1,4}(?>(?:\.\d{1,3})*)|[A-Za-z]|[IVXLC]{1,6}|[ivxlc]{1,6})[.)])(?=\s++\S)"
)
_NOTE = re.compile(
    r"([.!?…])[\"”’»)]*+"
    r"(?>(?: ?\[\d{1,3}\]| ?\[[a-z ]{1,20} needed\]|\[[^\[\]\n]{1,40}\]|[¹²³⁰-⁹]|[*†‡])+)(?=\s|\Z)"
)
_BARE_NOTE = re.compile(r"(?<=[a-z]{4})([.!?])\d{1,3}(?=\s[A-ZÀ-Þ“\"])")  # The owner left.3 Nobody came.


def unmarked(text: str) -> str:
    """A paragraph as a cutter of sentences has to see it, every character in its place.

    A note's mark stands before the stop that it follows, and the number of a paragraph has no stop.
    """
    number = _NUMBER.match(text)
    if number is not None:
        text = f"{text[: number.end() - 1]},{text[number.end() :]}"
    for notes in (_NOTE, _BARE_NOTE):
        text = notes.sub(lambda note: "x" * (len(note[0]) - 1) + note[1], text)
    return text
