"""The command line: what it prints where, its exit codes, and that nothing makes it show a traceback."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any
from unittest.mock import Mock

import aiohttp
import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner
from typer.testing import Result as Ran

from bot.cli import app as cli
from bot.cli.doctor import plausible
from bot.cli.show import MAY_SAY, answer_json, answer_text
from bot.cli.terminal import printable
from bot.settings import Settings
from index import (
    Action,
    Answer,
    ArticleError,
    ArticleFact,
    ArticleTopic,
    ClaimAccuracy,
    ClaimMetrics,
    ConversationMetrics,
    DataFolderError,
    EmbeddingModelError,
    EvidenceError,
    ExpiredItem,
    ExpiredKind,
    FootnoteError,
    LibraryUse,
    Limits,
    Metrics,
    Mode,
    Origin,
    Outcome,
    Progress,
    ReindexReport,
    Result,
    SecondTurns,
    SelfCheckError,
    SnapshotError,
    Source,
    SourceKind,
    Stage,
    Status,
    UnloadableModelError,
    UnloadableRerankerError,
    upload,
)
from tests.bot.advice import advice_of_cli, settings
from tests.bot.claims import (
    BUILT_EARLY,
    BUILT_IN_1850,
    BUILT_IN_1901,
    BUILT_LATELY,
    IS_YELLOW,
    reads_claims,
)
from tests.fakes import ARTICLE, BRIDGE, TWO_SOURCES, HeldLibrary
from tests.index.documents import epub

ROOT = Path(__file__).parents[3]
COMMANDS = [
    "demo",
    "run",
    "worker",
    "ask",
    "check",
    "chat",
    "reindex",
    "show",
    "eval",
    "calibrate",
    "doctor",
    "insights",
    "backup",
    "restore",
    "library",
]
LIBRARY_COMMANDS = ["add", "list", "remove", "use", "undo", "history", "prune"]
WITH_FAKE = (
    "from bot.cli import app, process; from tests.fakes import HeldLibrary;"
    "process.open_library = lambda _: HeldLibrary(); app.main()"
)
BUILT = """\
The harbour of Elms was built in 1901. [1]
“We never turn a ship away,” said Ada Berg, the harbour master. [2]

[1] paragraph 1, characters 0 to 38
[2] paragraph 2, characters 78 to 141, said by Ada Berg
"""
NOTHING = """\
The article does not say.

The closest passage, which does not answer it:
    paragraph 1, characters 0 to 38
    The harbour of Elms was built in 1901.
"""
JUDGED = "answers are judged by how well a sentence matches, and claims cannot be checked."
SO = """\
The article says so.

The harbour of Elms was built in 1901. [1]

[1] paragraph 1, characters 0 to 38
"""
UNRELATED = "Bake sourdough bread?"
EXAMPLE = """\
The harbour of Elms was built in 1901. Forty ships anchor there every summer. [1]

[1] paragraph 1, characters 0 to 77
"""


class BuildingLibrary(HeldLibrary):
    """A library that has to build its index first."""

    def load(self, on_progress: Callable[[Progress], None] | None = None) -> tuple[str, ...]:
        assert on_progress
        for stage in Stage:
            on_progress(Progress(stage, 0, 2))
            on_progress(Progress(stage, 2, 2))
        return ("The index was damaged: rebuilt.",)


FOUND = Metrics(
    file="questions.json",
    mode=Mode.ARTICLE,
    questions=1709,
    citation_at_1=0.8364,
    citation_at_3=0.95,
    answer_recall=0.9,
    mean_quoted_chars=237.79,
    passage_recall_at_1=0.97,
    passage_mrr=0.9833,
    not_answered_when_impossible=None,
    false_refusals=0.0,
    answered=0.88,
    short_count=1200,
    short_given=0.95,
    short_exact_match=0.7021,
    short_f1=0.8042,
    answered_count=1410,
    answered_precision=0.9106,
    uncertain_count=0,
    uncertain_precision=None,
    answerability_auc=0.8415,
    refused_at_2=0.25,
    refused_at_5=0.4,
    refused_at_10=0.6,
    byte_exact=1.0,
    latency_ms={"p50": 16.35, "p95": 21.0, "bare_encode_p50": 12.04},
    outcomes=(
        Outcome(0.9, is_right=True, is_answerable=True, status=Status.ANSWERED),
        Outcome(0.4, is_right=False, is_answerable=True, status=Status.UNCERTAIN),
        Outcome(0.1, is_right=False, is_answerable=False, status=Status.NOT_IN_ARTICLE),
    ),
)
RULES = replace(FOUND, citation_at_1=0.8)
PLAIN = replace(
    FOUND,
    citation_at_1=0.7,
    answer_recall=None,
    mean_quoted_chars=None,
    false_refusals=None,
    answered=None,
    short_count=0,
    short_given=None,
    short_exact_match=None,
    short_f1=None,
    answered_count=0,
    answered_precision=None,
    answerability_auc=None,
    refused_at_2=None,
    refused_at_5=None,
    refused_at_10=None,
    byte_exact=None,
    outcomes=(),
    latency_ms={"p50": 13.0, "p95": 15.0, "bare_encode_p50": 12.0},
)
MEASURED = """\
questions.json: 1,709 questions
each question asked of its own article

                                                                         Footnote     plain
The first citation holds the answer                                         83.6%     70.0%
One of the first three citations holds the answer                           95.0%     95.0%
The first passage is the one with the answer                                97.0%     97.0%
1 / place of the passage with the answer, on average                        0.983     0.983
The answer given quotes the answer                                          90.0%         –
Characters quoted in an answer, on average                                    238         –
A short answer is given, where the file has one                    95.0% of 1,200         –
… and is the file's, word for word                                          70.2%         –
Words that it shares with the file's, on average (F1)                       0.804         –
Answered without reserve, where the article answers                         88.0%         –
Refused, though the article answers                                          0.0%         –
Refused or marked uncertain, where the article does not answer                  –         –
Right, of all that was answered without reserve                    91.1% of 1,410         –
Right, of all that was marked uncertain                                         –         –
Surer of a question that the article answers than of another                0.842         –
Could be refused rightly, with 2 in 100 refused wrongly                     25.0%         –
… with 5 in 100                                                             40.0%         –
… with 10 in 100                                                            60.0%         –
Quotes that are the article's text, byte for byte                          100.0%         –
Time for a question: half take at most                                    16.4 ms   13.0 ms
Time for a question: 95 of 100 take at most                               21.0 ms   15.0 ms
Time for the model alone to encode a question: half take at most          12.0 ms   12.0 ms
"""


CONVERSED = ConversationMetrics(
    file="",
    conversations=71,
    all=SecondTurns(57, 0.9123, 0.7018),
    follow_ups=SecondTurns(42, 0.9048, 0.6429),
    new_subjects=SecondTurns(15, 0.9333, 0.8667),
    held_out=SecondTurns(0, None, None),
    not_answered_when_impossible=0.8571,
    byte_exact=1,
)
CHECKED = ClaimMetrics(
    file="",
    claims=16,
    accuracy=0.75,
    statements=ClaimAccuracy(9, 0.7778),
    questions=ClaimAccuracy(7, 0.7143),
    yes=ClaimAccuracy(5, 0.8),
    no=ClaimAccuracy(6, 0.6667),
    unknown=ClaimAccuracy(5, 0.8),
    without_verdict=1,
    certain_count=4,
    certain_precision=1.0,
    rightly_cited=0.875,
    byte_exact=1.0,
)
CHECKED_TEXT = """\
elms.claims.jsonl: 16 claims, 7 of them questions
each claim checked, each question asked

Judged rightly                                                                      75.0%
… of the claims                                                                77.8% of 9
… of the questions for yes or no                                               71.4% of 7
… where the article says so                                                    80.0% of 5
… where it says otherwise                                                      66.7% of 6
… where it does not say                                                        80.0% of 5
Right, of all that was judged so or otherwise without reserve                 100.0% of 4
The first citation is the evidence, of those rightly judged so or otherwise         87.5%
Quotes that are the article's text, byte for byte                                  100.0%
Questions answered with neither yes nor no                                              1
"""
CONVERSED_TEXT = """\
two.jsonl: 71 conversations
each second turn asked after the first, and by itself

The first citation holds the answer         questions   after the first turn   alone
All second turns that the article answers          57                  91.2%   70.2%
… that ask on                                      42                  90.5%   64.3%
… that change the subject                          15                  93.3%   86.7%
… that were held out                                0                      –       –

Refused or marked uncertain, where the article does not answer   85.7%
Quotes that are the article's text, byte for byte                100.0%
"""


def measured(
    file: Path,
    article: object,
    embedder: object,
    reranker: object,
    *reading: object,
    mode: Mode = Mode.ARTICLE,
    plain: bool = False,
    on_question: Callable[[int, int], None] = lambda *_: None,
) -> Metrics:
    """What was measured before, with what reads (here: nothing) and without."""
    del article, embedder, reranker
    for done in (1, 2):
        on_question(done, 2)
    return replace(PLAIN if plain else FOUND if reading else RULES, file=file.name, mode=mode)


def conversed(
    file: Path, *_: object, on_question: Callable[[int, int], None] = lambda *_: None
) -> ConversationMetrics:
    """The same of conversations."""
    on_question(1, 71)
    return replace(CONVERSED, file=file.name)


def claims_checked(
    file: Path, *_: object, on_question: Callable[[int, int], None] = lambda *_: None
) -> ClaimMetrics:
    """The same of claims."""
    on_question(1, 16)
    return replace(CHECKED, file=file.name)


Invoke = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, library: HeldLibrary) -> Invoke:
    def invoke(*args: str, input: str | None = None, uses: HeldLibrary = library) -> Ran:  # noqa: A002
        monkeypatch.setattr("bot.cli.process.open_library", lambda _: uses)
        monkeypatch.setattr("bot.cli.measure.measure", measured)
        monkeypatch.setattr("bot.cli.measure.measure_conversations", conversed)
        monkeypatch.setattr("bot.cli.measure.measure_claims", claims_checked)
        return CliRunner().invoke(cli.app, args, input=input, prog_name="footnote")

    return invoke


class Child(subprocess.Popen[bytes]):
    """A process that does not outlive what fails while it runs: it would be waited for, for ever."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)


def process(*args: str | bytes, env: Mapping[str, str] | None = None, code: str = WITH_FAKE) -> Child:
    return Child(
        [sys.executable, "-c", code, *args],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # What a shell starts in the background ignores Ctrl-C; a test run from there must not pass that on.
        preexec_fn=None if os.name == "nt" else heed_ctrl_c,
    )


def heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def finished(*args: str | bytes, env: Mapping[str, str] | None = None) -> tuple[int, bytes, bytes]:
    with process(*args, env=env) as running:
        out, err = running.communicate(timeout=60)
    return running.returncode, out, err


def commands_in(result: Ran) -> list[str]:
    return re.findall(r"^│ (\w+) {2,}\w", result.stdout, re.MULTILINE)


def outcome(result: Ran) -> tuple[int, str, str]:
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    "command", [[], *([name] for name in COMMANDS), *(["library", name] for name in LIBRARY_COMMANDS)]
)
def test_help_explains_every_command(run: Invoke, command: Sequence[str]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(" ") or "Usage: footnote" in result.stdout
    if not command:
        assert commands_in(result) == COMMANDS
        assert "Exit codes: 0 done; 1 it could not be done" in result.stdout


def test_the_commands_of_the_library_are_listed(run: Invoke) -> None:
    assert commands_in(run("library", "--help")) == LIBRARY_COMMANDS


def test_ask_prints_the_answer_with_its_footnotes_and_nothing_else(run: Invoke) -> None:
    assert outcome(run("ask", TWO_SOURCES)) == (0, BUILT, "")


def test_ask_says_that_the_article_does_not_say_and_what_comes_closest(run: Invoke) -> None:
    assert outcome(run("ask", "Why?")) == (0, NOTHING, "")


def test_ask_marks_an_uncertain_answer_and_a_corrected_word(run: Invoke, library: HeldLibrary) -> None:
    class Slips(HeldLibrary):
        def ask(self, question: str, **options: Any) -> Result:
            found = library.ask(question, **options)
            return replace(found, answer=replace(found.answer, read_as=(("lighthuose", "lighthouse"),)))

    assert run("ask", "Elms said?", uses=Slips()).stdout.splitlines()[:4] == [
        "Read “lighthuose” as “lighthouse”.",
        "Uncertain. The article may not answer this. The closest it says:",
        "",
        "The harbour of Elms was built in 1901. [1]",
    ]


def test_ask_shows_the_short_answer_first_and_sets_it_off_in_its_sentence(run: Invoke) -> None:
    reading = HeldLibrary(reading=reads_claims())
    assert outcome(run("ask", "When was the harbour of Elms built?", uses=reading)) == (
        0,
        "1901\n\nThe harbour of Elms was built in 1901. [1]\n\n[1] paragraph 1, characters 0 to 38\n",
        "",
    )
    answer = reading.ask("When was the harbour of Elms built?").answer
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", highlight=False)
    console.print(answer_text(answer))
    assert isinstance(console.file, io.StringIO)
    lead, _, sentence, *_ = console.file.getvalue().splitlines()
    assert lead == "\x1b[1;32m1901\x1b[0m"
    assert sentence.startswith("The harbour of Elms was built in \x1b[1m1901\x1b[0m.")
    said = replace(answer.citations[0], before="Ada Berg: “", after="”")
    console.file = io.StringIO()
    console.print(answer_text(replace(answer, citations=(said,))))
    shown = console.file.getvalue().splitlines()[2]
    assert shown.startswith("Ada Berg: “The harbour of Elms was built in \x1b[1m1901\x1b[0m.”")


@pytest.mark.parametrize(("year", "lead"), [("1901", "Yes."), ("1850", "No.")])
def test_ask_answers_yes_or_no_first(run: Invoke, year: str, lead: str) -> None:
    result = run("ask", f"Was the harbour of Elms built in {year}?", uses=HeldLibrary(reading=reads_claims()))
    assert result.stdout.splitlines()[:2] == [lead, ""]


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (BUILT_IN_1901, SO),
        (BUILT_IN_1850, SO.replace("says so.", "says otherwise.")),
        (BUILT_EARLY, SO.replace("The article says so.", f"Uncertain. {MAY_SAY}")),
        (BUILT_LATELY, SO.replace("The article says so.", f"Uncertain. {MAY_SAY}")),
        (IS_YELLOW, NOTHING.replace("does not answer it", "does not say it")),
    ],
)
def test_check_says_what_the_article_says_to_a_claim(run: Invoke, claim: str, said: str) -> None:
    assert outcome(run("check", claim, uses=HeldLibrary(reading=reads_claims()))) == (0, said, "")


def test_check_json_is_one_object(run: Invoke) -> None:
    library = HeldLibrary(reading=reads_claims())
    code, out, err = outcome(run("check", BUILT_IN_1850, "--json", "--article", "harbour", uses=library))
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["claim"], found["verdict"], found["status"]) == (
        BUILT_IN_1850,
        "says_otherwise",
        "answered",
    )
    assert (found["short"], found["probability"]) == (None, 0.9)
    assert [citation["quote"] for citation in found["citations"]] == [BUILT_IN_1901]
    assert "question" not in found
    uncertain = json.loads(run("check", BUILT_LATELY, "--json", uses=library).stdout)
    assert uncertain["answer"] == f"{MAY_SAY} {BUILT_IN_1901}"
    assert [call.article for call in library.calls] == ["harbour", None]


def test_check_says_why_a_claim_cannot_be_checked(run: Invoke) -> None:
    assert outcome(run("check", BUILT_IN_1901)) == (
        1,
        "",
        "Error: Claims cannot be checked against this article: nothing here reads its language. Ask a "
        "question about it instead.\n",
    )
    code, _, err = outcome(run("check", BUILT_IN_1901, "--article", "all"))
    assert (code, err.splitlines()[0]) == (
        1,
        "Error: No article “all” is here. The list of articles says which ones are.",
    )


def test_ask_json_is_one_object(run: Invoke, library: HeldLibrary) -> None:
    code, out, err = outcome(run("ask", TWO_SOURCES, "--json"))
    assert (code, err) == (0, "")
    found = json.loads(out)
    first, second = library.ask(TWO_SOURCES).answer.in_article_order
    assert found.pop("timings_ms").keys() == {"rank", "read", "compose", "total"}
    assert found == {
        "question": TWO_SOURCES,
        "status": "answered",
        "answer": "The harbour of Elms was built in 1901. “We never turn a ship away,” said Ada Berg, "
        "the harbour master.",
        "citations": [
            {
                "number": 1,
                "quote": "The harbour of Elms was built in 1901.",
                "start": 0,
                "end": 38,
                "paragraph": 1,
                "passage_id": "p1",
                "speaker": None,
                "score": first.score,
            },
            {
                "number": 2,
                "quote": "“We never turn a ship away,” said Ada Berg, the harbour master.",
                "start": 78,
                "end": 141,
                "paragraph": 2,
                "passage_id": "p2",
                "speaker": "Ada Berg",
                "score": second.score,
            },
        ],
        "closest": [],
        "read_as": [],
        "short": None,
        "verdict": None,
        "probability": None,
        "about": None,
        "article": {"id": "harbour", "title": "The harbour of *Elms*"},
    }
    article = json.loads(run("show", "--json").stdout)
    assert all(article["text"][c["start"] : c["end"]] == c["quote"] for c in found["citations"])


def test_ask_leaves_out_what_is_no_part_of_the_question(run: Invoke, library: HeldLibrary) -> None:
    greeted = f"Hi Footnote, <@123> {TWO_SOURCES} Thanks, Ida <:wave:1>"
    assert outcome(run("ask", greeted)) == (0, BUILT, "")
    assert library.calls[-1].question == TWO_SOURCES
    assert json.loads(run("ask", greeted, "--json").stdout)["question"] == greeted


def test_a_greeting_gets_a_friendly_word_and_examples(run: Invoke, library: HeldLibrary) -> None:
    title = library.article().title
    examples = [f"  {question}" for question in library.article().questions[:5]]
    assert run("ask", "hello!").stdout.splitlines() == [
        f"Hello! Ask me about “{title}”, and I answer in its own words.",
        *(["", "For example:", *examples] if examples else []),
    ]
    found = json.loads(run("ask", "what can you do?", "--json").stdout)
    assert (found["status"], found["talk"], found["citations"], found["closest"]) == (
        "not_in_article", "abilities", [], [],
    )  # fmt: skip
    assert library.calls == []


def test_a_fact_of_the_article_is_told_without_a_quote(run: Invoke, library: HeldLibrary) -> None:
    class Facts(HeldLibrary):
        def ask(self, question: str, **options: Any) -> Result:
            found = library.ask(question, **options)
            fact = ArticleFact(ArticleTopic.LENGTH, "4600")
            answer = replace(found.answer, status=Status.ANSWERED, citations=(), closest=(), short=None)
            return replace(found, answer=replace(answer, verdict=None, about=fact.topic, fact=fact))

    told = "Length: 4,600 words, which take about 20 min to read"
    assert outcome(run("ask", "How long is this article?", uses=Facts())) == (0, f"{told}\n", "")
    found = json.loads(run("ask", "How long is this article?", "--json", uses=Facts()).stdout)
    assert (found["answer"], found["about"], found["citations"]) == (told, "length", [])


def test_building_and_healing_are_told_on_standard_error_only(run: Invoke) -> None:
    code, out, err = outcome(run("ask", "Why?", uses=BuildingLibrary()))
    assert (code, out) == (0, NOTHING)
    assert err.splitlines() == [
        "Index: reading the article",
        "Index: cutting it into passages",
        "Index: embedding the passages",
        "Index: fitting the confidence thresholds",
        "Index: asking its questions",
        "Index: saving the index",
        "The index was damaged: rebuilt.",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_json_is_utf_8_whatever_the_terminal_and_the_question_are(encoding: str) -> None:
    code, out, err = finished("ask", "--json", b"\xff Ada Berg", env={"PYTHONIOENCODING": encoding})
    assert (code, err) == (0, b"")
    found = json.loads(out.decode())
    assert found["question"] == "? Ada Berg"
    assert found["citations"][0]["quote"] == (
        "“We never turn a ship away,” said Ada Berg, the harbour master. She has held the post for ten years."
    )


@pytest.mark.slow
def test_text_shows_what_the_terminal_cannot_encode_as_a_question_mark() -> None:
    code, out, err = finished("ask", TWO_SOURCES, env={"PYTHONIOENCODING": "ascii"})
    assert (code, err) == (0, b"")
    assert out.decode("ascii").splitlines()[1] == (
        "?We never turn a ship away,? said Ada Berg, the harbour master. [2]"
    )


@pytest.mark.slow
@pytest.mark.parametrize("args", [["“ask”"], ["ask", "--“json”"]])
def test_a_wrong_command_line_is_exit_code_2_in_any_encoding(args: list[str]) -> None:
    code, out, err = finished(*args, env={"PYTHONIOENCODING": "ascii"})
    assert (code, out) == (2, b"")
    assert err.startswith(b"Usage: footnote ")
    assert b"Traceback" not in err


def test_show_prints_the_article_as_it_is_indexed(run: Invoke) -> None:
    one, two, three = ARTICLE.text.splitlines()
    assert outcome(run("show")) == (
        0,
        "The harbour of *Elms*\n"
        "source     unknown\n"
        "published  unknown\n"
        "language   en\n"
        "indexed    3 passages, 2026-05-04T12:00:00+00:00\n"
        f"model      bag of words, SHA-256 {'0' * 64}\n"
        "\n"
        f"1    {one}\n2    {two}\n3    {three}\n",
        "",
    )


def test_show_says_that_a_title_is_only_a_label(run: Invoke) -> None:
    labelled = HeldLibrary(replace(ARTICLE, title_is_label=True, source="https://[x](y)"))
    lines = run("show", uses=labelled).stdout.splitlines()
    assert lines[:2] == [
        "The harbour of *Elms* (a label: the article has no title of its own)",
        "source     https://[x](y)",
    ]


def test_show_says_that_a_language_is_a_guess_and_what_is_missing(run: Invoke, library: HeldLibrary) -> None:
    words = "Die Brücke über den Fluss wurde im März eröffnet, und der Bürgermeister war stolz darauf."
    library.add(upload("a.txt", words.encode()), who="ada", id="a")
    assert run("show", "a").stdout.splitlines()[3] == "language   de (told by its words)"
    spine = '<itemref idref="gone"/><itemref idref="c0"/>'
    parts = {
        "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        '<item id="gone" href="1.xhtml"/>'
        f'<item id="c0" href="c%200.xhtml"/></manifest><spine>{spine}</spine></package>'
    }
    library.add(upload("b.epub", epub([f"<p>{words}</p>"], more=parts)), who="ada", id="b")
    assert run("show", "b").stdout.splitlines()[4] == "missing    OEBPS/1.xhtml is not in the file"


def test_show_tells_what_an_article_only_claims_to_be_from(run: Invoke, library: HeldLibrary) -> None:
    page = (
        '<html><head><title>A dam</title><link rel="canonical" href="https://bbc.co.uk/1">'
        '<meta property="og:site_name" content="BBC \u202eNews"></head>'
        f"<body><article><p>{'The dam has a crack. ' * 20}</p></article></body></html>"
    )
    origin = Origin(SourceKind.WEB, "https://evil.example/1", "text/html; charset=utf-8")
    library.add(Source(origin, page.encode()), who="ada", id="dam")
    assert run("show", "dam").stdout.splitlines()[1:5] == [
        "source     https://evil.example/1",
        "site       evil.example",
        "claims     says it is from https://bbc.co.uk/1, unchecked",
        "claims     says it is from BBC News, unchecked",
    ]
    said = json.loads(run("show", "dam", "--json").stdout)
    assert {name: said[name] for name in ("source", "site", "claimed_source", "claimed_site")} == {
        "source": "https://evil.example/1",
        "site": "evil.example",
        "claimed_source": "https://bbc.co.uk/1",
        "claimed_site": "BBC News",
    }


def test_show_json_is_the_whole_article(run: Invoke) -> None:
    code, out, err = outcome(run("show", "--json"))
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "id": "harbour",
        "title": "The harbour of *Elms*",
        "source": None,
        "site": None,
        "claimed_source": None,
        "claimed_site": None,
        "language": "en",
        "language_is_guess": False,
        "missing": [],
        "text": ARTICLE.text,
        "paragraphs": [
            {"number": 1, "start": 0, "end": 77},
            {"number": 2, "start": 78, "end": 178},
            {"number": 3, "start": 179, "end": 216},
        ],
        "passages": [
            {"id": "p1", "paragraph": 1, "start": 0, "end": 78},
            {"id": "p2", "paragraph": 2, "start": 78, "end": 179},
            {"id": "p3", "paragraph": 3, "start": 179, "end": 216},
        ],
        "model": "bag of words",
        "indexed_at": "2026-05-04T12:00:00+00:00",
    }


def test_reindex_tells_its_stages_and_what_changed(run: Invoke, library: HeldLibrary) -> None:
    assert outcome(run("reindex")) == (
        0,
        "Indexed “The harbour of *Elms*” in 2.5 s: 3 passages (3 kept, 0 new, 0 removed).\n"
        "Nothing has changed, so the index from before goes on serving.\n",
        "Index: reading the article\n",
    )
    library.path.write_text(ARTICLE.text.replace("closed", "open"), encoding="utf-8")
    assert outcome(run("reindex")) == (
        0,
        "Indexed “The harbour of *Elms*” in 2.5 s: 3 passages (2 kept, 1 new, 1 removed).\n"
        "Example questions whose answer moved: 0 of 1.\n",
        "Index: reading the article\n"
        "Index: cutting it into passages\n"
        "Index: embedding the passages\n"
        "Index: asking its questions\n"
        "Index: saving the index\n",
    )


def test_reindex_takes_an_article_a_source_and_a_server(run: Invoke, library: HeldLibrary) -> None:
    path = Path("bridge.txt").resolve()
    path.write_text(BRIDGE.text, encoding="utf-8")
    server = library.branch("42")
    assert run("library", "add", "bridge.txt", "--id", "crossing", "--server", "42").exit_code == 0
    path.write_text(BRIDGE.text + "\nIt is closed in winter.", encoding="utf-8")
    code, out, _ = outcome(run("reindex", "crossing", "--from", "bridge.txt", "--server", "42"))
    assert (code, out) == (0, "Indexed “bridge” in 2.5 s: 3 passages (1 kept, 2 new, 1 removed).\n")
    assert server.article("crossing").text.endswith("It is closed in winter.")
    assert [change.action for change in server.history()] == [Action.REINDEXED, Action.ADDED]
    assert library.history() == ()


def test_ask_show_and_chat_take_an_article(run: Invoke) -> None:
    both = HeldLibrary(ARTICLE, BRIDGE)
    question = "How many arches has the bridge of Oaks?"
    arches = "The bridge of Oaks has seven arches. [1]"
    assert arches in run("ask", question, "--article", "bridge", uses=both).stdout
    assert run("show", "bridge", uses=both).stdout.startswith("The bridge of Oaks\n")
    assert arches in run("chat", "--article", "bridge", input=question, uses=both).stdout
    assert [(call.library, call.article) for call in both.calls] == [("", "bridge"), ("", "bridge")]


def test_all_articles_are_asked_and_the_one_that_answers_is_named(run: Invoke) -> None:
    both = HeldLibrary(ARTICLE, BRIDGE)
    lines = run("ask", "How many arches has the bridge?", "--article", "all", uses=both).stdout.splitlines()
    assert lines[0] == "The bridge of Oaks (bridge)"
    assert [call.article for call in both.calls] == ["*"]


def test_ask_names_what_is_not_there(run: Invoke) -> None:
    assert outcome(run("ask", "Why?", "--article", "canal")) == (
        1,
        "",
        "Error: No article “canal” is here. The list of articles says which ones are.\n",
    )


def test_chat_carries_what_was_asked_before(run: Invoke, library: HeldLibrary) -> None:
    run("chat", input=f"{TWO_SOURCES}\n{UNRELATED}\nWho is Ada Berg?\n")
    assert [[turn.question for turn in call.turns] for call in library.calls] == [
        [],
        [TWO_SOURCES],
        [TWO_SOURCES, UNRELATED],
    ]
    first, second = library.calls[2].turns
    assert [span.of(ARTICLE.text) for span in first.spans] == [
        "The harbour of Elms was built in 1901.",
        "“We never turn a ship away,” said Ada Berg, the harbour master.",
    ]
    assert second.spans == ()


def test_chat_of_all_articles_forgets_where_another_article_answers(run: Invoke) -> None:
    both = HeldLibrary(ARTICLE, BRIDGE)
    said = "How many arches has the bridge?\nWho is Ada Berg?\nWhat is the lighthouse?\n"
    run("chat", "--article", "all", input=said, uses=both)
    assert [[turn.question for turn in call.turns] for call in both.calls] == [
        [],
        ["How many arches has the bridge?"],
        ["Who is Ada Berg?"],
    ]


LISTED = """\
   id        title                   passages   indexed                  from
   bridge    The bridge of Oaks             2   2026-05-04 12:00+00:00   bridge.txt
*  harbour   The harbour of *Elms*          3   2026-05-04 12:00+00:00   {path} (the default)
"""


def test_library_list_marks_the_one_in_use(run: Invoke) -> None:
    both = HeldLibrary(ARTICLE, BRIDGE)
    code, out, err = outcome(run("library", "list", uses=both))
    assert (code, err) == (0, "")
    listed = LISTED.format(path=both.path).splitlines()
    assert [line.split() for line in out.splitlines()] == [line.split() for line in listed]


def test_library_list_json_is_one_list(run: Invoke, library: HeldLibrary) -> None:
    assert json.loads(run("library", "list", "--json", "--server", "42").stdout) == [
        {
            "id": "harbour",
            "title": "The harbour of *Elms*",
            "place": "harbour.txt",
            "passages": 3,
            "indexed_at": "2026-05-04T12:00:00+00:00",
            "snapshots": 1,
            "own": False,
            "in_use": True,
            "path": str(library.path),
        }
    ]
    assert "harbour.txt (the default)" in run("library", "list", "--server", "42").stdout
    assert library.history() == ()


def test_library_add_use_remove_and_undo_are_in_its_history(
    run: Invoke, library: HeldLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    added = "0 passages kept, 2 new, 0 removed"
    Path("oaks.md").write_text("# Bridge\n\nIt has seven arches.\n\nIt is old.", encoding="utf-8")
    Path("canal.txt").write_text("The canal is dry.", encoding="utf-8")
    assert run("library", "add", "canal.txt").stdout.endswith("It is the one in use, as canal.\n")
    assert run("library", "add", "oaks.md").stdout == (
        "Indexed “Bridge” in 2.5 s: 2 passages (0 kept, 2 new, 0 removed).\n"
        "Its id is bridge. `footnote library use bridge` puts it in use.\n"
    )
    assert outcome(run("library", "use", "bridge")) == (0, "In use: bridge.\n", "")
    assert library.in_use() == "bridge"
    assert run("library", "use", "harbour").exit_code == 0
    removed = "Removed bridge. `footnote library undo bridge` brings it back.\n"
    assert outcome(run("library", "remove", "bridge", "--yes")) == (0, removed, "")
    assert [entry.id for entry in library.entries()] == ["canal", "harbour"]
    back = "“Bridge” is back as it was indexed at 2026-05-04T12:00:00+00:00.\n"
    assert outcome(run("library", "undo", "bridge")) == (0, back, "")
    assert [line.split() for line in run("library", "history").stdout.splitlines()] == [
        ["2026-05-04", "12:00:00+00:00", "ada", "undone", "bridge", "brought", "back"],
        ["2026-05-04", "12:00:00+00:00", "ada", "removed", "bridge"],
        ["2026-05-04", "12:00:00+00:00", "ada", "used", "harbour"],
        ["2026-05-04", "12:00:00+00:00", "ada", "used", "bridge"],
        ["2026-05-04", "12:00:00+00:00", "ada", "added", "bridge", *added.split()],
        [
            "2026-05-04",
            "12:00:00+00:00",
            "ada",
            "added",
            "canal",
            *"0 passages kept, 1 new, 0 removed".split(),
        ],
    ]
    assert json.loads(run("library", "history", "--json").stdout)[-2] == {
        "when": "2026-05-04T12:00:00+00:00",
        "who": "ada",
        "action": "added",
        "article": "bridge",
        "detail": added,
    }


def test_the_first_article_of_a_server_is_in_use(run: Invoke, library: HeldLibrary) -> None:
    Path("oaks.txt").write_text(BRIDGE.text, encoding="utf-8")
    added = run("library", "add", "oaks.txt", "--id", "oaks", "--server", "42").stdout
    assert added.splitlines()[-1] == "It is the one in use, as oaks."
    assert (library.branch("42").in_use(), library.in_use()) == ("oaks", "harbour")


def test_the_history_of_a_new_library_is_empty(run: Invoke) -> None:
    assert outcome(run("library", "history")) == (0, "Nothing has been changed yet.\n", "")


def test_removing_asks_first(run: Invoke) -> None:
    both = HeldLibrary(ARTICLE, BRIDGE)
    declined = run("library", "remove", "bridge", input="n\n", uses=both)
    assert (declined.exit_code, declined.stderr) == (
        130,
        "Remove “The bridge of Oaks”? [y/N]:Error: Nothing was removed.\n",
    )
    assert len(both.entries()) == 2
    assert run("library", "remove", "bridge", input="y\n", uses=both).exit_code == 0
    assert len(both.entries()) == 1


def test_what_is_not_there_is_not_asked_about(run: Invoke) -> None:
    missing = (1, "", "Error: No article “canal” is here. The list of articles says which ones are.\n")
    assert outcome(run("library", "remove", "canal")) == missing
    assert outcome(run("library", "use", "canal")) == missing
    assert outcome(run("library", "undo", "canal")) == missing


def test_a_web_address_is_fetched_and_a_path_is_read(run: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[tuple[str, int]] = []

    def fetch(address: str, limits: Limits) -> Source:
        fetched.append((address, limits.max_redirects))
        return Source(Origin(SourceKind.WEB, address), b"The canal is dry.")

    monkeypatch.setattr("bot.cli.process.fetch", fetch)
    monkeypatch.setenv("FOOTNOTE_MAX_REDIRECTS", "2")
    assert run("library", "add", "https://example.org/canal", "--id", "canal").exit_code == 0
    assert run("library", "add", "file:///etc/passwd", "--id", "passwords").exit_code == 0
    assert fetched == [("https://example.org/canal", 2), ("file:///etc/passwd", 2)]


def test_questions_accompany_a_source(run: Invoke) -> None:
    class Reading(HeldLibrary):
        source: Source

        def add(self, source: Source, **options: Any) -> ReindexReport:
            self.source = source
            return super().add(source, **options)

    reading = Reading()
    Path("oaks.txt").write_text(BRIDGE.text, encoding="utf-8")
    Path("own.jsonl").write_bytes(b'{"question": "Why?", "evidence": []}')
    result = run("library", "add", "oaks.txt", "--id", "oaks", "--questions", "own.jsonl", uses=reading)
    assert result.exit_code == 0
    assert reading.source.questions == b'{"question": "Why?", "evidence": []}'
    assert outcome(run("reindex", "oaks", "--questions", "own.jsonl", uses=reading)) == (
        2,
        "",
        "Error: --questions goes with --from: a file of questions accompanies a source.\n",
    )
    missing = run("library", "add", "oaks.txt", "--questions", "gone.jsonl", uses=reading)
    assert outcome(missing)[::2] == (1, "Error: gone.jsonl: No such file or directory\n")


def test_a_failed_self_check_names_the_questions(run: Invoke, library: HeldLibrary) -> None:
    library.error = SelfCheckError("1 of 2 is right. Wrong: {wrong}", failed=("Who?",), wrong="Who\x1b?")
    code, out, err = outcome(run("reindex"))
    assert (code, out) == (1, "")
    assert err.splitlines()[-2:] == [
        "Error: 1 of 2 is right. Wrong: Who\ufffd?",
        "To put it in place all the same: --force",
    ]


def test_an_article_that_fails_its_self_check_is_put_in_place_with_force(
    run: Invoke, library: HeldLibrary
) -> None:
    Path("oaks.txt").write_text(BRIDGE.text, encoding="utf-8")
    wrong = '{"question": "Who crosses on Mondays?", "evidence": ["The bridge of Oaks has seven arches."]}'
    Path("own.jsonl").write_text(wrong, encoding="utf-8")
    command = ("library", "add", "oaks.txt", "--id", "oaks", "--questions", "own.jsonl")
    code, out, err = outcome(run(*command))
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == "To put it in place all the same: --force"
    assert [entry.id for entry in library.entries()] == ["harbour"]
    assert run(*command, "--force").exit_code == 0
    assert library.in_use() == "oaks"


LONG = """
import time
from bot.cli import app, process
from index import Progress, Stage
from tests.fakes import HeldLibrary

class Long(HeldLibrary):
    def reindex(self, *args, on_progress, **options):
        while True:
            on_progress(Progress(Stage.EMBED, 1, 2))
            time.sleep(0.02)

process.open_library = lambda _: Long()
app.main()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows delivers Ctrl-C to a console, not to a process")
def test_ctrl_c_calls_a_reindex_off() -> None:
    with process("reindex", code=LONG) as running:
        assert running.stderr
        assert running.stderr.readline() == b"Index: embedding the passages\n"
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (130, b"", b"Error: Called off: nothing was changed.\n")


def test_chat_goes_on_after_an_error_until_exit(run: Invoke) -> None:
    said = f"{TWO_SOURCES}\n\n{'x' * 4_001}\n{UNRELATED}\nexit\nnever asked\n"
    assert outcome(run("chat", input=said)) == (
        0,
        f"{BUILT}\n{NOTHING}\n",
        "The question has 4,001 characters; at most 4,000 can be read. Shorten it.\n",
    )


def test_chat_ends_with_its_input(run: Invoke) -> None:
    assert outcome(run("chat", input="Why?")) == (0, f"{NOTHING}\n", "")


def test_demo_without_its_page_asks_the_first_example(run: Invoke) -> None:
    assert outcome(run("demo", "--no-page")) == (0, f"When was the harbour built?\n{EXAMPLE}", "")


def test_run_without_a_token_says_how_to_get_one(run: Invoke) -> None:
    assert outcome(run("run")) == (
        2,
        "",
        "Error: DISCORD_TOKEN is not set, so there is no bot to log in as.\n"
        "  1. Open https://discord.com/developers/applications and create a New Application.\n"
        "  2. Bot: press Reset Token and copy the token. No privileged intent is needed.\n"
        "  3. OAuth2, URL Generator: tick the scopes bot and applications.commands, then the permissions\n"
        "     View Channels, Send Messages, Send Messages in Threads and Read Message History.\n"
        "     Open the link below them to invite the bot.\n"
        "  4. Write DISCORD_TOKEN=<the token> in a file .env in this folder.\n"
        "  5. Start `footnote run` again.\n"
        "To try Footnote without Discord: footnote demo\n",
    )


@pytest.mark.parametrize("token", ["refused", "tökén", "two\nlines"])
@pytest.mark.slow
def test_run_with_a_wrong_token_says_so(run: Invoke, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    async def refuse(_http: object, token: str) -> None:
        assert token == "refused"  # noqa: S105
        raise discord.LoginFailure

    monkeypatch.setenv("DISCORD_TOKEN", token)
    monkeypatch.setattr("discord.http.HTTPClient.static_login", refuse)
    assert outcome(run("run")) == (
        2,
        "",
        "Error: Discord does not accept DISCORD_TOKEN. A token is shown once and ends when a new one is "
        "made.\nMake a new one at https://discord.com/developers/applications: your application, Bot, "
        "Reset Token.\n",
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("Cannot connect to host discord.com:443"), "Cannot connect to host discord.com:443"),
        (aiohttp.ServerDisconnectedError(), "Server disconnected"),
        (TimeoutError(), "it did not answer in time"),
        (ConnectionResetError(), "ConnectionResetError"),
    ],
)
def test_run_without_a_network_says_what_to_do(
    run: Invoke, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    async def fail(_bot: object, _token: str) -> None:
        raise error

    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setattr("bot.client.FootnoteBot.start", fail)
    assert outcome(run("run")) == (
        1,
        "",
        f"Error: Discord cannot be reached: {reason}.\n"
        "Check this machine's connection to the internet, and whether a firewall or a proxy keeps it from "
        "discord.com.\nWhether Discord itself is down stands at https://discordstatus.com. Then start "
        "`footnote run` again.\n",
    )


def test_run_with_a_data_folder_that_cannot_be_written_names_it(
    run: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_bot: object, _token: str) -> None:
        raise PermissionError(13, "Permission denied", "/there")

    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setattr("bot.client.FootnoteBot.start", fail)
    assert outcome(run("run")) == (1, "", "Error: /there: Permission denied\n")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (FootnoteError("The [bold]article[/] is\x1b[2J gone."), "The [bold]article[/] is\ufffd[2J gone."),
        (PermissionError(13, "Permission denied", "/there"), "/there: Permission denied"),
        (OSError("No route to Discord"), "No route to Discord"),
        (discord.DiscordException("it is down"), "Discord: it is down"),
    ],
)
def test_an_expected_error_is_one_message_and_exit_code_1(
    run: Invoke, library: HeldLibrary, error: Exception, message: str
) -> None:
    library.error = error
    assert outcome(run("ask", "Why?")) == (1, "", f"Error: {message}\n")


def test_a_wrong_setting_is_named(run: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_SYNC_GUILD", "my server")
    assert outcome(run("ask", "Why?")) == (
        2,
        "",
        "Error: A setting is wrong.\n"
        "FOOTNOTE_SYNC_GUILD: Input should be a valid integer, unable to parse string as an integer\n",
    )


def test_a_settings_file_that_is_not_text_is_named(run: Invoke) -> None:
    Path(".env").write_bytes(b"DISCORD_TOKEN=\xff\xfe")
    assert outcome(run("ask", "Why?")) == (
        2,
        "",
        "Error: The file .env is not UTF-8 text. Save it as UTF-8.\n",
    )


@pytest.mark.slow
@pytest.mark.parametrize("args", [["--debug", "run"], ["run"]])
def test_debugging_shows_the_traceback_as_well(args: list[str]) -> None:
    debug = {} if "--debug" in args else {"FOOTNOTE_LOG_LEVEL": "debug"}
    code, out, err = finished(*args, env=debug)
    assert (code, out) == (2, b"")
    assert b"Traceback (most recent call last):" in err
    assert b"\nError: DISCORD_TOKEN is not set" in err


@pytest.mark.slow
def test_a_reader_who_goes_away_ends_it_quietly() -> None:
    with process("show") as running:
        assert running.stdout
        running.stdout.close()
        assert running.stderr
        assert (running.stderr.read(), running.wait(60)) == (b"", 130)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows delivers Ctrl-C to a console, not to a process")
def test_ctrl_c_ends_it_quietly() -> None:
    with process("chat") as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write(b"Why?\n")
        running.stdin.flush()
        assert running.stdout.readline() == b"The article does not say.\n"  # so it listens again by now
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert (running.returncode, err.strip()) == (130, b"")


def test_eval_prints_a_line_for_each_measure_with_the_baseline_beside_it(run: Invoke) -> None:
    assert outcome(run("eval", "folder/questions.json", "--compare", "plain")) == (
        0,
        MEASURED,
        "Asking Footnote: 2 questions\nAsking the plain baseline: 2 questions\n",
    )


@pytest.mark.parametrize(
    ("flags", "mode", "asked"),
    [
        ([], Mode.ARTICLE, "each question asked of its own article"),
        (["--pooled"], Mode.POOLED, "each question asked of all articles as one"),
        (
            ["--foreign"],
            Mode.FOREIGN,
            "each question asked of its own article, and of another that does not answer it",
        ),
    ],
)
def test_eval_asks_what_its_flags_say(run: Invoke, flags: list[str], mode: Mode, asked: str) -> None:
    lines = run("eval", "questions.json", *flags).stdout.splitlines()
    assert lines[:3] == ["questions.json: 1,709 questions", asked, ""]
    assert re.fullmatch(r"The first citation holds the answer +83\.6%", lines[3])
    found = run("eval", "questions.json", *flags, "--json").stdout
    assert json.loads(found)["mode"] == mode


def test_eval_of_conversations_prints_each_kind_with_the_first_turn_and_without(run: Invoke) -> None:
    code, out, err = outcome(run("eval", "--conversations", "folder/two.jsonl"))
    lines = [line.rstrip() for line in out.splitlines()]
    assert (code, lines, err) == (0, CONVERSED_TEXT.splitlines(), "Asking Footnote: 71 questions\n")


def test_eval_of_conversations_as_json(run: Invoke) -> None:
    found = json.loads(run("eval", "--conversations", "two.jsonl", "--json").stdout)
    assert found == {
        "file": "two.jsonl",
        "conversations": 71,
        "all": {"questions": 57, "citation_at_1": 0.9123, "alone": 0.7018},
        "follow_ups": {"questions": 42, "citation_at_1": 0.9048, "alone": 0.6429},
        "new_subjects": {"questions": 15, "citation_at_1": 0.9333, "alone": 0.8667},
        "held_out": {"questions": 0, "citation_at_1": None, "alone": None},
        "not_answered_when_impossible": 0.8571,
        "byte_exact": 1,
    }


POOLED_AND_FOREIGN = (
    "--pooled makes all articles one, and --foreign needs another one to ask. Give one of the two."
)
CONVERSATIONS_ALONE = (
    "--conversations are about one article: leave --pooled, --foreign, --compare, --claims and --plot out."
)
CLAIMS_ALONE = "--claims are about one article: leave --pooled, --foreign, --compare and --plot out."


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--pooled", "--foreign"], POOLED_AND_FOREIGN),
        (["--conversations", "--pooled"], CONVERSATIONS_ALONE),
        (["--conversations", "--foreign"], CONVERSATIONS_ALONE),
        (["--conversations", "--compare", "plain"], CONVERSATIONS_ALONE),
        (["--conversations", "--claims"], CONVERSATIONS_ALONE),
        (["--conversations", "--plot", "curve.svg"], CONVERSATIONS_ALONE),
        (["--claims", "--foreign"], CLAIMS_ALONE),
        (["--claims", "--compare", "rules"], CLAIMS_ALONE),
        (["--claims", "--plot", "curve.svg"], CLAIMS_ALONE),
        (["--plot", "curve.gif"], "--plot draws .svg, .png and .pdf: give a file that ends so."),
    ],
)
def test_eval_flags_that_exclude_each_other_are_a_misuse(run: Invoke, flags: list[str], message: str) -> None:
    assert outcome(run("eval", "questions.json", *flags)) == (2, "", f"Error: {message}\n")


def test_eval_json_is_one_object_with_the_baseline_in_it(run: Invoke) -> None:
    def figures(metrics: Metrics) -> dict[str, object]:
        found = {**vars(metrics), "mode": "article"}
        del found["outcomes"]
        return found

    code, out, err = outcome(run("eval", "questions.json", "--json"))
    assert (code, err) == (0, "Asking Footnote: 2 questions\n")
    assert json.loads(out) == figures(FOUND)
    out = run("eval", "questions.json", "--json", "--compare", "plain").stdout
    assert json.loads(out) == {**figures(FOUND), "plain": figures(PLAIN)}
    out = run("eval", "questions.json", "--json", "--compare", "rules").stdout
    assert json.loads(out) == {**figures(FOUND), "rules": figures(RULES)}


def test_eval_compares_with_the_rules_alone(run: Invoke) -> None:
    code, out, err = outcome(run("eval", "questions.json", "--compare", "rules"))
    assert (code, err) == (
        0,
        "Asking Footnote: 2 questions\nAsking Footnote without its reader: 2 questions\n",
    )
    assert [line.split() for line in out.splitlines()[3:5]] == [
        ["Footnote", "rules", "only"],
        ["The", "first", "citation", "holds", "the", "answer", "83.6%", "80.0%"],
    ]


def test_eval_of_claims_prints_the_accuracy_of_each_label(run: Invoke) -> None:
    code, out, err = outcome(run("eval", "folder/elms.claims.jsonl", "--claims"))
    lines = [line.rstrip() for line in out.splitlines()]
    assert (code, lines, err) == (0, CHECKED_TEXT.splitlines(), "Asking Footnote: 16 questions\n")


def test_eval_of_claims_as_json(run: Invoke) -> None:
    assert json.loads(run("eval", "--claims", "elms.claims.jsonl", "--json").stdout) == {
        "file": "elms.claims.jsonl",
        "claims": 16,
        "accuracy": 0.75,
        "statements": {"claims": 9, "accuracy": 0.7778},
        "questions": {"claims": 7, "accuracy": 0.7143},
        "yes": {"claims": 5, "accuracy": 0.8},
        "no": {"claims": 6, "accuracy": 0.6667},
        "unknown": {"claims": 5, "accuracy": 0.8},
        "without_verdict": 1,
        "certain_count": 4,
        "certain_precision": 1,
        "rightly_cited": 0.875,
        "byte_exact": 1,
    }


@pytest.mark.parametrize("compare", [[], ["--compare", "rules"], ["--compare", "plain"]])
@pytest.mark.slow
def test_eval_draws_the_curve_with_a_line_for_what_answers(run: Invoke, compare: list[str]) -> None:
    code, out, _ = outcome(run("eval", "questions.json", *compare, "--plot", "curve.svg"))
    assert (code, out.startswith("questions.json: 1,709 questions\n")) == (0, True)
    words = re.findall("<!-- (.+?) -->", Path("curve.svg").read_text(encoding="utf-8"))
    assert "questions.json: 1,709 questions" in words
    assert [name for name in ("Footnote", "rules only", "plain") if name in words] == (
        ["Footnote", "rules only"] if "rules" in compare else ["Footnote"]
    )


def test_a_plot_without_its_library_says_what_to_install(
    run: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, out, err = outcome(run("eval", "questions.json", "--plot", "curve.svg"))
    assert (code, out) == (2, "")
    assert err == (
        "Error: --plot needs the extra `plot`. Install it: pip install 'footnote[plot]'\n"
        "(in a checkout: pip install -e '.[plot]')\n"
    )


def test_a_plot_wants_a_folder_that_exists(run: Invoke) -> None:
    code, out, err = outcome(run("eval", "questions.json", "--plot", "gone/curve.svg"))
    assert (code, out) == (2, "")
    assert err == f"Error: --plot: the folder {Path.cwd() / 'gone'} does not exist.\n"


@pytest.mark.slow
def test_eval_of_the_article_with_the_real_model() -> None:
    Path("three.jsonl").write_text(
        '{"question": "How many Labour MPs signed the letter?", "evidence": ["Nearly 60 Labour MPs"]}\n'
        '{"question": "Who is the Health Secretary?", "evidence": ["Wes Streeting"], '
        '"short": ["Wes Streeting", "Streeting"]}\n'
        '{"question": "What is the price of bread in Lisbon?", "evidence": []}\n',
        encoding="utf-8",
    )
    result = CliRunner().invoke(cli.app, ["eval", "three.jsonl", "--json", "--compare", "plain"])
    assert (result.exit_code, result.stderr) == (
        0,
        "Asking Footnote: 3 questions\nAsking the plain baseline: 3 questions\n",
    )
    found = json.loads(result.stdout)
    plain = found.pop("plain")
    assert list(plain["latency_ms"]) == ["p50", "p95", "bare_encode_p50"]
    assert (plain["answer_recall"], plain["not_answered_when_impossible"]) == (None, None)
    assert (plain["file"], plain["questions"], plain["passage_mrr"]) == ("three.jsonl", 3, 0.75)
    assert found.pop("latency_ms").keys() == plain["latency_ms"].keys()
    assert found.pop("mean_quoted_chars") > len("Nearly 60 Labour MPs")
    assert found == {
        "file": "three.jsonl",
        "mode": "article",
        "questions": 3,
        "citation_at_1": 1,
        "citation_at_3": 1,
        "answer_recall": 1,
        "passage_recall_at_1": 1,
        "passage_mrr": 1,
        "not_answered_when_impossible": 1,
        "false_refusals": 0,
        "answered": 1,
        "short_count": 1,
        "short_given": 1,
        "short_exact_match": 1,
        "short_f1": 1,
        "answered_count": 2,
        "answered_precision": 1,
        "uncertain_count": 0,
        "uncertain_precision": None,
        "answerability_auc": 1,
        "refused_at_2": 1,
        "refused_at_5": 1,
        "refused_at_10": 1,
        "byte_exact": 1,
    }


@pytest.mark.slow
def test_eval_of_claims_about_the_article_with_the_real_models() -> None:
    Path("claims.jsonl").write_text(
        '{"claim": "Wes Streeting is the Health Secretary.", "label": "yes", "evidence": ["Wes Streeting"]}\n'
        '{"question": "Is bread sold in Lisbon?", "label": "unknown", "evidence": []}\n',
        encoding="utf-8",
    )
    result = CliRunner().invoke(cli.app, ["eval", "--claims", "claims.jsonl", "--json"])
    assert (result.exit_code, result.stderr) == (0, "Asking Footnote: 2 questions\n")
    found = json.loads(result.stdout)
    assert (found["file"], found["claims"]) == ("claims.jsonl", 2)
    assert (found["statements"]["claims"], found["questions"]["claims"]) == (1, 1)
    assert (found["without_verdict"], found["byte_exact"]) == (0, 1)
    assert (found["yes"]["claims"], found["no"]["claims"], found["unknown"]["claims"]) == (1, 0, 1)
    assert found["accuracy"] == sum(found[label]["accuracy"] for label in ("yes", "unknown")) / 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["gone.json"], "The question file gone.json cannot be read: No such file or directory."),
        (["."], "The question file . cannot be read: Is a directory."),
        (
            ["one.jsonl", "--foreign"],
            "one.jsonl is about one article: there is no other to ask its questions of.",
        ),
        (
            ["elsewhere.jsonl"],
            "Question 'Who?': its evidence 'Ada Berg' is not in the article 'khan-gaza-palestine'. "
            "Choose the article that the questions are about. The setting is FOOTNOTE_ARTICLE.",
        ),
    ],
)
def test_eval_says_what_is_wrong_with_a_file(args: list[str], message: str) -> None:
    Path("one.jsonl").write_text('{"question": "Why?", "evidence": []}', encoding="utf-8")
    Path("elsewhere.jsonl").write_text('{"question": "Who?", "evidence": ["Ada Berg"]}', encoding="utf-8")
    assert outcome(CliRunner().invoke(cli.app, ["eval", *args])) == (1, "", f"Error: {message}\n")


def test_doctor_finds_everything_well(run: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    token = "MTIzNDU2Nzg5MDEyMzQ1Njc4OQ.GhIjKl.abcdefghijklmnopqrstuvwxyz0123456789AB"  # noqa: S105
    monkeypatch.setenv("DISCORD_TOKEN", token)
    monkeypatch.setenv("FOOTNOTE_LOG_LEVEL", "warning")
    library = HeldLibrary(reading=reads_claims())
    leaves = datetime(2026, 5, 18, tzinfo=UTC)
    library.upkeep = upkeep = Mock(wraps=library.upkeep)
    upkeep.use.return_value = [
        LibraryUse(None, articles=1, nbytes=1_500_000, leaves=None),
        LibraryUse("77", articles=2, nbytes=20_000, leaves=leaves),
    ]
    code, out, err = outcome(run("doctor", uses=library))
    assert (code, err) == (0, "")
    versions, *rest = out.splitlines()
    assert re.fullmatch(r"ok       versions  Python 3\.\S+, footnote \S+, discord\.py 2\.\S+, .*", versions)
    assert rest == [
        "ok       settings  log_level = WARNING",
        "ok       token     DISCORD_TOKEN has the shape of a bot's token",
        f"ok       data      {tmp_path / '.footnote'} can be written",
        "ok       article   “The harbour of *Elms*”, 216 characters, from this package",
        f"ok       model     bag of words, SHA-256 {'0' * 64}",
        f"ok       reader    SHA-256 {'1' * 64}",
        "ok       index     3 passages, whole, built 2026-05-04T12:00:00+00:00",
        "ok       use       the common library: 1 article, 1.5 MB, in use",
        "ok       use       server 77: 2 articles, 20.0 kB, left by the bot; goes on 2026-05-18",
    ]


def test_doctor_tells_programs_the_same(run: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library = HeldLibrary(reading=reads_claims())
    code, out, _ = outcome(run("doctor", "--json", uses=library))
    report = json.loads(out)
    assert (code, report["ok"]) == (0, True)
    assert {finding["about"] for finding in report["findings"]} >= {"token", "data", "model", "index"}
    assert report["findings"][3] == {
        "verdict": "ok",
        "about": "data",
        "text": f"{tmp_path / '.footnote'} can be written",
    }
    monkeypatch.setenv("DISCORD_TOKEN", "no token")
    code, out, _ = outcome(run("doctor", "--json", uses=library))
    assert (code, json.loads(out)["ok"]) == (1, False)


def test_doctor_tries_the_storage_and_says_what_to_do(
    run: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FOOTNOTE_STORAGE_URL", str(tmp_path / "share"))
    (tmp_path / "share").mkdir()
    code, out, _ = outcome(run("doctor", uses=HeldLibrary(reading=reads_claims())))
    assert code == 0
    well = f"ok       storage   {tmp_path / 'share'} can be written, read, listed and deleted from"
    assert well in out.splitlines()
    assert list((tmp_path / "share").rglob("*/*")) == []  # nothing is left of it
    (tmp_path / "share").rename(tmp_path / "gone")
    code, out, _ = outcome(run("doctor", uses=HeldLibrary(reading=reads_claims())))
    assert code == 1
    assert f"problem  storage   The storage {tmp_path / 'share'} is no folder that is there. Make it" in out
    address = "s3://key:hunter2@bucket/a?endpoint=http://127.0.0.1:1&region=here"
    monkeypatch.setenv("FOOTNOTE_STORAGE_URL", address)
    code, out, _ = outcome(run("doctor", uses=HeldLibrary(reading=reads_claims())))
    assert code == 1
    assert "problem  storage   The storage s3://bucket/a cannot be used: " in out
    assert "hunter2" not in out


def test_doctor_says_that_the_disk_is_nearly_full(run: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=499_900_000))
    code, out, _ = outcome(run("doctor"))
    assert code == 1
    assert [line for line in out.splitlines() if line.startswith("problem")] == [
        "problem  disk      499.9 MB are free, less than FOOTNOTE_FREE_MB = 500: nothing is added or "
        "indexed. Make room; `footnote library prune --dry-run` says what can go."
    ]


GOES = [
    ExpiredItem(ExpiredKind.REMOVED, None, "notes", 1_500_000),
    ExpiredItem(ExpiredKind.SERVER, "77", None, 20_000),
]


def test_prune_says_what_goes_asks_and_deletes(run: Invoke) -> None:
    library = HeldLibrary()
    assert outcome(run("library", "prune", uses=library)) == (
        0,
        "Nothing has been kept long enough to go.\n",
        "",
    )
    library.upkeep = upkeep = Mock(wraps=library.upkeep)
    upkeep.expired.return_value = upkeep.prune.return_value = GOES
    listed = (
        "removed article notes, the common library: 1.5 MB\n"
        "library of a server that left, server 77: 20.0 kB\n"
        "1.5 MB would be freed.\n"
    )
    assert outcome(run("library", "prune", "--dry-run", uses=library)) == (0, listed, "")
    code, out, err = outcome(run("library", "prune", input="n\n", uses=library))
    assert (code, out.removesuffix(" n\n")) == (130, listed)  # what is typed is echoed there
    assert err.endswith("Error: Nothing was deleted.\n")
    upkeep.prune.assert_not_called()
    assert outcome(run("library", "prune", "--yes", uses=library)) == (0, f"{listed}1.5 MB freed.\n", "")
    upkeep.prune.assert_called_once_with()


def test_doctor_says_that_the_database_is_damaged(run: Invoke) -> None:
    library = HeldLibrary()
    database = library._articles.folder.records.database
    database.close()
    file = library._articles.folder.path / "footnote.sqlite3"
    for path in file.parent.glob("footnote.sqlite3-*"):
        path.unlink()
    file.write_bytes(b"noise" * 4_000)
    code, out, err = outcome(run("doctor", uses=library))
    (problem,) = [line for line in out.splitlines() if line.startswith("problem")]
    assert (code, err, "use " in out) == (1, "", False)
    assert problem == (
        f"problem  index     The database {file} is damaged: file is not a database. Bring the data folder "
        "back with `footnote restore`; or, without FOOTNOTE_STORAGE_URL, move the file away, and it is made "
        "again of the articles that are there."
    )
    assert advice_of_cli(problem) == {"footnote restore", "FOOTNOTE_STORAGE_URL"}


def test_doctor_says_what_it_mended_and_that_no_token_is_set(run: Invoke) -> None:
    code, out, _ = outcome(run("doctor", uses=BuildingLibrary()))
    assert code == 0
    assert [line for line in out.splitlines() if line.startswith("note")] == [
        "note     token     DISCORD_TOKEN is not set. "
        "Only `footnote run` needs it: it says where to get one.",
        f"note     reader    Nothing reads, as the reader was not fitted with this embedding model: {JUDGED}",
        "note     index     The index was damaged: rebuilt.",
    ]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("FOOTNOTE_READER", "off", "FOOTNOTE_READER is off, so nothing reads"),
        ("FOOTNOTE_RERANKER", "some/model", "Nothing reads, as FOOTNOTE_RERANKER decides"),
    ],
)
def test_doctor_says_which_setting_keeps_anything_from_reading(
    run: Invoke, monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    monkeypatch.setenv(name, value)
    code, out, _ = outcome(run("doctor"))
    assert code == 0
    assert f"note     reader    {why}: {JUDGED}" in out.splitlines()


def test_doctor_says_that_the_reader_does_not_know_the_language(run: Invoke) -> None:
    dutch = replace(ARTICLE, text="De haven werd in 1901 gebouwd.\nDe vuurtoren is dicht.", language="nl")
    library = HeldLibrary(dutch, reading=reads_claims())
    why = "The article in use is in a language that the reader does not know (nl)"
    assert f"note     reader    {why}: {JUDGED}" in run("doctor", uses=library).stdout.splitlines()


@pytest.mark.parametrize(
    ("error", "about"),
    [
        (ArticleError("It is empty."), "article"),
        (EmbeddingModelError("It is empty."), "model"),
        (SnapshotError("It is empty."), "index"),
    ],
)
def test_doctor_tells_what_is_broken(
    run: Invoke, monkeypatch: pytest.MonkeyPatch, error: FootnoteError, about: str
) -> None:
    class Broken(HeldLibrary):
        def load(self, on_progress: Callable[[Progress], None] | None = None) -> tuple[str, ...]:
            del on_progress
            raise error

    Path("file").touch()
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", "file")
    monkeypatch.setenv("DISCORD_TOKEN", "not-a-token")
    code, out, _ = outcome(run("doctor", uses=Broken()))
    assert code == 1
    assert [line for line in out.splitlines() if line.startswith("problem")] == [
        "problem  token     DISCORD_TOKEN does not look like a bot's token, which has three parts with a dot "
        "between them. Copy it anew: discord.com/developers, your application, Bot, Reset Token.",
        f"problem  data      {Path('file').absolute()} cannot be written (File exists). "
        "Set FOOTNOTE_DATA_DIR to another folder.",
        f"problem  {about:<8}  It is empty.",
    ]
    assert "not-a-token" not in out


@pytest.mark.parametrize(
    ("error", "setting"),
    [
        (UnloadableModelError("No such model."), "FOOTNOTE_EMBEDDING_MODEL"),
        (UnloadableRerankerError("No such model."), "FOOTNOTE_RERANKER"),
        (DataFolderError("No such folder."), "FOOTNOTE_DATA_DIR"),
        (EvidenceError("Not in it."), "FOOTNOTE_ARTICLE"),
        (EmbeddingModelError("The bundled model's file is not the one it should be."), None),
        (SnapshotError("It is damaged."), None),
    ],
)
def test_an_error_that_a_setting_mends_names_it(
    run: Invoke, error: FootnoteError, setting: str | None
) -> None:
    class Broken(HeldLibrary):
        def load(self, on_progress: Callable[[Progress], None] | None = None) -> tuple[str, ...]:
            del on_progress
            raise error

    named = f"{error} The setting is {setting}." if setting else str(error)
    code, _, err = outcome(run("ask", "Who?", uses=Broken()))
    assert (code, err.splitlines()[-1]) == (1, f"Error: {named}")
    assert setting is None or setting in settings()


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OQ.GhIjKl",
        "bm90IGEgbnVtYmVyIGF0IGFsbA.GhIjKl.abcdefghijklmnopqrstuvwxyz0123456789AB",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4O.GhIjKl.abcdefghijklmnopqrstuvwxyz0123456789AB",
    ],
)
def test_what_is_no_token_is_not_plausible(token: str) -> None:
    assert not plausible(token)


LOGGED = """
import logging, sys
from bot.cli import process
process.set_up_logging(logging.getLevelNamesMapping()[sys.argv[1]])
chatty = logging.getLogger("chatty")
chatty.setLevel(logging.DEBUG)
chatty.debug("All that it does.")
logging.getLogger("bot").info("ready")
"""


@pytest.mark.slow
@pytest.mark.parametrize(("level", "shown"), [("INFO", False), ("DEBUG", True)])
def test_what_libraries_say_for_themselves_is_not_shown_above_its_level(level: str, shown: bool) -> None:
    """Some set their own logger to DEBUG, and say what they do at that level."""
    done = subprocess.run(
        [sys.executable, "-c", LOGGED, level], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "ready" in done.stderr
    assert ("DEBUG" in done.stderr and "chatty" in done.stderr) is shown
    assert ("DEBUG" in done.stderr) is shown


@given(st.text())
def test_plausible_takes_any_text(token: str) -> None:
    assert plausible(token) in {True, False}


@cache
def held_answer() -> Answer:
    return HeldLibrary().ask("Ada Berg").answer


@given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()))
def test_no_text_reaches_the_terminal_as_a_command(words: str, speaker: str, word: str) -> None:
    plain = held_answer()
    citation = replace(plain.citations[0], quote=words, before=speaker, speaker=speaker)
    answer = replace(plain, citations=(citation,), closest=(citation,), read_as=((word, words),))
    screen = io.StringIO()
    terminal = Console(file=screen, markup=False, emoji=False, highlight=False, width=80)
    terminal.print(answer_text(answer))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", screen.getvalue())
    json.dumps(answer_json(answer), ensure_ascii=False).encode(errors="backslashreplace")


def test_printable_leaves_what_people_write() -> None:
    assert printable("“Ünï” \tline\nline 👩‍👧 שלום") == "“Ünï” \tline\nline 👩‍👧 שלום"


def test_the_example_of_a_settings_file_names_every_setting_and_changes_none() -> None:
    example = ROOT / ".env.example"
    named = re.findall(r"^(\w+)=", example.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(settings())
    Path(".env").write_bytes(example.read_bytes())
    assert Settings() == Settings.model_construct()


def test_the_readme_names_every_setting_as_the_example_does() -> None:
    readme, example = (ROOT / name for name in ("README.md", ".env.example"))
    rows = re.findall(r"^\| `([A-Z_]+)` \|", readme.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == re.findall(r"^(\w+)=", example.read_text(encoding="utf-8"), re.MULTILINE)
