from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from index.reader import train
from index.reader.training import data
from index.reader.training.data import DOES_NOT_SAY, SAYS_OTHERWISE, SAYS_SO, SpanExample, VerdictExample
from index.reader.training.mixture import Mixture
from index.reader.training.variations import varied
from tests.index.reader.conftest import tiny_network, write_rows

pytestmark = pytest.mark.slow

RIVERS = ("Rhine", "Danube", "Elbe", "Oder", "Rhone", "Volga", "Seine", "Loire")


def article(name: str) -> list[dict[str, Any]]:
    """Paragraphs about rivers, each with a question that it answers; the first has one that it does not."""
    rows: list[dict[str, Any]] = []
    for n, river in enumerate(RIVERS):
        year = str(1800 + n)
        context = f"The {river} rises near {name} in {year}. Its water is clear. {river} Lines sail it."
        question = f"When does the {river} rise?"
        asked: list[dict[str, Any]] = [{"question": question, "start": context.index(year), "answer": year}]
        rows.append({"group": name, "context": context, "questions": asked})
    rows[0]["questions"].append({"question": "Who dammed the Rhine?", "start": None, "answer": ""})
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("data")
    for source in data.SPAN_SOURCES:
        write_rows(
            made / f"{source}.jsonl.gz",
            [row for n in range(60 if source == "squad2-train" else 6) for row in article(f"{source} {n}")],
        )
    labels = ("yes", "no", "unknown", "partial", "not_entailed")
    write_rows(
        made / "claims.jsonl.gz",
        [
            {
                "ds": "fever",
                "evidence": f"The {river} is {n} long.",
                "claim": f"The {river} is long.",
                "label": label,
            }
            for n, label in enumerate(labels * 4)
            for river in RIVERS
        ],
    )
    write_rows(
        made / "yes-no.jsonl.gz",
        [
            {
                "question": f"is the {river} a river",
                "context": f"{river} -- The {river} is {n} long.",
                "answer": str(n > 3),
            }
            for n, river in enumerate(RIVERS)
        ],
    )
    return made


@pytest.fixture(scope="module")
def mixture(folder: Path) -> Mixture:
    return Mixture(folder)


def test_questions_are_read_with_their_answers(folder: Path) -> None:
    first, second, *_ = data.span_examples(folder, "squad2-train")
    assert (first.question, first.answer, first.group) == (
        "When does the Rhine rise?",
        "1800",
        "squad2-train 0",
    )
    assert (second.question, second.answer, second.start) == ("Who dammed the Rhine?", "", None)


def test_labels_are_verdicts(folder: Path) -> None:
    verdicts = [one.verdict for one in data.claim_examples(folder)][:: len(RIVERS)][:5]
    assert verdicts == [SAYS_SO, SAYS_OTHERWISE, DOES_NOT_SAY, DOES_NOT_SAY, DOES_NOT_SAY]
    no, *_, yes = data.yes_no_examples(folder)
    assert no == VerdictExample("is the Rhine a river", "The Rhine is 0 long.", SAYS_OTHERWISE, "yes-no")
    assert yes.verdict == SAYS_SO


def test_what_is_held_out_is_whole_articles() -> None:
    examples = [SpanExample("?", f"{n}", None, None, "nq-qed", f"{n // 5}") for n in range(5000)]
    held = [one for one in examples if data.is_held_out(one)]
    assert 5000 / 40 * 0.5 < len(held) < 5000 / 40 * 2
    assert set(Counter(one.group for one in held).values()) == {5}
    posts = [one._replace(source="squadshifts-reddit", group="posts") for one in examples]
    assert 0 < sum(map(data.is_held_out, posts)) < 400


def test_a_pass_is_drawn_the_same_again_and_the_next_is_another(mixture: Mixture) -> None:
    assert mixture.examples(0, 7) == mixture.examples(0, 7)
    assert mixture.examples(0, 7) != mixture.examples(1, 7)
    assert mixture.examples(0, 7) != mixture.examples(0, 8)


def test_a_pass_has_questions_of_every_kind_and_none_that_is_held_out(mixture: Mixture) -> None:
    drawn = mixture.examples(0, 0)
    kinds = Counter(one.source for one in drawn)
    assert {
        "squad2-train",
        "nq-qed",
        "wrong passage",
        "swapped name",
        "sentence removed",
        "fever",
        "yes-no",
        "statement",
    } <= set(kinds)
    held = {one.context for one in mixture.held_out_spans}
    assert not held & {one.context for one in drawn if isinstance(one, SpanExample)}


def test_a_pass_of_fewer_questions_has_as_many_claims(folder: Path) -> None:
    all_of_them, half = (
        Counter(map(type, Mixture(folder, share, annotated_questions=share, versions=0).examples(0, 0)))
        for share in (1.0, 0.5)
    )
    assert half[SpanExample] < 0.7 * all_of_them[SpanExample]
    assert half[VerdictExample] == pytest.approx(all_of_them[VerdictExample], rel=0.1)


def test_a_training_may_read_written_claims_alone(folder: Path) -> None:
    drawn = Mixture(folder, questions=0, claims=0, annotated_questions=0, versions=0).examples(0, 0)
    written_claims = [one for one in drawn if isinstance(one, VerdictExample)]
    assert len(written_claims) == len(drawn) > 500
    counts = Counter(one.verdict for one in written_claims)
    assert counts[SAYS_SO] == pytest.approx(counts[SAYS_OTHERWISE], rel=0.2)
    assert counts[DOES_NOT_SAY] > counts[SAYS_SO]


def test_a_training_may_read_written_questions_alone(folder: Path) -> None:
    drawn = Mixture(folder, questions=0, claims=0, annotated_claims=0, versions=0).examples(0, 0)
    written_questions = [one for one in drawn if isinstance(one, SpanExample)]
    assert len(written_questions) == len(drawn) > 500
    answerable = sum(one.start is not None for one in written_questions)
    assert 0.35 < answerable / len(written_questions) < 0.65


def test_a_training_may_read_versions_alone(folder: Path) -> None:
    mixture = Mixture(folder, questions=0, claims=0, annotated_questions=0, annotated_claims=0)
    drawn = Counter(type(one) for one in mixture.examples(0, 0))
    assert drawn[VerdictExample] == mixture.counts["contrasts: claims"] > 1000
    assert drawn[SpanExample] == mixture.counts["contrasts: questions"] > 1000


def test_what_is_made_does_not_hold_the_answer(mixture: Mixture) -> None:
    year = {f"When does the {river} rise": str(1800 + n) for n, river in enumerate(RIVERS)}
    wrong = [one for one in mixture.examples(0, 0) if one.source in ("wrong passage", "sentence removed")]
    assert wrong
    for one in wrong:
        assert isinstance(one, SpanExample)
        asked = (value for question, value in year.items() if question.lower() in one.question.lower())
        assert not any(value in one.context for value in asked)


def test_a_question_on_the_wrong_passage_is_left_out(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    rows = article("squad2-train 0")
    rows[1]["questions"].append(
        {"question": "When do Volga Lines sail near?", "start": 4, "answer": "Danube"}
    )
    write_rows(tmp_path / "squad2-train.jsonl.gz", rows)
    counts = Mixture(tmp_path).counts
    assert counts["left out: on a wrong passage"] == 1


def test_a_question_is_varied_in_how_it_is_typed() -> None:
    made = {varied("When did Ann 's ship sail ?", random.Random(seed)) for seed in range(200)}
    assert {"When did Ann's ship sail?", "When did Ann's ship sail"} <= made
    assert any(one.startswith("According to the ") and "when did" in one for one in made)


def test_the_command_trains_and_goes_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(train, "bundled_network", tiny_network)
    said: list[str] = []  # not caplog: what is logged depends on what other tests have set
    monkeypatch.setattr("logging.Logger.info", lambda _, text, *values: said.append(text % values))
    for steps in ("1", "2"):
        train.main([str(folder), str(tmp_path), "--steps", steps, "--tokens", "128", "--threads=1"])
    assert "spans.weight" in load_file(tmp_path / "averaged.safetensors")
    assert any(line.startswith("data: squad2-train: ") for line in said)
    measured = [line[5:16].strip() for line in said if line.startswith("step")]
    assert measured == ["0, averaged", "1, averaged", "1, current:", "2, averaged", "2, current:"]
    assert "at step 1" in next(line for line in said if line.startswith("ready") and "step 1" in line)
