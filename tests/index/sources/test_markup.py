"""What the marks of HTML mean, in pages and in books: put in words, or left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from index.sources.extract.blocks import blocks
from index.sources.extract.markup import resolve


def lines(markup: str) -> list[str]:
    root = html.fragment_fromstring(markup, create_parent="div")
    resolve(root)
    return [block.text for block in blocks(root)]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("It saw 10<sup>9</sup> stars on 40 m<sup>2</sup>.", ["It saw 10⁹ stars on 40 m²."]),
        ('A year costs $320<sup><a href="#n1">1</a></sup> now.', ["A year costs $320 now."]),
        ('In 1931<sup class="reference">2</sup> it closed.', ["In 1931 it closed."]),
        ("the town<sup>3</sup> of <i>x</i><sup>2</sup>", ["the town of x²"]),
        ('It closed.<a href="#fn3" id="r3">[3]</a> It <a href="#fn4">4</a> opened.',
         ["It closed. It opened."]),
        ('It has <a href="#top">4</a> rooms.', ["It has 4 rooms."]),
        ('<li>Half.<a href="#r3" class="footnote-backref">↩︎</a></li>', ["Half."]),
        ("H<sub>2</sub>O, log<sub>2</sub>8", ["H2O, log₂8"]),
        ("at <del>two</del> <ins>three</ins>, <s>40</s> <strike>50</strike> 60 crowns",
         ["at three, 60 crowns"]),
        ('<p hidden>a</p><p aria-hidden="true">b</p><p style="color: red; DISPLAY : none !important">c</p>'
         '<p style="text-decoration: red line-through">d</p><p>e</p>', ["e"]),
        ('<div aria-hidden="true"><main><p>The page.</p></main></div>', ["The page."]),
        ("He said <q>no, <q>never</q></q> twice.", ["He said “no, ‘never’” twice."]),
        ("<ol><li>a</li><li><p>b</p><p>c</p></li></ol>", ["1. a", "2. b", "c"]),
        ('<ol start="7" type="a"><li>x<ol type="i"><li>y</li><li>z</li></ol></li><li value="9">w</li></ol>',
         ["g. x", "i. y", "ii. z", "i. w"]),
        ('<ol reversed><li>a</li><li>b</li></ol>', ["2. a", "1. b"]),
        ('<ol style="list-style-type: upper-roman"><li>a</li></ol>', ["I. a"]),
        ('<ol style="list-style: none"><li>a</li></ol><ul><li>b</li></ul>', ["a", "b"]),
        ("<ol><li>1. a</li></ol>", ["1. a"]),
        ("<dl><dt>Varroa</dt><dd>A mite.</dd><dt>Why?</dt><dd>So.</dd></dl>",
         ["Varroa:", "A mite.", "Why?", "So."]),
        ("<p>Mon–Fri: 9 to 5<br>Saturday: 10 to<br>2<br>Sunday: closed</p>",
         ["Mon–Fri: 9 to 5", "Saturday: 10 to 2", "Sunday: closed"]),
        ("<p>Rope<br>- thin<br>- thick</p><p>Storgata 12<br>Elms</p><p>It rained.<br>Note: it rains.</p>",
         ["Rope", "- thin", "- thick", "Storgata 12 Elms", "It rained. Note: it rains."]),
        ("<table><tr><th>Shop<th>Open<tr><td>Elms<td>Mon: 9<br>Sun: 10</table>",
         ["Shop: Elms · Open: Mon: 9 Sun: 10"]),
        ("<figure><img><figcaption>The old crane.</figcaption></figure>", ["The old crane."]),
        ('It goes <a epub:type="pagebreak">12</a>on, <span class="pagenum">[Pg 3]</span>on.',
         ["It goes on, on."]),
        ("<math><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></math> and "
         "<math><mfrac><mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow><mn>2</mn></mfrac></math>",
         ["E=mc² and (a+1)/2"]),
    ],
)  # fmt: skip
def test_what_a_browser_shows_is_what_is_read(markup: str, expected: list[str]) -> None:
    assert lines(markup) == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("<caption>Tolls</caption><thead><tr><td>Year<td>Toll</thead><tr><td>1986<td>40<sup>1</sup> crowns",
         ["Tolls", "Year: 1986 · Toll: 40 crowns"]),
        ("<tr><th><th>1986<th>1990<tr><th scope=row>Toll<td>40<td>50", ["Toll · 1986: 40 · 1990: 50"]),
        ("<tr><th>Born<td>1950<tr><th>Works<td><ul><li>One</li><li>Two</li></ul>",
         ["Born: 1950", "Works: One Two"]),
        ("<tr><td><b>Line</b><td><b>Town</b><tr><td>Red<td>Elms", ["Line: Red · Town: Elms"]),
        ("<tr><td>Anna<td>soup<tr><td>Olaf<td>fish", ["Anna · soup", "Olaf · fish"]),
        ("<tr><td><p>One.</p><p>Two.</p><td><h2>Menu</h2>", ["One.", "Two.", "Menu"]),
        ("<tr><td>One.<br><br>Two.", ["One.", "Two."]),
    ],
)  # fmt: skip
def test_a_row_of_a_table_is_read_with_its_head(table: str, expected: list[str]) -> None:
    assert lines(f"<table>{table}</table>") == expected


TAGS = ["<sup>", "</sup>", "<ol>", "<li>", "</ol>", "<q>", "</q>", "<table>", "<tr>", "<td>", "<th>",
        "</table>", "<dl>", "<dt>", "<math>", "<msup>", "<mn>", "<a href='#fn'>", "</a>", "<p>", "2",
        "m", " ", "One."]  # fmt: skip


@given(st.lists(st.sampled_from(TAGS), max_size=30).map("".join))
def test_any_markup_can_be_resolved(markup: str) -> None:
    assert all(line.strip() for line in lines(f"<p>Begin.</p>{markup}"))
