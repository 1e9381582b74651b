from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from index.reader.network import load_weights
from index.reader.training.data import SpanExample, VerdictExample
from index.reader.training.held_out import HeldOut
from index.reader.training.trainer import Plan, Trainer
from tests.index.reader.conftest import tiny_network

pytestmark = pytest.mark.slow

NAMES = ("Ann", "Tom", "Eve", "Max", "Kim")
TOWNS = ("Rome", "Oslo", "Bern", "Lima", "Cairo")


def span(name: str, town: str, asked: str) -> SpanExample:
    context = f"{name} lives in {town}."
    start = context.index(town) if asked == name else None
    end = None if start is None else start + len(town)
    return SpanExample(f"Where does {asked} live?", context, start, end, "made", name)


EXAMPLES: list[SpanExample | VerdictExample] = [
    *(span(name, town, asked) for name in NAMES for town in TOWNS for asked in (name, NAMES[0])),
    *(
        VerdictExample(f"{name} lives in {town}.", f"{name} lives in {there}.", int(there != town), "made")
        for name in NAMES
        for town in TOWNS[:2]
        for there in TOWNS[:2]
    ),
]


class Made:
    def examples(self, number: int, seed: int) -> list[SpanExample | VerdictExample]:
        return EXAMPLES if (number + seed) % 2 else EXAMPLES[::-1]


def trainer(out: Path, tokenizer: Any, steps: int, dropout: float = 0.0, **options: Any) -> Trainer:
    plan = Plan(steps=steps, warm_up=2, budget=256, learning_rate=3e-3, cooldown=0, **options)
    return Trainer(tiny_network(dropout), Made(), tokenizer, out, plan)


def test_a_training_that_was_stopped_ends_with_the_same_weights(tmp_path: Path, tokenizer: Any) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    uninterrupted = trainer(whole, tokenizer, 13, dropout=0.1)
    uninterrupted.run()
    trainer(parts, tokenizer, 5, dropout=0.1).run()
    resumed = trainer(parts, tokenizer, 13, dropout=0.1)
    assert resumed.resume()
    assert (resumed.step, resumed.windows_read) == (5, resumed.windows_read)
    resumed.run()
    assert resumed.windows_read == uninterrupted.windows_read
    for name, weights in uninterrupted.network.state_dict().items():
        assert torch.equal(weights, resumed.network.state_dict()[name]), name
    for name, weights in load_file(whole / "averaged.safetensors").items():
        assert torch.equal(weights, load_file(parts / "averaged.safetensors")[name]), name


def test_a_folder_without_a_checkpoint_is_a_new_training(tmp_path: Path, tokenizer: Any) -> None:
    assert not trainer(tmp_path, tokenizer, 1).resume()


def test_a_training_called_off_saves_and_ends(tmp_path: Path, tokenizer: Any) -> None:
    started = trainer(tmp_path, tokenizer, 1000)
    started.call_off()
    started.run()
    assert started.step == 1
    read = tiny_network()
    load_weights(read, tmp_path / "checkpoint.pt")
    assert torch.equal(read.spans.weight, started.network.spans.weight)
    again = trainer(tmp_path, tokenizer, 1000)
    assert again.resume()
    assert again.step == 1


def test_it_learns_and_the_word_embeddings_stay(tmp_path: Path, tokenizer: Any) -> None:
    started = trainer(tmp_path, tokenizer, 60, average=0.9)
    before = started.network.bert.embeddings.word_embeddings.weight.clone()
    held_out = HeldOut(
        people=[one for one in EXAMPLES if isinstance(one, SpanExample)],
        others=[],
        lookalikes=[span("Ann", "Rome", "Tom")],
        wrong=[span("Ann", "Rome", "Eve")],
        verdicts=[one for one in EXAMPLES if isinstance(one, VerdictExample)],
        annotations=[],
        tokenizer=tokenizer,
    )
    first = held_out.figures(started.network)
    started.run()
    last = held_out.figures(started.network)
    assert last.f1 > max(0.9, first.f1)
    assert torch.equal(before, started.network.bert.embeddings.word_embeddings.weight)
    assert "bert.embeddings.word_embeddings.weight" not in load_file(tmp_path / "averaged.safetensors")


def test_weights_of_something_else_are_refused() -> None:
    with pytest.raises(ValueError, match=r"not a reader's weights: \['other'\]"):
        tiny_network().load_own({**tiny_network().own_weights(), "other": torch.zeros(1)})
    with pytest.raises(ValueError, match="not a reader's weights"):
        tiny_network().load_own({})


def test_the_learning_rate_falls_before_the_deadline(tmp_path: Path, tokenizer: Any) -> None:
    plan = Plan(steps=3, warm_up=1, budget=256, deadline=0.0, cooldown=60)
    over = Trainer(tiny_network(), Made(), tokenizer, tmp_path, plan)
    before = {name: value.clone() for name, value in over.network.state_dict().items()}
    over.run()
    assert over.step == 1  # the deadline has passed: one step, with a learning rate of nothing
    assert all(torch.equal(value, over.network.state_dict()[name]) for name, value in before.items())
