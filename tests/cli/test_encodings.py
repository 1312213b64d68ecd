"""Whatever a stream can write, every command prints, and says no character it lacks."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

TEXT = "he took the hat and wore it"
COMMANDS = {
    "run": ["run", TEXT, "--ask", "it"],
    "heads": ["heads", TEXT],
    "cut": ["cut", TEXT, "--link", "it->hat", "--all"],
    "compare": ["compare", TEXT, "he saw the hat and wore it"],
    "classify": ["classify", "The plot drags, but the acting is superb.", "--why"],
    "translate": ["translate", "He has a hat."],
    "explain": ["explain", TEXT],
    "models": ["models"],
}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_stream_gets_our_signs_in_what_it_can_write(command: str, encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "attnviz", *COMMANDS[command]],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.decode(encoding)
    assert said.strip()
    assert "\\u2" not in said


@pytest.mark.parametrize("command", ["run", "explain", "classify", "summarize", "translate"])
def test_json_holds_nothing_that_a_terminal_obeys(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "attnviz", command, "--json", "-"],
        input="the hat \x9b31m is \x1b[2J and \u202e red".encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "hat" in done.stdout.decode()
    assert not {"\x1b", "\x9b", "\u202e"} & set(done.stdout.decode())
