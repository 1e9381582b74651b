"""Each message of the command line that recommends something: provoked, and what it names is there."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import discord
import pytest
from typer.testing import CliRunner, Result

from bot.cli import app as cli
from bot.cli.demo import DemoError, serve
from bot.registration import FAILURE, FOLDER, Failure
from index import FootnoteError, OwnQuestionsError, Progress, SelfCheckError
from index.answering.fitted_reader import load_reader
from index.search.embedding import SentenceTransformerEmbedder
from index.search.reranking import CrossEncoderReranker
from index.sources.question_files import load_questions
from index.storage.library_folder import LibraryFolder
from tests.bot.advice import advice_of_cli, settings
from tests.bot.cli.test_app import measured
from tests.fakes import ARTICLE, BRIDGE, HeldLibrary

pytestmark = pytest.mark.slow

Invoke = Callable[..., Result]


PERMISSIONS = {  # by what Discord's page calls them
    "View Channels": "view_channel",
    "Send Messages": "send_messages",
    "Send Messages in Threads": "send_messages_in_threads",
    "Read Message History": "read_message_history",
}


class Failing(HeldLibrary):
    """A library that cannot be opened."""

    failure: FootnoteError

    def load(self, on_progress: Callable[[Progress], None] = lambda _: None) -> tuple[str, ...]:
        del on_progress
        raise self.failure


def failing(error: FootnoteError) -> Failing:
    library = Failing()
    library.failure = error
    return library


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, library: HeldLibrary) -> Invoke:
    def invoke(*args: str, input: str | None = None, uses: HeldLibrary = library) -> Result:  # noqa: A002
        monkeypatch.setattr("bot.cli.process.open_library", lambda _: uses)
        return CliRunner().invoke(cli.app, args, input=input, prog_name="footnote")

    return invoke


@pytest.fixture
def refused_tokens(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens that Discord was shown, and refused."""
    tokens: list[str] = []

    async def refuse(_http: object, token: str) -> None:
        tokens.append(token)
        raise discord.LoginFailure

    monkeypatch.setattr("discord.http.HTTPClient.static_login", refuse)
    return tokens


def test_without_a_token_the_way_to_one_ends_in_discord(run: Invoke, refused_tokens: list[str]) -> None:
    message = run("run").stderr
    assert advice_of_cli(message) == {"DISCORD_TOKEN", "footnote run", "footnote demo"}
    for label, permission in PERMISSIONS.items():
        assert label in " ".join(message.split())
        assert permission in discord.Permissions.VALID_FLAGS
    assert "Write DISCORD_TOKEN=<the token> in a file .env in this folder." in message
    Path(".env").write_text("DISCORD_TOKEN=the-token\n", encoding="utf-8")
    run("run")
    assert refused_tokens == ["the-token"]


def test_a_token_that_discord_refuses_is_to_be_made_anew(run: Invoke, refused_tokens: list[str]) -> None:
    Path(".env").write_text("DISCORD_TOKEN=old\n", encoding="utf-8")
    message = run("run").stderr
    assert refused_tokens == ["old"]
    assert advice_of_cli(message) == {"DISCORD_TOKEN"}
    assert "Make a new one at https://discord.com/developers/applications" in message


def test_an_intent_that_the_portal_does_not_allow_is_to_be_switched_on_there(
    run: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(bot: discord.Client, token: str) -> None:
        del token
        assert bot.intents.message_content
        raise discord.PrivilegedIntentsRequired(0)

    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setenv("FOOTNOTE_MESSAGE_CONTENT", "true")
    monkeypatch.setattr("bot.client.FootnoteBot.start", refuse)
    result = run("run")
    assert result.exit_code == 2
    assert advice_of_cli(result.stderr) == {"FOOTNOTE_MESSAGE_CONTENT"}
    assert "https://discord.com/developers/applications: your application, Bot, Message Content" in (
        result.stderr
    )


def test_without_a_network_it_is_to_be_looked_at_and_run_again(
    run: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise aiohttp.ServerDisconnectedError

    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setattr("discord.http.HTTPClient.static_login", fail)
    message = run("run").stderr
    assert advice_of_cli(message) == {"footnote run"}
    assert "Check this machine's connection to the internet" in message


def test_the_first_page_of_help_begins_with_a_command_that_is_there(run: Invoke) -> None:
    assert advice_of_cli(opening(run("--help").stdout)) == {"footnote demo"}


def test_chat_says_how_it_ends_and_ends_so(
    run: Invoke, monkeypatch: pytest.MonkeyPatch, library: HeldLibrary
) -> None:
    answers = iter(["exit"])
    prompt = SimpleNamespace(
        stdin=SimpleNamespace(isatty=lambda: True), stdout=SimpleNamespace(isatty=lambda: True, flush=str)
    )
    monkeypatch.setattr("bot.cli.app.sys", prompt)
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    result = run("chat")
    assert (result.exit_code, [*answers], library.calls) == (0, [], [])
    assert result.stderr.endswith("Ask about “The harbour of *Elms*”. Ctrl-D or `exit` ends.\n")


async def test_the_demo_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "simcord", None)
    with pytest.raises(DemoError) as raised:
        await serve(None, None, ARTICLE, port=0, announce=print)  # type: ignore[arg-type]
    assert advice_of_cli(str(raised.value)) == {"demo"}


def test_a_plot_without_its_extra_says_what_to_install(run: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    message = run("eval", "questions.json", "--plot", "curve.svg").stderr
    assert advice_of_cli(message, of="eval") == {"plot", "--plot"}


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_a_plot_of_another_kind_is_told_the_endings_that_do(
    run: Invoke, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    message = run("eval", "questions.json", "--plot", "curve.gif").stderr
    assert advice_of_cli(message, of="eval") == {"--plot"}
    assert suffix in message
    monkeypatch.setattr("bot.cli.measure.measure", measured)
    drawn: list[Path] = []
    monkeypatch.setattr("bot.cli.plot.draw", lambda file, *_: drawn.append(file))
    assert run("eval", "questions.json", "--plot", f"curve{suffix}").exit_code == 0
    assert drawn == [Path(f"curve{suffix}")]


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (["--pooled", "--foreign"], {"--pooled", "--foreign"}),
        (
            ["--conversations", "--claims"],
            {"--conversations", "--pooled", "--foreign", "--compare", "--claims", "--plot"},
        ),
        (["--claims", "--pooled"], {"--claims", "--pooled", "--foreign", "--compare", "--plot"}),
    ],
)
def test_options_of_eval_that_are_to_be_left_out_are_options_of_it(
    run: Invoke, flags: list[str], names: set[str]
) -> None:
    message = run("eval", "questions.json", *flags).stderr
    assert re.search("Give one of the two|leave .* out", message)
    assert advice_of_cli(message, of="eval") == names


def test_questions_without_a_source_are_told_the_option_for_one(run: Invoke) -> None:
    message = run("reindex", "--questions", "own.jsonl").stderr
    assert advice_of_cli(message, of="reindex") == {"--questions", "--from"}


@pytest.mark.parametrize(
    "error", [SelfCheckError("1 of 2.", failed=("Who?",)), OwnQuestionsError("Line 1 is none.")]
)
@pytest.mark.parametrize("command", ["reindex", "library add"])
def test_what_fails_its_questions_is_told_the_option_that_forces_it(
    run: Invoke, library: HeldLibrary, error: FootnoteError, command: str
) -> None:
    Path("oaks.txt").write_text(BRIDGE.text, encoding="utf-8")
    words = [*command.split(), *(["oaks.txt"] if command != "reindex" else [])]
    library.error = error
    message = run(*words).stderr
    assert message.endswith(f"{error}\nTo put it in place all the same: --force\n")
    assert advice_of_cli(message.splitlines()[-1], of=command) == {"--force"}
    assert run(*words, "--force").exit_code == 0


def test_an_article_that_is_added_is_put_in_use_as_it_says(run: Invoke, library: HeldLibrary) -> None:
    Path("oaks.txt").write_text(BRIDGE.text, encoding="utf-8")
    assert advice_of_cli(run("library", "add", "oaks.txt", "--id", "oaks").stdout) == set()  # it is in use
    Path("canal.txt").write_text("The canal is dry.", encoding="utf-8")
    (line,) = advice_of_cli(run("library", "add", "canal.txt").stdout)
    assert line == "footnote library use canal"
    assert library.in_use() == "oaks"
    assert run(*line.split()[1:]).exit_code == 0
    assert library.in_use() == "canal"


def test_an_article_that_is_removed_comes_back_as_it_says(run: Invoke, library: HeldLibrary) -> None:
    Path("oaks.txt").write_text(BRIDGE.text, encoding="utf-8")
    run("library", "add", "oaks.txt", "--id", "oaks")
    (line,) = advice_of_cli(run("library", "remove", "oaks", "--yes").stdout)
    assert line == "footnote library undo oaks"
    assert [entry.id for entry in library.entries()] == ["harbour"]
    assert run(*line.split()[1:]).exit_code == 0
    assert [entry.id for entry in library.entries()] == ["harbour", "oaks"]
    assert advice_of_cli(opening(run("library", "remove", "--help").stdout)) == {"footnote library undo"}


def opening(page: str) -> str:
    """A page of help without its tables."""
    return page.partition("╭")[0]


def test_settings_that_are_no_text_are_to_be_saved_as_utf_8(run: Invoke) -> None:
    Path(".env").write_bytes("FOOTNOTE_EXTRA_ROLES=[1]\n# ü".encode("latin-1"))
    message = run("ask", "Why?").stderr
    assert message == "Error: The file .env is not UTF-8 text. Save it as UTF-8.\n"
    Path(".env").write_text("# ü", encoding="utf-8")
    assert run("ask", "Why?").exit_code == 0


ANY_TEXT = {
    "FOOTNOTE_DATABASE_URL",
    "FOOTNOTE_STORAGE_URL",
    "DISCORD_TOKEN",
    "FOOTNOTE_DATA_DIR",
    "FOOTNOTE_ARTICLE",
    "FOOTNOTE_EMBEDDING_MODEL",
    "FOOTNOTE_RERANKER",
    "FOOTNOTE_READER",
    "FOOTNOTE_ADMIN_ROLE",
}


@pytest.mark.parametrize("name", sorted(settings() - ANY_TEXT))
def test_a_setting_that_is_wrong_is_named_as_it_is_set(
    run: Invoke, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "many")
    message = run("ask", "Why?").stderr
    assert message.startswith(f"Error: A setting is wrong.\n{name}: ")
    assert advice_of_cli(message) == {name}


def no_model(folder: Path) -> object:
    return SentenceTransformerEmbedder(str(folder / "gone"))


def no_reranker(folder: Path) -> object:
    return CrossEncoderReranker(str(folder / "gone"))


def no_reader(folder: Path) -> object:
    return load_reader(folder, "0")


def no_folder(folder: Path) -> object:
    (folder / "file").touch()
    with LibraryFolder(folder / "file", snapshots_kept=1).writing():
        return (folder / "file" / "data").write_bytes(b"")


def no_evidence(folder: Path) -> object:
    line = {"question": "Who?", "evidence": ["Not in it."]}
    (folder / "questions.jsonl").write_text(json.dumps(line), encoding="utf-8")
    return load_questions(folder / "questions.jsonl", ARTICLE)


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("mysql://a:b@c/d", {"FOOTNOTE_DATABASE_URL"}),
        ("postgresql://a:b@127.0.0.1:1/d", {"FOOTNOTE_DATABASE_URL"}),
        ("no driver", {"FOOTNOTE_DATABASE_URL", "postgresql"}),
    ],
)
def test_what_is_wrong_with_the_database_names_its_setting(
    monkeypatch: pytest.MonkeyPatch, address: str, names: set[str]
) -> None:
    """On the real command line, where the password stands in no message either."""
    if address == "no driver":
        monkeypatch.setattr("index.storage.database.find_spec", lambda _: None)
        address = "postgresql://a:hunter2@127.0.0.1:1/d"
    monkeypatch.setenv("FOOTNOTE_DATABASE_URL", address.replace(":b@", ":hunter2@"))
    result = CliRunner().invoke(cli.app, ["library", "list"], prog_name="footnote")
    assert (result.exit_code, result.stdout) == (1, "")
    assert advice_of_cli(result.stderr) == names
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("nonsense://a:b@c/d", {"FOOTNOTE_STORAGE_URL"}),
        ("nowhere", {"FOOTNOTE_STORAGE_URL"}),
        ("s3://a:b@c/d?endpoint=http://127.0.0.1:1&region=here", {"FOOTNOTE_STORAGE_URL", "footnote doctor"}),
        ("not installed", {"FOOTNOTE_STORAGE_URL", "storage"}),
    ],
)
def test_what_is_wrong_with_the_storage_names_its_setting(
    monkeypatch: pytest.MonkeyPatch, address: str, names: set[str]
) -> None:
    """On the real command line, where the password stands in no message either."""
    if address == "not installed":
        monkeypatch.setattr("index.storage.shared_storage.find_spec", lambda _: None)
        address = "s3://a:hunter2@c/d"
    monkeypatch.setenv("FOOTNOTE_STORAGE_URL", address.replace(":b@", ":hunter2@"))
    result = CliRunner().invoke(cli.app, ["library", "prune", "--dry-run"], prog_name="footnote")
    assert (result.exit_code, result.stdout) == (1, "")
    assert advice_of_cli(result.stderr) == names
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize(
    ("attempt", "advice", "name"),
    [
        pytest.param(
            no_model,
            "Give the name of a sentence-transformers embedding model",
            "FOOTNOTE_EMBEDDING_MODEL",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            no_reranker,
            "Give the name of a sentence-transformers cross-encoder",
            "FOOTNOTE_RERANKER",
            marks=pytest.mark.slow,
        ),
        (no_reader, "Name a folder with reader.onnx", "FOOTNOTE_READER"),
        (no_folder, "choose another folder", "FOOTNOTE_DATA_DIR"),
        (no_evidence, "Choose the article that the questions are about", "FOOTNOTE_ARTICLE"),
    ],
)
def test_what_a_setting_mends_names_it_after_what_to_do(
    run: Invoke, tmp_path: Path, attempt: Callable[[Path], object], advice: str, name: str
) -> None:
    """The error is the one that is raised where it comes from; ``ask`` and the doctor both say it."""
    with pytest.raises(FootnoteError) as raised:
        attempt(tmp_path)
    library = failing(raised.value)
    message = run("ask", "Why?", uses=library).stderr.splitlines()[-1]
    assert advice in message
    assert message.endswith(f" The setting is {name}.")
    assert advice_of_cli(message) == {name}
    problems = findings(run("doctor", uses=library), "problem")
    assert any(line.endswith(message.removeprefix("Error: ")) for line in problems)


def findings(result: Result, verdict: str) -> list[str]:
    return [line for line in result.stdout.splitlines() if line.startswith(verdict)]


def test_the_doctor_says_where_a_token_comes_from(run: Invoke) -> None:
    (line,) = [line for line in findings(run("doctor"), "note") if " token " in line]
    assert advice_of_cli(line) == {"DISCORD_TOKEN", "footnote run"}
    assert advice_of_cli(run("run").stderr) >= {"DISCORD_TOKEN"}  # which says it, as the line says


def test_the_doctor_says_how_to_copy_a_token(run: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "not-a-token")
    (line,) = findings(run("doctor"), "problem")
    assert advice_of_cli(line) == {"DISCORD_TOKEN"}
    assert "Copy it anew: discord.com/developers, your application, Bot, Reset Token." in line


def test_the_doctor_says_to_set_another_folder_and_is_content_with_it(
    run: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").touch()
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", "file")
    (line,) = findings(run("doctor"), "problem")
    assert line.endswith("Set FOOTNOTE_DATA_DIR to another folder.")
    assert advice_of_cli(line) == {"FOOTNOTE_DATA_DIR"}
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", "folder")
    assert findings(run("doctor"), "problem") == []


def test_the_doctor_says_to_start_again_where_the_commands_were_not_taken(run: Invoke) -> None:
    folder = Path(".footnote") / FOLDER
    folder.mkdir(parents=True)
    failure = Failure(since=datetime(2026, 5, 4, tzinfo=UTC), tries=2, reason="Missing Access")
    (folder / f"1-{FAILURE}").write_text(failure.model_dump_json(), encoding="utf-8")
    (line,) = findings(run("doctor"), "problem")
    assert "in 2 tries: Missing Access." in line
    assert "if it does not run, start it again" in line
    assert advice_of_cli(line) == {"footnote run"}


def test_the_doctor_says_what_makes_room(run: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    (line,) = findings(run("doctor"), "problem")
    assert advice_of_cli(line) == {"FOOTNOTE_FREE_MB", "footnote library prune --dry-run"}
    assert run("library", "prune", "--dry-run").exit_code == 0
    monkeypatch.setenv("FOOTNOTE_FREE_MB", "1")
    assert findings(run("doctor"), "problem") == []


@pytest.mark.parametrize(("name", "value"), [("FOOTNOTE_READER", "off"), ("FOOTNOTE_RERANKER", "some/model")])
def test_the_doctor_names_the_setting_that_keeps_anything_from_reading(
    run: Invoke, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    (line,) = [line for line in findings(run("doctor"), "note") if " reader " in line]
    assert advice_of_cli(line) == {name}


@pytest.mark.parametrize(
    ("word", "advice"), [("hello", "Ask me about “"), ("thanks", "If you want to know more about “")]
)
def test_a_friendly_word_comes_with_questions_that_can_be_asked(
    run: Invoke, library: HeldLibrary, word: str, advice: str
) -> None:
    said = run("ask", word).stdout
    assert advice in said
    assert [question in said for question in ARTICLE.questions] == [True] * len(ARTICLE.questions)
    assert library.ask(ARTICLE.questions[0]).answer.citations
