"""What the Hub, or a mirror of it, answers: checked before its client acts on it or writes it."""

from __future__ import annotations

import logging
import re
import shutil
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from attnviz.checkpoint.cache import COMMIT
from attnviz.errors import ModelError, quote

# The client names files in its cache after these, so that they must be names and no paths.
ETAGS = ("x-linked-etag", "etag")
ETAG = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.+=:-]{0,199}", re.ASCII)
SIZES = ("x-linked-size", "content-length")
SIZE = re.compile(r"\d{1,13}", re.ASCII)
LARGEST_ANSWER = 50_000_000  # bytes of JSON
LARGEST_SMALL_FILE = 200_000_000  # bytes of anything but weights
LOGGERS = ("huggingface_hub", "httpx", "httpx2", "httpcore", "hf_xet", "filelock")
SILENT = logging.CRITICAL + 1

_ONE_AT_A_TIME = threading.Lock()  # the client's factory is that of the whole process


class OddAnswer(ValueError):
    """An answer that no Hub gives; its message says which part of it is odd."""


class Answers:
    """Checks every answer by what is asked for: a commit, once it is known, and one of its files.

    Only the Hub itself may send the client elsewhere for the content (``is_hub``); a mirror's
    content comes from the mirror, where it is counted.
    """

    def __init__(self, place: Path, *, is_hub: bool) -> None:
        self._place, self._is_hub = place, is_hub
        self.commit: str | None = None
        self._file: str | None = None
        self._size: int | None = None

    def expect(self, file: str) -> None:
        """Say which file will be asked for next."""
        self._file, self._size = file, None

    def check(self, response: Any) -> None:
        """Raise OddAnswer before the client reads on; bound what it may read."""
        headers = response.headers
        commit = headers.get("x-repo-commit")
        if commit is not None and not (COMMIT.fullmatch(commit) and self.commit in (None, commit)):
            raise OddAnswer(f"it sends commit {quote(commit)}")
        if response.request.method == "HEAD":
            self._check_file(response)
        if not self._is_hub:
            for name in [name for name in headers if name.startswith("x-xet") or name == "link"]:
                del headers[name]
        if "content-disposition" in headers:  # whose file name the client prints
            headers["content-disposition"] = f'inline; filename="{self._file}";'
        limit = LARGEST_ANSWER if self._file is None else self._limit()
        read = response.iter_bytes
        response.iter_bytes = lambda *size, **named: _bounded(read(*size, **named), limit)

    def _check_file(self, response: Any) -> None:
        """What a file is called in the cache, and how large it will be."""
        sizes = [response.headers[name] for name in SIZES if name in response.headers]
        for name in ETAGS:
            etag = response.headers.get(name)
            if etag is not None and not ETAG.fullmatch(etag.removeprefix("W/").strip('"')):
                raise OddAnswer(f"it sends {name} {quote(etag)}")
        for size in sizes:
            if not SIZE.fullmatch(size):
                raise OddAnswer(f"it sends size {quote(size)}")
        if sizes and not (response.is_redirect and "x-linked-size" not in response.headers):
            self._size = int(sizes[0])
            self._require_room(self._size)

    def _require_room(self, size: int) -> None:
        if size > self._limit():
            raise OddAnswer(f"{self._file} would be {size:,} bytes")
        place = next(path for path in (self._place, *self._place.parents) if path.exists())
        free = shutil.disk_usage(place).free
        if size > free:
            raise ModelError(
                f"{self._file} has {size / 1e9:.1f} GB and the cache {quote(self._place)} has "
                f"room for {free / 1e9:.1f}; HF_HOME names another place"
            )

    def _limit(self) -> int:
        """How many bytes the file may have."""
        if self._file is None or not self._file.endswith((".safetensors", ".bin", ".gguf")):
            return LARGEST_SMALL_FILE if self._size is None else min(self._size, LARGEST_SMALL_FILE)
        return 10**13 if self._size is None else self._size


@contextmanager
def checked_answers(hub: ModuleType, place: Path, *, is_hub: bool) -> Iterator[Answers]:
    """Let the client hand over all that it is answered, and be silent, until the block ends."""
    from huggingface_hub.utils import _http as http

    answers = Answers(place, is_hub=is_hub)
    with _ONE_AT_A_TIME, _silent(hub):
        before = getattr(http, "_GLOBAL_CLIENT_FACTORY", http.default_client_factory)

        def watched() -> Any:
            client = before()
            hooks = client.event_hooks
            client.event_hooks = {**hooks, "response": [*hooks.get("response", ()), answers.check]}
            return client

        hub.set_client_factory(watched)
        try:
            yield answers
        finally:
            hub.set_client_factory(before)


@contextmanager
def _silent(hub: ModuleType) -> Iterator[None]:
    """No lines of the client's own, and its progress only where somebody watches it."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    watched = sys.stderr is not None and sys.stderr.isatty()
    hidden = hub.utils.are_progress_bars_disabled()
    for logger in loggers:
        logger.setLevel(SILENT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not watched:
                hub.utils.disable_progress_bars()
            yield
    finally:
        if not watched and not hidden:
            hub.utils.enable_progress_bars()
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _bounded(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    n_bytes = 0
    for chunk in chunks:
        n_bytes += len(chunk)
        if n_bytes > limit:
            raise OddAnswer("it sends more than it said")
        yield chunk
