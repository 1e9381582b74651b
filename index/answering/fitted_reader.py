"""A reader with the tiers that were fitted for it, loaded from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from index.answering.tiers import FittedTiers, Tiers
from index.errors import UnloadableReaderError
from index.reader.model import WEIGHTS, OnnxReader

TIERS = "tiers.json"


class FittedReader(NamedTuple):
    """What reads, and the tiers that were fitted for it."""

    reader: OnnxReader
    tiers: Tiers


def load_reader(folder: Path | None, embedder: str) -> FittedReader | None:
    """Loads a reader; None where it was not fitted with the embedding model: nobody knows how sure it may be.

    Args:
        folder: With ``reader.onnx``, its checksum ``reader.onnx.sha256`` and ``tiers.json``; None for the one
            that ships.
        embedder: The SHA-256 of the embedding model.

    Raises:
        UnloadableReaderError: the folder has no reader, or one that is damaged or has no tiers of its own.
    """
    path = folder / WEIGHTS.name if folder else WEIGHTS
    try:
        fitted_tiers = FittedTiers.model_validate_json((path.parent / TIERS).read_bytes())
        checksum = path.with_name(f"{path.name}.sha256").read_text(encoding="ascii").split()[0]
        reader = OnnxReader(path)
    except Exception as error:  # ONNX Runtime raises errors of its own, and they have no common root
        raise UnloadableReaderError(
            "The reader in {folder} cannot be loaded: {reason} Name a folder with reader.onnx, its checksum "
            "reader.onnx.sha256 and tiers.json, or off; where none is named, install Footnote anew.",
            folder=path.parent,
            reason=str(error).strip().partition("\n")[0].rstrip(".") + ".",
        ) from error
    if not checksum == fitted_tiers.reader == reader.sha256:
        raise UnloadableReaderError(
            "The reader in {folder} is not the one that its checksum and its tiers were made for. Export and "
            "calibrate it again; where none is named, install Footnote anew.",
            folder=path.parent,
        )
    tiers = fitted_tiers.by_embedder.get(embedder)
    return None if tiers is None else FittedReader(reader, tiers)
