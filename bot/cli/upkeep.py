"""What `footnote library prune` and `footnote doctor` say of the disk."""

from __future__ import annotations

from collections.abc import Sequence

from index import ExpiredItem, LibraryUse

MB = 1_000_000


def expired_text(items: Sequence[ExpiredItem]) -> str:
    """What may go, one a line, and what that frees."""
    if not items:
        return "Nothing has been kept long enough to go."
    lines = [_line(one) for one in items]
    return "\n".join([*lines, f"{size(sum(one.nbytes for one in items))} would be freed."])


def freed_text(items: Sequence[ExpiredItem]) -> str:
    """What went."""
    return f"{size(sum(one.nbytes for one in items))} freed."


def use_text(use: LibraryUse) -> str:
    """What a library takes, and whether it is to go."""
    name = f"server {use.server}" if use.server else "the common library"
    articles = "1 article" if use.articles == 1 else f"{use.articles} articles"
    state = "in use" if use.leaves is None else f"left by the bot; goes on {use.leaves:%Y-%m-%d}"
    return f"{name}: {articles}, {size(use.nbytes)}, {state}"


def size(nbytes: int) -> str:
    """A number of bytes for people."""
    return f"{nbytes / MB:.1f} MB" if nbytes >= MB / 10 else f"{nbytes / 1000:.1f} kB"


def _line(one: ExpiredItem) -> str:
    of = f" {one.article}" if one.article else ""
    where = f"server {one.server}" if one.server else "the common library"
    return f"{one.kind}{of}, {where}: {size(one.nbytes)}"
