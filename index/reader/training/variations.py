"""The many ways in which people type the same question."""

from __future__ import annotations

import random
import re

_LEADS = (
    "According to the article, {}", "According to the text, {}", "According to the report, {}",
    "In the article, {}", "Can you tell me {}", "hey, {}", "so {}", "Does anyone know {}", "ok but {}",
)  # fmt: skip


def varied(question: str, rng: random.Random) -> str:
    """A question as somebody might type it: mostly as it stands, else in lower case, bare, or led in to."""
    question = re.sub(r"\s+([?.,'’])", r"\1", question.strip())
    if rng.random() < 0.06 and question[:1].isupper() and question[1:2].islower():
        question = rng.choice(_LEADS).format(question[:1].lower() + question[1:])
    if rng.random() < 0.25:
        question = question.rstrip("?. ")
    if rng.random() < 0.02:
        question = question.replace("'", "").replace(",", "")
    # The tokenizer lower-cases: what case says is lost anyway, and needs no variation.
    return question
