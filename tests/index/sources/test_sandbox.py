"""The process that reads what strangers wrote: what it has, what it lacks, and that its bounds hold."""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.model.article import Article, Heading, Span
from index.sources import sandbox
from index.sources.extract.analysis import analysed
from index.sources.extract.wire import pack, unpack
from index.sources.files import load_article, read, upload
from index.sources.limits import DEFAULT_LIMITS, Limits

pytestmark = pytest.mark.slow

HEAVY = frozenset(
    "numpy torch pydantic pydantic_core discord faiss urllib3 requests tldextract lxml trafilatura pypdfium2 "
    "mammoth markdown_it mdit_py_plugins yaml eld charset_normalizer feedparser subprocess socket asyncio "
    "index.library index.search bot".split()
)
PLACES = st.integers(0, 2**31 - 1)


def told(monkeypatch: pytest.MonkeyPatch, code: str) -> dict[str, object]:
    """What the process says when it runs some code in place of reading anything."""
    monkeypatch.setattr(sandbox, "_START", f"import json, os, sys; print(); print(json.dumps({code}))")
    response = sandbox.run({}, b"", DEFAULT_LIMITS)
    return dict(response.outcome)


def test_it_starts_in_an_empty_folder_with_an_empty_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FOOTNOTE_DISCORD_TOKEN", "secret")
    (tmp_path / ".env").write_text("FOOTNOTE_DISCORD_TOKEN=secret")
    monkeypatch.chdir(tmp_path)
    code = "{'folder': os.getcwd(), 'files': os.listdir(), 'variables': sorted(os.environ), 'path': sys.path}"
    found = told(monkeypatch, code)
    assert found["files"] == []
    assert found["variables"] in ([], ["LC_CTYPE"])  # which Python sets itself
    assert found["folder"] != str(tmp_path)
    assert not Path(str(found["folder"])).exists()
    assert isinstance(found["path"], list)
    assert {"", str(tmp_path)}.isdisjoint(found["path"])


def test_it_is_isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "{'flags': [sys.flags.isolated, sys.flags.safe_path, sys.flags.ignore_environment]}"
    assert told(monkeypatch, code) == {"flags": [1, True, 1]}


def test_no_file_where_footnote_is_started_takes_a_modules_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("html", "re", "json", "index", "sitecustomize", "usercustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    page = b"<html><body><p>The lighthouse of Elms was closed in June by the mayor.</p></body></html>"
    assert read(upload("a.html", page), "a").text == "The lighthouse of Elms was closed in June by the mayor."


def test_it_loads_nothing_heavy_before_a_file_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    start = sandbox._START.removesuffix("main()")
    monkeypatch.setattr(
        sandbox, "_START", f"{start}import json; print(); print(json.dumps(dict.fromkeys(sys.modules)))"
    )
    loaded = set(sandbox.run({}, b"", DEFAULT_LIMITS).outcome)
    assert "index.sources.extract.__main__" in loaded
    assert loaded & HEAVY == set()


def test_it_is_up_in_no_time(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("One two.")

    def bare() -> None:
        subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)

    # CPU time of the quickest of three against a bare interpreter's, on the same machine in the same minute
    assert _cpu_seconds(lambda: load_article(path)) < 16 * _cpu_seconds(bare)


def _cpu_seconds(start: Callable[[], object]) -> float:
    """Of the processes that ``start`` runs: user and system, the least of three times."""

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    seconds = []
    for _ in range(3):
        before = spent()
        start()
        seconds.append(spent() - before)
    return min(seconds)


def test_it_can_write_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    code = """from index.sources.extract.__main__ import Limits, _bound
import os
_bound(Limits())
try:
    os.write(os.open("a", os.O_CREAT | os.O_WRONLY), b"x")
except OSError as error:
    print(f'\\n{{"errno": {error.errno}}}')"""
    monkeypatch.setattr(sandbox, "_START", f"import sys; sys.path[:0] = sys.argv[1:]\n{code}")
    assert sandbox.run({}, b"", DEFAULT_LIMITS).outcome == {"errno": errno.EFBIG}


def test_a_process_that_does_not_start_is_no_fault_of_the_article(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ArticleError) as caught:
        read(upload("a.txt", b"One."), "a")
    assert str(caught.value) == "No process could be started to read the article: No such file or directory."
    monkeypatch.undo()
    monkeypatch.setattr(sandbox, "_START", "import a_library_that_is_not_installed")
    with pytest.raises(ArticleError) as caught:
        read(upload("a.txt", b"One."), "a")
    assert str(caught.value) == "No process could be started to read the article: it ended with 1."


def test_a_process_that_dies_over_a_file_names_its_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_START", "import os; print('PDF', flush=True); os.abort()")
    with pytest.raises(ArticleError) as caught:
        read(upload("a.pdf", b"%PDF-"), "a")
    assert str(caught.value) == (
        "a.pdf is damaged, or not the PDF file that it seems to be. Get it again and try that."
    )


def test_the_analysis_of_a_text_is_bounded_too() -> None:
    text = "He said that. " * 100_000
    with pytest.raises(ArticleError) as caught:
        read(upload("a.txt", text.encode()), "a", Limits(max_extract_seconds=0.4))
    assert str(caught.value) == "a.txt takes longer than 0.4 seconds to read. Make it smaller and try again."
    with pytest.raises(ArticleError) as caught:
        sandbox.analyse(Article(id="a", title="Elms", text=text), Limits(max_extract_seconds=0.4))
    assert str(caught.value) == "Elms takes longer than 0.4 seconds to read. Make it smaller and try again."


def test_what_waits_for_a_processor_is_not_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_START", f"import time; time.sleep(1.2); {sandbox._START}")
    assert read(upload("a.txt", b"It rains."), "a", Limits(max_extract_seconds=1)).text == "It rains."


def test_what_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_START", "import time; time.sleep(60)")
    with pytest.raises(ArticleError) as caught:
        read(upload("a.txt", b"It rains."), "a", Limits(max_extract_seconds=0.1))
    assert str(caught.value) == "a.txt takes longer than 0.1 seconds to read. Make it smaller and try again."


def test_an_article_read_earlier_gets_the_sentences_that_it_would_get_now(shipped: Article) -> None:
    again = sandbox.analyse(replace(shipped, sentences=None), DEFAULT_LIMITS)
    assert again == shipped
    sentences = tuple(analysed(shipped).sentences or ())
    assert tuple(again.sentences or ()) == tuple(shipped.sentences or ()) == sentences
    assert shipped.sentences is not None
    assert [span.of(shipped.text)[:9] for span in shipped.sentences[:3]] == [
        "In a stat",
        "“Starving",
        "Family me",
    ]


def test_text_that_begins_with_a_byte_order_mark_keeps_its_places() -> None:
    article = Article(id="a", title="a", text="\ufeffOne. Two.")
    again = sandbox.analyse(article, DEFAULT_LIMITS)
    assert tuple(again.sentences or ()) == (Span(1, 5), Span(6, 10))


@given(
    st.builds(
        Article,
        id=st.just(""),
        title=st.text(max_size=9),
        text=st.text(max_size=30),
        language=st.text(max_size=3),
        source=st.none() | st.text(max_size=9),
        published=st.none() | st.dates(min_value=date(1, 1, 1)),
        author=st.none() | st.text(max_size=9),
        site=st.none() | st.text(max_size=9),
        headings=st.lists(st.builds(Heading, PLACES, PLACES, st.integers(1, 6)), max_size=3).map(tuple),
        sentences=st.lists(st.builds(Span, PLACES, PLACES), max_size=3).map(tuple),
    )
)
def test_an_article_goes_through_the_pipe_as_it_is(article: Article) -> None:
    again = unpack(pack(article))
    assert again == article
    assert tuple(again.sentences or ()) == article.sentences


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"{}",
        b"[]\n",
        pack(Article(id="", title="", text="One."))[:9],
        pack(Article(id="", title="", text="One."))[:-1],
    ],
)
def test_what_is_cut_off_in_the_pipe_is_no_article(packed: bytes) -> None:
    with pytest.raises(ValueError, match="no article"):
        unpack(packed)


@pytest.mark.parametrize("said", ["", "{", "[]", '{"done": true}', '{"refused": 1}'])
def test_a_process_that_says_nothing_of_use_has_read_nothing(
    monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(sandbox, "_START", f"print('PDF'); print({said!r})")
    with pytest.raises(ArticleError, match=r"a\.pdf is damaged, or not the PDF file"):
        read(upload("a.pdf", b"%PDF-"), "a")
