"""Fits the centroids that token embeddings are coded with: ``python -m index.search.codebook FILE [OUT]``.

FILE has texts, one in a line, JSON strings; a thousand paragraphs of many kinds do. What ships was fitted on
contexts of the reader's training data, 120 at most of each data set (see the reader's model card).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from index.search.embedding import SentenceTransformerEmbedder
from index.search.token_vectors import CODEBOOK, ProductCodec


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line and fits."""
    parser = argparse.ArgumentParser(prog="python -m index.search.codebook", description=__doc__)
    parser.add_argument("file", type=Path, help="texts, a JSON string in each line")
    parser.add_argument("out", type=Path, nargs="?", default=CODEBOOK)
    options = parser.parse_args(arguments)
    embedder = SentenceTransformerEmbedder()
    texts = [json.loads(line) for line in options.file.read_text(encoding="utf-8").splitlines()]
    embeddings = [embedding.tokens.astype(np.float16) for embedding in embedder.embed_passages(texts)]
    vectors = np.concatenate(embeddings).astype(np.float32)
    codec = ProductCodec.fit(vectors)
    codec.save(options.out, embedder.sha256)
    error = float(np.mean(np.sum((codec.decode(codec.encode(vectors)) - vectors) ** 2, axis=1)))
    sys.stdout.write(
        f"{options.out}: {codec.name}, {len(vectors):,} tokens, mean squared error {error:.4f}\n"
    )


if __name__ == "__main__":
    main()
