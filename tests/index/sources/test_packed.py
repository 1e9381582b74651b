"""DOCX and EPUB: what Word counts, draws and hides; books that are not quite whole."""

import io
import zipfile

import pytest

from index.errors import ArticleError
from index.model.article import Article
from index.sources.files import read, upload
from tests.index.documents import docx, epub, zipped

pytestmark = pytest.mark.usefixtures("_read_here")

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
SPACES = (
    f"{W} xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'"
    " xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'"
)


def run(words: str, looks: str = "") -> str:
    return f"<w:r><w:rPr>{looks}</w:rPr><w:t xml:space='preserve'>{words}</w:t></w:r>"


def item(words: str, number: int = 1, depth: int = 0) -> str:
    place = f"<w:numPr><w:ilvl w:val='{depth}'/><w:numId w:val='{number}'/></w:numPr>"
    return f"<w:p><w:pPr>{place}</w:pPr>{run(words)}</w:p>"


def word(body: str, **more: str) -> list[str]:
    """The paragraphs of a Word file with that body, and with other parts in its folder."""
    parts = {f"word/{name}.xml": part for name, part in more.items()}
    document = f"<w:document {SPACES}><w:body>{body}</w:body></w:document>"
    article = read(upload("a.docx", docx([], more={"word/document.xml": document, **parts})), "x")
    return [paragraph.of(article.text) for paragraph in article.paragraphs]


def level(depth: int, style: str, pattern: str, start: int = 1) -> str:
    return (
        f"<w:lvl w:ilvl='{depth}'><w:start w:val='{start}'/><w:numFmt w:val='{style}'/>"
        f"<w:lvlText w:val='{pattern}'/></w:lvl>"
    )


NUMBERING = f"""<w:numbering {W}>
<w:abstractNum w:abstractNumId="0">{level(0, "decimal", "%1.")}{level(1, "lowerLetter", "(%2)")}
{level(2, "lowerRoman", "%1.%2.%3")}</w:abstractNum>
<w:abstractNum w:abstractNumId="1">{level(0, "bullet", "*")}</w:abstractNum>
<w:abstractNum w:abstractNumId="2">{level(0, "upperRoman", "Clause %1:", 4)}</w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num>
<w:num w:numId="4"><w:abstractNumId w:val="0"/>
<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>
</w:numbering>"""


def test_the_numbers_that_word_counts_are_in_the_text() -> None:
    body = "".join(
        [
            item("The rent."), item("The slipway."), item("weed", depth=1), item("mud", depth=1),
            item("deep", depth=2), item("The roof."), item("again", depth=1), item("a bag", 2),
            item("The end.", 3), item("More.", 3), item("Anew.", 4), item("On.", 1),
        ]
    )  # fmt: skip
    assert word(body, numbering=NUMBERING) == [
        "1. The rent.", "2. The slipway.", "(a) weed", "(b) mud", "2.b.i deep", "3. The roof.", "(a) again",
        "a bag",         "Clause IV: The end.", "Clause V: More.", "1. Anew.", "2. On.",
    ]  # fmt: skip


def test_a_style_numbers_its_paragraphs() -> None:
    styles = (
        f"<w:styles {W}><w:style w:type='paragraph' w:styleId='Clause'><w:name w:val='Clause'/>"
        "<w:pPr><w:numPr><w:numId w:val='3'/></w:numPr></w:pPr></w:style>"
        "<w:style w:type='paragraph' w:styleId='Own'>"
        "<w:name w:val='Own'/><w:basedOn w:val='Clause'/></w:style></w:styles>"
    )
    body = "".join(
        f"<w:p><w:pPr><w:pStyle w:val='{style}'/></w:pPr>{run('One.')}</w:p>"
        for style in ("Clause", "Own", "No")
    )
    assert word(body, numbering=NUMBERING, styles=styles) == ["Clause IV: One.", "Clause V: One.", "One."]


def test_boxes_formulas_and_fields_are_text() -> None:
    box = f"<w:txbxContent><w:p>{run('In a box.')}</w:p></w:txbxContent>"
    power = "<m:sSup><m:e><m:r><m:t>10</m:t></m:r></m:e><m:sup><m:r><m:t>9</m:t></m:r></m:sup></m:sSup>"
    fraction = "<m:f><m:num><m:r><m:t>a+1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>"
    body = (
        f"<w:p>{run('Lit.')}<w:r><w:drawing>{box}</w:drawing></w:r></w:p>"
        f"<w:p>{run('Mild.')}<w:r><mc:AlternateContent><mc:Choice><w:drawing>{box}</w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
        f"<w:p>{run('It saw ')}<m:oMath>{power}</m:oMath>{run(' stars, ')}<m:oMathPara><m:oMath>{fraction}"
        f"</m:oMath></m:oMathPara>{run(' and ')}<w:fldSimple>{run('85')}</w:fldSimple>{run(' tons.')}</w:p>"
    )
    assert word(body) == ["Lit.", "In a box.", "Mild.", "In a box.", "It saw 10⁹ stars, (a+1)/2 and 85 tons."]


def test_what_is_hidden_struck_out_or_deleted_is_no_text() -> None:
    styles = (
        f"<w:styles {W}><w:style w:type='character' w:styleId='Draft'><w:name w:val='Draft'/>"
        "<w:rPr><w:vanish/></w:rPr></w:style></w:styles>"
    )
    draft, shown = '<w:rStyle w:val="Draft"/>', '<w:vanish w:val="0"/>'
    body = (
        f"<w:p>{run('It meets')}{run(' never', '<w:vanish/>')}{run(' x', draft)}"
        f"{run(' on', shown)}{run(' Monday', '<w:strike/>')}"
        f"<w:del><w:r><w:delText> no</w:delText></w:r></w:del><w:moveFrom>{run(' from')}</w:moveFrom>"
        f"<w:ins>{run(' Friday')}</w:ins><w:moveTo>{run(' to')}</w:moveTo>.</w:p>"
    )
    assert word(body, styles=styles) == ["It meets on Friday to"]


def test_raised_runs_and_the_head_of_a_table() -> None:
    raised = "<w:vertAlign w:val='superscript'/>"

    def row(*cells: str, looks: str = "", head: str = "") -> str:
        written = "".join(f"<w:tc><w:p>{run(cell, looks)}</w:p></w:tc>" for cell in cells)
        return f"<w:tr><w:trPr>{head}</w:trPr>{written}</w:tr>"

    body = (
        f"<w:p>{run('40 m')}{run('2', raised)}{run(' of town')}{run('3', raised)}{run('.')}</w:p>"
        f"<w:tbl>{row('Year', 'Toll', head='<w:tblHeader/>')}{row('1986', '40')}</w:tbl>"
        f"<w:p>{run('And:')}</w:p><w:tbl>{row('Line', 'Town', looks='<w:b/>')}{row('Red', 'Elms')}</w:tbl>"
    )
    assert word(body) == ["40 m² of town.", "Year: 1986 · Toll: 40", "And:", "Line: Red · Town: Elms"]


def book(content: bytes) -> Article:
    return read(upload("a.epub", content), "x")


def without(content: bytes, *names: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return zipped({name: archive.read(name) for name in archive.namelist() if name not in names})


def test_a_book_without_a_chapter_is_read_and_says_so() -> None:
    content = without(epub(["<p>Cover.</p>", "<p>It has eleven bridges.</p>"]), "OEBPS/c 0.xhtml")
    article = book(content)
    assert (article.text, article.missing) == ("It has eleven bridges.", ("OEBPS/c 0.xhtml",))
    assert book(epub(["<p>One.</p>"])).missing == ()


def test_a_book_without_any_chapter_is_refused() -> None:
    with pytest.raises(ArticleError) as caught:
        book(without(epub(["<p>One.</p>"]), "OEBPS/c 0.xhtml"))
    assert str(caught.value) == (
        "a.epub is damaged, or not the EPUB file that it seems to be. Get it again and try that."
    )


def test_paths_of_a_book_in_another_case_or_with_backslashes() -> None:
    content = epub(["<p>It has eleven bridges.</p>"])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name.replace("/", "\\").upper(): archive.read(name) for name in archive.namelist()}
    assert book(zipped(files)).text == "It has eleven bridges."


def test_a_chapter_that_names_characters_is_read() -> None:
    def chapter(declared: str) -> bytes:
        page = (
            f"<!DOCTYPE html [{declared}]><html xmlns='http://www.w3.org/1999/xhtml'><body>"
            "<p>It&nbsp;was&mdash;&elms; &amp; is.</p></body></html>"
        )
        return epub([""], more={"OEBPS/c 0.xhtml": page})

    names = '<!ENTITY nbsp "&#160;"><!ENTITY mdash "&#x2014;"><!ENTITY elms "Elms">'
    assert book(chapter(names)).text == "It was—Elms & is."
    for hostile in ('<!ENTITY a "&b;&b;"><!ENTITY b "x">', '<!ENTITY a SYSTEM "file:///etc/passwd">'):
        with pytest.raises(ArticleError, match="declares XML entities"):
            book(chapter(hostile))


def test_the_marks_of_pages_and_notes_are_no_text() -> None:
    chapter = (
        '<p xmlns:epub="http://www.idpf.org/2007/ops">It goes <span epub:type="pagebreak" >12</span>on'
        '<a epub:type="noteref" href="#n1">1</a>, 10<sup>9</sup> times.</p><aside epub:type="footnote">'
        "<p>Or so.</p></aside><ol><li>One.</li><li>Two.</li></ol>"
    )
    assert book(epub([chapter])).text == "It goes on, 10⁹ times.\n\nOr so.\n\n1. One.\n\n2. Two."
