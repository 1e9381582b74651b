"""Fits the tiers of a reader: ``python -m index.reader.calibrate [--reader FOLDER]``.

Asks the project's calibration articles, of which nothing else has seen a question, and writes ``tiers.json``
beside the reader. What was held out of the training data does not serve: the reader's weights were chosen by
it, so that it would seem surer than it is.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from index.answering.fitted_reader import TIERS, reader_in
from index.answering.tiers import FittedTiers, Tiers
from index.evaluation.tier_fitting import (
    fit,
    fit_verdicts,
    observe,
    own_articles,
    with_strangers,
)
from index.reader.model import WEIGHTS
from index.search.embedding import SentenceTransformerEmbedder


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line and calibrates."""
    parser = argparse.ArgumentParser(prog="python -m index.reader.calibrate", description=__doc__)
    parser.add_argument("--reader", type=Path, default=WEIGHTS.parent, help="folder of the exported reader")
    parser.add_argument("--embedding-model", help="a sentence-transformers model; without: the bundled one")
    options = parser.parse_args(arguments)
    embedder, reader = SentenceTransformerEmbedder(options.embedding_model), reader_in(options.reader)
    observations, claims = observe(with_strangers([*own_articles()]), embedder, reader)
    verdicts, accuracy = fit_verdicts(claims)
    tiers, precision = fit(observations, verdicts)
    path = options.reader / TIERS
    by_embedder = {**_fitted_before(path, reader.sha256), embedder.sha256: tiers}
    tiers_file = FittedTiers(reader=reader.sha256, by_embedder=by_embedder)
    path.write_text(tiers_file.model_dump_json(indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path}: fitted on {len(observations):,} questions. Of articles left out in turn:\n")
    for name, share in precision._asdict().items():
        sys.stdout.write(f"  {name}: {share:.1%}\n")
    sys.stdout.write(f"Verdicts on the {len(claims)} claims they were fitted on: {accuracy:.1%} right\n")


def _fitted_before(path: Path, reader: str) -> dict[str, Tiers]:
    """The tiers that a file holds for a reader; none of another one, or of signs that there no longer are."""
    try:
        before = FittedTiers.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValidationError:
        sys.stdout.write(f"{path} was fitted by another version, and is written anew.\n")
        return {}
    return before.by_embedder if before.reader == reader else {}


if __name__ == "__main__":
    main()
