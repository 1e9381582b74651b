"""The training loop: steps, checkpoints from which it goes on as if never stopped, averaged weights."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
import torch.distributed
from torch import Tensor
from torch.nn.functional import cross_entropy

from index.reader.network import ReaderNetwork, save_weights
from index.reader.training.data import SpanExample, VerdictExample
from index.reader.training.encoding import Batch, Window, batches, tensors, windows
from index.reader.training.held_out import HeldOut
from index.reader.training.precision import autocast

log = logging.getLogger(__name__)

_POOL = 3000
"""Examples that are encoded and sorted by length at a time."""


class Examples(Protocol):
    """Where the trainer's examples come from."""

    def examples(self, number: int, seed: int) -> list[SpanExample | VerdictExample]:
        """The examples of pass ``number``, in order."""


class Plan(NamedTuple):
    """How to train.

    Attributes:
        seed: Of the data's order and of dropout.
        learning_rate: After the warm-up, constant: nobody knows beforehand how long the training will last.
        warm_up: Steps.
        budget: Tokens of a batch.
        average: Decay of the weights' moving average, a step; those are what is measured and shipped.
        deadline: Unix time at which it ends.
        steps: After how many steps it ends at the latest.
        cooldown: Seconds before the deadline in which the learning rate falls to nothing.
        save_every: Seconds between checkpoints.
        measure_every: Seconds between measurements.
    """

    seed: int = 0
    learning_rate: float = 1e-4
    warm_up: int = 200
    budget: int = 4096
    average: float = 0.998
    deadline: float = float("inf")
    steps: int = 1 << 60
    cooldown: float = 600.0
    save_every: float = 240.0
    measure_every: float = 900.0


class Position(NamedTuple):
    """How far the data is read: the pass, the pool of examples in it, and the batch in that."""

    number: int = 0
    pool: int = 0
    batch: int = 0


class Trainer:
    """Trains a network, alone or as one of several processes that share each step.

    Several processes of one thread do more on a busy machine than one process of several: they wait for each
    other once a step, not at every operation.

    Args:
        network: What is trained, in place.
        examples: The training data.
        tokenizer: The network's.
        out: Folder of the checkpoints.
        plan: How.
        held_out: What to measure on; None: nothing is measured.
        rank: Which process this is.
        processes: How many there are; with more than one, torch.distributed is set up already.
    """

    def __init__(
        self,
        network: ReaderNetwork,
        examples: Examples,
        tokenizer: Any,
        out: Path,
        plan: Plan,
        held_out: HeldOut | None = None,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        self.network, self.plan = network, plan
        self._examples, self._tokenizer, self._out, self._held_out = examples, tokenizer, out, held_out
        self._rank, self._processes = rank, processes
        self._parameters = {name: p for name, p in network.named_parameters() if p.requires_grad}
        self._optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in self._parameters.values() if p.ndim > 1], "weight_decay": 0.01},
                {"params": [p for p in self._parameters.values() if p.ndim < 2], "weight_decay": 0.0},
            ],
            lr=plan.learning_rate,
            fused=True,
        )
        self.averaged = {name: p.detach().clone() for name, p in self._parameters.items()}
        self.step, self.windows_read, self._since_start = 0, 0, 0
        self._position = Position()
        self._called_off = False
        self._loss = {"spans": 0.0, "verdicts": 0.0}

    @property
    def _checkpoint(self) -> Path:
        return self._out / "checkpoint.pt"

    def resume(self) -> bool:
        """Goes on from the folder's checkpoint, if there is one."""
        if not self._checkpoint.exists():
            return False
        state = torch.load(self._checkpoint, weights_only=True)
        self.network.load_own(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.averaged = state["averaged"]
        self.step, self.windows_read = state["step"], state["seen"]
        self._position = Position(*state["position"])
        return True

    def save(self, name: str = "checkpoint.pt") -> None:
        """Writes a checkpoint, whole or not at all, and beside it the averaged weights alone."""
        if self._rank:
            return
        state = {
            "network": {name: p.detach() for name, p in self._parameters.items()},
            "optimizer": self._optimizer.state_dict(),
            "averaged": self.averaged,
            "step": self.step,
            "seen": self.windows_read,
            "position": tuple(self._position),
        }
        beside = self._out / f".{name}.writing"
        torch.save(state, beside)
        beside.replace(self._out / name)
        save_weights(self.averaged, self._out / ".averaged.writing")
        (self._out / ".averaged.writing").replace(self._out / "averaged.safetensors")

    def call_off(self) -> None:
        """Makes ``run`` save and return after the present step, without measuring."""
        self._called_off = True

    def run(self) -> None:
        """Trains until the plan's deadline or steps are reached, or until it is called off."""
        began = last_save = last_measure = time.time()
        cooling = False
        self.network.train()
        for position, batch in self._batches():
            stop = self._step(batch)
            self._position = position
            now = time.time()
            if self.step % 50 == 0 and not self._rank:
                rate = self._since_start / (now - began)
                losses = ", ".join(f"{name} {value:.3f}" for name, value in self._loss.items())
                log.info("step %d, %s, loss %s, %.1f windows a second", self.step, position, losses, rate)
            if now > self.plan.deadline - self.plan.cooldown and not cooling:
                cooling = True
                self.save("before-cooldown.pt")
            if now - last_save > self.plan.save_every:
                self.save()
                last_save = now
            if now - last_measure > self.plan.measure_every:
                self.measure()
                last_measure = time.time()
            if stop:
                break
        self.save()
        if not self._called_off:
            self.measure(both=True)

    def measure(self, *, both: bool = False) -> None:
        """Measures the averaged weights, on demand the current ones too, and tells the log."""
        if self._rank or self._held_out is None:
            return
        current = {name: p.detach().clone() for name, p in self._parameters.items()}
        for name, weights in (("averaged", self.averaged), ("current", current))[: 1 + both]:
            self._put(weights)
            log.info("step %d, %s: %s", self.step, name, self._held_out.figures(self.network))
        self._put(current)

    def _put(self, weights: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, p in self._parameters.items():
                p.copy_(weights[name])

    def _batches(self) -> Iterator[tuple[Position, list[Window]]]:
        """The batches from the present position on, with the position after each."""
        at = self._position
        while True:
            examples = self._examples.examples(at.number, self.plan.seed)
            pools = range(at.pool, -(-len(examples) // _POOL))
            for pool in pools:
                rng = random.Random(f"{self.plan.seed} {at.number} {pool}")  # noqa: S311
                some = examples[pool * _POOL : (pool + 1) * _POOL]
                pool_batches = batches(
                    windows(some, self._tokenizer, rng), self.plan.budget // self._processes, rng
                )
                # Every process takes every so-manieth batch, each the same number of them.
                rounds = len(pool_batches) // self._processes
                for n in range(at.batch if pool == at.pool else 0, rounds):
                    yield Position(at.number, pool, n + 1), pool_batches[n * self._processes + self._rank]
            if not examples:
                return
            at = Position(at.number + 1)

    def _step(self, batch_windows: list[Window]) -> bool:
        """One step of the optimizer; whether to stop after it."""
        torch.manual_seed(hash((self.plan.seed, self.step, self._rank)))  # dropout's, the same when resumed
        batch = tensors(batch_windows)
        with autocast():
            reading = self.network(batch.ids, batch.mask, batch.kinds)
        loss = self._loss_of(reading.starts, reading.ends, reading.verdicts, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        now = time.time()
        stop = self._called_off or self.step + 1 >= self.plan.steps or now >= self.plan.deadline
        rows, stop = self._shared(len(batch_windows), stop)
        norm = torch.nn.utils.clip_grad_norm_(self._parameters.values(), 1.0)
        if not torch.isfinite(norm):
            raise FloatingPointError(f"the gradient of step {self.step} is not finite")
        rate = self.plan.learning_rate * min(1.0, (self.step + 1) / self.plan.warm_up)
        if self.plan.cooldown:
            rate *= min(1.0, max(0.0, (self.plan.deadline - now) / self.plan.cooldown))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.step += 1
        self.windows_read += rows
        self._since_start += rows
        # Young averages follow fast: the first weights are forgotten first.
        decay = min(self.plan.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.values()), list(self._parameters.values()), 1 - decay)
        return stop

    def _loss_of(self, starts: Tensor, ends: Tensor, verdicts: Tensor, batch: Batch) -> Tensor:
        """The mean loss of the windows, span or verdict."""
        spans = (
            cross_entropy(starts, batch.firsts, reduction="none")
            + cross_entropy(ends, batch.lasts, reduction="none")
        ) / 2
        of_verdicts = cross_entropy(verdicts, batch.verdicts, reduction="none")
        for name, losses, mask in (
            ("spans", spans, batch.firsts >= 0),
            ("verdicts", of_verdicts, batch.verdicts >= 0),
        ):
            if bool(mask.any()):
                mean = float(losses.detach()[mask].mean())
                self._loss[name] = 0.99 * self._loss[name] + 0.01 * mean if self._loss[name] else mean
        return (spans + of_verdicts).mean()

    def _shared(self, rows: int, stop: bool) -> tuple[int, bool]:
        """Averages the gradients of all processes, by rows; the rows of all, and whether one stops."""
        if self._processes == 1:
            return rows, stop
        gradients = [p.grad for p in self._parameters.values() if p.grad is not None]
        flat = torch.cat([g.flatten() * rows for g in gradients] + [torch.tensor([float(rows), float(stop)])])
        torch.distributed.all_reduce(flat)
        total = float(flat[-2])
        at = 0
        for gradient in gradients:
            gradient.copy_((flat[at : at + gradient.numel()] / total).view_as(gradient))
            at += gradient.numel()
        return int(total), bool(flat[-1] > 0)


def join(rank: int, processes: int, meeting: Path) -> None:
    """Makes this process one of several that train together; they meet over a file."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{meeting.resolve()}", rank=rank, world_size=processes
    )
