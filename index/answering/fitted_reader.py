"""A reader with the tiers that were fitted for it, loaded from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from index.answering.tiers import FittedTiers, Tiers
from index.errors import UnloadableReaderError
from index.reader.model import VERDICTS, WEIGHTS, OnnxReader

TIERS = "tiers.json"


class FittedReader(NamedTuple):
    """What reads, and the tiers that were fitted for it."""

    reader: OnnxReader
    tiers: Tiers


def reader_in(folder: Path) -> OnnxReader:
    """What reads with the graphs that lie in a folder.

    Raises:
        OSError: a file cannot be read.
    """
    path, *verdicts = graphs_in(folder)
    return OnnxReader(path, *verdicts)


def graphs_in(folder: Path) -> list[Path]:
    """The graph that finds answers, and that which judges claims, if it is another."""
    verdicts = folder / VERDICTS
    return [folder / WEIGHTS.name, *([verdicts] if verdicts.exists() else [])]


def _checksum(graph: Path) -> str:
    return graph.with_name(f"{graph.name}.sha256").read_text(encoding="ascii").split()[0]


def load_reader(folder: Path | None, embedder: str) -> FittedReader | None:
    """Loads a reader; None where it was not fitted with the embedding model: nobody knows how sure it may be.

    Args:
        folder: With ``reader.onnx``, its checksum ``reader.onnx.sha256`` and ``tiers.json``. Where it has a
            ``verdicts.onnx`` with its checksum, that judges claims, else the same does. None for what ships.
        embedder: The SHA-256 of the embedding model.

    Raises:
        UnloadableReaderError: the folder has no reader, or one that is damaged or has no tiers of its own.
    """
    folder = folder or WEIGHTS.parent
    try:
        fitted_tiers = FittedTiers.model_validate_json((folder / TIERS).read_bytes())
        reader = reader_in(folder)
        checksums = " ".join(_checksum(one) for one in graphs_in(folder))
    except Exception as error:  # ONNX Runtime raises errors of its own, and they have no common root
        raise UnloadableReaderError(
            "The reader in {folder} cannot be loaded: {reason} Name a folder with reader.onnx, its checksum "
            "reader.onnx.sha256 and tiers.json, or off; where none is named, install Footnote anew.",
            folder=folder,
            reason=str(error).strip().partition("\n")[0].rstrip(".") + ".",
        ) from error
    if not checksums == fitted_tiers.reader == reader.sha256:
        raise UnloadableReaderError(
            "The reader in {folder} is not the one that its checksum and its tiers were made for. Export and "
            "calibrate it again; where none is named, install Footnote anew.",
            folder=folder,
        )
    tiers = fitted_tiers.by_embedder.get(embedder)
    return None if tiers is None else FittedReader(reader, tiers)
