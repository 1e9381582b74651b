"""What is said while a question waits for its turn."""

from __future__ import annotations

from bot.words import Words


def waiting(position: int, words: Words, *, loading: bool) -> str:
    """How long the wait still is.

    Args:
        position: 1 for the next one in the line.
        words: The language of the one who waits.
        loading: Whether the model is still being loaded.
    """
    if loading:
        return words("I'm just starting. Your question is answered as soon as I'm ready.")
    return words("Many are asking just now: you are {place} in line.", place=words.ordinal(position))
