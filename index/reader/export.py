"""Writes what ships: ``python -m index.reader.export WEIGHTS OUT``. Training can start from it again.

WEIGHTS is a file of the training's (averaged.safetensors). OUT is written whole, its SHA-256 beside it in
OUT.sha256.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from index.durable import replace_file
from index.reader.graph import Precision, to_graph

LARGEST = 25 * 1024 * 1024
"""Bytes that the file may have."""


def export(weights: Path, out: Path, precision: Precision = "8 bits") -> str:
    """Writes a graph and its hash; gives the hash.

    Raises:
        ValueError: it would be larger than LARGEST.
    """
    held = {name: value.astype(np.float32) for name, value in load_file(weights).items()}
    content = to_graph(held, precision).SerializeToString(deterministic=True)
    if len(content) > LARGEST and precision != "float":
        raise ValueError(f"{len(content)} bytes are more than {LARGEST}")
    sha256 = hashlib.sha256(content).hexdigest()
    replace_file(out, content)
    replace_file(out.with_name(f"{out.name}.sha256"), f"{sha256}  {out.name}\n".encode())
    return sha256


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line and exports."""
    parser = argparse.ArgumentParser(prog="python -m index.reader.export", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--precision", choices=("8 bits", "8 bits in blocks", "float"), default="8 bits")
    options = parser.parse_args(arguments)
    sha256 = export(options.weights, options.out, options.precision)
    sys.stdout.write(f"{options.out}: {options.out.stat().st_size} bytes, SHA-256 {sha256}\n")


if __name__ == "__main__":
    main()
