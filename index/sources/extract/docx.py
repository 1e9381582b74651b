"""DOCX: Word's files. The only module that imports mammoth, which reads what styles mean.

mammoth leaves out what it does not know: numbers that Word counts by itself, text boxes, formulas, fields.
And it reads text that is hidden. So the file is put in plain terms before mammoth sees it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from index.model.article import Article
from index.sources.extract.formulas import linear
from index.sources.extract.markup import from_markup
from index.sources.extract.numbering import Numbering, W, value
from index.sources.extract.refusals import DAMAGE, Refusal
from index.sources.extract.xml import dublin_core, xml_root
from index.sources.limits import Limits

if TYPE_CHECKING:
    from lxml.etree import _Element

    from index.sources.extract.archive import Archive

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_BODY = re.compile(r"word/(?:document\d?|footnotes|endnotes)\.xml", re.IGNORECASE)
_NUMBERING = "word/numbering.xml"
_WRAPPERS = [f"{W}{name}" for name in ("fldSimple", "ins", "moveTo", "smartTag", "customXml")]
_CONTENTS = re.compile(r"toc\d|tocheading|tableoffigures", re.IGNORECASE)
_OFF = ("0", "false", "off")


def docx(archive: Archive, limits: Limits) -> Article:
    """A Word file's article.

    Raises:
        Refusal: it is damaged, or has no text, or too much.
    """
    import mammoth
    from lxml import etree

    try:
        parts = {
            name: archive.read(name) for name in archive.names if name.lower().endswith((".xml", ".rels"))
        }
        roots = {name: xml_root(part) for name, part in parts.items()}
    except (KeyError, etree.XMLSyntaxError) as error:
        raise Refusal(DAMAGE, format="DOCX") from error
    metadata = dublin_core(roots["docProps/core.xml"]) if "docProps/core.xml" in roots else {}
    numbering = Numbering(roots.get(_NUMBERING), roots.get("word/styles.xml"))
    hidden_styles = _hidden_styles(roots.get("word/styles.xml"))
    for name in filter(_BODY.fullmatch, parts):
        _put_plainly(roots[name], numbering, hidden_styles)
        parts[name] = etree.tostring(roots[name], encoding="utf-8", xml_declaration=True)
    if _NUMBERING in parts:  # the numbers are in the text by now
        parts[_NUMBERING] = f'<w:numbering xmlns:w="{W[1:-1]}"/>'.encode()
    del roots
    markup = mammoth.convert_to_html(
        io.BytesIO(_zipped(parts)),
        style_map="p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh",
        convert_image=mammoth.images.img_element(lambda _: {}),
    ).value
    article = from_markup(markup, limits)
    return replace(
        article,
        title=metadata.get("title") or article.title,
        author=metadata.get("creator"),
        language=metadata.get("language", ""),
    )


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _hidden_styles(styles: _Element | None) -> set[str]:
    """The styles of characters that hide them."""
    return {
        style.get(f"{W}styleId") or ""
        for style in (styles.iter(f"{W}style") if styles is not None else ())
        if _is_on(style.find(f"{W}rPr/{W}vanish"))
    }


def _put_plainly(root: _Element, numbering: Numbering, hidden_styles: set[str]) -> None:
    """Puts a part of the file in terms that mammoth knows, in place."""
    from lxml import etree

    for choices in list(root.iter(f"{_MC}AlternateContent")):
        _choose(choices)
    for name in ("del", "moveFrom"):
        for deletion in list(root.iter(f"{W}{name}")):
            if len(deletion):  # without anything in it, it marks a paragraph's end
                _remove(deletion)
    for run in list(root.iter(f"{W}r")):
        looks = run.find(f"{W}rPr")
        if looks is not None and (
            _is_on(looks.find(f"{W}vanish")) or value(looks.find(f"{W}rStyle")) in hidden_styles
        ):
            _remove(run)
    for formula in list(root.iter(f"{_M}oMath")):
        _write(formula, linear(formula))
    etree.strip_tags(root, f"{_M}oMathPara", *_WRAPPERS)
    for paragraph in list(root.iter(f"{W}p")):
        if _CONTENTS.match(value(paragraph.find(f"{W}pPr/{W}pStyle"))):
            _remove(paragraph)
        elif mark := numbering.mark(paragraph):
            _lead(paragraph, mark)
    for box in list(root.iter(f"{W}txbxContent")):
        _unbox(box)


def _is_on(switch: _Element | None) -> bool:
    return switch is not None and value(switch) not in _OFF


def _remove(element: _Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _choose(choices: _Element) -> None:
    """Keeps one of the ways in which the same is drawn: a text box would be there twice."""
    ways = list(choices.iterchildren("*"))
    with_box = next((way for way in ways if way.find(f".//{W}txbxContent") is not None), None)
    choice = with_box if with_box is not None else ways[-1] if ways else None
    parent = choices.getparent()
    if parent is not None:
        for child in list(choice) if choice is not None else ():
            choices.addprevious(child)
        parent.remove(choices)


def _write(formula: _Element, text: str) -> None:
    """Makes a run of text of a formula."""
    formula.clear()
    formula.tag = f"{W}r"
    words = formula.makeelement(f"{W}t")
    words.text = text
    formula.append(words)


def _lead(paragraph: _Element, mark: str) -> None:
    """Puts a number before the first word of a paragraph."""
    run = paragraph.makeelement(f"{W}r")
    words = run.makeelement(f"{W}t")
    words.text = f"{mark} "
    words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    run.append(words)
    looks = paragraph.find(f"{W}pPr")
    paragraph.insert(0 if looks is None else 1, run)


def _unbox(box: _Element) -> None:
    """Puts the paragraphs of a text box after the one that it hangs on."""
    around = next(box.iterancestors(f"{W}p"), None)
    if around is None:
        return
    for paragraph in reversed(list(box)):
        around.addnext(paragraph)
