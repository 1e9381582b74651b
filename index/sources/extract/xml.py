"""XML of strangers: no entity expanded but the names of single characters, nothing opened.

The module has a name of the standard library's, which it cannot hide: this folder is on nobody's path.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.sources.extract.blocks import clean
from index.sources.extract.refusals import ENTITIES, Refusal

if TYPE_CHECKING:
    from lxml.etree import _Element

_CHARACTER = re.compile(  # <!ENTITY nbsp "&#160;">: another name for a character, as books declare them
    rb"<!ENTITY\s++([A-Za-z][\w.-]{0,30})\s++(?:\"(&#x?[0-9A-Fa-f]{1,7};|[^\"&%<]{1,8})\""
    rb"|'(&#x?[0-9A-Fa-f]{1,7};|[^'&%<]{1,8})')\s*+>"
)
_NAME = re.compile(rb"&([A-Za-z][\w.-]{0,30});")
_XML_NAMES = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))


def xml_root(content: bytes) -> _Element:
    """The root of an XML file.

    Raises:
        Refusal: it declares entities that are more than names of characters.
        lxml.etree.XMLSyntaxError: it is no XML.
    """
    from lxml import etree

    if b"<!ENTITY" in content:
        content = _without_names(content)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    root = etree.fromstring(content, parser)
    declarations = root.getroottree().docinfo.internalDTD
    if declarations is not None and any(True for _ in declarations.iterentities()):
        raise Refusal(ENTITIES)
    return root


def _without_names(content: bytes) -> bytes:
    """The file with the characters in place of the names that it declares for them."""
    names = {name: double or single for name, double, single in _CHARACTER.findall(content)}
    bare, count = _CHARACTER.subn(b"", content)
    if b"<!ENTITY" in bare or not count:
        raise Refusal(ENTITIES)
    return _NAME.sub(lambda one: one[0] if one[1] in _XML_NAMES else names.get(one[1], one[0]), bare)


def dublin_core(root: _Element) -> dict[str, str]:
    """What a file says of itself in Dublin Core, which several formats use. Authors are joined."""
    terms: dict[str, list[str]] = {}
    for element in root.iter("{http://purl.org/dc/elements/1.1/}*"):
        if value := clean(element.text or ""):
            terms.setdefault(element.tag.rpartition("}")[2], []).append(value)
    return {name: ", ".join(values) if name == "creator" else values[0] for name, values in terms.items()}
