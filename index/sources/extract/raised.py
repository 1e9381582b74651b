"""Raised characters: which are marks of notes, and which belong to the number or the word before them.

A note's mark is no part of what is said: glued to a number, it makes another number of it (320¹ becomes
3201). An exponent is, and glued to its base it makes another number as well (10⁹ becomes 109). So a mark is
left out, and an exponent written in the characters that Unicode has for it.
"""

from __future__ import annotations

import re

_PLAIN = "0123456789+-=()nix"
_TO_SUPERSCRIPT = str.maketrans(_PLAIN + "−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣ⁻")
_TO_SUBSCRIPT = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_SYMBOLS = frozenset("*†‡§¶#※∗")
_SIGNS = frozenset("™®©℠°′″ªº")
_POWER = re.compile(r"[-−+]?[\dnix]{1,3}(?:[-−+][\dnix]{1,3})?|\d{0,3}[-−+]")
_NUMBERS = re.compile(r"\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*")
_CURRENCIES = ("$", "€", "£", "¥")
_BASE_CHARS = 40  # before a mark that are looked at
_UNIT = re.compile(r"(?:[kdcmµμn]?m|yd|ft|in|mi|s|h|kg|sec|min|day|px|sq)\Z")
_WORD = re.compile(r"[^\W\d_]{3}")
_BASES, _POWERS = ("2", "10"), ("2", "3")  # others have an operator beside them, or a note
_OPERATORS = ("=", "+", "−", "-", "*", "/", "·", "×", "÷", "√", "(", "^")


def raised(text: str, before: str, after: str = "", *, is_note: bool = False) -> str:
    """What raised characters are in plain text: nothing where they mark a note.

    Args:
        text: The raised characters.
        before: What stands before them on the line; its last few characters are looked at.
        after: What follows them.
        is_note: Whether something else says that they mark a note: a link, a class, a note of that number.
    """
    mark = "".join(text.split())
    if is_note or not _SYMBOLS.isdisjoint(mark) or mark[:1] in "[(])":  # none at all, too
        return ""
    if not _SIGNS.isdisjoint(mark) or not before[-1:].strip():
        isotope = mark.isdigit() and after[:1].isalpha()  # ¹⁴C
        return (
            mark.translate(_TO_SUPERSCRIPT) if isotope else "" if _NUMBERS.fullmatch(mark) else text.strip()
        )
    before = before[-_BASE_CHARS:]
    word = _last_word(before)
    if mark == "o" and word[-1:].isdigit():
        return "°"  # 20ᵒ C
    if _POWER.fullmatch(mark):
        if _is_base(word, mark, before, after):
            return mark.translate(_TO_SUPERSCRIPT)
        if _NUMBERS.fullmatch(mark):
            return ""
    elif _NUMBERS.fullmatch(mark):
        return ""
    if len(mark) == 1 and mark.isalpha() and len(word) > 2 and not word[-1].isdigit():
        return ""  # a note that a letter marks
    return text.strip() if mark.isalpha() or mark[-1] == "." else power(mark)


def power(text: str) -> str:
    """An exponent in plain text, whatever it is made of."""
    if all(char in _PLAIN or char == "−" for char in text):
        return text.translate(_TO_SUPERSCRIPT)
    return f"^{text}" if len(text) == 1 else f"^({text})"


def lowered(text: str, before: str, after: str = "") -> str:
    """What lowered characters are in plain text: themselves, but where they would run into a number."""
    beside = before[-1:].isdigit() or after[:1].isdigit()
    return text.translate(_TO_SUBSCRIPT) if beside else text


def _last_word(before: str) -> str:
    """The number, the word or the other character that a text ends with."""
    if not before[-1].isalnum():
        return before[-1]
    belongs = _is_of_number if before[-1].isdigit() else str.isalpha
    start = len(before)
    while start and belongs(before[start - 1]):
        start -= 1
    return before[start:].lstrip(".,")


def _is_of_number(char: str) -> bool:
    return char.isdigit() or char in ".,"


def _is_base(word: str, mark: str, before: str, after: str) -> bool:
    """Whether what stands before raised characters can be the base of a power."""
    if mark == "1":
        return False  # nobody writes that power
    if not mark.isdigit():
        return word[-1:].isalnum() or word[-1:] in (")", "]")
    if word[:1].isdigit():
        start = before[: -len(word)].rstrip()
        if not word.isdigit() or start.endswith(_CURRENCIES):
            return False
        if word in _BASES or start[-1:] in _OPERATORS or after.lstrip()[:1] in _OPERATORS:
            return True
        return mark in _POWERS and len(word) < 4
    if word[:1].isalpha():
        start = before[: len(before) - len(word)]
        unit = _UNIT.match(word) is not None and (
            not start.strip() or start.rstrip()[-1].isdigit() or start[-1] in "/·" or start.endswith("per ")
        )
        return len(word) == 1 or unit or start.rstrip()[-1:] in _OPERATORS
    inner = before[before.rfind("(") + 1 : -1]
    return word == ")" and "(" in before and not _WORD.search(inner)
