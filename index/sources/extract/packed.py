"""DOCX and EPUB: articles that are packed in a ZIP archive."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from pathlib import PurePosixPath
from urllib.parse import unquote

from index.model.article import Article
from index.sources.extract.refusals import DAMAGED, IS_NO_TEXT, LOCKED, UNPACKS, Refused
from index.sources.limits import Limits

MAIN_PART = re.compile(r"word/document\d?\.xml", re.IGNORECASE)
_MAX_ENTRIES = 5_000  # of a ZIP archive: a novel with a file for each chapter and picture has hundreds


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


def packed(content: bytes, limits: Limits) -> Article:
    """What a ZIP archive is, and the article in it.

    Raises:
        Refused: it is neither a DOCX nor an EPUB file, or one that must not be unpacked.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise Refused(DAMAGED, format="ZIP") from error
    _check(archive, limits)
    files = Archive(archive)
    if any(MAIN_PART.fullmatch(name) for name in files.names):
        from index.sources.extract.docx import docx

        return docx(files, limits)
    if "META-INF/container.xml" in files:
        from index.sources.extract.epub import epub

        return epub(files, limits)
    if "EncryptedPackage" in files:
        raise Refused(LOCKED)
    office = {
        "xl/workbook.xml": "Excel",
        "ppt/presentation.xml": "PowerPoint",
        "content.xml": "OpenDocument",
    }
    raise Refused(IS_NO_TEXT, format=next((office[name] for name in office if name in files), "ZIP"))


def _check(archive: zipfile.ZipFile, limits: Limits) -> None:
    entries = archive.infolist()
    if len(entries) > _MAX_ENTRIES:
        raise Refused("{source} packs more than {limit} files, which no article does.", limit=_MAX_ENTRIES)
    names = [entry.filename.replace("\\", "/") for entry in entries]
    if any(".." in PurePosixPath(name).parts or name.startswith("/") or ":" in name for name in names):
        raise Refused("{source} names files outside of itself, which no article does. It is not read.")
    if sum(entry.file_size for entry in entries) > limits.max_bytes:
        raise Refused(UNPACKS, limit=limits.max_bytes // 1_000_000)
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused(LOCKED)


def _plain(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/")).casefold()
