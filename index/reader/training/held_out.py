"""Measures a network on what is kept from its training."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from index.reader import metrics
from index.reader.network import ReaderNetwork
from index.reader.training.data import SpanExample, VerdictExample
from index.reader.training.encoding import Window, tensors, windows
from index.reader.training.precision import autocast

_LONGEST_SPAN = 30  # tokens
_OF_QUESTIONS = ("people", "others", "lookalikes", "wrong")


class Figures(NamedTuple):
    """How a network does.

    Attributes:
        f1: Span F1 of the answerable questions, read as if an answer were sure to be there.
        exact: Exact match of the same.
        auc: Of answerable against unanswerable questions.
        refused: Unanswerable ones refused at 2, 5 and 10 % false refusals.
        lookalikes: The same area, against questions changed by the training's own rules.
        wrong: The same area, against wrong passages that rank high.
        verdicts: Accuracy of the verdicts, three ways, each verdict counting the same.
        annotations: The same, on claims that were written for the reader.
    """

    f1: float
    exact: float
    auc: float
    refused: tuple[float, float, float]
    lookalikes: float
    wrong: float
    verdicts: float
    annotations: float

    def __str__(self) -> str:
        shares = ", ".join(f"{share:.3f}" for share in self.refused)
        return (
            f"span F1 {self.f1:.4f}, exact {self.exact:.4f}; auc {self.auc:.4f}, "
            f"refused at 2, 5, 10 %: {shares}; "
            f"auc look-alikes {self.lookalikes:.4f}, wrong passages {self.wrong:.4f}; "
            f"verdicts {self.verdicts:.4f}, annotations {self.annotations:.4f}"
        )

    @property
    def worth(self) -> float:
        """One figure to choose by: refusing what is not answered weighs most."""
        return 2 * self.auc + self.lookalikes + self.wrong + self.f1 + self.verdicts


class HeldOut:
    """Questions and claims of articles that are not trained on.

    Args:
        people: Questions as people asked them, answerable or not, of one data set that has both.
        others: Answerable questions of other data sets.
        lookalikes: Questions made unanswerable.
        wrong: Questions put to wrong passages.
        verdicts: Claims.
        annotations: Claims that were written for the reader.
        tokenizer: The network's.
    """

    def __init__(
        self,
        people: Sequence[SpanExample],
        others: Sequence[SpanExample],
        lookalikes: Sequence[SpanExample],
        wrong: Sequence[SpanExample],
        verdicts: Sequence[VerdictExample],
        annotations: Sequence[VerdictExample],
        tokenizer: Any,
    ) -> None:
        self._tokenizer = tokenizer
        rng = random.Random(0)  # noqa: S311
        self._parts: dict[str, list[tuple[Window, str]]] = {}
        for name, part in (
            ("people", people),
            ("others", others),
            ("lookalikes", lookalikes),
            ("wrong", wrong),
            ("verdicts", verdicts),
            ("annotations", annotations),
        ):
            self._parts[name] = []
            for example in part:
                gold = example.answer if isinstance(example, SpanExample) else ""
                self._parts[name] += [(window, gold) for window in windows([example], tokenizer, rng)]

    def sizes(self) -> dict[str, int]:
        """How many windows each part has."""
        return {name: len(part) for name, part in self._parts.items()}

    @torch.no_grad()
    def figures(self, network: ReaderNetwork) -> Figures:
        """Measures a network."""
        training = network.training
        network.eval()
        spans = {name: self._spans(network, self._parts[name]) for name in _OF_QUESTIONS}
        yes = np.array([s for s, gold, _ in spans["people"] if gold])
        no = np.array([s for s, gold, _ in spans["people"] if not gold])
        every = np.array([s for name in ("people", "others") for s, gold, _ in spans[name] if gold])
        answers = [(text, [gold]) for name in ("people", "others") for _, gold, text in spans[name] if gold]
        figures = Figures(
            f1=float(np.mean([metrics.f1(text, gold) for text, gold in answers])),
            exact=float(np.mean([metrics.exact_match(text, gold) for text, gold in answers])),
            auc=metrics.area_under_curve(yes, no),
            refused=(
                metrics.refused(yes, no, 0.02),
                metrics.refused(yes, no, 0.05),
                metrics.refused(yes, no, 0.1),
            ),
            lookalikes=metrics.area_under_curve(every, [s for s, _, _ in spans["lookalikes"]]),
            wrong=metrics.area_under_curve(every, [s for s, _, _ in spans["wrong"]]),
            verdicts=self._verdicts(network, "verdicts"),
            annotations=self._verdicts(network, "annotations"),
        )
        network.train(training)
        return figures

    def _spans(self, network: ReaderNetwork, part: list[tuple[Window, str]]) -> list[tuple[float, str, str]]:
        """Each window's score (its best span's, less that of "no answer"), true answer and best span."""
        spans: list[tuple[float, str, str]] = []
        by_length = sorted(part, key=lambda pair: len(pair[0].ids))
        for at in range(0, len(by_length), 24):
            some = by_length[at : at + 24]
            batch = tensors([window for window, _ in some])
            with autocast():
                reading = network(batch.ids, batch.mask, batch.kinds)
            for row, (window, gold) in enumerate(some):
                first, end = window.head, len(window.ids) - 1
                starts, ends = reading.starts[row], reading.ends[row]
                pair = starts[first:end, None] + ends[None, first:end]
                mask = torch.ones_like(pair).triu().tril(_LONGEST_SPAN - 1)
                best = int(pair.masked_fill(mask == 0, -1e5).argmax())
                low, high = divmod(best, end - first)
                text = self._tokenizer.decode(window.ids[first + low : first + high + 1])
                true = self._tokenizer.decode(window.ids[window.first : window.last + 1]) if gold else ""
                spans.append((float(pair[low, high] - starts[0] - ends[0]), true, text))
        return spans

    def _verdicts(self, network: ReaderNetwork, name: str) -> float:
        part = sorted((window for window, _ in self._parts[name]), key=lambda window: len(window.ids))
        right: dict[int, list[bool]] = {}
        for at in range(0, len(part), 24):
            batch = tensors(part[at : at + 24])
            with autocast():
                best = network(batch.ids, batch.mask, batch.kinds).verdicts.argmax(dim=-1)
            for verdict, best_verdict in zip(batch.verdicts.tolist(), best.tolist(), strict=True):
                right.setdefault(verdict, []).append(verdict == best_verdict)
        return float(np.mean([np.mean(of_one) for of_one in right.values()])) if right else 0.0
