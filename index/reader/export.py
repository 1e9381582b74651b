"""Writes what ships: ``python -m index.reader.export WEIGHTS [WEIGHTS ...] OUT``.

WEIGHTS is a file of a training's (averaged.safetensors), or what ships. Of several, of which one was trained
from the other, the mean is written ("model soups", Wortsman et al. 2022). OUT is written whole, its SHA-256
beside it in OUT.sha256. Training can start from it again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from index.reader.graph import to_graph
from index.reader.network import ReaderNetwork, bundled_network, load_weights
from index.reader.training.torch_reader import TorchReader
from index.reader.windows import Excerpt
from index.search.bert_weights import Array

LARGEST_FILE = 25 * 1024 * 1024
"""Bytes."""

_PASSAGE = 500  # code points, about as long as a passage of the index
_PASSAGES = 4  # of each article


def export(network: ReaderNetwork, out: Path, inputs: Mapping[str, Array] | None) -> str:
    """Writes a graph and its hash; gives the hash.

    Args:
        network: What is written.
        out: The file.
        inputs: What ``largest_inputs`` gives, by which its matrices are brought to 8 bits; None where they
            stay in floats, to compare with.

    Raises:
        ValueError: it would be larger than LARGEST_FILE.
    """
    weights = {name: value.float().numpy() for name, value in network.own_weights().items()}
    graph = to_graph(weights, inputs)
    content = graph.SerializeToString(deterministic=True)
    if len(content) > LARGEST_FILE and inputs is not None:
        raise ValueError(f"{len(content)} bytes are more than {LARGEST_FILE}")
    sha256 = hashlib.sha256(content).hexdigest()
    out.write_bytes(content)
    out.with_name(f"{out.name}.sha256").write_bytes(f"{sha256}  {out.name}\n".encode())
    return sha256


def largest_inputs(network: ReaderNetwork) -> dict[str, Array]:
    """How large each channel of each matrix's input gets, by the matrix's name.

    ReaderScores on the articles and questions that the project calibrates with.
    """
    largest: dict[str, Array] = {}

    def watch(name: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        def see(_: nn.Module, inputs: tuple[Any, ...]) -> None:
            value: Tensor = inputs[0].detach()
            here = value.abs().flatten(0, -2).amax(dim=0).numpy()
            largest[name] = np.maximum(largest.get(name, 0), here)

        return see

    hooks = [
        module.register_forward_pre_hook(watch(name))
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear)
    ]
    reader = TorchReader(network)
    articles = (resources.files("index.answering") / "calibration_data" / "articles.jsonl").read_text(
        encoding="utf-8"
    )
    for article in map(json.loads, articles.splitlines()):
        text = article["text"]
        for n, question in enumerate(islice(article["questions"], _PASSAGES)):
            reader.read(question["question"], [Excerpt(text[n * _PASSAGE : (n + 1) * _PASSAGE] or text)])
    for hook in hooks:
        hook.remove()
    return largest


def load_mean(network: ReaderNetwork, paths: Sequence[Path]) -> None:
    """Gives a network the mean of the weights that lie in some files."""
    mean: dict[str, Tensor] = {}
    for path in paths:
        load_weights(network, path)
        for name, value in network.own_weights().items():
            mean[name] = mean.get(name, torch.zeros_like(value)) + value / len(paths)
    network.load_own(mean)


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line and exports."""
    parser = argparse.ArgumentParser(prog="python -m index.reader.export", description=__doc__)
    parser.add_argument("weights", type=Path, nargs="+", help="several: their mean is written")
    parser.add_argument("out", type=Path)
    parser.add_argument("--in-floats", action="store_true", help="not in 8 bits, to compare with")
    options = parser.parse_args(arguments)
    network = bundled_network()
    load_mean(network, options.weights)
    sha256 = export(network, options.out, None if options.in_floats else largest_inputs(network))
    sys.stdout.write(f"{options.out}: {options.out.stat().st_size} bytes, SHA-256 {sha256}\n")


if __name__ == "__main__":
    main()
