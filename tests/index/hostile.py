"""What strangers may send: a server on loopback that behaves badly, and files that are made to hurt.

``CASES`` has all of them by name. Each is prepared with a server, which gives the attempt to read it; the
attempt has to be refused. ``TEXT_CASES`` are texts that take long: with each stands what has to come of it.
"""

from __future__ import annotations

import gzip
import socket
import socketserver
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from index.sources.addresses import Address, Guard, is_public
from index.sources.files import read, upload
from index.sources.limits import DEFAULT_LIMITS
from index.sources.visits import Visits
from index.sources.web import fetch
from tests.index.documents import docx, epub, pdf, pdf_objects, pdf_of, zipped
from tests.index.hostile_texts import TEXTS

Attempt = Callable[[], object]
MB = 1_000_000


@dataclass
class Server:
    """A web server whose answers are raw bytes, sent piece by piece. It notes what it was asked."""

    answers: dict[str, Callable[[], Iterator[bytes]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = self.request.recv(65_536)
                    if not piece:
                        return
                    head += piece
                path = head.split(b" ")[1].decode()
                server.asked.append(path)
                server.heads.append(head.decode("latin-1"))
                with suppress(OSError):  # it hung up, as it should
                    for sent in server.answers[path]():
                        self.request.sendall(sent)

        class Threaded(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that hangs up is no error here."""

        self._server = Threaded(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def at(self, path: str, *pieces: bytes, host: str = "pages.example") -> str:
        """Serves pieces at a path, and gives its address."""
        return self.endless(path, lambda: iter(pieces), host=host)

    def endless(self, path: str, pieces: Callable[[], Iterator[bytes]], host: str = "pages.example") -> str:
        self.answers[path] = pieces
        return f"http://{host}:{self.port}{path}"

    @property
    def guard(self) -> Guard:
        """Lets in this server, as every host's address, besides the public web."""
        return Guard(
            resolve=lambda host, _: [host] if host[0].isdigit() else ["127.0.0.1"], allows=loopback_too
        )


def loopback_too(address: Address) -> bool:
    return address.is_loopback or is_public(address)


def response(body: bytes, media_type: str = "text/html", *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def head(*headers: str, media_type: str = "text/html") -> bytes:
    """The head of an answer without a length: it ends when the connection does."""
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Type: {media_type}", *headers, "", ""]).encode()


def redirect(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


# What is not to be fetched at all.

BAD_ADDRESSES = (
    "file:///etc/passwd",
    "ftp://example.org/a.txt",
    "gopher://example.org/",
    "data:text/html,<p>One.</p>",
    "javascript:alert(1)",
    "//example.org/",
    "example.org",
    "http://",
    "http://user:secret@example.org/",
    "http://example.org:22/",
    "http://example.org:99999/",
    "http://exa mple.org/",
    "",
)
PRIVATE_HOSTS = (
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "0.0.0.0",  # noqa: S104 (an address to refuse)
    "[::]",
    "[::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:8.8.8.8]",
    "[::7f00:1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[100::1]",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "localhost",
)


def _fetching(address: str, guard: Guard) -> Attempt:
    return lambda: read(fetch(address, DEFAULT_LIMITS, guard=guard), "hostile", DEFAULT_LIMITS)


def _listing(address: str, guard: Guard) -> Attempt:
    return lambda: Visits(DEFAULT_LIMITS, guard=guard, sleep=lambda _: None).listing(address)


def _uploading(name: str, content: bytes) -> Attempt:
    return lambda: read(upload(name, content), "hostile", DEFAULT_LIMITS)


def _drip(first: bytes, pause: float = 0.05) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield first
        while True:
            time.sleep(pause)
            yield b"x"

    return pieces


def _forever(first: bytes, piece: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield first
        while True:
            yield piece

    return pieces


def _silence() -> Iterator[bytes]:
    time.sleep(60)
    yield b""


def _chunked(body: bytes) -> bytes:
    return (
        b"".join(
            b"%x\r\n%b\r\n" % (len(body[n : n + 50_000]), body[n : n + 50_000])
            for n in range(0, len(body), 50_000)
        )
        + b"0\r\n\r\n"
    )


def _gzip_bomb(times: int = 1) -> bytes:
    """A gigabyte of nothing, compressed; the end of it is never reached."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    first, again = (packing.compress(bytes(MB)) + packing.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    bomb = first + again * 999
    for _ in range(times - 1):
        bomb = gzip.compress(bomb)
    return bomb


def _zip_bomb(name: str) -> bytes:
    return zipped({name: bytes(200 * MB)})


def _lying_zip() -> bytes:
    """A bomb whose directory says that it is small."""
    bomb = bytearray(docx([("Normal", "x" * 60 * MB)]))
    place = bomb.rindex(b"PK\1\2")
    while place > 0:
        if b"word/document.xml" in bomb[place : place + 70]:
            bomb[place + 24 : place + 28] = (1_000).to_bytes(4, "little")
        place = bomb.rfind(b"PK\1\2", 0, place)
    return bytes(bomb)


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)


def _many_pages(count: int) -> bytes:
    return pdf([[(50, 800, 10, f"Page {n}.")] for n in range(count)])


def _looping_pages() -> bytes:
    return pdf_objects(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"]
    )


def _deep_pages(depth: int = 5_000) -> bytes:
    nodes = [f"<< /Type /Pages /Kids [{n + 3} 0 R] /Count 1 >>".encode() for n in range(depth)]
    return pdf_objects(
        [b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, b"<< /Type /Page /MediaBox [0 0 9 9] >>"]
    )


def _looping_form() -> bytes:
    form = b"/X Do /X Do"
    return pdf_objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >> "
            b"/Contents 4 0 R >>",
            b"<< /Length 5 >>\nstream\n/X Do\nendstream",
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >> "
            b"/Length %d >>\nstream\n%b\nendstream" % (len(form), form),
        ]
    )


_ENCRYPT = (
    f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{'41' * 32}> /U <{'42' * 32}> /P -4 >> /ID [<41><41>]"
)
LOGIN = b"<html><body><form><p>Sign in</p><input type=text><input type=password></form></body></html>"
SCRIPT_PAGE = (
    b"<html><head><script src=/app.js></script></head><body><div id=root></div>"
    b"<noscript>You need to enable JavaScript to run this app.</noscript></body></html>"
)
LISTING = (
    "<html><body><main>"
    + "".join(
        f"<h2><a href=/{n}>The title of story {n}</a></h2><p>What it tells in short, {n}.</p>"
        for n in range(30)
    )
    + "</main></body></html>"
).encode()


def _rebinding(server: Server) -> Attempt:
    """A name that is public when it is checked for the page, and loopback when its redirect is."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    address = server.at("/rebind", redirect("/again"))
    return _fetching(address, Guard(resolve=lambda *_: next(answers), allows=loopback_too))


def _mixed(server: Server) -> Attempt:
    """A name that has a public address and a private one."""
    address = server.at("/mixed", response(b"<p>Internal.</p>"))
    return _fetching(address, Guard(resolve=lambda *_: ["93.184.215.14", "10.0.0.1"]))


def _web() -> dict[str, Callable[[Server], Attempt]]:
    def serving(*pieces: bytes) -> Callable[[Server], Attempt]:
        return lambda server: _fetching(server.at("/page", *pieces), server.guard)

    def streaming(pieces: Callable[[], Iterator[bytes]]) -> Callable[[Server], Attempt]:
        return lambda server: _fetching(server.endless("/page", pieces), server.guard)

    bomb, word = _gzip_bomb, b"<p>word word word</p>" * 3_000
    return {
        "redirect to a private address": serving(redirect("http://10.0.0.1/")),
        "redirect to the metadata service": serving(redirect("http://169.254.169.254/latest/meta-data/")),
        "redirect to a file": serving(redirect("file:///etc/passwd")),
        "redirect loop": serving(redirect("/page")),
        "redirect to nowhere": serving(redirect("")),
        "DNS rebinding": _rebinding,
        "a public and a private address": _mixed,
        "no answer": streaming(_silence),
        "slow drip of the head": streaming(_drip(b"HTTP/1.1 200 OK\r\nX: ")),
        "slow drip of the page": streaming(_drip(head())),
        "slow drip of a chunk's length": streaming(_drip(head("Transfer-Encoding: chunked"))),
        "endless head": streaming(_forever(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1_000)),
        "endless line in the head": streaming(_forever(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 60_000)),
        "endless page": streaming(_forever(head(), word)),
        "endless page in chunks": streaming(
            _forever(head("Transfer-Encoding: chunked"), b"%x\r\n%b\r\n" % (len(word), word))
        ),
        "endless continuing": streaming(_forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
        "gzip bomb": lambda server: serving(response(bomb(), "text/html", "Content-Encoding: gzip"))(server),
        "gzip bomb in chunks": lambda server: serving(
            head("Content-Encoding: gzip", "Transfer-Encoding: chunked") + _chunked(bomb())
        )(server),
        "gzip bomb in a gzip": lambda server: serving(
            response(bomb(2), "text/html", "Content-Encoding: gzip, gzip")
        )(server),
        "larger than it may be, as it says": serving(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999999999\r\n\r\n<p>One.</p>"
        ),
        "shorter than it says": serving(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n<p>One.</p>"
        ),
        "wrong content type": serving(response(b"\x89PNG\r\n\x1a\n", "image/png")),
        "a picture that says it is a page": serving(response(b"\x89PNG\r\n\x1a\n" + bytes(99), "text/html")),
        "a program that says it is a text": serving(response(b"\x7fELF" + bytes(99), "text/plain")),
        "not HTTP": serving(b"SSH-2.0-OpenSSH_9.6\r\n"),
        "an error page": serving(response(b"<p>Internal secret.</p>", status="500 Internal Server Error")),
        "login wall": serving(response(LOGIN)),
        "page of scripts": serving(response(SCRIPT_PAGE)),
        "list of links": serving(response(LISTING)),
        "empty page": serving(response(b"")),
    }


def _files() -> dict[str, Callable[[], bytes]]:
    return {
        "zip-slip.docx": lambda: docx([("Normal", "One.")], more={"../../etc/passwd": "x"}),
        "absolute.epub": lambda: epub(["<p>One.</p>"], more={"/etc/passwd": "x"}),
        "zip bomb.docx": lambda: _zip_bomb("word/document.xml"),
        "zip bomb.epub": lambda: epub(["<p>One.</p>"], more={"OEBPS/big.xhtml": bytes(200 * MB)}),
        "zip bomb that lies.docx": _lying_zip,
        "many files.zip": lambda: zipped({f"{n}.xml": "" for n in range(6_000)}),
        "nested.zip": lambda: zipped({"inner.zip": zipped({"inner.zip": zipped({"a.txt": "One."})})}),
        "billion laughs.docx": lambda: docx([("Normal", "&j;")], before=LAUGHS),
        "billion laughs.epub": lambda: epub(
            [], '<dc:title xmlns:dc="x">x</dc:title>', more={"META-INF/container.xml": f"{LAUGHS}<a>&j;</a>"}
        ),
        "external entity.docx": lambda: docx(
            [("Normal", "&x;")], before='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        ),
        "deep.docx": lambda: docx([], more={"word/document.xml": "<a>" * 100_000 + "</a>" * 100_000}),
        "deep.html": lambda: b"<div>" * 3_000_000,
        "many chapters.epub": lambda: epub(["<p>One.</p>"] * 501),
        "ten thousand pages.pdf": lambda: _many_pages(10_000),
        "pages that count wrong.pdf": lambda: _many_pages(9).replace(b"/Count 9", b"/Count 600"),
        "pages in a loop.pdf": _looping_pages,
        "deep pages.pdf": _deep_pages,
        "form in a loop.pdf": _looping_form,
        "bomb.pdf": lambda: pdf_of([b"BT " + b"0 0 Td " * 10 * MB]),
        "nested arrays.pdf": lambda: pdf_objects([b"[" * 500_000]),
        "truncated.pdf": lambda: _many_pages(9)[:-600],
        "password.pdf": lambda: pdf([[(50, 800, 10, "One.")]], trailer=_ENCRYPT),
        "pictures.pdf": lambda: pdf([[]]),
        "quotes in quotes.md": lambda: b"> " * 2 * MB,
        "brackets.md": lambda: b"[" * 2 * MB,
        "stars.md": lambda: b"*a_ " * MB,
        "program.txt": lambda: b"MZ" + bytes(range(256)) * 9,
        "noise.txt": lambda: bytes(n * n % 251 for n in range(9_999)),
        "scripts.html": lambda: b"<html><body><script>" + b"alert(1);" * MB + b"</script></body></html>",
    }


class Outcome(StrEnum):
    """What may come of reading a source."""

    READ = "read"
    REFUSED = "refused"
    EITHER = "read or refused"


LONG, LONGEST = 200_000, 2_000_000
"""How long the texts are: as an article may well be; and as long as is read of any."""

_NO_ARTICLE = {"doctypes", "lines of a space"}
_OUTRIGHT = {"html": (b"<html><body><article><p>", b"</p></article></body></html>")}


def _text_cases() -> dict[str, tuple[Attempt, Outcome]]:
    """Each text in each format that can hold it. What is so long may take too long on a slow machine."""

    def file(name: str, ending: str, chars: int) -> Attempt:
        before, after = _OUTRIGHT.get(ending, (b"", b""))
        return lambda: _uploading(f"{name}.{ending}", before + TEXTS[name](chars).encode() + after)()

    cases: dict[str, tuple[Attempt, Outcome]] = {}
    for name in TEXTS:
        is_none = name in _NO_ARTICLE
        outcome = Outcome.REFUSED if is_none else Outcome.READ
        cases[f"text {name!r}"] = file(name, "txt", LONG), outcome
        cases[f"text {name!r}, as long as it gets"] = file(name, "txt", LONGEST), Outcome.EITHER
        cases[f"Markdown {name!r}"] = file(name, "md", LONG), Outcome.EITHER
        cases[f"page {name!r}"] = file(name, "html", LONG), Outcome.EITHER
    sixty = "<!---->" * 60
    cases["text of sixty comments"] = _uploading("a.txt", sixty.encode()), Outcome.READ
    cases["page of sixty comments"] = _uploading("a.html", sixty.encode()), Outcome.REFUSED
    spaces = f"One.{' ' * 150_000}Two."
    cases["150,000 spaces between two sentences"] = _uploading("a.txt", spaces.encode()), Outcome.READ
    line = "word " * (LONGEST // 5)
    cases["one line of 2,000,000 characters"] = _uploading("a.txt", line.encode()), Outcome.READ
    return cases


def _lists() -> dict[str, Callable[[Server], Attempt]]:
    """What is no feed or sitemap, or one that is made to hurt."""

    def serving(*pieces: bytes) -> Callable[[Server], Attempt]:
        return lambda server: _listing(server.at("/list", *pieces), server.guard)

    bomb = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><urlset><url><loc>&c;</loc></url></urlset>'
    outside = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><rss version="2.0">&b;</rss>'
    to_itself = b"<sitemapindex><sitemap><loc>http://10.0.0.1/</loc></sitemap></sitemapindex>"
    return {
        "list that redirects to a private address": serving(redirect("http://10.0.0.1/")),
        "list with entities": serving(response(bomb, "text/xml")),
        "list with an entity of a file": serving(response(outside, "application/rss+xml")),
        "list that leads to a private address": serving(response(to_itself, "application/xml")),
        "list that is a page": serving(response(LOGIN, "text/html")),
        "list that is binary": serving(response(b"\0\1\2\3" * 1_000, "text/xml")),
    }


def _cases() -> dict[str, Callable[[Server], Attempt]]:
    cases: dict[str, Callable[[Server], Attempt]] = {}

    def plain(address: str) -> Callable[[Server], Attempt]:
        return lambda _: _fetching(address, Guard())

    def file(name: str, made: Callable[[], bytes]) -> Callable[[Server], Attempt]:
        return lambda _: _uploading(name, made())

    cases |= {f"address {address!r}": plain(address) for address in BAD_ADDRESSES}
    cases |= {f"host {host}": plain(f"http://{host}/") for host in PRIVATE_HOSTS}
    cases |= _web()
    cases |= _lists()
    cases |= {f"file {name!r}": file(name, made) for name, made in _files().items()}
    return cases


CASES = _cases()
"""Every source that has to be refused, by name."""

TEXT_CASES = _text_cases()
"""Every text that is made to be slow, by name, and what has to come of it."""


def resolver(*answers: Sequence[str]) -> Callable[[str, int], Sequence[str]]:
    """A resolver that gives one answer after another."""
    left = iter(answers)
    return lambda *_: next(left)


def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
