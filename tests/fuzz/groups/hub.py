"""What a mirror of the Hub may answer: headers, JSON, sizes, statuses, and bodies cut off."""

from __future__ import annotations

from pathlib import Path
from random import Random

from attnviz.checkpoint.source import resolve
from tests.checkpoint.hub_server import running_hub
from tests.checkpoint.raw import MODEL, SHARDED
from tests.fuzz.judge import Case, by_library
from tests.fuzz.values import TEXTS, broken_bytes, broken_json, nasty

__all__ = ["HubAnswers"]

HEADERS = ("ETag", "X-Linked-Etag", "X-Repo-Commit", "X-Linked-Size", "Content-Length", "Location",
           "Content-Disposition", "X-Error-Code", "X-Error-Message", "Content-Encoding", "Link",
           "X-Xet-Hash", "X-Xet-Refresh-Route", "Content-Type", "Set-Cookie")  # fmt: skip
VALUES = ("../../../../outside", "/etc/passwd", "", '""', '".."', "-1", "9" * 40, "gzip", "br",
          "http://127.0.0.1:1/x", "file:///etc/passwd", "a" * 40, 'W/"x/../../y"', "chunked",
          'attachment; filename="../../x"', "b\x9b31m", "0", "1e9", "GatedRepo", "EntryNotFound",
          "RepoNotFound", "RevisionNotFound", "<http://127.0.0.1:1>; rel=xet-auth")  # fmt: skip
STATUSES = (200, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 410, 416, 418, 451)


class HubAnswers:
    """Fetching a model from a server that answers whatever chance wants."""

    def __init__(self, place: Path) -> None:
        self.place, self.cache = place, place / "hub"
        self._context = running_hub()
        self.hub = self._context.__enter__()
        import huggingface_hub.file_download as downloads
        from huggingface_hub import constants

        template = self.hub.address + "/{repo_id}/resolve/{revision}/{filename}"
        constants.ENDPOINT, constants.HUGGINGFACE_CO_URL_TEMPLATE = self.hub.address, template
        downloads.time.sleep = lambda seconds: None  # for it waits before it tries again

    def case(self, random: Random) -> Case:
        """A repository, and what is odd about how it is answered for."""
        hub = self.hub
        hub.repositories.clear()
        hub.requests.clear()
        hub.headers.clear()
        hub.gone.clear()
        hub.cuts.clear()
        hub.status, hub.page, hub.padding = None, None, 0
        self._clear()
        files = dict(random.choice((MODEL, SHARDED)))
        if random.random() < 0.3:
            name = random.choice(sorted(files))
            files[name] = broken_bytes(random, files[name])
        commit = hub.add("org/model", files)
        kind = random.randrange(8)
        if kind < 3:
            for _ in range(random.choice((1, 1, 2))):
                hub.headers[random.choice(HEADERS)] = random.choice(VALUES)
        elif kind == 3:
            hub.status = random.choice(STATUSES)
        elif kind < 6:
            siblings = [{"rfilename": name} for name in files]
            info = {"id": "org/model", "modelId": "org/model", "sha": commit, "siblings": siblings}
            hub.page = broken_json(random, info if random.random() < 0.9 else nasty(random))
        elif kind == 6:
            hub.cuts[random.choice(sorted(files))] = [random.randrange(100)] * random.choice((1, 9))
            hub.gone = set(random.sample(sorted(files), random.choice((0, 1))))
        else:
            hub.padding = random.choice((1, 1000, 100_000))
        revision = random.choice(("", "", "@main", f"@{commit}", "@v1", "@" + random.choice(TEXTS)))
        address = hub.address if random.random() < 0.95 else self._address(random)
        environment = {"HF_ENDPOINT": address, "HF_HUB_CACHE": str(self.cache)}
        before = set(self.place.rglob("*")) - {self.cache}
        return by_library(lambda: resolve("org/model" + revision), environment=environment,
                          check=lambda: self._outside(before))  # fmt: skip

    def _address(self, random: Random) -> str:
        """An address with credentials in it, or nothing like an address."""
        secret = self.hub.address.replace("//", "//me:secret@")
        return random.choice((secret, *TEXTS)).replace("\0", "").encode("utf-8", "replace").decode()

    def _outside(self, before: set[Path]) -> str | None:
        found = {path for path in self.place.rglob("*") if self.cache not in (path, *path.parents)}
        odd = [path for path in self.cache.rglob("*") if ".." in str(path)]
        return f"wrote {found - before | set(odd)}" if found - before or odd else None

    def _clear(self) -> None:
        import shutil

        shutil.rmtree(self.cache, ignore_errors=True)
