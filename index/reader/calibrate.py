"""Fits the tiers of a reader: ``python -m index.reader.calibrate DATA [--reader FOLDER]``.

Asks the project's calibration articles and the articles of the training data that were held out, and writes
``tiers.json`` beside the reader.
"""

from __future__ import annotations

import argparse
import sys
from itertools import chain
from pathlib import Path

from index.answering.fitted_reader import TIERS
from index.answering.tiers import FittedTiers
from index.evaluation.tier_fitting import fit, held_out_articles, observe, own_articles, with_strangers
from index.reader.model import WEIGHTS, OnnxReader
from index.search.embedding import SentenceTransformerEmbedder

_SOURCES = ("squad2-train", "squadshifts-new_wiki")


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line and calibrates."""
    parser = argparse.ArgumentParser(prog="python -m index.reader.calibrate", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--reader", type=Path, default=WEIGHTS.parent, help="folder of the exported reader")
    parser.add_argument("--embedding-model", help="a sentence-transformers model; without: the bundled one")
    options = parser.parse_args(arguments)
    embedder, reader = (
        SentenceTransformerEmbedder(options.embedding_model),
        OnnxReader(options.reader / WEIGHTS.name),
    )
    held_out = (held_out_articles(options.data, source) for source in _SOURCES)
    observations = observe(with_strangers([*own_articles(), *chain(*held_out)]), embedder, reader)
    tiers, precision = fit(observations)
    fitted = FittedTiers(reader=reader.sha256, by_embedder={embedder.sha256: tiers})
    path = options.reader / TIERS
    if path.exists():
        before = FittedTiers.model_validate_json(path.read_bytes())
        if before.reader == reader.sha256:
            fitted.by_embedder = {**before.by_embedder, **fitted.by_embedder}
    path.write_text(fitted.model_dump_json(indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path}: fitted on {len(observations):,} questions. Of articles left out in turn:\n")
    for name, share in precision._asdict().items():
        sys.stdout.write(f"  {name}: {share:.1%}\n")


if __name__ == "__main__":
    main()
