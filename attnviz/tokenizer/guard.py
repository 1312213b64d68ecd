"""The tokenizers library's failures, panics included, as one sentence."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from attnviz.errors import AttnvizError, BadCheckpoint, quote

__all__ = ["guarded", "quiet"]

_STDERR = threading.Lock()

if hasattr(os, "register_at_fork"):  # a fork waits until standard error is itself again
    os.register_at_fork(
        before=_STDERR.acquire, after_in_parent=_STDERR.release, after_in_child=_STDERR.release
    )


@contextmanager
def guarded(sentence: str) -> Iterator[None]:
    """Turn whatever the tokenizers library raises into BadCheckpoint, its reason at the end."""
    try:
        yield
    except (AttnvizError, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # it raises bare Exception, and a panic is not even that
        reason = str(error).removeprefix("Cannot instantiate Tokenizer from buffer: ")
        raise BadCheckpoint(f"{sentence}: {quote(reason)}") from None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep a panic's own report, which goes to file descriptor 2, from the terminal."""
    with _STDERR:
        try:
            saved = os.dup(2)
        except OSError:  # standard error is closed
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(nowhere)
