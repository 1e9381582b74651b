"""The demo as a person meets it: `footnote demo` with the real model, driven in a browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

pytestmark = pytest.mark.slow

ARTIFACTS = Path(os.environ.get("FOOTNOTE_ARTIFACTS", "artifacts"))
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
DESKTOP, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
QUESTION = "How many Labour MPs signed the letter?"
QUOTE = (
    "Nearly 60 Labour MPs recently signed a letter demanding immediate recognition of Palestine, according "
    "to The Guardian, following controversial remarks by Israel’s defence minister about relocating Gaza’s "
    "population to the ruins of Rafah."
)
FOLLOW_UP = "What was it following?"
HARBOUR = """\
# The harbour of Elms

## The first years

Ada Berg built the harbour in 1901. It cost nine thousand crowns.

## Today

Forty ships lie there in summer. In winter the ice closes it.
"""
BEFORE_IT = "Inside the Labour Party, pressure has been building."

expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        missing = f"needs one of {', '.join(BROWSERS)} on the PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def address(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page's address, as the demo prints it after its sample question and answer."""
    del browser  # without one there is no need to start the demo
    folder = tmp_path_factory.mktemp("demo")
    errors = folder / "stderr"
    command = [sys.executable, "-m", "bot", "demo", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"}
    with (
        errors.open("wb") as stderr,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=stderr) as demo,
    ):
        assert demo.stdout
        printed = ""
        while not (found := re.search(r"^Footnote is at (\S+)$", printed, re.MULTILINE)):
            line = demo.stdout.readline().decode()
            assert line, printed + errors.read_text(encoding="utf-8")
            printed += line
        assert printed.startswith(f"{QUESTION}\n")
        assert f"60\n\n{QUOTE} [1]\n\n[1] paragraph 4, " in printed
        yield found[1]
        demo.terminate()
        assert demo.wait(60) == 0


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    # The page forbids `eval`, which is how Playwright waits for a function.
    opened = browser.new_page(viewport=DESKTOP, bypass_csp=True)
    opened.goto(address)
    settle(opened)
    expect(messages(opened).first).to_contain_text("Ask me about the article.")
    yield opened
    opened.close()


def settle(page: Page) -> None:
    """Waits until the page has its fonts and has drawn what it was told last."""
    page.wait_for_function("window.simcordPreview?.ready")


def messages(page: Page) -> Locator:
    return page.locator(".channel-message")


def act_as(page: Page, person: str) -> None:
    page.get_by_label("Viewing as").select_option(label=person)
    expect(page.get_by_label("Viewing as").locator("option:checked")).to_have_text(person)


def command(page: Page, name: str, **options: str | Path) -> None:
    """Types a slash command as a person does: its name, Enter, its options, and the button that sends it."""
    page.get_by_label("Message", exact=True).fill(f"/{name}")
    offered(page).get_by_text(f"/{name}", exact=True).wait_for()
    page.keyboard.press("Enter")
    for option, value in options.items():
        field = page.locator(f".command-option-input[data-option={option}]")
        file = page.locator(f".command-file-input[data-option={option}]")
        if not field.or_(file).count():
            page.locator(".command-ghost").click()
            page.locator(f".command-suggestion[data-value={option}]").click()
        if isinstance(value, Path):
            file.set_input_files(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Send", exact=True).click()


def offered(page: Page) -> Locator:
    """The list of commands that opens above what is being typed."""
    return page.locator(".command-popup")


def keep(page: Page, name: str) -> None:
    """Keeps pictures of the page, as on a desk and as on a phone."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for device, size in (("phone", PHONE), ("desktop", DESKTOP)):
        page.set_viewport_size(size)
        page.wait_for_timeout(500)  # until the page has noticed its new size
        settle(page)
        messages(page).last.scroll_into_view_if_needed()
        page.screenshot(path=ARTIFACTS / f"demo-{name}-{device}.png")


def answer_to(page: Page, question: str) -> Locator:
    return messages(page).filter(has_text=f"Question: {question}").last


def test_reader_asks_sees_the_citation_in_its_context_and_asks_on(page: Page) -> None:
    keep(page, "welcome")
    act_as(page, "Robin (reader)")
    command(page, "ask", question=QUESTION)
    answer = answer_to(page, QUESTION)
    expect(answer).to_contain_text("✅ Nearly 60")
    expect(answer.locator("blockquote")).to_have_text([QUOTE])
    expect(answer.locator("blockquote strong")).to_have_text(["Nearly 60"])
    expect(answer).to_contain_text("paragraph 4")
    expect(answer.get_by_text(QUOTE)).to_have_count(1)
    expect(answer).to_contain_text("(a label) · ✅ answered · indexed")
    keep(page, "answer")

    answer.get_by_role("button", name="Show in context").click()
    context = messages(page).last
    expect(context).to_contain_text("Only you can see this")
    expect(context).to_contain_text("Paragraph 4 of 8")
    expect(context).to_contain_text("though a timeline has not been set")  # the paragraph before
    expect(context).to_contain_text(f"{BEFORE_IT} {QUOTE}")
    expect(context.locator("strong").last).to_have_text(QUOTE)
    expect(context).to_contain_text("A number of senior UK ministers")  # and the one after
    keep(page, "context")
    context.get_by_role("button", name="Read from here").click()
    expect(messages(page).last).to_contain_text(re.compile(r"Paragraphs? \d"))
    keep(page, "read-from-here")

    answer.get_by_role("button", name="Follow up").click()
    asking = page.get_by_role("dialog")
    asking.locator("textarea").fill(FOLLOW_UP)
    asking.get_by_role("button", name="Submit").click()
    expect(answer_to(page, FOLLOW_UP)).to_contain_text(QUOTE)
    keep(page, "follow-up")


def test_an_admin_looks_at_what_was_asked_and_what_was_not_answered(page: Page) -> None:
    act_as(page, "Ada (admin)")
    command(page, "insights")
    insights = messages(page).last
    expect(insights).to_contain_text("The last 7 days")
    expect(insights.locator("img[alt^='Questions by day: ']")).to_be_visible()
    expect(insights.locator("img[alt^='Seconds until the answer: ']")).to_be_visible()
    keep(page, "insights")
    insights.get_by_role("button", name="Not answered").click()
    expect(messages(page).last).to_contain_text("What the articles did not answer, most asked first")
    keep(page, "insights-list")
    messages(page).last.get_by_role("button", name="Open").first.click()
    expect(messages(page).last).to_contain_text("❌ not in the article")
    keep(page, "insights-question")
    messages(page).last.get_by_role("button", name="Back").click()
    expect(messages(page).last).to_contain_text("What the articles did not answer, most asked first")


def test_a_reader_reads_who_says_what_and_the_summary(page: Page) -> None:
    act_as(page, "Robin (reader)")
    command(page, "summary")
    expect(messages(page).last).to_contain_text("In short: Khan on Gaza")
    keep(page, "summary")
    command(page, "quotes")
    expect(messages(page).last).to_contain_text("Who says what")
    expect(messages(page).last).to_contain_text("Khan, in a statement posted on X · paragraph 1")
    keep(page, "quotes")
    command(page, "read", paragraph="3")
    expect(messages(page).last).to_contain_text("The UK government has said it would recognize Palestine")
    keep(page, "read")


def test_what_the_article_does_not_say_is_not_answered(page: Page) -> None:
    command(page, "ask", question="How do I bake sourdough bread?")
    expect(answer_to(page, "How do I bake sourdough bread?")).to_contain_text("The article does not say.")
    closest = answer_to(page, "How do I bake sourdough bread?").locator("blockquote")
    expect(closest).to_have_count(1)
    expect(closest.locator("strong")).to_have_count(0)
    keep(page, "not-in-article")


def test_what_may_not_answer_leads_with_nothing_in_bold(page: Page) -> None:
    question = "How many people have died in Gaza?"
    command(page, "ask", question=question)
    answer = answer_to(page, question)
    expect(answer).to_contain_text("⚠️ The article may not answer this. The closest it says:")
    expect(answer).to_contain_text("⚠️ uncertain")
    keep(page, "uncertain")


def test_a_claim_is_checked_and_its_source_opens_in_context(page: Page) -> None:
    command(page, "check", claim="Nearly 60 Labour MPs signed a letter.")
    answer = messages(page).filter(has_text="Claim: Nearly 60 Labour MPs signed a letter.").last
    expect(answer).to_contain_text(re.compile("The article (says so|may say so, or otherwise)"))
    expect(answer.locator("blockquote").first).to_contain_text(
        "Nearly 60 Labour MPs recently signed a letter"
    )
    keep(page, "check")
    answer.get_by_role("button", name="Show in context").first.click()
    expect(messages(page).last).to_contain_text("Paragraph 4 of 8")


def test_only_the_admin_is_offered_reindex_and_is_told_whose_article_it_is(page: Page) -> None:
    act_as(page, "Robin (reader)")
    page.get_by_label("Message", exact=True).fill("/")
    expect(offered(page)).to_contain_text("/ask")
    expect(offered(page)).not_to_contain_text("/reindex")
    expect(offered(page)).not_to_contain_text("/library")
    page.get_by_label("Message", exact=True).fill("")
    act_as(page, "Ada (admin)")
    command(page, "reindex")
    refusal = messages(page).last
    expect(refusal).to_contain_text("“khan-gaza-palestine” is everyone's article", timeout=60_000)
    expect(refusal).to_contain_text("/library add adds one, /library use puts it in use.")
    keep(page, "everyones-article")


def test_the_admin_adds_an_article_from_a_file_and_it_is_asked(page: Page, tmp_path: Path) -> None:
    article = tmp_path / "harbour.md"
    article.write_text(HARBOUR, encoding="utf-8")
    act_as(page, "Ada (admin)")
    command(page, "library add", file=article)
    added = messages(page).last
    expect(added).to_contain_text("The harbour of Elms", timeout=60_000)
    keep(page, "library-add")
    command(page, "library list")
    listed = messages(page).last
    expect(listed).to_contain_text("The harbour of Elms")
    expect(listed).to_contain_text("Khan on Gaza")
    keep(page, "library-list")
    command(page, "reindex")
    done = messages(page).last
    expect(done).to_contain_text("Reindexed The harbour of Elms", timeout=60_000)
    expect(done).to_contain_text("0 new, 0 removed")
    keep(page, "reindex")
    act_as(page, "Robin (reader)")
    command(page, "ask", question="Who built the harbour?", article="the-harbour-of-elms")
    answer = answer_to(page, "Who built the harbour?")
    expect(answer.locator("blockquote").first).to_have_text("Ada Berg built the harbour in 1901.")
    expect(answer).to_contain_text("The first years")  # the heading that it stands under
    keep(page, "second-article")


def test_an_admin_answers_what_was_not_answered_and_it_is_cited(page: Page) -> None:
    act_as(page, "Ada (admin)")
    command(page, "insights")
    messages(page).last.get_by_role("button", name="Not answered").click()
    expect(messages(page).last).to_contain_text("What the articles did not answer, most asked first")
    messages(page).last.get_by_role("button", name="Open").first.click()
    messages(page).last.get_by_role("button", name="Write the answer").click()
    dialog = page.get_by_role("dialog")
    question = dialog.locator("input, textarea").first.input_value()
    keep(page, "write-the-answer")
    dialog.locator("textarea").last.fill("Ask at the town hall, which opens at nine.")
    dialog.get_by_role("button", name="Submit").click()
    expect(messages(page).last).to_contain_text("Answered by the admins", timeout=60_000)
    keep(page, "answer-written")
    act_as(page, "Robin (reader)")
    command(page, "ask", question=question)
    answer = answer_to(page, question)
    expect(answer.locator("blockquote").first).to_contain_text("Ask at the town hall, which opens at nine.")
    expect(answer).to_contain_text("Answered by Ada (admin) on ")
    keep(page, "answered-by-an-admin")
