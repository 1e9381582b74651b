"""Bytes -> text, once."""

from __future__ import annotations

import codecs
import re

from index.sources.extract.refusals import BINARY, UNKNOWN_ENCODING, Refusal

_BY_MARK = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BYTE_ORDER_MARKS = tuple(mark for mark, _ in _BY_MARK)
_BROWSERS = {  # what a page says, and what browsers read it as, since its programs never told them apart
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_META_CHARSET = re.compile(
    rb"<meta[^<>]{0,200}?charset\s*+=\s*+[\"']?\s*+([\w.:-]++)|<\?xml[^<>]*?encoding=[\"']([\w.:-]++)", re.I
)


def declared_charset(page: bytes) -> str | None:
    """The encoding that an HTML or XML file names in its first bytes."""
    charset_match = _META_CHARSET.search(page[:4096])
    return (charset_match[1] or charset_match[2]).decode("ascii", "replace") if charset_match else None


def decode(content: bytes, charset: str | None = None) -> str:
    """Bytes as text: by byte order mark, as UTF-8, as ``charset`` says, or as the bytes themselves suggest.

    Raises:
        Refusal: the encoding cannot be told, or these bytes are no text.
    """
    text = _decoded(content, charset)
    if "\0" in text:
        raise Refusal(BINARY)
    return text


def _decoded(content: bytes, charset: str | None) -> str:
    by_mark = next((encoding for mark, encoding in _BY_MARK if content.startswith(mark)), None)
    for encoding in (by_mark, "utf-8", _as_browsers(charset)):
        if encoding:
            try:
                return content.decode(encoding)
            except (UnicodeError, LookupError):
                continue
    if (text := _damaged_utf8(content)) is not None:
        return text
    if sum(byte > 127 for byte in content) < 8 and b"\0" not in content:
        try:  # too little to tell by; the encoding of Western Windows is by far the likeliest
            return content.decode("cp1252")
        except UnicodeError:
            pass
    from charset_normalizer import from_bytes

    best = from_bytes(content).best()
    if best is None:
        raise Refusal(UNKNOWN_ENCODING)
    return str(best)


def _as_browsers(charset: str | None) -> str | None:
    """The encoding that browsers take for the one that is named."""
    try:
        return _BROWSERS.get(name := codecs.lookup(charset).name, name) if charset else None
    except LookupError:
        return None


def _damaged_utf8(content: bytes) -> str | None:
    """A text in UTF-8 with a few bytes of Western Windows in it, as an old program leaves them; else None."""
    text = content.decode("utf-8", "surrogateescape")
    beyond = stray = 0
    for char in text:
        beyond += char >= "\x80"
        stray += "\udc80" <= char <= "\udcff"
    if beyond - stray < max(stray, 1) or b"\0" in content:
        return None  # by chance, few characters of another encoding read as UTF-8
    return "".join(
        bytes([ord(char) - 0xDC00]).decode("cp1252", "replace") if "\udc80" <= char <= "\udcff" else char
        for char in text
    )
