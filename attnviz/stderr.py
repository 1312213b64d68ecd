"""Standard error: quiet while a library may panic, and spoken to all the same."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

STDERR = 2


class _Silence:
    """How many threads want file descriptor 2 quiet now, and where it else leads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.wanted, self.saved = 0, -1

    def begin(self) -> None:
        """Want it quiet."""
        with self.lock:
            if not self.wanted:
                with suppress(OSError):  # standard error is closed
                    self.saved = os.dup(STDERR)
            self.wanted += 1
            self.keep()

    def end(self) -> None:
        """Want it no more."""
        with self.lock:
            self.wanted = max(self.wanted - 1, 0)  # none are left in a fork
            if not self.wanted and self.saved >= 0:
                self.lift()
                os.close(self.saved)
                self.saved = -1

    def keep(self) -> None:
        """Be quiet, if anyone wants it."""
        if self.wanted and self.saved >= 0:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, STDERR)
            os.close(nowhere)

    def lift(self) -> None:
        """Let through what is written now."""
        if self.saved >= 0:
            os.dup2(self.saved, STDERR)


_silence = _Silence()


def say(text: str) -> None:
    """Write text to standard error at once, unless that is closed or nobody reads it."""
    with _silence.lock, suppress(OSError, ValueError, AttributeError):  # it may be None
        _silence.lift()
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        finally:
            _silence.keep()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what a library writes to file descriptor 2, as a panic's report, from the terminal.

    Several threads may want that at a time; what they ``say`` is written meanwhile.
    """
    _silence.begin()
    try:
        yield
    finally:
        _silence.end()


def _before_fork() -> None:
    _silence.lock.acquire()
    _silence.lift()


def _in_parent() -> None:
    _silence.keep()
    _silence.lock.release()


def _in_child() -> None:
    _silence.wanted = 0
    _silence.lock.release()


if hasattr(os, "register_at_fork"):  # a fork is never born quiet
    os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)
