"""What of the machine no message may show: its folders, and the paths that an error tells of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from bot.settings import Settings
from index import FootnoteError, LibraryError


class PathGuard:
    """Knows the machine's folders.

    Args:
        paths: Folders and files of the machine, as they are set: absolute, or from the working directory.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        set_paths = {path for path in paths if path.parts}
        absolute = {path.expanduser().absolute() for path in set_paths}
        self._absolute = {str(path) for path in absolute if len(path.parts) > 1}
        self._relative = {path.parts for path in set_paths if not path.is_absolute()}

    @classmethod
    def of(cls, settings: Settings) -> PathGuard:
        """What the settings name, the home folder and the working directory."""
        models = (settings.embedding_model, settings.reranker, settings.reader)
        folders = (Path(model) for model in models if model and Path(model).exists())
        files = (settings.article, settings.article.parent) if settings.article else ()
        return cls((settings.data_dir, *files, *folders, *_home(), Path.cwd()))

    def tells_a_path(self, error: Exception) -> bool:
        """Whether an error tells of a path of the machine; an id that somebody typed may look like one."""
        text = str(error)
        if any(_stands_in(path, text) for path in (*self._absolute, *_paths_behind(error))):
            return True
        values = list(error.values.values()) if isinstance(error, FootnoteError) else []
        if any(isinstance(value, PurePath) for value in values):
            return True
        texts = [value for value in values if isinstance(value, str)]
        if not isinstance(error, LibraryError) and any(map(_is_absolute, texts)):
            return True
        return any(self._is_in_a_folder(value) for value in texts or text.split())

    def _is_in_a_folder(self, text: str) -> bool:
        parts = PurePath(text).parts
        return any(parts[: len(folder)] == folder for folder in self._relative)


def _home() -> Iterator[Path]:
    try:
        yield Path.home()
    except RuntimeError:  # a container need not have one
        return


def _stands_in(path: str, text: str) -> bool:
    """Whether a path stands in a text, and not as a part of a longer word or of a web address."""
    return re.search(rf"(?<![\w.-]){re.escape(path)}(?!\w)", text) is not None


def _is_absolute(text: str) -> bool:
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()


def _paths_behind(error: BaseException | None) -> Iterator[str]:
    """The paths that an error and what it came of are about."""
    ids: set[int] = set()
    while error is not None and id(error) not in ids:
        ids.add(id(error))
        if isinstance(error, OSError):
            yield from (str(name) for name in (error.filename, error.filename2) if name)
        error = error.__cause__ or error.__context__
