"""DOCX and EPUB: articles that are packed in a ZIP archive."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePosixPath

from index.model.article import Article
from index.sources.extract.archive import Archive
from index.sources.extract.refusals import DAMAGE, IS_NO_TEXT, LOCK, UNPACKS, Refusal
from index.sources.limits import Limits

MAIN_PART = re.compile(r"word/document\d?\.xml", re.IGNORECASE)
_MAX_ENTRIES = 5_000  # of a ZIP archive: a novel with a file for each chapter and picture has hundreds


def packed(content: bytes, limits: Limits) -> Article:
    """What a ZIP archive is, and the article in it.

    Raises:
        Refusal: it is neither a DOCX nor an EPUB file, or one that must not be unpacked.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise Refusal(DAMAGE, format="ZIP") from error
    _check(archive, limits)
    files = Archive(archive)
    if any(MAIN_PART.fullmatch(name) for name in files.names):
        from index.sources.extract.docx import docx

        return docx(files, limits)
    if "META-INF/container.xml" in files:
        from index.sources.extract.epub import epub

        return epub(files, limits)
    if "EncryptedPackage" in files:
        raise Refusal(LOCK)
    office = {
        "xl/workbook.xml": "Excel",
        "ppt/presentation.xml": "PowerPoint",
        "content.xml": "OpenDocument",
    }
    raise Refusal(IS_NO_TEXT, format=next((office[name] for name in office if name in files), "ZIP"))


def _check(archive: zipfile.ZipFile, limits: Limits) -> None:
    entries = archive.infolist()
    if len(entries) > _MAX_ENTRIES:
        raise Refusal("{source} packs more than {limit} files, which no article does.", limit=_MAX_ENTRIES)
    names = [entry.filename.replace("\\", "/") for entry in entries]
    if any(".." in PurePosixPath(name).parts or name.startswith("/") or ":" in name for name in names):
        raise Refusal("{source} names files outside of itself, which no article does. It is not read.")
    if sum(entry.file_size for entry in entries) > limits.max_bytes:
        raise Refusal(UNPACKS, limit=limits.max_bytes // 1_000_000)
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refusal(LOCK)
