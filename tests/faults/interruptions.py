"""A process that ends at each point of each change: at its first call to the disk, its second, and so on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from index.library.library import Library
from index.sources.files import upload
from index.storage.snapshot_files import read_snapshot
from index.storage.upkeep import Retention, Upkeep
from tests.faults.databases import close_databases, copy_world, keeps_files
from tests.faults.world import (
    LOG,
    WHO,
    Expected,
    Result,
    at_commits,
    demand,
    demand_whole,
    do,
    folder_of,
    log_of,
    new_world,
    open_library,
)
from tests.index.storage.old_layout import make_old

WRITES = set("open os.mkdir os.rename os.remove os.rmdir tempfile.mkdtemp os.truncate os.utime".split())
TAKEN_OVER = "taken over from an older version"
"""Begins with a world without a database; ``tests/index/storage`` does so with PostgreSQL as well."""

QUICK = ("reindexed", "server deleted", TAKEN_OVER)
EXTRA, SERVER = "extra", "7"
OLDER, NEWER = ("The older rope is blue.\n", "The newer rope is red.\n")
LONG = "".join(f"The rope {number} is green.\n" for number in range(7))
RETENTION = Retention(removals=timedelta(days=30), absences=timedelta(days=14))


def run(folder: Path, *, quick: bool = False) -> list[Result]:
    """Does all of it, or a little of it, in folders of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    changes = [change for change in CHANGES if change in QUICK or not quick]
    if not keeps_files():
        changes.remove(TAKEN_OVER)
    result = Result("ended at each point of a change")
    points = {change: _interrupted(folder / change.replace(" ", "-"), change, result) for change in changes}
    result.note = ", ".join(f"{change}: {count} points" for change, count in points.items())
    return [result]


def _interrupted(folder: Path, change: str, result: Result) -> int:
    """Makes a change in child after child, each of which ends one call later; returns how many did."""
    before, make, holds = CHANGES[change]
    pristine = folder / "pristine"
    pristine.mkdir(parents=True)
    new_world(pristine)
    before(pristine)
    point = 0
    while True:
        world = folder / "world"
        copy_world(pristine, world)
        done = _ends_at(point, world, make)

        def case(world: Path = world, done: bool = done) -> None:
            library = open_library(world)
            library.load()
            holds(world, library, done)
            demand_whole(world, library, is_swept=False)
            demand(library.faults() == (), f"it has faults: {library.faults()}")
            library.reindex(LOG, who=WHO, source=log_of(9))
            demand_whole(world, library)
            demand(library.faults() == (), f"after the next reindex: {library.faults()}")
            _demand_no_leftovers(world)

        result.run(f"{change}, call {point + 1}", case)
        if done:
            return point
        point += 1


def _ends_at(point: int, world: Path, make: Callable[[Path], None]) -> bool:
    """Makes a change in a child that ends, as if killed, before a call; whether it came to its end."""
    child = os.fork()
    if child == 0:
        count = 0
        folder = str(world / "data")

        def count_one() -> None:
            nonlocal count
            count += 1
            if count > point:
                os._exit(9)

        def hook(event: str, args: tuple[Any, ...]) -> None:
            if event in WRITES and str(args[0]).startswith(folder) and _writes(event, args):
                count_one()

        sys.addaudithook(hook)
        try:
            with at_commits(count_one):
                make(world)
        except BaseException:
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    demand(code in (0, 9), f"the child ended with {code}")
    return code == 0


def _writes(event: str, args: tuple[Any, ...]) -> bool:
    if event != "open":
        return True
    _, mode, flags = args
    if mode is not None:
        return any(letter in mode for letter in "wax+")
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) and not str(args[0]).endswith(".lock")


def _demand_no_leftovers(world: Path) -> None:
    upkeep = Upkeep(folder_of(world), retention=RETENTION)
    upkeep.prune()
    names = (".removing", ".writing")
    left = [path for path in (world / "data").rglob(".*") if path.name.startswith(names)]
    demand(not left, f"left behind: {left}")


def _says(library: Library, article: str) -> str | None:
    try:
        return library.article(article).text
    except Exception:
        return None


# What comes before, what is done, and what has to hold when it ended somewhere, or came to its end.


def _nothing(_: Path) -> None:
    """The world as it is."""


def _with_an_older_one(world: Path) -> None:
    library = open_library(world)
    library.add(upload("e.txt", OLDER.encode()), who=WHO, id=EXTRA)
    library.remove(EXTRA, who=WHO)
    library.add(upload("e.txt", NEWER.encode()), who=WHO, id=EXTRA)


def _remove(world: Path) -> None:
    open_library(world).remove(EXTRA, who=WHO)


def _one_is_there_and_one_aside(world: Path, library: Library, done: bool) -> None:
    """The newer one is never lost; the older one not before the newer one lies in its place."""
    aside = folder_of(world).was_removed(EXTRA)
    demand(aside, "nothing lies aside")
    there = _says(library, EXTRA)
    demand(there in (None, NEWER), f"the article says {there!r}")
    demand(not done or there is None, "it was not removed")
    library.add(upload("x.txt", b"Something else.\n"), who=WHO, id="other")
    if there is not None:  # then the older one lies aside
        folder = folder_of(world)
        (snapshot,) = folder.records.now().removals[EXTRA].snapshots
        text = read_snapshot(folder.path / snapshot.path, snapshot.name).index.article.text
        demand(text == OLDER, "the older one is lost")
    else:
        demand(library.undo(EXTRA, who=WHO).article.text == NEWER, "the newer one is lost")


def _removed(world: Path) -> None:
    library = open_library(world)
    library.add(upload("e.txt", NEWER.encode()), who=WHO, id=EXTRA)
    library.remove(EXTRA, who=WHO)


def _bring_back(world: Path) -> None:
    open_library(world).undo(EXTRA, who=WHO)


def _it_is_there_or_aside(world: Path, library: Library, done: bool) -> None:
    there, aside = _says(library, EXTRA), folder_of(world).was_removed(EXTRA)
    demand((there == NEWER) != aside, f"there: {there!r}, aside: {aside}")
    demand(not done or there == NEWER, "it was not brought back")


def _undo(world: Path) -> None:
    open_library(world).undo(LOG, who=WHO)


def _either_version(_: Path, library: Library, done: bool) -> None:
    said = (library.article(LOG).text.split()[1], library.history(LOG)[0].action.value)
    demand(said in ([("0", "undone")] if done else [("0", "undone"), ("1", "reindexed")]), f"it is {said}")


def _use(world: Path) -> None:
    open_library(world).use("set", who=WHO, place="5")


def _in_use_as_the_history_says(_: Path, library: Library, done: bool) -> None:
    used = any(change.article == "set" and change.action.value == "used" for change in library.history())
    demand((library.in_use("5") == "set") == used, "the history and what is in use differ")
    demand(used or not done, "it was not put in use")


def _servers_article(world: Path) -> None:
    library = open_library(world)
    library.branch(SERVER).add(upload("e.txt", NEWER.encode()), who=WHO, id=EXTRA)
    library.upkeep.leave(SERVER)


def _prune_later(world: Path) -> None:
    later = datetime.now(UTC) + timedelta(days=40)
    Upkeep(folder_of(world), retention=RETENTION, now=lambda: later).prune()


def _all_of_a_server_or_nothing(world: Path, library: Library, done: bool) -> None:
    demand(not (done and (world / "data" / "servers" / SERVER).exists()), "its folder was not deleted")
    if folder_of(world).branch(SERVER).has(EXTRA):
        demand(not done, "the library was not deleted")
        text = _says(library.branch(SERVER), EXTRA)
        demand(text == NEWER, f"of the library there is {text!r}")
        demand(library.upkeep.come_back(SERVER), "its mark is gone")


def _removed_is_gone_or_whole(world: Path, library: Library, done: bool) -> None:
    aside = folder_of(world).was_removed(EXTRA)
    demand(not (aside and done), "it was not deleted")
    if aside:
        demand(library.undo(EXTRA, who=WHO).article.text == NEWER, "half of it is gone")


def _an_old_folder(world: Path) -> None:
    """With all that an earlier version noted, and a change that it left unfinished."""
    library = open_library(world)
    for operation in ("added extra", "added more", "removed more", "used set", "reindexed 2"):
        do(library, operation)
    library.undo(LOG, who=WHO)
    library.branch(SERVER).add(upload("e.txt", NEWER.encode()), who=WHO, id=EXTRA)
    library.upkeep.leave(SERVER)
    close_databases()
    make_old(world / "data")


def _take_over(world: Path) -> None:
    open_library(world).load()


def _all_is_taken_over(world: Path, library: Library, done: bool) -> None:
    found = Expected.of(library)
    demand((found.version, found.in_use, found.extras) == (1, "set", {"extra"}), f"there is {found}")
    demand(len(found.history) == 9, f"of the history there is {found.history}")
    demand(_says(library.branch(SERVER), EXTRA) == NEWER, "the server's article is lost")
    demand(library.upkeep.left_since(SERVER) is not None, "nothing says that the server was left")
    do(library, "undone more")
    aside = {path.name for path in (world / "data" / "before-database").iterdir()}
    demand(not done or aside == {"library.json", "history.jsonl"}, f"aside lie {aside}")


def _reindex(world: Path) -> None:
    do(open_library(world), "reindexed 2")


def _add(world: Path) -> None:
    do(open_library(world), "added extra")


def _add_in_blocks(world: Path) -> None:
    """In blocks of two passages, each of which is put aside; its token embeddings go by a file."""
    with (
        mock.patch("index.search.build.BLOCK", 2),
        mock.patch("index.storage.block_folder.WHOLE", 0),
        mock.patch("index.storage.snapshot_files.WHOLE", 0),
    ):
        open_library(world).add(upload("e.txt", LONG.encode()), who=WHO, id=EXTRA)


def _it_goes_on_from_its_blocks(world: Path, library: Library, done: bool) -> None:
    _it_was_added_or_not(world, library, done)
    if _says(library, EXTRA) is None:
        _add_in_blocks(world)
    demand(_says(open_library(world), EXTRA) == LONG, "it is another one")
    later = datetime.now(UTC) + timedelta(days=3)
    Upkeep(folder_of(world), retention=RETENTION, now=lambda: later).prune()
    demand(not any((world / "data" / "building").glob("*")), "what was put aside is still there")


def _it_was_added_or_not(_: Path, library: Library, done: bool) -> None:
    there = _says(library, EXTRA) is not None
    demand(there == (library.history()[0].article == EXTRA), "the history and what is there differ")
    demand(there or not done, "it was not added")


def _reindexed_or_not(_: Path, library: Library, done: bool) -> None:
    said = (library.article(LOG).text.split()[1], len(library.history(LOG)))
    demand(said in ([("2", 3)] if done else [("2", 3), ("1", 2)]), f"it is {said}")


Holds = Callable[[Path, Library, bool], None]
CHANGES: dict[str, tuple[Callable[[Path], None], Callable[[Path], None], Holds]] = {
    "removed over an older one": (_with_an_older_one, _remove, _one_is_there_and_one_aside),
    "brought back": (_removed, _bring_back, _it_is_there_or_aside),
    "added": (_nothing, _add, _it_was_added_or_not),
    "added block by block": (_nothing, _add_in_blocks, _it_goes_on_from_its_blocks),
    "reindexed": (_nothing, _reindex, _reindexed_or_not),
    TAKEN_OVER: (_an_old_folder, _take_over, _all_is_taken_over),
    "undone": (_nothing, _undo, _either_version),
    "put in use": (_nothing, _use, _in_use_as_the_history_says),
    "server deleted": (_servers_article, _prune_later, _all_of_a_server_or_nothing),
    "removed article deleted": (_removed, _prune_later, _removed_is_gone_or_whole),
}
