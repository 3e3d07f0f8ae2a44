"""A loopback web server that serves bytes as well or as badly as a test wants."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """One file and how it is served."""

    content: bytes
    ranges: bool = True
    etag: str = '"v1"'
    told: int | None = -1  # what HEAD says of its length; -1: the truth, None: nothing
    cut_after: list[int] = field(default_factory=list)  # bytes after which each next answer breaks off
    claimed: int | None = None  # the Content-Length of an answer to GET, where it is not the truth
    wait: threading.Event | None = None  # the last byte comes only after it
    status: int = 200
    moved: str = ""  # it is there instead


class Server:
    """Serves ``files`` by their path and remembers what it was asked."""

    def __init__(self):
        self.files, self.asked, self.ranges = {}, [], []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self):
                server.answer(self, body=False)

            def do_GET(self):
                server.answer(self, body=True)

            def log_message(self, *words):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()

    def gets(self):
        """How often a body was asked for; the short read that measures the speed is left out."""
        return sum(method == "GET" for method, _ in self.asked)

    def answer(self, request, *, body):
        path = request.path.partition("?")[0]
        measuring = request.headers.get("Range") == f"bytes=0-{(1 << 20) - 1}"
        self.asked.append(("MEASURE" if measuring else request.command, path))
        served = self.files.get(path)
        if served is None or served.status >= 400:
            self._refuse(request, served.status if served else 404)
            return
        if served.moved:
            self._lead_on(request, served.moved)
        elif not body:
            self._head(request, served)
        elif measuring:
            self._send(request, served, 0, len(served.content), 200)
        else:
            self._get(request, served)

    def _refuse(self, request, status):
        request.send_response(status)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _lead_on(self, request, there):
        request.send_response(302)
        request.send_header("Location", there)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _head(self, request, served):
        request.send_response(200)
        if served.told is not None:
            request.send_header("Content-Length", str(len(served.content) if served.told == -1 else served.told))
        request.send_header("Connection", "close")
        request.end_headers()
        request.close_connection = True

    def _get(self, request, served):
        wanted = request.headers.get("Range") if served.ranges else None
        if request.headers.get("If-Range") not in (None, served.etag):
            wanted = None
        self.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if wanted and start >= len(served.content):
            self._refuse(request, 416)
            return
        stop = served.cut_after.pop(0) if served.cut_after else len(served.content)
        self._send(request, served, start, stop, 206 if wanted else 200)

    def _send(self, request, served, start, stop, status):
        whole = len(served.content)
        request.send_response(status)
        if served.etag:
            request.send_header("ETag", served.etag)
        if status == 206:
            request.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        if served.told is not None:
            request.send_header("Content-Length", str(whole - start if served.claimed is None else served.claimed))
        request.send_header("Connection", "close")
        request.end_headers()
        request.close_connection = True
        held = stop - 1 if served.wait else stop
        try:
            request.wfile.write(served.content[start:held])
            if served.wait:
                served.wait.wait(30)
                request.wfile.write(served.content[held:stop])
        except OSError:
            pass  # whoever asked has left


@contextmanager
def serving():
    """A server for as long as the block lasts."""
    server = Server()
    try:
        yield server
    finally:
        server.close()


def hub(server, repository, files, *, licence="mit", commit="c" * 40):
    """Make ``server`` answer as the Hugging Face hub does for one data set; ``files``: content by name."""
    import hashlib

    siblings = []
    for name, content in files.items():
        record = {"rfilename": name, "size": len(content)}
        if name.endswith(".bin"):
            digest = hashlib.sha256(content).hexdigest()
            record |= {"blobId": "0" * 40, "lfs": {"sha256": digest, "size": len(content), "pointerSize": 130}}
        else:
            record |= {"blobId": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()}
        siblings.append(record)
        server.files[f"/datasets/{repository}/resolve/{commit}/{name}"] = Served(content)
    info = {"id": repository, "sha": commit, "tags": [f"license:{licence}"], "siblings": siblings, "private": False,
            "downloads": 0, "likes": 0}  # fmt: skip
    server.files[f"/api/datasets/{repository}/revision/main"] = Served(json.dumps(info).encode())
