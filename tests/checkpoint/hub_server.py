"""A loopback HTTP server that answers as the Hugging Face Hub does."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

TOKEN = "hf_theRightToken"


class Request(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    token: str | None
    range: str | None


@dataclass
class Repository:
    """Commits of files, and the branches that lead to them."""

    commits: dict[str, dict[str, bytes]]
    refs: dict[str, str]
    private: bool = False
    gated: bool = False


@dataclass
class Hub:
    """What the server has and what it was asked; change it while it runs."""

    address: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    cuts: dict[str, list[int]] = field(default_factory=dict)  # file → bytes before each hanging up
    hang_up: Event = field(default_factory=Event)  # a cut waits for this
    status: int | None = None  # answer this to everything
    page: bytes | None = None  # answer this page to everything
    headers: dict[str, str] = field(default_factory=dict)  # of every file, whatever would be true
    padding: int = 0  # bytes behind a file's own, without saying how many there are
    gone: set[str] = field(default_factory=set)  # files that are listed but not there

    def add(self, name: str, files: Mapping[str, bytes], revision: str = "main") -> str:
        """Commit files to a branch of a repository; returns the commit."""
        commit = hashlib.sha1(repr((name, revision, sorted(files.items()))).encode()).hexdigest()
        repository = self.repositories.setdefault(name, Repository({}, {}))
        repository.commits[commit] = dict(files)
        repository.refs[revision] = commit
        return commit

    def asked(self, pattern: str) -> list[Request]:
        """The requests whose path matches."""
        return [request for request in self.requests if re.search(pattern, request.path)]


@contextmanager
def running_hub() -> Iterator[Hub]:
    """Serve until the block ends."""
    hub = Hub()
    hub.hang_up.set()
    handler = type("Handler", (HubHandler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class HubHandler(BaseHTTPRequestHandler):
    """Routes: the API, files (small ones by a relative redirect, large ones from a CDN)."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        token = self.headers.get("Authorization")
        self.hub.requests.append(Request(self.command, path, token, self.headers.get("Range")))
        if self.hub.page is not None:
            self.answer(200, self.hub.page)
        elif self.hub.status is not None:
            self.answer(self.hub.status)
        elif token and token != f"Bearer {TOKEN}":
            self.refuse(401, message="Invalid credentials in Authorization header")
        elif match := re.fullmatch(r"/api/models/((?:[^/]+/)??[^/]+)(?:/revision/(.+))?", path):
            self.model_info(match[1], match[2] or "main")
        elif match := re.fullmatch(r"/(.+)/resolve/(.+?)/([^/]+)", path):
            self.resolve(match[1], match[2], match[3])
        elif match := re.fullmatch(r"/api/resolve-cache/models/(.+)/([0-9a-f]{40})/([^/]+)", path):
            self.small_file(match[1], match[2], match[3])
        elif match := re.fullmatch(r"/cdn/([0-9a-f]{64})/(.+)", path):
            self.large_file(match[1], match[2])
        else:
            self.refuse(404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def find(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """The commit and its files; None when the refusal has been sent."""
        repository = self.hub.repositories.get(name)
        known = self.headers.get("Authorization") is not None
        if repository is None or (repository.private and not known):
            if known:
                self.refuse(404, "RepoNotFound", "Repository not found")
            else:  # the Hub does not say whether a private repository exists
                self.refuse(401, message="Invalid username or password.")
            return None
        commit = repository.refs.get(revision, revision)
        if commit not in repository.commits:
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return None
        return commit, repository.commits[commit]

    def model_info(self, name: str, revision: str) -> None:
        if name in self.hub.moved:
            path = self.path.replace(name, self.hub.moved[name], 1)
            self.answer(307, headers={"Location": path})
        elif found := self.find(name, revision):
            siblings = [{"rfilename": file} for file in sorted(found[1])]
            info = {"id": name, "modelId": name, "sha": found[0], "siblings": siblings}
            self.answer(200, json.dumps(info).encode())

    def resolve(self, name: str, revision: str, file: str) -> None:
        if name in self.hub.moved:
            path = self.path.replace(name, self.hub.moved[name], 1)
            self.answer(307, headers={"Location": path})
            return
        found = self.find(name, revision)
        if found is None:
            return
        commit, files = found
        if self.hub.repositories[name].gated and not self.headers.get("Authorization"):
            self.refuse(401, "GatedRepo", f"Access to model {name} is restricted.")
        elif file in self.hub.gone:
            headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit}
            self.answer(404, b"", headers | self.hub.headers)
        elif file not in files:
            self.refuse(404, "EntryNotFound", "Entry not found")
        elif file.endswith(".safetensors"):
            digest = hashlib.sha256(files[file]).hexdigest()
            address = self.hub.address.replace("127.0.0.1", "localhost")  # another host
            linked = {"X-Linked-Size": str(len(files[file])), "X-Linked-Etag": f'"{digest}"'}
            location = f"{address}/cdn/{digest}/{file}?signature=abc"
            headers = {"Location": location, "X-Repo-Commit": commit} | linked
            self.answer(302, headers=headers | self.hub.headers)
        else:
            location = f"/api/resolve-cache/models/{name}/{commit}/{file}"
            self.answer(307, headers={"Location": location, "X-Repo-Commit": commit})

    def small_file(self, name: str, commit: str, file: str) -> None:
        found = self.find(name, commit)
        if found is not None:
            content = found[1][file]
            etag = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            self.send(file, content, {"X-Repo-Commit": commit, "ETag": f'"{etag}"'})

    def large_file(self, digest: str, file: str) -> None:
        if self.headers.get("Authorization"):
            self.refuse(400, message="Only one auth mechanism allowed")
            return
        for repository in self.hub.repositories.values():
            for files in repository.commits.values():
                if file in files and hashlib.sha256(files[file]).hexdigest() == digest:
                    self.send(file, files[file], {"ETag": f'"{digest}"'})
                    return
        self.refuse(404)

    def send(self, file: str, content: bytes, headers: dict[str, str]) -> None:
        """Answer with a file or the asked range of it, hanging up early if a cut is due."""
        status = 200
        headers = headers | {"Content-Disposition": f'inline; filename="{file}";'}
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or ""):
            status, first, size = 206, int(match[1]), len(content)
            content = content[first:]
            headers = headers | {"Content-Range": f"bytes {first}-{size - 1}/{size}"}
        headers = headers | self.hub.headers
        if self.command == "GET" and self.hub.padding:
            self.answer_without_end(content + bytes(self.hub.padding), headers)
            return
        cuts = self.hub.cuts.get(file)
        if self.command == "GET" and cuts:
            self.answer(status, content, headers, only=cuts.pop(0))
        else:
            self.answer(status, content, headers)

    def refuse(self, status: int, code: str = "", message: str = "") -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": message}
        body = json.dumps({"error": message}).encode()
        self.answer(status, body, {key: value for key, value in headers.items() if value})

    def answer(
        self,
        status: int,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        only: int | None = None,
    ) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:only])
        if only is not None:
            self.wfile.flush()
            self.hub.hang_up.wait(timeout=30)
            self.close_connection = True

    def answer_without_end(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a body whose length nobody was told; closing the connection ends it."""
        self.send_response(200)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Connection", "close")
        self.end_headers()
        with suppress(OSError):  # nobody reads on
            self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet; the requests are kept instead."""
