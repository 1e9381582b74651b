"""What `footnote doctor` looks at, one line each: what is well, and what to do where it is not."""

from __future__ import annotations

import base64
import binascii
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

from bot.cli.errors import advice
from bot.cli.upkeep import MB, size, use_text
from bot.registration import failures
from bot.settings import Settings
from index import (
    NO_READER,
    Article,
    ArticleError,
    EmbeddingModelError,
    FootnoteError,
    Library,
    LoadedModels,
    Progress,
    StorageError,
)

PACKAGES = ("footnote", "discord.py", "sentence-transformers", "torch", "faiss-cpu", "simcord")
_TOKEN = re.compile(r"([\w-]{18,})\.[\w-]{5,}\.[\w-]{20,}", re.ASCII)


class Verdict(StrEnum):
    """What a line of the report says."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; for a problem, ``text`` says what to do."""

    verdict: Verdict
    about: str
    text: str


def examine(settings: Settings, library: Library, on_progress: Callable[[Progress], None]) -> list[Finding]:
    """Looks at everything that an answer needs, and at what only Discord needs.

    The index is opened as for a question: what can be mended is mended, and said.
    """
    versions = ", ".join((f"Python {python_version()}", *map(_package, PACKAGES)))
    return [
        Finding(Verdict.OK, "versions", versions),
        _settings(settings),
        _token(settings),
        _data_dir(settings),
        *_storage(settings),
        *_commands(settings),
        *_index(settings, library, on_progress),
        *_use(library),
        *_free(settings),
    ]


def _package(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} not installed"


def _settings(settings: Settings) -> Finding:
    values = settings.model_dump(exclude={"discord_token"}, exclude_defaults=True)
    differences = ", ".join(f"{name} = {value}" for name, value in values.items())
    return Finding(Verdict.OK, "settings", differences or "all at their defaults")


def _token(settings: Settings) -> Finding:
    if settings.discord_token is None:
        return Finding(
            Verdict.NOTE,
            "token",
            "DISCORD_TOKEN is not set. Only `footnote run` needs it: it says where to get one.",
        )
    if plausible(settings.discord_token.get_secret_value()):
        return Finding(Verdict.OK, "token", "DISCORD_TOKEN has the shape of a bot's token")
    return Finding(
        Verdict.PROBLEM,
        "token",
        "DISCORD_TOKEN does not look like a bot's token, which has three parts with a dot between them. "
        "Copy it anew: discord.com/developers, your application, Bot, Reset Token.",
    )


def plausible(token: str) -> bool:
    """Whether this has the shape of a bot's token: its id in base64, a time and a signature."""
    shape = _TOKEN.fullmatch(token)
    if shape is None:
        return False
    try:
        return base64.urlsafe_b64decode(shape[1] + "=" * (-len(shape[1]) % 4)).isdigit()
    except binascii.Error:
        return False


def _data_dir(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Finding(Verdict.OK, "data", f"{folder} can be written")
    except OSError as error:
        return Finding(
            Verdict.PROBLEM,
            "data",
            f"{folder} cannot be written ({error.strerror}). Set FOOTNOTE_DATA_DIR to another folder.",
        )


def _storage(settings: Settings) -> Iterator[Finding]:
    """Whether the storage that machines share can be written, read, listed and deleted from."""
    if settings.storage is None:
        return
    try:
        storage = settings.storage.opened()
        faults = list(storage.faults())
    except StorageError as error:
        yield Finding(Verdict.PROBLEM, "storage", str(error))
        return
    yield from (Finding(Verdict.PROBLEM, "storage", fault) for fault in faults)
    if not faults:
        yield Finding(Verdict.OK, "storage", f"{storage.name} can be written, read, listed and deleted from")


def _commands(settings: Settings) -> Iterator[Finding]:
    """What the bot has noted of commands that Discord did not take."""
    for failure in failures(settings.data_dir):
        since = failure.since.isoformat(timespec="seconds")
        times = "1 try" if failure.tries == 1 else f"{failure.tries:,} tries"
        yield Finding(
            Verdict.PROBLEM,
            "commands",
            f"Discord has not taken the slash commands since {since}, in {times}: {failure.reason}. While "
            "`footnote run` runs, it goes on trying and answers mentions and direct messages; if it does not "
            "run, start it again. Whether Discord itself is down stands at https://discordstatus.com.",
        )


def _use(library: Library) -> Iterator[Finding]:
    try:
        uses = library.upkeep.use()
    except FootnoteError:
        return  # what is wrong with the folder or the database is said already
    yield from (Finding(Verdict.OK, "use", use_text(use)) for use in uses)


def _free(settings: Settings) -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(settings.data_dir.absolute()).free
    except OSError:
        return  # what is wrong with the folder is said already
    if free < settings.free_mb * MB:
        yield Finding(
            Verdict.PROBLEM,
            "disk",
            f"{size(free)} are free, less than FOOTNOTE_FREE_MB = {settings.free_mb}: nothing is added or "
            "indexed. Make room; `footnote library prune --dry-run` says what can go.",
        )


def _index(
    settings: Settings, library: Library, on_progress: Callable[[Progress], None]
) -> Iterator[Finding]:
    try:
        faults = library.faults()  # before they are mended
        notices = library.load(on_progress)
    except ArticleError as error:
        yield Finding(Verdict.PROBLEM, "article", advice(error))
    except EmbeddingModelError as error:
        yield Finding(Verdict.PROBLEM, "model", advice(error))
    except FootnoteError as error:
        yield Finding(Verdict.PROBLEM, "index", advice(error))
    else:
        info = library.info()
        article = f"“{info.article.title}”, {len(info.article.text):,} characters"
        yield Finding(Verdict.OK, "article", f"{article}, from {settings.article or 'this package'}")
        yield Finding(Verdict.OK, "model", f"{info.model}, SHA-256 {info.model_sha256}")
        yield _reader(settings, library.models(), info.article)
        when = info.indexed_at.isoformat(timespec="seconds")
        yield Finding(Verdict.OK, "index", f"{len(info.passages):,} passages, whole, built {when}")
        yield from (Finding(Verdict.NOTE, "disk", fault) for fault in faults)
        yield from (Finding(Verdict.NOTE, "index", notice) for notice in notices)


def _reader(settings: Settings, models: LoadedModels, article: Article) -> Finding:
    """What reads the article in use, or why nothing does."""
    if models.reading is not None and models.read(article):
        return Finding(Verdict.OK, "reader", f"SHA-256 {models.reading.reader.sha256}")
    if settings.reader == NO_READER:
        why = "FOOTNOTE_READER is off, so nothing reads"
    elif settings.reranker is not None:
        why = "Nothing reads, as FOOTNOTE_RERANKER decides"
    elif models.reading is None:
        why = "Nothing reads, as the reader was not fitted with this embedding model"
    else:
        why = f"The article in use is in a language that the reader does not know ({article.language})"
    return Finding(
        Verdict.NOTE,
        "reader",
        f"{why}: answers are judged by how well a sentence matches, and claims cannot be checked.",
    )
