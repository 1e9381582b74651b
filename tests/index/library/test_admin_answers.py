"""What admins have answered: an article written from the database, undone as others are, without names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import (
    EveryonesArticleError,
    LibraryError,
    SelfCheckError,
    SnapshotDamagedError,
    SnapshotError,
)
from index.model.answers import WrittenAnswer
from index.model.article import Article
from index.model.library import Action
from index.model.source import ANSWERS
from index.search.leads import Leads
from index.search.passages import chunk
from index.sources.answers import AnswerLabels, answer_keys, answers_source
from index.sources.extract.answers import answers
from index.sources.extract.blocks import clean
from index.sources.limits import Limits
from index.storage.answer_book import AnswerBook
from index.storage.transactions import Transactions
from tests.fakes import ARTICLE, BRIDGE, HeldLibrary, source_of
from tests.index.fakes import word_spans

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_read_here")]

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
LABELS = AnswerLabels(title=lambda _: "Answered", heading=lambda one: f"By {one.name or 'an admin'}, 2026:")


def answer(key: int, question: str, text: str, **values: object) -> WrittenAnswer:
    one = WrittenAnswer(
        key=key,
        server="7",
        question=question,
        answer=text,
        person="5",
        name="Ada",
        language="en-US",
        answered_at=NOON + timedelta(minutes=key),
    )
    return replace(one, **values)  # type: ignore[arg-type]


@pytest.fixture
def library() -> HeldLibrary:
    return HeldLibrary()


@pytest.fixture
def own(library: HeldLibrary) -> HeldLibrary:
    return library.branch("7")


def add(own: HeldLibrary, one: WrittenAnswer) -> bool:
    return own.admin_answers.add(one, LABELS, who="ada (5)", lease="", on_progress=lambda _: None)[1]


def text(own: HeldLibrary) -> str:
    article = own.admin_answers.article
    return own.article(article).text if article else ""


def keys(library: HeldLibrary) -> list[int]:
    return [one.key for one in library.ledger.answers.answers("7")]


def test_it_is_an_article_of_the_server_that_is_not_put_in_use(
    library: HeldLibrary, own: HeldLibrary
) -> None:
    assert (own.admin_answers.article, own.admin_answers.has("Where?")) == (None, False)
    assert add(own, answer(1, "where is it", "There.\n\nOr there."))
    assert not add(own, answer(2, "When is it?", "At noon."))
    assert text(own) == (
        "By Ada, 2026:\n\nwhere is it?\n\nThere.\n\nOr there.\n\nBy Ada, 2026:\n\nWhen is it?\n\nAt noon."
    )
    assert (own.in_use(), own.admin_answers.article) == (ARTICLE.id, "answered")
    assert own.admin_answers.has("WHERE is it?!")
    assert [change.action for change in own.history()] == [Action.REINDEXED, Action.ADDED]
    assert library.branch("8").admin_answers.article is None
    own.give(BRIDGE)
    assert own.in_use() == ARTICLE.id


def test_an_id_that_is_taken_is_not_taken_again(own: HeldLibrary) -> None:
    own.give(replace(BRIDGE, id="answered"))
    add(own, answer(1, "Where?", "There."))
    assert own.admin_answers.article == "answered-2"


def test_what_is_undone_is_gone_and_does_not_come_again(library: HeldLibrary, own: HeldLibrary) -> None:
    for key in (1, 2, 3):
        add(own, answer(key, f"Question {key}?", f"Answer {key}."))
    assert own.admin_answers.has("Question 3?")
    own.undo("answered", who="")
    assert "Answer 3" not in text(own)
    assert [own.admin_answers.has(f"Question {key}?") for key in (1, 2, 3)] == [True, True, False]
    add(own, answer(4, "Question 4?", "Answer 4."))
    assert [line for line in text(own).split("\n\n") if line.startswith("Answer")] == [
        "Answer 1.",
        "Answer 2.",
        "Answer 4.",
    ]
    assert keys(library) == [1, 2, 4]
    own.remove("answered", who="")
    assert not own.admin_answers.has("Question 1?")


def test_what_fails_leaves_nothing_and_the_same_answer_twice_changes_nothing(
    library: HeldLibrary, own: HeldLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(own, answer(1, "Where?", "There."))
    before = text(own)

    def fail(*_: object, **__: object) -> None:
        raise SnapshotError("It is full.")

    with monkeypatch.context() as patch:
        patch.setattr("index.storage.snapshots.SnapshotFolder.publish", fail)
        for key in (1, 2):
            with pytest.raises(SnapshotError):
                add(own, answer(key, "When?", "At noon.") if key == 2 else answer(3, "Who?", "She."))
    assert (text(own), keys(library)) == (before, [1])
    report, _ = own.admin_answers.add(
        answer(1, "Where?", "There."), LABELS, who="", lease="", on_progress=lambda _: None
    )
    assert (report.published, keys(library)) == (False, [1])


def test_it_has_a_bound(own: HeldLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.library.admin_answers.MOST_ANSWERS", 1)
    add(own, answer(1, "Where?", "There."))
    with pytest.raises(LibraryError, match="has 1 answers"):
        add(own, answer(2, "When?", "At noon."))


def test_of_who_wants_nothing_kept_no_name_is_entered(library: HeldLibrary, own: HeldLibrary) -> None:
    library.ledger.opt_out("5")
    add(own, answer(1, "Where?", "There."))
    assert text(own).startswith("By an admin, 2026:")
    assert library.ledger.person("5").answers == ()


def test_a_name_goes_out_of_all_versions(library: HeldLibrary, own: HeldLibrary) -> None:
    add(own, answer(1, "Where?", "There.", person="6", name="Ben"))
    add(own, answer(2, "When?", "At noon."))
    library.ledger.delete_person("5")
    assert library.ledger.answers.stale() == {"7": (2,)}
    own.admin_answers.renew(LABELS)
    assert text(own) == "By Ben, 2026:\n\nWhere?\n\nThere.\n\nBy an admin, 2026:\n\nWhen?\n\nAt noon."
    assert library.ledger.answers.stale() == {}
    folder = own._articles.folder
    assert len(folder.of("answered").names()) == 1
    assert not [path for path in folder.path.rglob("*") if path.is_file() and b"Ada" in path.read_bytes()]
    own.admin_answers.renew(LABELS)
    assert len(folder.of("answered").names()) == 1


def test_a_source_that_cannot_be_read_any_more_loses_no_answer(own: HeldLibrary) -> None:
    add(own, answer(1, "Where?", "There."))
    folder = own._articles.folder.of("answered")
    (folder.folder / folder.names()[0] / "source").write_bytes(b"[]")
    add(own, answer(2, "When?", "At noon."))
    assert "There." in text(own)
    assert "At noon." in text(own)


def test_what_cannot_be_read_just_now_is_not_taken_for_gone(
    library: HeldLibrary, own: HeldLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(own, answer(1, "Where?", "There."))
    library.ledger.delete_person("5")

    def fail(*_: object) -> None:
        raise SnapshotDamagedError("It cannot be read.") from OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("index.storage.snapshots.read_manifest", fail)
        own._articles.folder._manifests.clear()
        assert own.admin_answers.article is None
        with pytest.raises(SnapshotDamagedError):
            own.admin_answers.renew(LABELS)
        with pytest.raises(SnapshotDamagedError):
            add(own, answer(2, "When?", "At noon."))
    assert (keys(library), library.ledger.answers.stale()) == ([1], {"7": (1,)})
    add(own, answer(2, "When?", "At noon."))
    assert "There." in text(own)


def test_it_has_no_other_source(own: HeldLibrary) -> None:
    add(own, answer(1, "Where?", "There."))
    with pytest.raises(LibraryError, match="“answered” is made of what admins have answered"):
        own.reindex("answered", who="", source=source_of(BRIDGE))
    own.reindex("answered", who="", force=True)
    assert "There." in text(own)


def test_without_any_answer_left_there_is_nothing_to_write(library: HeldLibrary, own: HeldLibrary) -> None:
    add(own, answer(1, "Where?", "There.", person=None, name=""))
    library.ledger.answers.strike_out("7", [1])
    own.admin_answers.renew(LABELS)
    assert "There." in text(own)


def test_what_it_is_written_from_is_read_while_nobody_else_can_change_it(
    library: HeldLibrary, own: HeldLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, were_free = AnswerBook.answers, list[bool]()

    def read(book: AnswerBook, server: str) -> tuple[WrittenAnswer, ...]:
        with Transactions(own._articles.folder).if_free() as is_free:
            were_free.append(is_free)
        return answers(book, server)

    with monkeypatch.context() as patch:
        patch.setattr(AnswerBook, "answers", read)
        add(own, answer(1, "Where?", "There."))
        library.ledger.delete_person("5")
        own.admin_answers.renew(LABELS)
    assert set(were_free) == {False}
    with Transactions(own._articles.folder).if_free() as is_free:
        assert is_free


def test_an_own_question_is_kept_with_the_others_and_of_own_articles_alone(own: HeldLibrary) -> None:
    own.give(BRIDGE)
    answers = own.admin_answers
    for _ in range(2):
        answers.add_own_question("bridge", "Who crosses?", ["Cattle cross it"], who="")
    answers.add_own_question("bridge", "How many arches?", ["seven arches"], who="")
    folder = own._articles.folder.of("bridge")
    source = folder.source(folder.names()[0])
    assert source
    assert source.questions
    assert source.questions.decode().split("\n") == [
        '{"question": "Who crosses?", "evidence": ["Cattle cross it"]}',
        '{"question": "How many arches?", "evidence": ["seven arches"]}',
    ]
    with pytest.raises(SelfCheckError):
        answers.add_own_question("bridge", "How many arches of it?", ["Carl Dorn"], who="")
    with pytest.raises(EveryonesArticleError):
        answers.add_own_question(ARTICLE.id, "Where?", ["There"], who="")


def test_likely_passages_are_ranked_as_a_question_ranks_them(own: HeldLibrary) -> None:
    passages = own.admin_answers.likely(ARTICLE.id, "Is the lighthouse closed?", 2)
    assert len(passages) == 2
    assert passages[0].of(own.article(ARTICLE.id).text) == "The lighthouse is closed to visitors."


WORDS = st.text(max_size=60).map(lambda text: f"a{text}")


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=3))
def test_whatever_is_written_stands_in_the_article_as_it_is_and_no_heading_is_cited(
    entries: list[tuple[str, str, str]],
) -> None:
    written = [
        answer(key, f"{clean(question).rstrip()}?", text, name=name, source="A")
        for key, (question, text, name) in enumerate(entries)
    ]
    source = answers_source(written, LABELS)
    assert source.origin == ANSWERS
    assert answer_keys(source) == set(range(len(written)))
    article: Article = answers(source.content, Limits())
    lines = [
        clean(line)
        for one in written
        for line in (LABELS.heading(one), one.question, *one.answer.splitlines())
        if clean(line)
    ]
    assert article.text == "\n\n".join(lines)
    assert [heading.level for heading in article.headings] == [1, 2] * len(written)
    leads = Leads(article, passages := chunk(article, word_spans, 60))
    headings = {heading.start for heading in article.headings}
    assert passages
    if any(sentence.start not in headings for sentence in leads.citable):
        assert not any(sentence.start in headings for sentence in leads.citable)


def test_a_question_looks_nothing_up_while_nothing_is_changed(
    own: HeldLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(own, answer(1, "Who feeds the cat?", "The keeper does."))
    assert own.admin_answers.has("who feeds THE cat")
    database = own.admin_answers._book._database
    with monkeypatch.context() as patch:
        patch.setattr(database, "reading", None)
        assert own.admin_answers.has("Who feeds the cat?")
        assert not own.admin_answers.has("Who feeds the dog?")
        assert own.admin_answers.article is not None
    add(own, answer(2, "Who feeds the dog?", "Nobody does."))
    assert own.admin_answers.has("Who feeds the dog?")
    own.undo(str(own.admin_answers.article), who="")
    assert not own.admin_answers.has("Who feeds the dog?")
    assert own.admin_answers.has("Who feeds the cat?")
