"""The tokenizers library's failures, panics included, as one sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from attnviz.errors import AttnvizError, BadCheckpoint, quote
from attnviz.stderr import quiet

PANICS = "pyo3_runtime"
Result = TypeVar("Result")


@contextmanager
def guarded(sentence: str) -> Iterator[None]:
    """Turn whatever the tokenizers library raises into BadCheckpoint, its reason at the end."""
    try:
        with quiet():
            yield
    except (AttnvizError, MemoryError):
        raise
    except BaseException as error:  # it raises bare Exception, and a panic is not even that
        if not isinstance(error, Exception) and type(error).__module__ != PANICS:
            raise  # what ends the program
        reason = str(error).removeprefix("Cannot instantiate Tokenizer from buffer: ")
        raise BadCheckpoint(f"{sentence}: {quote(reason)}") from None


def interruptible(work: Callable[[], Result]) -> Result:
    """What ``work`` returns, done in a thread of its own so that Ctrl-C is heard meanwhile.

    The library lets other threads run while it encodes a batch, but never looks for signals. Work
    that was interrupted goes on by itself, and ends with the process at the latest.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    done: list[Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True, name="attnviz-tokenizer")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]
