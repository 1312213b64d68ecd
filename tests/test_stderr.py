"""Standard error is quiet where a library may panic, and nothing that is said is lost meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

BEGIN = """
import os, threading
from attnviz.stderr import quiet, say
def panics():
    os.write(2, b"panicked\\n")
"""


def said_by(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program], stderr=subprocess.PIPE, check=True
    )
    return done.stderr.decode()


def test_a_panic_is_kept_and_what_is_said_is_written() -> None:
    assert said_by("with quiet():\n  panics()\n  say('one\\n')\n  panics()\nsay('two\\n')") == (
        "one\ntwo\n"
    )


def test_a_thread_is_heard_while_another_keeps_it_quiet() -> None:
    program = """
inside, leave = threading.Event(), threading.Event()
def load():
    with quiet():
        inside.set()
        leave.wait(60)
        panics()
loads = threading.Thread(target=load)
loads.start()
inside.wait(60)
with quiet():
    pass
panics()
say("heard\\n")
leave.set()
loads.join()
os.write(2, b"open\\n")
"""
    assert said_by(program) == "heard\nopen\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_fork_is_never_born_quiet() -> None:
    program = """
with quiet():
    if not (child := os.fork()):
        os.write(2, b"child\\n")
        os._exit(0)
    os.waitpid(child, 0)
    panics()
os.write(2, b"parent\\n")
"""
    assert said_by(program) == "child\nparent\n"


def test_a_closed_stream_is_no_obstacle() -> None:
    assert said_by("os.close(2)\nwith quiet():\n  say('lost')\nsay('lost')") == ""
