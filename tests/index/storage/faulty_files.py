"""A file system of fsspec's that fails as storages do: times out, stops half-way, lists late."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]

from index.storage.shared_storage import Storage

WRITES = ("pipe_file", "put_file")


class FaultyFiles:
    """Files in a folder.

    Attributes:
        calls: How often each method was called.
        down: Whether nothing answers.
        left: After how many more calls nothing answers; None for never.
        recovers: Whether it answers again after one call.
        halves: Whether of what is written only a half arrives, and nobody says so.
        hidden: What listings leave out.
    """

    def __init__(self) -> None:
        self._files = fsspec.filesystem("file", auto_mkdir=True)
        self.calls = Counter[str]()
        self.down = False
        self.left: int | None = None
        self.recovers = False
        self.halves = False
        self.hidden = set[str]()

    def __getattr__(self, method: str) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            self.calls[method] += 1
            if self.left is not None:
                self.left -= 1
            is_failing = self.left is not None and (self.left == -1 if self.recovers else self.left < 0)
            if self.down or is_failing:
                raise TimeoutError("no answer within 30 s")
            result = getattr(self._files, method)(*args, **options)
            if self.halves and method in WRITES:
                path = Path(args[0] if method == "pipe_file" else args[1])
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            if method == "ls":
                return [one for one in result if Path(one["name"]).name not in self.hidden]
            return result

        return call


def faulty(folder: Path) -> tuple[Storage, FaultyFiles]:
    """A storage in a folder, and its faults."""
    folder.mkdir(exist_ok=True)
    files = FaultyFiles()
    return Storage(files, str(folder), "the share"), files
