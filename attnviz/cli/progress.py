"""A line on the terminal about what takes longer than a second, gone again when it is done."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["Progress", "on_terminal", "progress"]

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
                    self._write(f"{CLEAR}{self._what} … {seconds:.0f} s")
                    self._shown = True

    def _hide(self) -> None:
        if self._shown:
            self._write(CLEAR)
            self._shown = False

    def _write(self, text: str) -> None:
        from attnviz.render.safe import encodable

        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(encodable(text, sys.stderr.encoding or "ascii"))
            sys.stderr.flush()


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
