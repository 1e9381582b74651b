"""Tiers fitted on observations whose probabilities are known."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from index.answering.tiers import Signs
from index.evaluation.tier_fitting import (
    CalibrationArticle,
    Observation,
    fit,
    held_out_articles,
    observe,
    own_articles,
)
from index.model.answer import Status
from index.model.article import Article, Span
from index.reader.training.data import is_held_out, span_examples
from tests.index.answering.test_reading import TEXT, WordReader
from tests.index.fakes import FakeEmbedder

NOTHING = Signs(*[0.0] * len(Signs._fields))


def observations(rng: random.Random, number: int = 600) -> list[Observation]:
    """Answerable ones have a margin of about 4, look-alikes of about -2, foreign ones of about -8."""
    made = []
    for place in range(number):
        kind = place % 3
        margin = rng.gauss((4, -2, -8)[kind], 2)
        signs = NOTHING._replace(margin=margin, support=rng.random())
        made.append(Observation(signs, kind == 0, kind == 0, kind == 2, f"article-{place % 20}"))
    return made


def test_tiers_follow_what_tells_right_from_wrong() -> None:
    tiers, precision = fit(observations(random.Random(5)))
    assert tiers.weights["margin"] > 0.5
    assert abs(tiers.weights["support"]) < 1
    assert tiers.weights["reason"] == 0
    assert tiers.status(tiers.probability(NOTHING._replace(margin=5.0))) is Status.ANSWERED
    assert tiers.status(tiers.probability(NOTHING._replace(margin=-8.0))) is Status.NOT_IN_ARTICLE
    assert precision.precision >= 0.9
    assert precision.answered > 0.95
    assert precision.refused <= 0.021
    assert precision.lookalikes > 0.6
    assert precision.foreign == 1


def test_where_nothing_tells_right_from_wrong_nothing_is_answered_without_reserve() -> None:
    rng = random.Random(5)
    blind = [
        Observation(NOTHING._replace(margin=rng.gauss(0, 1)), rng.random() < 0.5, True, False, f"a{n % 9}")
        for n in range(300)
    ]
    tiers, precision = fit([*blind, *(one._replace(is_answerable=False, right=False) for one in blind)])
    assert tiers.answered > 0.45
    assert precision.answered < 0.1


def test_the_own_articles_have_questions_of_all_three_kinds() -> None:
    articles = list(own_articles())
    assert len(articles) == 24
    for one in articles:
        gold = [spans for _, spans in one.questions]
        assert sum(map(bool, gold)) >= 9
        assert sum(not spans for spans in gold) >= 5
        assert len(one.foreign) == 10


def data_set(folder: Path) -> None:
    with gzip.open(folder / "squad2-train.jsonl.gz", "wt", encoding="utf-8") as file:
        for number in range(400):
            context = f"Ship {number} anchors in bay {number * 7}."
            where = {
                "question": f"Where does ship {number} anchor?",
                "start": context.index("bay"),
                "answer": f"bay {number * 7}",
            }
            who = {"question": f"Who steers ship {number}?", "start": None, "answer": ""}
            file.write(json.dumps({"group": None, "context": context, "questions": [where, who]}) + "\n")


def test_held_out_contexts_are_put_together_with_their_answers_in_place(tmp_path: Path) -> None:
    data_set(tmp_path)
    articles = list(held_out_articles(tmp_path, "squad2-train"))
    contexts = [line for one in articles for line in one.article.text.splitlines()]
    held_out = {one.context for one in span_examples(tmp_path, "squad2-train") if is_held_out(one)}
    assert sorted(contexts) == sorted(held_out)
    assert 0 < len(contexts) < 40
    for one in articles:
        for question, gold in one.questions:
            number = question.split("ship ")[1].split()[0].rstrip("?")
            expected = [f"bay {int(number) * 7}"] if question.startswith("Where") else []
            assert [span.of(one.article.text) for span in gold] == expected


def test_each_question_is_asked_and_its_first_sentence_judged() -> None:
    start = TEXT.index("nine")
    article = CalibrationArticle(
        Article(id="ferry", title="The ferry", text=TEXT),
        [
            ("When does the old ferry leave?", (Span(start, start + 4),)),
            ("When does the old ferry sink?", ()),
            ("What do dogs eat on the ferry?", (Span(start, start + 4),)),
        ],
        ("How do I bake bread?",),
    )
    told: list[str] = []
    noted = observe([article], FakeEmbedder(), WordReader({"nine": 5.0, "Dogs": 9.0}), told.append)
    assert told == ["ferry"]
    assert [(one.right, one.is_answerable, one.is_foreign) for one in noted] == [
        (True, True, False),
        (False, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert noted[0].signs.margin == pytest.approx(5.0)
