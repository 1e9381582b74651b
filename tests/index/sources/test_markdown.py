"""Markdown of every dialect: its own marks are in no sentence."""

from datetime import date

import pytest

from index.model.article import Article
from index.sources.extract.front_matter import front_matter
from index.sources.extract.markdown import markdown
from index.sources.limits import DEFAULT_LIMITS


def reading(text: str) -> Article:
    return markdown(text, DEFAULT_LIMITS)


def paragraphs(text: str) -> list[str]:
    article = reading(text)
    return [paragraph.of(article.text) for paragraph in article.paragraphs]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_front_matter_is_no_text(end: str) -> None:
    text = "---\ntitle: 'Salt: a history'\nauthor:\n  - Mira Sund\n  - Jon Hale\nlang: en-GB\n"
    text += "date: 2023-05-04\ntags: [a, b]\n---\n\nSalt was boiled here.\n"
    article = reading(text.replace("\n", end))
    assert article.text == "Salt was boiled here."
    assert (article.title, article.author, article.language) == (
        "Salt: a history", "Mira Sund, Jon Hale", "en-GB",
    )  # fmt: skip
    assert article.published == date(2023, 5, 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("+++\ntitle = 'Salt'\ndraft = true\n+++\nOne.", {"title": "Salt", "draft": "True"}),
        ("---\nauthor: {name: Mira}\n...\nOne.", {"author": "Mira"}),
        ("---\ntitle: Salt: a history\nyear: 1833\n---\nOne.", {"title": "Salt: a history", "year": "1833"}),
        ("+++\nno toml\n+++\nOne.", {}),
        ("---\n- a\n---\nOne.", {}),
    ],
)
def test_what_front_matter_says(text: str, said: dict[str, str]) -> None:
    assert front_matter(text) == (said, "One.")


def test_a_rule_is_no_front_matter() -> None:
    assert front_matter("One.\n\n---\n\nTwo.") == ({}, "One.\n\n---\n\nTwo.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("31 kg in May[^1] and 58 in June.^[Inline.]\n\n[^1]: Without the stand.",
         ["31 kg in May and 58 in June.", "1. Without the stand.", "2. Inline."]),
        ("It costs ~~40~~ 55 crowns. H~2~O, 10^9^ and ==bee glue==.",
         ["It costs 55 crowns. H2O, 10⁹ and bee glue."]),
        ("See [[Feeding|the page]], [[Wax#Uses]] and ![[a.png]].", ["See the page, Wax and ."]),
        ("See ![a hive](a.png) there.\n\n![alone](b.png)", ["See a hive there."]),
        ("> [!NOTE]\n> Smoke calms.\n\n> [!tip]- Feeding\n> Use sugar.",
         ["Smoke calms.", "Feeding", "Use sugar."]),
        ("- [ ] buy frames\n- [x] paint the roof\n- [link](b)", ["☐ buy frames", "☑ paint the roof", "link"]),
        ("::: warning Take care\nNever open it.\n:::\n\n:::note[Wax]\nMelt.\n:::\n\n::: {.box}\nKeep.\n:::",
         ["Take care", "Never open it.", "Wax", "Melt.", "Keep."]),
        ('!!! note\n    Smoke calms.\n\n!!! tip "Feeding"\n    Use sugar.',
         ["Smoke calms.", "Feeding", "Use sugar."]),
        ("Varroa\n: A mite.\n\nWhy?\n: So.", ["Varroa:", "A mite.", "Why?", "So."]),
        ("1986. A dry summer.\n\n3. c\n4. d\n   1. e", ["1986. A dry summer.", "1987. c", "1988. d", "1. e"]),
        ("[TOC]\n\n## Wax {#wax .big}\n\n{% include x %}One. {{< fig >}}%%no%%", ["Wax", "One."]),
        ("Q: Why?\n**A:** Rain\nfell.\n\nWax\nNote: hot.", ["Q: Why?", "A: Rain fell.", "Wax Note: hot."]),
        ("(1) One.\n(2) But:\n  a) three;\n  b) four.", ["(1) One.", "(2) But:", "a) three;", "b) four."]),
        ("{: .box}\n\nKeep.", ["Keep."]),
        ("```sh\n# weigh\nhive weigh\n```", ["# weigh", "hive weigh"]),
        ("| Year | Toll |\n|--|--|\n| 1986 | 40 |\n\n|  | May |\n|--|--|\n| Rain | much |",
         ["Year: 1986 · Toll: 40", "Rain · May: much"]),
    ],
)  # fmt: skip
def test_what_a_dialect_marks_is_text(text: str, expected: list[str]) -> None:
    assert paragraphs(text) == expected
