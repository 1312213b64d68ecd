"""A line on the terminal about what takes longer than a second, gone again when it is done."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from attnviz.stderr import say

PATIENCE, STEP = 1.0, 0.5  # seconds before anything is said, and between two lines
CLEAR = "\r\x1b[K"


class Progress:
    """Says what is being done; a thread of its own shows it, where standard error is a terminal."""

    def __init__(self) -> None:
        self._what = ""
        self._since = time.monotonic()
        self._shown = False
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def say(self, what: str) -> None:
        """Begin something new; nothing of it is shown for the first second."""
        with self._lock:
            self._hide()
            self._what, self._since = what, time.monotonic()
        if self._thread is None and on_terminal():
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def update(self, what: str) -> None:
        """Say more of what is still being done."""
        with self._lock:
            self._what = what

    def end(self) -> None:
        """Say no more; the terminal is as it was."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self._hide()

    def hide(self) -> None:
        """Take the line away, for something is printed now."""
        self.say("")

    def _run(self) -> None:
        while not self._ended.wait(STEP):
            with self._lock:
                seconds = time.monotonic() - self._since
                if self._what and seconds > PATIENCE:
                    say(f"{CLEAR}{self._what} … {seconds:.0f} s")
                    self._shown = True

    def _hide(self) -> None:
        if self._shown:
            say(CLEAR)
            self._shown = False


class Tally:
    """How far many texts of files have come, as a line for who waits."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files, self._n_lines = files, -1
        self._began = time.monotonic()
        self._texts = self._tokens = 0

    def add(self, n_tokens: int, line: int | None, n_texts: int = 1) -> str:
        """Count more texts, up to that of a line; the line to show, once it is time to."""
        self._texts, self._tokens = self._texts + n_texts, self._tokens + n_tokens
        seconds = time.monotonic() - self._began
        if seconds < PATIENCE or not on_terminal():
            return "attending"
        said = f"{self._texts:,} texts, {self._tokens / seconds:,.0f} tokens a second"
        left = self._all_lines() - (line or 0)
        return said if not line or left < 0 else f"{said}, about {seconds * left / line:.0f} s left"

    def _all_lines(self) -> int:
        """How many lines there are in all, where that can be known: of one regular file."""
        if self._n_lines < 0:
            self._n_lines = 0
            with suppress(OSError, ValueError):
                [name] = self._files
                if Path(name).is_file():
                    with Path(name).open("rb") as file:
                        parts = iter(lambda: file.read(1 << 20), b"")
                        self._n_lines = sum(part.count(b"\n") for part in parts)
        return self._n_lines


@contextmanager
def progress() -> Iterator[Progress]:
    """What tells of progress until the block ends."""
    told = Progress()
    try:
        yield told
    finally:
        told.end()


def on_terminal() -> bool:
    """Whether standard error is a terminal that takes a line back."""
    with suppress(OSError, ValueError, AttributeError):
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    return False
