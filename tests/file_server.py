"""A server of files on the loopback, as ModelScope, the hub and any other place give them."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(eq=False)
class Files:
    """What is served, and how badly.

    Attributes:
        address: Of the server.
        held: Bytes by path.
        cuts: So many answers break off in their middle.
        busy: So many answers are 503.
        kind: Content type of all answers.
        marks: Whether answers carry an ETag.
        asked: Method, path and range of each request.
    """

    address: str = ""
    held: dict[str, bytes] = field(default_factory=dict)
    cuts: int = 0
    busy: int = 0
    kind: str = "application/octet-stream"
    marks: bool = True
    asked: list[tuple[str, str, str]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """Answers from `files`, which the class of each server has."""

    files: Files
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _answer(self, body: bool) -> None:
        files, wanted = self.files, self.headers.get("Range", "")
        files.asked.append((self.command, self.path, wanted))
        content = files.held.get(self.path)
        if content is None or files.busy:
            files.busy = max(files.busy - 1, 0)
            self._head(404 if content is None else 503, 0, {})
            return
        mark = f'"{hashlib.sha256(content).hexdigest()}"'
        start = 0
        if wanted and self.headers.get("If-Range", mark) == mark:
            start = int(wanted.removeprefix("bytes=").split("-")[0])
        headers = {"ETag": mark} if files.marks else {}
        headers |= {"X-Repo-Commit": "a" * 40, "Content-Type": files.kind}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._head(206 if start else 200, len(content) - start, headers)
        if body:
            self._send(content[start:])

    def _send(self, content: bytes) -> None:
        if self.files.cuts:
            self.files.cuts -= 1
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)

    def _head(self, status: int, size: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(size))
        self.end_headers()


@contextmanager
def serving() -> Iterator[Files]:
    files = Files()
    handler = type("FilesHandler", (Handler,), {"files": files})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    files.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
