"""A hub on the loopback: whoami, repositories, preupload, LFS and commits, as the real client speaks to it.

It notes every request with the token that came with it.
"""

import base64
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class LoopbackHub:
    """What it knows and what it was asked.

    Attributes:
        tokens: account by token.
        repositories: by name: ``private``, and ``files`` with their content.
        requests: method, path and token of each.
        renamed: what a repository is called by now, by its old name.
        forces: a visibility that it gives to every new repository, whatever was asked for.
    """

    tokens: dict
    repositories: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)
    objects: dict = field(default_factory=dict)
    forces: str = ""
    renamed: dict = field(default_factory=dict)
    url: str = ""

    def sent(self, token):
        """The requests that came with this token."""
        return [request for request in self.requests if request[2] == token]

    def changed(self):
        """The requests that would have changed something."""
        return [path for method, path, _ in self.requests if method != "GET"]


@contextmanager
def loopback_hub(**tokens):
    """``loopback_hub(ada="hf_…")``: a hub that knows these accounts."""
    hub = LoopbackHub({token: account for account, token in tokens.items()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: LoopbackHub

    def do_GET(self):
        self._route("GET")

    def do_POST(self):
        self._route("POST")

    def do_PUT(self):
        self._route("PUT")

    def log_message(self, *_):
        pass

    def _route(self, method):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        self.hub.requests.append((method, path, token))
        if method == "PUT" and path.startswith("/lfs/"):  # a signed address: it needs no token
            self.hub.objects[path.removeprefix("/lfs/")] = body
            return self._answer(200, {})
        account = self.hub.tokens.get(token)
        if account is None:
            return self._answer(401, {"error": "Invalid credentials"})
        if path == "/api/whoami-v2":
            return self._answer(200, {"type": "user", "name": account, "orgs": []})
        if path == "/api/validate-yaml":
            return self._answer(200, {"errors": [], "warnings": []})
        if path == "/api/repos/create":
            return self._create(json.loads(body), account)
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/(preupload|commit)/main", path):
            return getattr(self, f"_{found[2]}")(found[1], body)
        if found := re.fullmatch(r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            return self._batch(json.loads(body))
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)", path):
            return self._info(found[1])
        return self._answer(404, {"error": f"no {path}"})

    def _answer(self, status, record, **headers):
        content = json.dumps(record).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def _info(self, name):
        name = self.hub.renamed.get(name, name)  # the real one redirects, and the client follows
        there = self.hub.repositories.get(name)
        if there is None:
            return self._answer(404, {"error": "Repository not found"}, X_Error_Code="RepoNotFound")
        siblings = [{"rfilename": file} for file in there["files"]]
        return self._answer(200, {"id": name, "private": there["private"], "sha": "0" * 40, "siblings": siblings})

    def _create(self, asked, account):
        name = f"{asked.get('organization') or account}/{asked['name']}"
        if name in self.hub.repositories:
            return self._answer(409, {"error": "You already created this model repo"})
        visibility = self.hub.forces or asked.get("visibility", "public")
        self.hub.repositories[name] = {"private": visibility == "private", "files": {}}
        return self._answer(200, {"url": f"{self.hub.url}/{name}", "name": name})

    def _preupload(self, _name, body):
        files = [
            {"path": f["path"], "uploadMode": "lfs" if f["path"].endswith("tensors") else "regular",
             "shouldIgnore": False}
            for f in json.loads(body)["files"]
        ]  # fmt: skip
        self._answer(200, {"files": files})

    def _batch(self, asked):
        objects = [
            {"oid": o["oid"], "size": o["size"], "actions": {"upload": {"href": f"{self.hub.url}/lfs/{o['oid']}"}}}
            for o in asked["objects"]
        ]
        self._answer(200, {"transfer": "basic", "objects": objects})

    def _commit(self, name, body):
        files = self.hub.repositories[name]["files"]
        for line in body.splitlines():
            item = json.loads(line)
            if item["key"] == "file":
                files[item["value"]["path"]] = base64.b64decode(item["value"]["content"])
            elif item["key"] == "lfsFile":
                files[item["value"]["path"]] = self.hub.objects[item["value"]["oid"]]
        self._answer(200, {"commitUrl": f"{self.hub.url}/{name}/commit/1", "commitOid": "1" * 40})
