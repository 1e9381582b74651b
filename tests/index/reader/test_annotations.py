"""What was written for the reader: that it is about what it says it is about."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from index.answering.calibration import reading_texts
from index.evaluation.tier_fitting import own_articles
from index.reader.training import data
from index.reader.training.annotations import annotated_excerpts, contrasts
from index.reader.training.data import DOES_NOT_SAY, SAYS_OTHERWISE, SAYS_SO
from tests.index.reader.conftest import write_rows

CONTEXT = "The  Rhine rises\nin the Alps. It is 1,230 km long. It ends in the sea."


def rows(name: str = "annotations") -> list[dict[str, Any]]:
    file = resources.files("index.reader.training") / f"{name}.jsonl.gz"
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set with one context, of which the second sentence was written about."""
    context = {"group": "Rhine", "context": CONTEXT, "questions": [{"question": "?", "start": None}]}
    write_rows(tmp_path / "nq-qed.jsonl.gz", [context])
    row = {
        "source": "nq-qed", "context": data.digest(CONTEXT), "start": 29, "end": 48,
        "yes": ["It is over 1,000 km long."], "no": ["Is it short?"], "open": ["It freezes."],
        "unanswerable": ["How wide is it?"], "answerable": [["How long is it?", "1,230 km"]],
    }  # fmt: skip
    elsewhere = {**row, "context": "0" * 12}
    write_rows(tmp_path / "annotations.jsonl.gz", [row, elsewhere])
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    return tmp_path


def test_an_excerpt_of_a_data_set_is_found_by_its_place(folder: Path) -> None:
    (one,) = annotated_excerpts(folder)
    assert (one.text, one.group) == ("It is 1,230 km long", "Rhine")
    assert [(span.question, span.answer) for span in one.spans] == [
        ("How wide is it?", ""),
        ("How long is it?", "1,230 km"),
    ]
    assert [(verdict.claim, verdict.verdict) for verdict in one.verdicts] == [
        ("It is over 1,000 km long.", SAYS_SO),
        ("Is it short?", SAYS_OTHERWISE),
        ("It freezes.", DOES_NOT_SAY),
    ]


def test_a_question_by_itself_does_not_tell_whether_it_is_answered() -> None:
    asked = [
        (question, is_answered, number)
        for number, row in enumerate(rows())
        for is_answered in (False, True)
        for question in ([one for one, _ in row["answerable"]] if is_answered else row["unanswerable"])
    ]
    questions, answered, excerpts = zip(*asked, strict=True)
    classifier = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True), LogisticRegression(max_iter=500)
    )
    scores = cross_val_predict(
        classifier, questions, answered, groups=excerpts, cv=GroupKFold(5), method="decision_function"
    )
    assert roc_auc_score(answered, scores) < 0.55  # 0.86 as they were written: unanswerable ones ask "how"


def test_without_the_data_sets_what_is_about_own_excerpts_is_left(tmp_path: Path) -> None:
    for source in {row["source"] for row in rows() if "source" in row}:
        write_rows(tmp_path / f"{source}.jsonl.gz", [])
    some = list(annotated_excerpts(tmp_path))
    assert [one.text for one in some] == [row["text"] for row in rows() if "text" in row]
    for one in some:
        assert all(span.start is None or span.answer for span in one.spans)


def test_what_was_written_is_balanced_and_each_thing_once() -> None:
    counts: Counter[str] = Counter()
    for row in rows():
        for kind in ("yes", "no", "open", "unanswerable", "answerable"):
            counts[kind] += len(row[kind])
        claims = [*row["yes"], *row["no"], *row["open"]]
        assert len(set(claims)) == len(claims)
    assert counts["yes"] == pytest.approx(counts["no"], rel=0.05)
    assert counts["yes"] == pytest.approx(counts["open"], rel=0.05)


def test_both_versions_of_an_excerpt_are_asked_the_same_and_answer_differently(tmp_path: Path) -> None:
    row = {
        "texts": ["Ann left in May.", "Ann left in June, by train."],
        "claims": [["Did she leave in May?", "yes", "no"], ["She went by train.", "open", "yes"]],
        "questions": [["When did she leave?", "May", "June"], ["How did she leave?", None, "by train"]],
    }
    write_rows(tmp_path / "contrasts.jsonl.gz", [row])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importlib.resources.files", lambda _: tmp_path)
        first, second = contrasts()
    assert [(one.text, [span.answer for span in one.spans]) for one in (first, second)] == [
        ("Ann left in May.", ["May", ""]),
        ("Ann left in June, by train.", ["June", "by train"]),
    ]
    assert [one.verdict for one in first.verdicts] == [SAYS_SO, DOES_NOT_SAY]
    assert [one.verdict for one in second.verdicts] == [SAYS_OTHERWISE, SAYS_SO]
    assert first.group == second.group


def test_of_contrasts_each_kind_is_written_as_often_for_either_version() -> None:
    kinds = Counter(tuple(kinds) for row in rows("contrasts") for _, *kinds in row["claims"])
    assert kinds["yes", "no"] > 1000
    for (first, second), count in kinds.items():
        assert first != second
        assert kinds[second, first] == pytest.approx(count, rel=0.1)
    asked = [answers for row in rows("contrasts") for _, *answers in row["questions"]]
    only_first, only_second = (sum(answers[n] is None for answers in asked) for n in (1, 0))
    assert only_first == pytest.approx(only_second, rel=0.1)
    assert all(any(answers) for answers in asked)


def test_nothing_that_tiers_are_fitted_on_was_written_about() -> None:
    claims = {claim for row in rows() for kind in ("yes", "no", "open") for claim in row[kind]}
    claims |= {claim for row in rows("contrasts") for claim, *_ in row["claims"]}
    assert not claims & {claim for one in own_articles() for claim, _ in one.claims}
    texts = {row["text"] for row in rows() if "text" in row}
    texts |= {text for row in rows("contrasts") for text in row["texts"]}
    assert not any(text in material.text for text in texts for material in reading_texts())
