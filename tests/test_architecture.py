"""Who may import what, and where the outside world is touched: read off the source with ``ast``."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import index

ROOT = Path(__file__).parents[1]
SOURCES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for package in ("bot", "index")
    for path in sorted((ROOT / package).rglob("*.py"))
}
INDEX = [name for name in SOURCES if name.startswith("index/")]
BOT = [name for name in SOURCES if name.startswith("bot/")]


def imports(name: str) -> Iterator[tuple[str, str]]:
    """Every import of a file, those inside functions and ``if TYPE_CHECKING`` too: (module, name or "")."""
    package = name.rpartition("/")[0].split("/")
    for node in ast.walk(SOURCES[name]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((module, alias.name) for alias in node.names)


def importers(package: str) -> set[str]:
    return {name for name in SOURCES if any(module.split(".")[0] == package for module, _ in imports(name))}


def mentions(*words: str) -> set[str]:
    """The files in which a name, an attribute or an imported name is one of ``words``."""
    return {
        name
        for name, tree in SOURCES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id in words)
        or (isinstance(node, ast.Attribute) and node.attr in words)
        or (isinstance(node, ast.ImportFrom) and any(alias.name in words for alias in node.names))
    }


def test_there_is_something_to_check() -> None:
    assert {
        "index/library/library.py",
        "index/search/embedding.py",
        "bot/service/service.py",
        "bot/commands/ask.py",
    } <= set(SOURCES)
    assert ("sentence_transformers", "SentenceTransformer") in set(imports("index/search/embedding.py"))


@pytest.mark.parametrize("name", BOT)
def test_the_bot_uses_only_the_indexs_public_names(name: str) -> None:
    used = {(module, what) for module, what in imports(name) if module.split(".")[0] == "index"}
    assert used <= {("index", public) for public in index.__all__}


@pytest.mark.parametrize("name", BOT)
def test_nothing_of_the_tests_is_shipped(name: str) -> None:
    assert "tests" not in {module.split(".")[0] for module, _ in imports(name)}


@pytest.mark.parametrize(
    ("package", "files"),
    [
        ("sentence_transformers", {"index/search/embedding.py", "index/search/reranking.py"}),
        ("faiss", {"index/search/vectors.py"}),
        ("bm25s", {"index/search/bm25.py"}),
        ("Stemmer", {"index/language/terms.py"}),
        ("rapidfuzz", {"bot/service/suggestions.py", "index/language/spelling.py"}),
        ("onnxruntime", {"index/reader/model.py"}),
        ("onnx", {"index/reader/graph.py"}),
        ("matplotlib", {"bot/cli/plot.py"}),
        ("sentencex", {"index/language/sentences.py"}),
        (
            "lxml",
            {
                "index/sources/extract/blocks.py",
                "index/sources/extract/docx.py",
                "index/sources/extract/epub.py",
                "index/sources/extract/html.py",
                "index/sources/extract/markup.py",
                "index/sources/extract/formulas.py",
                "index/sources/extract/numbering.py",
                "index/sources/extract/pages.py",
                "index/sources/extract/xml.py",
            },
        ),
        ("trafilatura", {"index/sources/extract/html.py"}),
        ("pypdfium2", {f"index/sources/extract/pdf/{name}.py" for name in ("document", "glyphs", "rules")}),
        ("mammoth", {"index/sources/extract/docx.py"}),
        ("eld", {"index/sources/extract/tongue.py"}),
        ("mdit_py_plugins", {"index/sources/extract/markdown.py"}),
        ("yaml", {"index/sources/extract/front_matter.py"}),
        ("markdown_it", {"index/sources/extract/markdown.py"}),
        ("charset_normalizer", {"index/sources/extract/encoding.py"}),
        ("tldextract", {"index/sources/addresses.py"}),
        ("urllib3", {"index/sources/addresses.py", "index/sources/web.py"}),
        ("cachetools", {"bot/render/links.py", "bot/service/conversations.py", "index/library/memory.py"}),
        ("spellchecker", {"index/language/dictionaries.py"}),
        ("lazy_loader", {"index/__init__.py"}),
        ("filelock", {"index/storage/transactions.py"}),
        ("pydantic_settings", {"bot/settings.py"}),
        ("typer", {f"bot/cli/{name}.py" for name in ("app", "errors", "library", "measure", "options")}),
        ("simcord", {"bot/cli/demo.py"}),
        ("babel", {"bot/words.py"}),
    ],
)
def test_a_library_has_one_place(package: str, files: set[str]) -> None:
    assert importers(package) == files


def test_the_environment_is_read_in_two_places() -> None:
    readers = mentions("environ", "environb", "getenv", "getenvb", "dotenv_values", "load_dotenv")
    assert readers | importers("pydantic_settings") <= {"bot/cli/app.py", "bot/settings.py"}


def test_blocking_work_leaves_the_event_loop_in_one_place() -> None:
    executors = mentions(
        "ThreadPoolExecutor", "ProcessPoolExecutor", "run_in_executor", "to_thread", "Thread"
    )
    assert executors - {"bot/place.py"} == {  # where a thread is one of Discord's
        "bot/service/threads.py",
        "index/sources/web.py",
    }  # the latter waits for it, within a time limit


def test_the_public_names_are_sorted_and_complete() -> None:
    stub = ast.parse((ROOT / "index" / "__init__.pyi").read_text(encoding="utf-8"))
    imported = {alias.name for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    listed = next(ast.literal_eval(node.value) for node in stub.body if isinstance(node, ast.Assign))
    assert listed == sorted(listed, key=lambda name: (not name.isupper(), name))
    assert set(listed) == set(index.__all__) == imported
    assert all(hasattr(index, name) for name in index.__all__)


def test_index_modules_do_not_import_the_facade() -> None:
    inner = set(INDEX) - {"index/__init__.py"}
    assert {
        name for name in inner for module, _ in imports(name) if module in ("index", "index.library.library")
    } == set()


def test_the_process_that_reads_strangers_bytes_imports_little_of_the_package() -> None:
    modules = {name.removesuffix(".py").replace("/", "."): name for name in INDEX}
    used, waiting = set[str](), ["index.sources.extract.__main__"]
    while waiting:
        if (module := waiting.pop()) in modules and module not in used:
            used.add(module)
            waiting += [module for module, _ in imports(modules[module])]
    elsewhere = {module for module in used if not module.startswith("index.sources.extract.")}
    assert elsewhere == {
        "index.errors",
        "index.language.abbreviations",
        "index.language.attribution",
        "index.language.dictionaries",
        "index.language.marks",
        "index.language.narration",
        "index.language.pronouns",
        "index.language.quotations",
        "index.language.reports",
        "index.language.sentences",
        "index.language.speakers",
        "index.language.tables",
        "index.language.turns",
        "index.language.word_keys",
        "index.model.answer",
        "index.model.article",
        "index.model.library",
        "index.sources.limits",
    }


def test_arrows_between_rooms_go_down_only() -> None:
    """The contracts of pyproject.toml, which also allow no circle, not even for the type checker alone."""
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_the_language_room_needs_no_model_libraries() -> None:
    used = {
        module.split(".")[0]
        for name in INDEX
        if name.startswith("index/language/")
        for module, _ in imports(name)
    }
    libraries = {"sentencex", "Stemmer", "rapidfuzz", "spellchecker"}
    assert used - set(sys.stdlib_module_names) == {"index", *libraries}


@pytest.mark.parametrize("name", SOURCES)
def test_no_file_has_two_jobs(name: str) -> None:
    """One of over some 400 lines is a sign of it."""
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= 400


def test_what_strangers_sent_is_parsed_in_the_process_for_it_alone() -> None:
    """What else uses that room: the names of its refusals, and what is as quick on any text."""
    used = {
        (name, module.removeprefix("index.sources.extract."))
        for name in INDEX
        for module, _ in imports(name)
        if module.startswith("index.sources.extract.") and not name.startswith("index/sources/extract/")
    }
    assert used == {
        ("index/sources/claims.py", "metadata"),
        ("index/sources/files.py", "blocks"),
        ("index/sources/files.py", "metadata"),
        ("index/sources/files.py", "refusals"),
        ("index/sources/question_files.py", "questions"),
        ("index/sources/question_files.py", "refusals"),
        ("index/sources/sandbox.py", "refusals"),
        ("index/sources/sandbox.py", "wire"),
    }
