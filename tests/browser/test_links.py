"""That a browser opens a page at the quoted sentence: Chromium, and a page on this machine."""

from __future__ import annotations

import html
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from bot.render.links import text_fragment
from index import Article
from tests.browser.test_demo import DESKTOP, browser

__all__ = ["browser"]

HIGHLIGHT = (255, 0, 255)
FILLER = (
    "Nothing of interest happens in this paragraph, which is only here so that there is a page to scroll."
)
PARAGRAPHS = (
    "The harbour of Elms, well-known & old, was built in 1901.",
    "“We never turn a ship away,” said Ada Berg, the harbour master – “whatever the weather”.",
    "The lighthouse is closed. It was built in 1901 as well.",
    "Visitors ask for the key. The lighthouse is closed.",
    "It stands on a rock that the sea has worn down for more than nine hundred years, storm after storm, "
    "tide after tide, and one day it will fall.",
    "It stands on a rock that the sea spares. 100% of the crew – even the cook’s cat – agree: “It’s safe,” "
    "they say; nobody asks #why, and one day it will fall.",
    "Die Schiffe kehren im März zurück, so heißt es.",
    "港は一九〇一年に建てられた。毎年夏になると四十隻の船が停泊する。",
)
TEXT = "\n\n".join(text for paragraph in PARAGRAPHS for text in (*[FILLER] * 12, paragraph))
BOXES = """({id, quote}) => {
  const nodes = document.createTreeWalker(document.getElementById(id), NodeFilter.SHOW_TEXT);
  const places = [];
  let text = "";
  for (let node = nodes.nextNode(); node; node = nodes.nextNode())
    for (let i = 0; i < node.data.length; i++)
      if (!/\\s/.test(node.data[i]) || !text.endsWith(" ")) {
        text += /\\s/.test(node.data[i]) ? " " : node.data[i];
        places.push([node, i]);
      }
  const first = text.indexOf(quote), last = first + quote.length - 1;
  const range = document.createRange();
  range.setStart(...places[first]);
  range.setEnd(places[last][0], places[last][1] + 1);
  return [...range.getClientRects()].map(box => [box.left, box.top, box.right, box.bottom]);
}"""
"""The boxes of a quote on the screen, one a line and element."""
QUOTES = (
    "The harbour of Elms, well-known & old, was built in 1901.",
    "“We never turn a ship away,” said Ada Berg, the harbour master – “whatever the weather”.",
    "It was built in 1901 as well.",
    "The lighthouse is closed.",
    PARAGRAPHS[4],
    "100% of the crew – even the cook’s cat – agree: “It’s safe,” they say; nobody asks #why, and one day it "
    "will fall.",
    "Die Schiffe kehren im März zurück, so heißt es.",
    "毎年夏になると四十隻の船が停泊する。",
)


class Page(BaseHTTPRequestHandler):
    """The article as a page; the words of a sentence stand in several elements and lines, as they do."""

    def do_GET(self) -> None:
        marked_up = html.escape(TEXT).replace(" the ", " <em>the</em>\n ").split("\n\n")
        paragraphs = "".join(f'<p id="p{n}">{text}</p>' for n, text in enumerate(marked_up))
        style = (
            "body { font: 20px/2 sans-serif; margin: 40px } ::target-text { background: rgb(255, 0, 255) }"
        )
        body = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Elms</title>'
            f"<style>{style}</style><nav>Home</nav><main>{paragraphs}</main></html>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/elms"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("fragment", ["", "#p3"])
@pytest.mark.parametrize("quote", QUOTES)
def test_the_page_opens_at_the_quote_and_marks_it_and_nothing_else(
    browser: Browser, site: str, quote: str, fragment: str
) -> None:
    start = TEXT.rindex(quote)  # of what stands twice, the second
    paragraph = TEXT.count("\n\n", 0, start)
    link = text_fragment(Article("elms", "Elms", TEXT, source=site + fragment), start, start + len(quote))
    assert link
    assert f"{fragment or '#'}:~:text=" in link
    page = browser.new_page(viewport=DESKTOP)
    page.goto(link)
    page.wait_for_function("window.scrollY > 0")
    boxes = page.evaluate(BOXES, {"id": f"p{paragraph}", "quote": quote})
    pixels = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    marked = (pixels == HIGHLIGHT).all(axis=2)
    assert boxes
    rest = marked.copy()
    for left, top, right, bottom in boxes:
        assert top >= 0
        assert bottom <= DESKTOP["height"]
        rows, columns = slice(round(top), round(bottom)), slice(round(left), round(right) + 1)
        assert marked[rows, columns].mean() > 0.5  # the letters stand on the mark
        rest[rows, columns] = False
    assert not rest.any()
    page.close()
