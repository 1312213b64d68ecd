"""Signals that end the program: the first lets it clear up, the second ends it where it is."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from attnviz.output import remove_drafts

ENDING = ("SIGINT", "SIGTERM", "SIGHUP")

_waiting: list[int] | None = None  # signals that came where nothing may be broken off


class Terminated(BaseException):
    """The program was told to end by a signal other than Ctrl-C's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def heard() -> Iterator[None]:
    """Raise KeyboardInterrupt or Terminated at the first signal; clear up and end at the second.

    A signal that whoever started us has it ignored, as nohup does, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ended = False

    def end(number: int, _frame: FrameType | None) -> None:
        nonlocal ended
        if ended:
            remove_drafts()
            os._exit(128 + number)
        ended = True
        if _waiting is not None:
            _waiting.append(number)
            return
        _raise(number)

    numbers = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    ours = {n for n, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        if not ended:
            for number in ours:
                signal.signal(number, before[number])


@contextmanager
def unbroken() -> Iterator[None]:
    """Let the first signal wait until the block has ended, so that what is begun is whole."""
    global _waiting
    _waiting = []
    try:
        yield
    finally:
        came, _waiting = _waiting, None
    if came:
        _raise(came[0])


def _raise(number: int) -> NoReturn:
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated(number)
