"""Texts that are made to be slow to read: as articles, as questions, and as the names of who speaks.

``TEXTS`` has all of them by name, each as a function of how long it is to be.
"""

from __future__ import annotations

import string
from collections.abc import Callable

WHITE_SPACE = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
PUNCTUATION = string.punctuation + "…–—‐‑·•¿¡、。，！？；：「」『』“”„‟‚‘’‛«»‹›"
QUOTATION_MARKS = "“”„‟‚‘’‛«»‹›\"'`"
PAIRS = ("“”", "„“", "«»", "»«", "‘’", "‹›", '""', "''", "「」", "()", "[]", "{}", "<>")

Text = Callable[[int], str]


def _run(unit: str) -> Text:
    return lambda chars: unit * (chars // len(unit))


def _between(unit: str) -> Text:
    return lambda chars: f"One.{unit * (chars // len(unit))}Two."


def _each(chars_of: str, between: str) -> Text:
    """A run of each character, words between them."""
    return lambda chars: between.join(
        char * max(chars // len(chars_of) - len(between), 1) for char in chars_of
    )


def _nested(opening: str, closing: str) -> Text:
    def text(chars: int) -> str:
        depth = chars // len(opening + closing)
        return f"One {opening * depth} two {closing * depth} three."

    return text


TEXTS: dict[str, Text] = {
    "comments": _run("<!---->"),
    "comments that never end": _run("<!--"),
    "doctypes": _run("<?xml <!doctype "),
    "white space between two sentences": _between(" "),
    "white space of every kind": _each(WHITE_SPACE, " One two. "),
    "white space of every kind in turn": _run(WHITE_SPACE + "a"),
    "punctuation of every kind": _each(PUNCTUATION, " one two. "),
    "punctuation of every kind in turn": _run(PUNCTUATION),
    "punctuation and spaces in turn": _run(" ".join(PUNCTUATION)),
    "full stops": _run("."),
    "full stops and spaces": _run(". "),
    "letters and full stops": _run("A."),
    "one word": _run("a"),
    "one line of words": _run("word "),
    "one sentence of clauses": _run("a word; "),
    "one line of sentences": _run("He said that. "),
    "lines of a letter": _run("a\n"),
    "lines of a space": _run(" \n"),
    "capitals joined": _run("A-"),
    "names": _run("Ada Byron "),
    "digits": _run("1,"),
    "speakers": _run("Ada said: “Yes.” "),
    "speakers in labels": _run("Ada: “Yes.”\n"),
    "pronouns": _run("He said that he said “yes”. "),
    "verbs": _run("said "),
    "verbs in a quotation": _run("“said "),
    "apostrophes": _run("‘em ’tis ’"),
    "combining marks": _run("e\u0301\u0301\u0301"),
    "marks that turn the line": _run("\u202e\u2066a"),
    "ideographs": _run("日本語"),
    "pictures": _run("👩‍👩‍👧"),
    "headings": _run("# a\n\n"),
    "list marks": _run("- "),
    "tables": _run("|a|b|\n|-|-|\n"),
    "emphasis": _run("**a*_"),
    "links": _run("[a](b"),
    "front matter": _run("---\na: b\n"),
    "captions": _run("1\n00:00:01,000 --> 00:00:02,000\na b\n\n"),
    "messages": _run("[12.05.24, 10:04] A: b\n"),
    "names over messages": _run("A, [12.05.24 10:04]\nb\n"),
    "labels": _run("A: b\n"),
    "labels in angle brackets": _run("<a> b\n"),
    "answered lines": _run("> > a\n"),
    "wrapped lines": _run("some words of a line that is wrapped at its width\n"),
    "columns": _run("a    "),
    "marks of notes": _run("a.[1]"),
    "heads of a mail": _run("Mime-Version: b\n"),
    "raised characters": _run("a<sup>2</sup>"),
    "quotations in each other": _run("<q>a"),
    "lists in each other": _run("<ol><li>a"),
    "cells that span others": _run("<table><tr><th colspan=999 rowspan=999>a<td>b<tr><td>c"),
    "rows of many cells": _run("<tr>" + "<td rowspan=9 colspan=9>a" * 9),
    "hidden boxes": _run("<div aria-hidden=true>a"),
    "times": _run("<div><time>1:00</time><p>a"),
    "boxes": _run("::: a\n"),
    "notes": _run("[^1]^[a"),
    "definitions": _run("a\n: b\n"),
    **{f"a wall of {mark}": _run(mark) for mark in QUOTATION_MARKS},
    **{f"words between {mark}": _run(f"{mark}a. ") for mark in QUOTATION_MARKS},
    **{f"{pair} in turn": _run(pair) for pair in PAIRS},
    **{f"{pair} around a sentence": _run(f"{pair[0]}A b.{pair[1]} ") for pair in PAIRS},
    **{f"{pair} in each other": _nested(*pair) for pair in PAIRS},
    **{
        f"{pair} around sentences in each other": _nested(f"{pair[0]}A b. ", f" C d.{pair[1]}")
        for pair in PAIRS
    },
}
