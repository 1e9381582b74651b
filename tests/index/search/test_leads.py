"""What leads to an answer, and what can be cited."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.model.article import Article, Heading, Sentence
from index.search.leads import Leads, asks, introduces, says
from index.search.passages import chunk
from tests.index.fakes import word_spans
from tests.index.language.texts import TEXTS


def article(text: str, *headings: str) -> Article:
    starts = [text.index(heading) for heading in headings]
    return Article(
        id="a",
        title="t",
        text=text,
        headings=tuple(
            Heading(start, start + len(heading), 1) for start, heading in zip(starts, headings, strict=True)
        ),
    )


def leads_of(one: Article) -> Leads:
    return Leads(one, chunk(one, word_spans, 60))


def citable(one: Article) -> list[str]:
    return [sentence.of(one.text) for sentence in leads_of(one).citable]


def led(one: Article) -> dict[str, str]:
    """What each sentence that something leads is led by."""
    leads = leads_of(one)
    return {
        sentence.of(one.text): found.lead.of(one.text)
        for sentence in leads.citable
        if (found := leads.led(sentence)) is not None
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Q: When do you open?", True),
        ("Torvik Post: When did you start skating?", True),
        ("<mara> does the lift work?", True),
        ("“Who will pay?”", True),
        ("**Can I bring my dog?**", True),
        ("何時に開きますか？", True),
        ("Khan asked: “Who will pay?”", False),
        ("“Who will pay?” she asked.", False),
        ("We open at nine.", False),
        ("?", True),
    ],
)
def test_a_question_of_the_text_asks_and_a_reported_one_does_not(words: str, expected: bool) -> None:
    assert asks(words) is expected


def test_a_line_that_ends_in_a_colon_introduces() -> None:
    assert introduces("The kit contains:")
    assert introduces("“Der Satz enthält:”")
    assert not introduces("Time: nine.")


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Opening hours: 9 to 17", True),
        ("Version 2.3 – released 4 March 2024", True),
        ("Ferry closed until 5 June", True),
        ("Opening hours", False),
        ("Chapter 2: The voyage", False),
        ("2.1. The rose garden", False),
        ("Version 2.3", False),
    ],
)
def test_a_heading_says_something_or_only_names_it(heading: str, expected: bool) -> None:
    assert says(heading) is expected


def test_questions_lead_their_answers() -> None:
    one = article("Q: When do you open?\n\nA: At nine. We close at six.\n\nWho pays? Nobody does.")
    assert citable(one) == ["A: At nine.", "We close at six.", "Nobody does."]
    assert led(one) == {"A: At nine.": "Q: When do you open?", "Nobody does.": "Who pays?"}


def test_the_items_of_a_list_are_alike() -> None:
    one = article(
        "The kit has:\n\ntwo keys,\n\na map and\n\na lamp.\n\nNever open it.\n\nRules:\n\nRun.\n\nHide."
    )
    assert led(one) == {
        "two keys,": "The kit has:", "a map and": "The kit has:", "a lamp.": "The kit has:",
        "Run.": "Rules:", "Hide.": "Rules:",
    }  # fmt: skip
    two = article("To do:\n\n☐ order gas\n\n☑ sweep\n\nlast line")
    assert led(two) == {"☐ order gas": "To do:", "☑ sweep": "To do:"}


def test_a_heading_that_names_a_list_leads_it() -> None:
    items = "500 g rye flour\n\n1 tsp salt\n\n450 ml water"
    text = f"Rye bread\n\nBy Olof\n\nIn May\n\nIn Elms\n\nIngredients\n\n{items}\n\nHow\n\nIt is mixed."
    one = article(text, "Rye bread", "Ingredients", "How")
    under = replace(one, headings=(one.headings[0], *(replace(head, level=2) for head in one.headings[1:])))
    assert led(under) == dict.fromkeys(items.split("\n\n"), "Ingredients")
    assert led(one) == {}


def test_a_label_alone_passes_on_the_question_before_it() -> None:
    one = article("When do you open?\n\nAnswer:\n\nAt nine.")
    assert led(one) == {"At nine.": "When do you open?\n\nAnswer:"}


def test_questions_under_each_other_lead_nothing_over_a_heading() -> None:
    one = article("When?\n\nWhere?\n\nVisits\n\nCome on Monday.", "Visits")
    assert citable(one) == ["Come on Monday."]
    assert led(one) == {}


def test_a_heading_that_asks_leads_and_one_that_names_does_not() -> None:
    one = article(
        "Can I bring a dog?\n\nOnly on a lead.\n\nPrices\n\nIt is free.", "Can I bring a dog?", "Prices"
    )
    assert led(one) == {"Only on a lead.": "Can I bring a dog?"}


@pytest.mark.parametrize(
    "items",
    [
        ["- four props", "- a bag of grog."],
        ["1. Hold the button.", "2. Release it."],
        ["four props", "a bag of grog"],
        ["Year: 1986 · Toll: 40", "Year: 1987 · Toll: 45"],
    ],
)
def test_a_line_leads_the_items_of_its_list(items: list[str]) -> None:
    after = (
        "What comes after the list is long enough to be prose of its own, and has two sentences. So it is."
    )
    one = article("\n\n".join(["Check it. The kit contains:", *items, after]))
    some = leads_of(one).citable
    lines = [some.of_passage(number)[0].of(one.text) for number in some.passages()]
    assert lines[1:-1] == items
    assert set(led(one).values()) == {"The kit contains:"}
    assert "What comes after" not in " ".join(led(one))


def test_an_answer_leads_no_further() -> None:
    one = article("When does he come?\n\non friday\n\nok")
    assert led(one) == {"on friday": "When does he come?"}


def test_nothing_but_questions_is_cited_all_the_same() -> None:
    assert citable(article("Who? Why?\n\nWhen?")) == ["Who?", "Why?", "When?"]


def test_what_is_read_together_is_bounded() -> None:
    one = article("The list holds:\n\n" + "\n\n".join(f"- item {n} of many" for n in range(200)))
    leads = leads_of(one)
    passages = chunk(one, word_spans, 60)
    assert max(leads.context(passage).end - leads.context(passage).start for passage in passages) <= 1_000


@given(TEXTS, st.lists(st.integers(0, 3), max_size=30))
def test_everything_that_is_cited_stands_in_its_passage(text: str, levels: list[int]) -> None:
    paragraphs = Article(id="a", title="t", text=text).paragraphs
    headings = tuple(
        Heading(paragraph.start, paragraph.end, level)
        for paragraph, level in zip(paragraphs, levels, strict=False)
        if level
    )
    one = Article(id="a", title="t", text=text, headings=headings)
    passages = chunk(one, word_spans, 20)
    leads = Leads(one, passages)
    assert bool(leads.citable) == any(passage.sentences for passage in passages)
    assert set(leads.citable.passages()) <= {passage.number for passage in passages}
    for passage in passages:
        some = leads.citable.of_passage(passage.number)
        context = leads.context(passage)
        assert context.start <= passage.start
        assert passage.end <= context.end
        assert list(some) == sorted(some, key=lambda sentence: sentence.start)
        for sentence in some:
            assert isinstance(sentence, Sentence)
            assert passage.start <= sentence.start < sentence.end <= passage.end
            found = leads.led(sentence)
            if found is not None:
                assert found.lead.end <= sentence.start
                assert sentence in found.items
