"""Who may import what, and where the outside world is touched: read off the source with ``ast``."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import chain

import pytest
from importlinter.cli import lint_imports

import index
from tests.trees import ROOT, trees

SOURCES = trees()
INDEX = [name for name in SOURCES if name.startswith("index/")]
BOT = [name for name in SOURCES if name.startswith("bot/")]


@cache
def imports(name: str) -> tuple[tuple[str, str], ...]:
    """Every import of a file, those inside functions and ``if TYPE_CHECKING`` too: (module, name or "")."""
    return tuple(_imports(name))


def _imports(name: str) -> Iterator[tuple[str, str]]:
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
    assert ("sentence_transformers", "SentenceTransformer") in set(imports("index/search/torch_encoder.py"))


AT_THE_TOP = """
    bot index tests .env.example pyproject.toml constraints.txt Makefile Dockerfile compose.yaml README.md
    CHANGELOG.md CONTRIBUTING.md LICENSE PRIVACY.md SECURITY.md
"""


def test_nothing_lies_at_the_top_but_what_tools_expect_there() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("no checkout, or no git: nobody says what is tracked")
    command = [git, "-c", "safe.directory=*", "ls-files"]  # who runs the tests need not own the checkout
    paths = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    top = {path.partition("/")[0] for path in paths}
    assert {name for name in top if not name.startswith(".") or name == ".env.example"} == {
        *AT_THE_TOP.split()
    }


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
        (
            "sentence_transformers",
            {"index/search/reranking.py", "index/search/torch_encoder.py"},
        ),
        ("faiss", {"index/search/token_vectors.py", "index/search/vectors.py"}),
        ("Stemmer", {"index/language/terms.py"}),
        ("rapidfuzz", {"bot/service/suggestions.py", "index/language/spelling.py"}),
        ("onnxruntime", {"index/search/onnx_session.py"}),
        ("onnx", {"index/reader/graph.py", "index/search/bert_graph.py", "index/search/encoder_graph.py"}),
        ("matplotlib", {"bot/cli/plot.py", "bot/render/charts.py"}),
        ("sentencex", {"index/language/sentences.py"}),
        (
            "lxml",
            {
                "index/sources/extract/blocks.py",
                "index/sources/extract/docx.py",
                "index/sources/extract/epub.py",
                "index/sources/extract/html.py",
                "index/sources/extract/listing.py",
                "index/sources/extract/markup.py",
                "index/sources/extract/formulas.py",
                "index/sources/extract/numbering.py",
                "index/sources/extract/pages.py",
                "index/sources/extract/xml.py",
            },
        ),
        ("trafilatura", {"index/sources/extract/html.py"}),
        (
            "pypdfium2",
            {f"index/sources/extract/pdf/{name}.py" for name in ("bullets", "document", "glyphs", "rules")},
        ),
        ("mammoth", {"index/sources/extract/docx.py"}),
        ("eld", {"index/sources/extract/tongue.py"}),
        ("mdit_py_plugins", {"index/sources/extract/markdown.py"}),
        ("yaml", {"index/sources/extract/front_matter.py"}),
        ("markdown_it", {"index/sources/extract/markdown.py"}),
        ("charset_normalizer", {"index/sources/extract/encoding.py"}),
        ("tldextract", {"index/sources/addresses.py"}),
        ("urllib3", {"index/sources/addresses.py", "index/sources/web.py"}),
        (
            "cachetools",
            {
                "bot/render/links.py",
                "bot/service/conversations.py",
                "index/library/memory.py",
                "index/sources/visits.py",
            },
        ),
        ("feedparser", {"index/sources/extract/listing.py"}),
        ("spellchecker", {"index/language/dictionaries.py"}),
        ("lazy_loader", {"index/__init__.py"}),
        (
            "filelock",
            {
                "index/storage/library_lock.py",
                "index/storage/snapshot_cache.py",
                "index/storage/transactions.py",
            },
        ),
        ("fsspec", {"index/storage/shared_storage.py"}),
        ("obstore", {"index/storage/shared_storage.py"}),
        (
            "sqlalchemy",
            {
                "index/storage/answer_book.py",
                "index/storage/all_libraries.py",
                "index/storage/database.py",
                "index/storage/migrations/__init__.py",
                "index/storage/migrations/versions/asked_questions.py",
                "index/storage/migrations/versions/channels.py",
                "index/storage/migrations/versions/first_tables.py",
                "index/storage/migrations/versions/jobs.py",
                "index/storage/auto_channels.py",
                "index/storage/channels.py",
                "index/storage/digests.py",
                "index/storage/migrations/versions/written_answers.py",
                "index/storage/migrations/versions/stored_snapshots.py",
                "index/storage/migrations/versions/watches.py",
                "index/storage/jobs.py",
                "index/storage/ledger.py",
                "index/storage/ownership.py",
                "index/storage/record_writer.py",
                "index/storage/records.py",
                "index/storage/stored_watches.py",
                "index/storage/tables.py",
                "index/storage/watches.py",
            },
        ),
        (
            "alembic",
            {
                "index/storage/database.py",
                "index/storage/migrations/__init__.py",
                "index/storage/migrations/env.py",
                "index/storage/migrations/versions/asked_questions.py",
                "index/storage/migrations/versions/channels.py",
                "index/storage/migrations/versions/first_tables.py",
                "index/storage/migrations/versions/jobs.py",
                "index/storage/migrations/versions/written_answers.py",
                "index/storage/migrations/versions/stored_snapshots.py",
                "index/storage/migrations/versions/watches.py",
            },
        ),
        ("pydantic_settings", {"bot/settings.py"}),
        (
            "typer",
            {
                f"bot/cli/{name}.py"
                for name in ("app", "backup", "errors", "insights", "library", "measure", "options")
            },
        ),
        ("simcord", {"bot/cli/demo.py"}),
        ("babel", {"bot/words.py"}),
        ("prometheus_client", {"bot/operations/metrics.py", "bot/operations/pages.py"}),
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
        "bot/service/worker.py",
        "index/search/bfloat16_encoder.py",  # in the other process, where it waits for the end of the first
        "index/search/embedding.py",
        "index/sources/web.py",
        "index/storage/pulse.py",
    }  # the index's wait for it, the last one within a time limit


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
        "index.model.source",
        "index.sources.limits",
    }


def test_arrows_between_rooms_go_down_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contracts of pyproject.toml, which also allow no circle, not even for the type checker alone."""
    # It would silence the loggers that are there, which other tests read.
    monkeypatch.setattr("logging.config.dictConfig", lambda _: None)
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
        ("index/sources/answers.py", "answers"),
        ("index/sources/claims.py", "metadata"),
        ("index/sources/files.py", "blocks"),
        ("index/sources/files.py", "metadata"),
        ("index/sources/files.py", "refusals"),
        ("index/sources/question_files.py", "questions"),
        ("index/sources/question_files.py", "refusals"),
        ("index/sources/sandbox.py", "refusals"),
        ("index/sources/sandbox.py", "wire"),
        ("index/sources/visits.py", "refusals"),
    }


# A name that holds something is a noun of the field: a bare participle ("found", "told") says what befell the
# thing and not what it is, and comes to mean something else in each function. A function may be named after
# what it gives back, as ``sorted`` is; a flag says what is so; an enumeration's members are words on disk.

IRREGULAR = frozenset(
    "begun bent born bought bound bred broken brought built caught chosen dealt done drawn driven eaten "
    "fallen fed felt forgotten fought found frozen given gone got grown heard held hidden hung kept "
    "known laid led left lent lost made meant met overwritten paid read rebuilt said seen sent shown "
    "sold sought spent spoilt spoken stolen struck stuck sunk swept sworn taken taught thought thrown "
    "told torn undone unread unseen unsent unwritten withdrawn won worn written".split()
)
ENDS_LIKE_ONE = frozenset("bed exceed feed need proceed red seed speed succeed weed".split())
PARTICIPLES_WITH_A_REASON = {
    "answered": "a tier, as Status calls it; a field of thresholds.json, tiers.json and the figures as JSON",
    "refused": "a figure that is printed and measured by this name",
    "shown": "a tier of the risk curve, beside ``answered``",
    "published": "a field of the article, on disk and as JSON; the snapshots that count, beside ``undone``",
    "undone": "likewise",
    "kept": "a field of the history on disk",
    "added": "a field of the history on disk",
    "removed": "a field of the history on disk",
    "left": "the side of a page, beside ``right``",
    "led": "an array of a segment on disk",
    "asked": "a field of a report, and a value in the catalogues' texts",
    "moved": "a field of a report, and a value in the catalogues' texts",
    "used": "a field of a report, and a value in the catalogues' texts",
    "failed": "a field of a report and of the error that brings it",
    "damaged": "a field of Condition, beside ``whole``",
    "spoilt": "likewise",
    "done": "how many steps, beside ``total``; a value in the catalogues' texts",
    "averaged": "a key of the trainer's checkpoints",
    "Read": "the verb: the cog of the command /read",
}


def is_participle(name: str) -> bool:
    word = name.strip("_").lower()
    return word in IRREGULAR or (word.endswith("ed") and "_" not in word and word not in ENDS_LIKE_ONE)


def is_true_or_false(value: ast.expr) -> bool:
    match value:
        case ast.Compare() | ast.UnaryOp(op=ast.Not()) | ast.Constant(value=bool()):
            return True
        case ast.BoolOp(values=values):
            return any(map(is_true_or_false, values))
        case ast.BinOp(left=left, right=right):
            return is_true_or_false(left) or is_true_or_false(right)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name.strip("_").startswith(("all", "any", "has", "is", "pauses", "tells", "was"))
    return False


def flags(tree: ast.AST) -> Iterator[str]:
    """The names of what is so or not, and of the members of enumerations."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(bases=[ast.Name(id="Enum" | "StrEnum")], body=body):
                yield from (
                    one.id for member in body for one in ast.walk(member) if isinstance(one, ast.Name)
                )
            case (
                ast.arg(arg=name, annotation=kind) | ast.AnnAssign(target=ast.Name(id=name), annotation=kind)
            ):
                if kind is not None and "bool" in ast.unparse(kind):
                    yield name
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                pairs = zip(targets, values, strict=True)
                yield from (ast.unparse(target) for target, value in pairs if is_true_or_false(value))
            case ast.Assign(targets=targets, value=value) if is_true_or_false(value):
                yield from map(ast.unparse, targets)


def things(tree: ast.AST) -> Iterator[str]:
    """The names of what holds something: variables, parameters, attributes, properties and classes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.arg(arg=name) | ast.ClassDef(name=name):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name
            case ast.FunctionDef(name=name, decorator_list=[ast.Name(id="property" | "cached_property")]):
                yield name


def participles(tree: ast.AST) -> set[str]:
    named_flags = {name.removeprefix("self.") for name in flags(tree)}
    return {name for name in things(tree) if is_participle(name)} - named_flags


@pytest.mark.parametrize("name", SOURCES)
def test_what_holds_something_is_named_by_a_noun(name: str) -> None:
    assert participles(SOURCES[name]) <= PARTICIPLES_WITH_A_REASON.keys()


def test_a_participle_is_told_from_a_noun_and_from_a_flag() -> None:
    tree = ast.parse(
        "found, count = 1, 2\nclosed: bool = f()\nopened, rest = x == 1, [told for told in x]\n"
        "class Kind(StrEnum):\n    ADDED = 'added'\n"
        "class Led:\n    def trimmed(self, given, feed, reading_of):\n"
        "        self._kept, self.loaded = given, True\n"
        "        try: pass\n        except OSError as gone: raise\n"
    )
    assert participles(tree) == {"found", "told", "Led", "given", "_kept", "gone"}


def test_every_reason_for_a_participle_is_needed() -> None:
    assert set(chain.from_iterable(map(participles, SOURCES.values()))) >= PARTICIPLES_WITH_A_REASON.keys()
