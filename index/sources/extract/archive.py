"""The files of a ZIP archive, found by their paths as people and programs write them."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from urllib.parse import unquote


class Archive:
    """The files of a ZIP archive, by their paths: written in any case, and as any system parts folders."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in archive.infolist():
            self._entries.setdefault(_plain(entry.filename), entry)

    def __contains__(self, path: str) -> bool:
        return self._entry(path) is not None

    @property
    def names(self) -> list[str]:
        """The paths of all files, as they are written, but with slashes."""
        return [entry.filename.replace("\\", "/") for entry in self._archive.infolist()]

    def read(self, path: str) -> bytes:
        """What a file holds.

        Raises:
            KeyError: it is not there, or cannot be unpacked.
        """
        entry = self._entry(path)
        if entry is None:
            raise KeyError(path)
        try:
            return self._archive.read(entry)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise KeyError(path) from error

    def _entry(self, path: str) -> zipfile.ZipInfo | None:
        return self._entries.get(_plain(path)) or self._entries.get(_plain(unquote(path)))


def _plain(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/")).casefold()
