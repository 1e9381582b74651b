"""Commands that measure, and texts to measure with; the only tests here are those of the texts."""

from __future__ import annotations

import os
import platform

import torch

from index.search.embedding import Embedder


def machine(embedder: Embedder) -> str:
    """What a figure was measured on, in a line."""
    return (
        f"Python {platform.python_version()}, torch {torch.__version__}, {os.cpu_count()} CPUs, "
        f"{torch.get_num_threads()} torch threads, {embedder.name}"
    )
