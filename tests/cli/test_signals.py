"""Signals end the program in order: nothing half written is left, and no traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from attnviz.cli.signals import heard, unbroken

# The program writes a file for ever, and says when it has begun. Where it is told to, it is just
# as slow to clear up. It flushes by a call of its own: Python 3.14 looks for signals after calls,
# but not after one of a built-in function with keywords, such as print(…, flush=True).
PROGRAM = """
import sys, time
from pathlib import Path
from attnviz.cli.failures import exit_code
from attnviz.output import all_or_nothing

def say(word):
    print(word)
    sys.stdout.flush()

def write():
    with all_or_nothing([Path("a.json")]):
        try:
            say("begun")
            time.sleep(60)
        finally:
            say("ending")
            time.sleep(float(sys.argv[1]))

sys.exit(exit_code(write))
"""


def start(folder: Path, slow: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(slow)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    assert len(list(folder.glob(".*.part"))) == 1
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_lets_it_clear_up(tmp_path, number):
    with start(tmp_path, 0) as process:
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number
        assert process.stderr.read() == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_at_once_and_leaves_nothing_either(tmp_path, number):
    with start(tmp_path, 60) as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "ending\n"
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number
        assert process.stderr.read() == ""
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_ignored_stays_ignored(document, tmp_path):
    ended = subprocess.run(
        ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-c",
         "import os, signal; from attnviz.cli import main;"
         "from attnviz.cli.signals import heard;\n"
         "with heard(): os.kill(os.getpid(), signal.SIGHUP)\n"
         f"main(['render', {str(document)!r}, '--json'])"],
        capture_output=True,
    )  # fmt: skip
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["schema"] == "attnviz/1"


def test_what_must_not_be_broken_off_ends_before_a_signal_is_heard():
    done = []
    with heard(), pytest.raises(KeyboardInterrupt), unbroken():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("the rest of a line")
    assert done == ["the rest of a line"]
