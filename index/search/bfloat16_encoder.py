"""The bundled embedding model, many passages of it in bfloat16, in a process of its own.

Processors that multiply in bfloat16 (Intel's AMX and AVX512_BF16, AMD's since Zen 4) encode several times as
fast in it, and ONNX Runtime cannot. torch can, but takes a quarter of a gigabyte and a second to be imported:
so it is in another process, for as long as many passages are encoded, and not at all where there are few.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.managers import BaseManager
from typing import TYPE_CHECKING, Any

import numpy as np

from index.search.encoders import EncodedText, PassageEncoder, TextModel, TokenizedText
from index.search.onnx_encoder import OnnxEncoder, load_onnx_model

if TYPE_CHECKING:
    from index.search.bfloat16_bert import Bfloat16Bert

log = logging.getLogger(__name__)


class Bfloat16Encoder(OnnxEncoder):
    """Encodes many passages in bfloat16, and questions and few passages in ONNX Runtime."""

    @contextmanager
    def for_many(self) -> Iterator[PassageEncoder]:
        """See ``Encoder``. Where the process does not come about, ONNX Runtime encodes."""
        manager = _BertManager(ctx=get_context("spawn"))
        bert = None
        try:
            manager.start(_end_with_parent)
            bert = manager.bert(self.opening, self.closing)  # type: ignore[attr-defined]
        except Exception as error:  # whatever is wrong with torch here
            log.warning("Passages are not embedded in bfloat16: %s.", _reason(error))
        try:
            yield self if bert is None else _RemoteEncoder(bert, self)
        finally:
            if hasattr(manager, "shutdown"):  # it was started
                manager.shutdown()


class _RemoteEncoder:
    """Encodes in the other process, and if that is lost, in this one.

    Args:
        bert: What stands for the one in the other process.
        encoder: The one in this.
    """

    def __init__(self, bert: Any, encoder: OnnxEncoder) -> None:
        self.workers, self.batch_tokens = encoder.workers, 2 * encoder.batch_tokens
        self._bert, self._encoder = bert, encoder
        self._is_lost = False

    def encode_passages(self, texts: Sequence[TokenizedText]) -> list[EncodedText]:
        """See ``Encoder``."""
        if not self._is_lost:
            try:
                encodings = [
                    EncodedText(vector.astype(np.float32), tokens.astype(np.float32))
                    for vector, tokens in self._bert.encode([one.ids for one in texts])
                ]
            except Exception as error:  # killed for its memory, for instance
                self._is_lost = True
                log.warning("Passages are no longer embedded in bfloat16: %s.", _reason(error))
            else:
                return encodings
        return self._encoder.encode_passages(texts)


class _BertManager(BaseManager):
    """Holds a BERT in a process of its own, where each thread that asks is served by another."""


def _bert(opening: Sequence[int], closing: Sequence[int]) -> Bfloat16Bert:
    from index.search.bfloat16_bert import Bfloat16Bert

    return Bfloat16Bert(opening, closing)


_BertManager.register("bert", _bert, exposed=("encode",))


def _end_with_parent() -> None:
    """Ends this process when the one that started it has ended, however that did."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(0)

    threading.Thread(target=watch, name="footnote-parent", daemon=True).start()


def _reason(error: Exception) -> str:
    """An error in a line: of one from the other process, which comes with its traceback, the last."""
    lines = [line for line in str(error).splitlines() if line.strip("- ")]
    return lines[-1].rstrip(".") if lines else type(error).__name__


def load_bfloat16_model() -> TextModel:
    """The bundled model; see ``load_onnx_model``."""
    return load_onnx_model(Bfloat16Encoder)
