"""Packs on processes of this machine, one a core, none of which waits for another's Python."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from contextlib import suppress
from queue import SimpleQueue
from subprocess import DEVNULL, PIPE, Popen
from typing import TYPE_CHECKING, TypeVar

from attnviz import memory
from attnviz.cores import available_cores
from attnviz.corpus.packs import Done, Job, compute_pack, read_pack
from attnviz.corpus.worker import NotHere, wanted, work
from attnviz.errors import AttnvizError

if TYPE_CHECKING:
    from attnviz.model import Model


T = TypeVar("T")
R = TypeVar("R")

Answer = tuple[Done[T, R], list[str]]
LOST = (OSError, EOFError, pickle.UnpicklingError)

LARGEST = 1 << 30
"""Bytes of this process: of larger models products take most of the time, where threads do."""

BEGIN = "import sys; sys.path[:] = {}; from attnviz.corpus.processes import serve; serve()"


def room_for_processes() -> bool:
    """Whether each core can have a process that takes as much memory as this one."""
    cores, size, free = available_cores(), memory.peak(), memory.available_to_others()
    if cores == 1 or not sys.executable or size is None or size > LARGEST:
        return False
    return free is None or cores * size < memory.SHARE * free


class Processes:
    """Processes that do jobs with a model, one a core, which each reads when it is first asked."""

    def __init__(self, model: Model) -> None:
        self._model, self._ended = model, False
        self._begun: list[Popen[bytes] | None] = []
        self._idle: SimpleQueue[Popen[bytes] | None] = SimpleQueue()

    @property
    def begun(self) -> bool:
        """Whether there are any yet."""
        return bool(self._begun)

    def begin(self) -> None:
        """Let a process begin on each core."""
        self._begun = [_begin() for _ in range(available_cores())]
        for process in self._begun:
            self._idle.put(process)

    def work(self, job: Job[T, R], pack: list[T]) -> Answer[T, R]:
        """What a job makes of a pack, by a process that is idle, and what was warned of.

        In the place of one that is lost, cannot read the model or meets an error, this process
        computes it, or meets the error.
        """
        process = self._idle.get()
        answer: Answer[T, R] | None = None
        try:
            if process is not None:
                asked = (wanted(self._model), job, pack), self._model.told_of_length
                answer = _asked(process, asked)
        except LOST:
            process = None
        finally:
            self._idle.put(process)
        if answer is not None:
            return answer
        if self._ended:
            raise EOFError  # nobody waits for it
        return compute_pack(job, self._model, read_pack(job, self._model, pack), 1), []

    def kill(self) -> None:
        """Let no process go on."""
        self._ended = True
        for process in self._begun:
            if process is not None:
                process.kill()

    def close(self) -> None:
        """Leave nothing of them."""
        self.kill()
        for process in self._begun:
            if process is not None:
                with suppress(OSError), process:  # what was not read of it is not written
                    pass


def _begin() -> Popen[bytes] | None:
    """A new process, or none where the system has no more."""
    with suppress(OSError):
        command = [sys.executable, "-c", BEGIN.format(sys.path)]
        return Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    return None


def _asked(process: Popen[bytes], asked: object) -> Answer[T, R] | None:
    """What a process answers."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(pickle.dumps(asked, pickle.HIGHEST_PROTOCOL))
    process.stdin.flush()
    answer: Answer[T, R] | None = pickle.load(process.stdout)
    return answer


def serve() -> None:
    """In such a process: do what is asked on standard input, and answer what it gives, if it can.

    What no user is to blame for ends the process. Ctrl-C is left to whoever began it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # where what libraries print is no answer
    while True:
        try:
            given, told = pickle.load(asked)
        except EOFError:
            return
        answer = None
        with suppress(AttnvizError, NotHere):
            answer = work(*given, told_of_length=told)
        answers.write(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
        answers.flush()
