"""A server that speaks S3's protocol on loopback: what Footnote's client asks of one, and faults on demand.

Requests are signed (Signature Version 4) and refused where they are signed with another secret. One file is
one object, several parts are one object, and a listing may lag behind.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import hmac
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET, BUCKET = "AKFOOTNOTE", "hunter2/+hunter2", "bucket"
_SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<scope>[^,]+), ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<sum>\w+)"
)


class S3Server(ThreadingHTTPServer):
    """The server.

    Attributes:
        objects: What lies there, by its name in the bucket: content, and when it was put there.
        missing: What listings leave out, since they lag behind.
        requests: What was asked, "GET name".
        refused: How many of the next requests to write are answered with an error.
        cut: How many of the next contents are sent by half, and the connection closed.
        is_open: Whether requests need no signature.
    """

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.missing: set[str] = set()
        self.requests: list[str] = []
        self.refused = 0
        self.cut = 0
        self.is_open = False

    def url(self, folder: str = "footnote", secret: str = SECRET) -> str:
        """As FOOTNOTE_STORAGE_URL wants it."""
        endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        return f"s3://{KEY}:{quote(secret, safe='')}@{BUCKET}/{folder}?endpoint={endpoint}&region=here"

    def gcs_url(self, folder: str = "footnote") -> str:
        """The same for GCS's client, which speaks S3's protocol to it, as GCS's XML API does.

        It asks nobody for a token and signs nothing, as with an emulator.
        """
        self.is_open = True
        account = {
            "gcs_base_url": f"http://127.0.0.1:{self.server_address[1]}",
            "disable_oauth": True,
            "client_email": "",
            "private_key": "",
            "private_key_id": "",
        }
        key = quote(json.dumps(account), safe="")
        return f"gs://{BUCKET}/{folder}?allow_http=true&service_account_key={key}"


@contextlib.contextmanager
def running() -> Iterator[S3Server]:
    """One, while it runs."""
    with S3Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a content would wait 40 ms for its head to be acknowledged
    server: S3Server

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(60)

    def handle_any(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        options = dict(parse_qsl(query, keep_blank_values=True))
        bucket, _, name = unquote(path).lstrip("/").partition("/")
        self.server.requests.append(f"{self.command} {name}")
        if not self.server.is_open and not self._is_signed(path, query, content):
            self._fails(403, "SignatureDoesNotMatch")
        elif bucket != BUCKET:
            self._fails(404, "NoSuchBucket")
        elif self.command == "PUT":
            self._put(name, options, content)
        elif self.command == "POST":
            self._post(name, options, content)
        elif self.command == "DELETE":
            self.server.objects.pop(name, None)
            self._answer(204, b"")
        elif name:
            self._get(name)
        else:
            self._list(options)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815 - as http.server wants it

    def _put(self, name: str, options: dict[str, str], content: bytes) -> None:
        if self.server.refused:
            self.server.refused -= 1
            self._fails(400, "RequestTimeout")
            return
        if "uploadId" in options:
            self.server.parts[options["uploadId"]][int(options["partNumber"])] = content
        else:
            self.server.objects[name] = content, datetime.now(UTC)
        self._answer(200, b"", etag=hashlib.md5(content).hexdigest())  # noqa: S324 - what an ETag is

    def _post(self, name: str, options: dict[str, str], content: bytes) -> None:
        if "uploads" in options:
            upload = f"upload-{len(self.server.parts)}"
            self.server.parts[upload] = {}
            self._xml(
                "InitiateMultipartUploadResult",
                f"<Bucket>{BUCKET}</Bucket><Key>{escape(name)}</Key><UploadId>{upload}</UploadId>",
            )
        elif "uploadId" in options:
            parts = self.server.parts[options["uploadId"]]
            self.server.objects[name] = b"".join(parts[n] for n in sorted(parts)), datetime.now(UTC)
            self._xml("CompleteMultipartUploadResult", f"<Key>{escape(name)}</Key><ETag>&quot;x&quot;</ETag>")
        else:  # several are deleted
            names = re.findall(r"<Key>(.*?)</Key>", content.decode())
            for one in names:
                self.server.objects.pop(one, None)
            self._xml("DeleteResult", "".join(f"<Deleted><Key>{one}</Key></Deleted>" for one in names))

    def _get(self, name: str) -> None:
        if name not in self.server.objects:
            self._fails(404, "NoSuchKey")
            return
        content, moment = self.server.objects[name]
        size, status, part = len(content), 200, ""
        if (wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range") or "")) is not None:
            first, last = int(wanted[1]), int(wanted[2] or size - 1)
            content, status = content[first : last + 1], 206
            part = f"bytes {first}-{min(last, size - 1)}/{size}"
        if self.server.cut and self.command == "GET":
            self.server.cut -= 1
            half = content[: len(content) // 2]
            self._answer(status, half, length=len(content), moment=moment, part=part)
            self.close_connection = True
            return
        self._answer(status, content, moment=moment, part=part)

    def _list(self, options: dict[str, str]) -> None:
        prefix, delimiter = options.get("prefix", ""), options.get("delimiter")
        entries: dict[str, str] = {}
        for name, (content, moment) in sorted(self.server.objects.items()):
            if not name.startswith(prefix) or any(part in name for part in self.server.missing):
                continue
            rest = name.removeprefix(prefix)
            if delimiter and delimiter in rest:
                folder = prefix + rest.partition(delimiter)[0] + delimiter
                entries[folder] = f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>"
            else:
                entries[name] = (
                    f"<Contents><Key>{escape(name)}</Key><Size>{len(content)}</Size>"
                    f"<LastModified>{moment:%Y-%m-%dT%H:%M:%S.000Z}</LastModified><ETag>x</ETag></Contents>"
                )
        more = f"<Name>{BUCKET}</Name><Prefix>{escape(prefix)}</Prefix><IsTruncated>false</IsTruncated>"
        self._xml("ListBucketResult", more + "".join(entries.values()))

    def _is_signed(self, path: str, query: str, content: bytes) -> bool:
        """Whether it is signed with the secret, as AWS's guide has it (Signature Version 4)."""
        match = _SIGNATURE.fullmatch(self.headers.get("authorization") or "")
        if match is None or not match["scope"].startswith(f"{KEY}/"):
            return False
        _, date, region, service, last = match["scope"].split("/")
        pairs = sorted(parse_qsl(query, keep_blank_values=True))
        body = self.headers["x-amz-content-sha256"]
        if body != "UNSIGNED-PAYLOAD" and body != hashlib.sha256(content).hexdigest():
            return False
        names = match["headers"].split(";")
        request = "\n".join(
            [
                self.command,
                path,
                "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs),
                *(f"{name}:{' '.join((self.headers[name] or '').split())}" for name in names),
                "",
                match["headers"],
                body,
            ]
        )
        scope = f"{date}/{region}/{service}/{last}"
        hashed = hashlib.sha256(request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{hashed}"
        key = f"AWS4{SECRET}".encode()
        for part in (date, region, service, last):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.compare_digest(hmac.new(key, text.encode(), "sha256").hexdigest(), match["sum"])

    def _xml(self, root: str, inner: str) -> None:
        self._answer(200, f'<?xml version="1.0" encoding="UTF-8"?><{root}>{inner}</{root}>'.encode())

    def _fails(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _answer(
        self,
        status: int,
        content: bytes,
        *,
        etag: str = "x",
        length: int | None = None,
        moment: datetime | None = None,
        part: str = "",
    ) -> None:
        self.send_response(status)
        if part:
            self.send_header("content-range", part)
        if status != 204:
            self.send_header("content-length", str(len(content) if length is None else length))
        self.send_header("etag", f'"{etag}"')
        if moment is not None:
            self.send_header("last-modified", f"{moment:%a, %d %b %Y %H:%M:%S GMT}")
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(ConnectionError):  # it has heard enough
                self.wfile.write(content)


class S3Process:
    """One in a process of its own, so that who measures does not measure it as well.

    Attributes:
        url: As FOOTNOTE_STORAGE_URL wants it.
        process: In which it runs.
    """

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.index.storage.s3_server"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip().partition("=")[2]

    def fail(self, *, refused: int, cut: int) -> None:
        """See the attributes of ``S3Server``."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{refused} {cut}\n")


@contextlib.contextmanager
def running_apart() -> Iterator[S3Process]:
    """One in a process of its own, while it runs."""
    server = S3Process()
    with server.process:
        yield server
        server.process.kill()


def main() -> None:
    """Runs one until its input ends, says how it is reached, and reads which faults it is to have."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    with S3Server(parser.parse_args().port) as server:
        print(f"FOOTNOTE_STORAGE_URL={server.url()}", flush=True)
        # Whoever started it may have been killed: nothing that its clients left behind keeps it alive then.
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for line in sys.stdin:
            server.refused, server.cut = map(int, line.split())


if __name__ == "__main__":
    main()
