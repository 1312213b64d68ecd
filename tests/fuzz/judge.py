"""Runs one input as the program would, and says what is wrong with how it ended."""

from __future__ import annotations

import io
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from attnviz.cli import main
from attnviz.cli.failures import exit_code

__all__ = ["Case", "Judge", "by_program"]

CODES = (0, 1, 2)
MOST_SECONDS = 30.0  # of computing
MOST_WAITED = 200.0  # seconds in all, for the machine may be busy
MOST_GROWN = 1 << 20  # kilobytes that one input may add to the most that was ever used
MOST_WARNINGS = 8
LONGEST = 1400  # characters of a sentence
ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class OutOfTimeError(BaseException):
    """An input took longer than anybody waits."""


@dataclass
class Case:
    """One input: what to run, and what must hold afterwards besides what always must.

    ``run`` ends by SystemExit or returns a code; ``check`` gives a complaint or nothing.
    """

    run: Callable[[], object]
    stdin: bytes = b""
    check: Callable[[], str | None] = lambda: None
    codes: tuple[int, ...] = CODES
    environment: dict[str, str] = field(default_factory=dict)


def by_program(*arguments: object, **more: object) -> Case:
    """An input that is a command line."""
    words = [str(argument) for argument in arguments]
    return Case(lambda: main(words), **more)  # type: ignore[arg-type]


def by_library(work: Callable[[], object], **more: object) -> Case:
    """An input of a part of the program, with the same boundary around it."""

    def run() -> int:
        def quiet() -> None:
            work()

        return exit_code(quiet)

    return Case(run, **more)  # type: ignore[arg-type]


class Judge:
    """Watches a process's streams and its memory while inputs run in it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.code: object = None
        self._said = (place.parent / "stderr").open("w+b")

    def take_streams(self) -> None:
        """Let what libraries write below Python's streams go where it is seen, for good."""
        os.dup2(self._said.fileno(), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def close(self) -> None:
        """Let go of the file."""
        self._said.close()

    def complaint(self, case: Case) -> str | None:
        """What is wrong with how the input ended, in a line; None where all is right."""
        self._said.seek(0)
        self._said.truncate()
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.process_time()
        with self._streams(case) as (out, err), _alarm(MOST_WAITED):
            try:
                code = case.run()
            except SystemExit as ended:
                code = ended.code
            except BaseException as error:
                return f"{type(error).__name__} came through: {str(error)[:200]}"
        self.code = code or 0
        seconds = time.process_time() - begun
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most
        said = err.getvalue().decode("utf-8", "replace")
        self._said.flush()
        low = os.pread(self._said.fileno(), 300, 0)
        if seconds > MOST_SECONDS:
            return f"took {seconds:.0f} seconds"
        if grown > MOST_GROWN:
            return f"took {grown >> 10} MB more than anything before"
        if low:
            return f"something wrote to file descriptor 2: {low!r}"
        return (
            _of_ending(code, said, case.codes)
            or _of_output(out.getvalue())
            or self._left_over()
            or case.check()
        )

    def _left_over(self) -> str | None:
        parts = [str(path) for path in self.place.rglob("*.part")]
        return f"left {parts}" if parts else None

    @contextmanager
    def _streams(self, case: Case) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
        before = sys.stdin, sys.stdout, sys.stderr
        environment = {name: os.environ.get(name) for name in case.environment}
        os.environ.update(case.environment)
        out, err = io.BytesIO(), io.BytesIO()
        sys.stdin = io.TextIOWrapper(io.BytesIO(case.stdin))
        sys.stdout = io.TextIOWrapper(out, "utf-8", write_through=True)
        sys.stderr = io.TextIOWrapper(err, "utf-8", "backslashreplace", write_through=True)
        try:
            yield out, err
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
                stream.detach()
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
            for name, value in environment.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _of_ending(code: object, said: str, codes: tuple[int, ...]) -> str | None:
    lines = said.splitlines() if said else []
    warned = [line for line in lines if line.startswith("attnviz: warning: ")]
    passed_over = [line for line in lines if line.endswith(" skipped")]  # of files, line by line
    begun = [line for line in lines if line.endswith(" …")]  # what takes long
    told = [line for line in lines if line not in (*warned, *passed_over, *begun)]
    code = 0 if code is None else code
    if code not in codes:
        return f"exit code {code}: {said[:300]!r}"
    if "this should not have happened" in said or "Traceback" in said:
        return f"unforeseen: {said[:400]!r}"
    if len(told) != (0 if code == 0 else 1) or not all(t.startswith("attnviz: ") for t in told):
        return f"code {code} with {len(told)} sentences: {said[:300]!r}"
    if len(warned) > MOST_WARNINGS or max(map(len, lines), default=0) > LONGEST:
        return f"says too much: {said[:300]!r}"
    if ACTING.search(said):
        return f"says what a terminal obeys: {said[:300]!r}"
    return None


def _of_output(out: bytes) -> str | None:
    if b"\x1b" in out or b"\xc2\x9b" in out:
        return f"prints escapes: {out[:200]!r}"
    return None


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise OutOfTimeError when so much time has passed, and again a little later."""

    def out_of_time(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTimeError(f"after {seconds:.0f} seconds")

    before = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, seconds, 5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
