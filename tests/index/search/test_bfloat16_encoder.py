"""Many passages in bfloat16, in a process of its own: what it gives, and what happens when it is lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest

from index.search import bfloat16_encoder
from index.search.bfloat16_encoder import _BertManager
from index.search.embedding import Embedding, SentenceTransformerEmbedder

TEXTS = ["The lamp on the pier was lit again in March. ", "", "\U0001f6a2", "Who paid? Nobody knows. " * 60]
MANY = 200


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(runtime="bfloat16", many=0)


@pytest.fixture(scope="module")
def plain() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(runtime="onnx")


def equal(some: list[Embedding], others: list[Embedding]) -> list[bool]:
    """Whether embeddings are the same, one by one."""
    pairs = zip(some, others, strict=True)
    return [np.array_equal(one.vector, other.vector) for one, other in pairs]


def alike(some: list[Embedding], others: list[Embedding]) -> bool:
    """Whether embeddings are the same but for the rounding of bfloat16."""
    return all(
        np.array_equal(one.spans, other.spans)
        and np.array_equal(one.ids, other.ids)
        and np.abs(one.vector - other.vector).max() < 0.01
        and (one.tokens * other.tokens).sum(axis=1).min(initial=1) > 0.995
        for one, other in zip(some, others, strict=True)
    )


@pytest.mark.slow
def test_what_it_gives_is_what_onnx_runtime_gives_but_for_the_rounding(
    embedder: SentenceTransformerEmbedder, plain: SentenceTransformerEmbedder
) -> None:
    embeddings, expected = (list(one.embed_passages(TEXTS)) for one in (embedder, plain))
    assert alike(embeddings, expected)
    assert not all(equal(embeddings, expected))
    assert all(abs(np.linalg.norm(one.vector) - 1) < 1e-3 for one in embeddings)
    assert active_children() == []


@pytest.mark.slow
def test_questions_and_few_passages_are_none_of_its_business(plain: SentenceTransformerEmbedder) -> None:
    embedder = SentenceTransformerEmbedder(runtime="bfloat16")
    assert np.array_equal(embedder.embed_question("Who?").vector, plain.embed_question("Who?").vector)
    few = [list(one.embed_passages(TEXTS * 4)) for one in (embedder, plain)]
    assert all(equal(*few))


@pytest.mark.slow
def test_a_process_that_is_lost_is_done_without(
    embedder: SentenceTransformerEmbedder,
    plain: SentenceTransformerEmbedder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def texts() -> Iterator[str]:
        for number in range(MANY):
            if number == MANY // 2:
                (process,) = active_children()
                process.kill()
            yield TEXTS[number % len(TEXTS)]

    assert alike(list(embedder.embed_passages(texts())), list(plain.embed_passages(many_texts())))
    assert len(caplog.messages) >= 1
    assert {message.partition(":")[0] for message in caplog.messages} == {
        "Passages are no longer embedded in bfloat16"
    }
    assert active_children() == []


def many_texts() -> Iterator[str]:
    return (TEXTS[number % len(TEXTS)] for number in range(MANY))


@pytest.mark.slow
def test_a_run_that_is_called_off_leaves_nothing_behind(embedder: SentenceTransformerEmbedder) -> None:
    run = embedder.embed_passages(many_texts())
    next(run)
    assert len(active_children()) == 1
    run.close()  # type: ignore[attr-defined]
    assert active_children() == []


def not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bfloat16_encoder, "_end_with_parent", lambda: None)  # another process cannot have it


def not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = _BertManager._registry["bert"]  # type: ignore[attr-defined]
    monkeypatch.setitem(_BertManager._registry, "bert", (int, *entry[1:]))  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("break_it", [not_started, not_loaded])
def test_a_process_that_does_not_come_about_is_done_without(
    break_it: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
    embedder: SentenceTransformerEmbedder,
    plain: SentenceTransformerEmbedder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    break_it(monkeypatch)
    embeddings, expected = (list(one.embed_passages(TEXTS)) for one in (embedder, plain))
    assert all(equal(embeddings, expected))
    (message,) = caplog.messages
    assert re.fullmatch(r"Passages are not embedded in bfloat16: .*\w.*[^.]\.", message)
    assert active_children() == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a process of another is looked up in /proc")
def test_it_ends_with_the_process_that_started_it() -> None:
    code = (
        "import time\nfrom multiprocessing import active_children\n"
        "from index.search.bfloat16_encoder import load_bfloat16_model\n"
        "if __name__ == '__main__':\n"
        "    with load_bfloat16_model().encoder.for_many():\n"
        "        print(active_children()[0].pid, flush=True)\n"
        "        time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        process = Path("/proc") / parent.stdout.readline().strip()
        assert process.is_dir()
        os.kill(parent.pid, signal.SIGKILL)
        for _ in range(200):
            if not process.is_dir():
                break
            time.sleep(0.05)
        assert not process.is_dir()
