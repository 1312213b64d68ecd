"""The same call gives the same bits whatever else runs: alone, beside others, after a fork."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz import Model
from attnviz.errors import AttnvizWarning

LENGTHS = (12, 40, 128, 300, 512)
ROOT = Path(__file__).resolve().parents[2]
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="only some systems fork")


@pytest.fixture(scope="module")
def model() -> Model:
    loaded = attnviz.load()
    with pytest.warns(AttnvizWarning, match="trained on"):  # which is said once, of the longest
        loaded.attend(token_ids=[101] * max(LENGTHS), layers=[0])
    return loaded


def bits(model: Model, n: int) -> bytes:
    """Everything that a text of so many tokens gives."""
    found = model.attend(token_ids=[101, *(2000 + 7 * i for i in range(n - 2)), 102], hidden=True)
    return found.maps["encoder"].weights.tobytes() + np.asarray(found.hidden).tobytes()


def test_the_same_call_gives_the_same_bits_beside_others(model: Model) -> None:
    """Four threads, each of which goes through the lengths from another one on."""
    alone = {n: bits(model, n) for n in LENGTHS}
    others: list[tuple[int, bytes]] = []

    def attend(first: int) -> None:
        for n in islice(cycle(LENGTHS), first, first + len(LENGTHS)):
            others.append((n, bits(model, n)))

    crowd = [threading.Thread(target=attend, args=(first,)) for first in range(4)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert len(others) == 4 * len(LENGTHS)
    assert {n for n, found in others if found != alone[n]} == set()


FORKED = """
import hashlib, os, signal, sys, threading
import attnviz
from tests.core.test_same_bits import LENGTHS, bits

def digest():
    return hashlib.sha256(b"".join(bits(model, n) for n in LENGTHS)).digest()

model = attnviz.load()
expected = digest()
{before}
child = os.fork()
if child == 0:
    signal.alarm(120)  # a child that waits for ever is killed
    model.attend("He took the hat.")
    os._exit(7 if digest() == expected else 1)
{after}
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""

LOADS = """
inside = threading.Event()
leave = threading.Event()
import attnviz.tokenizer.tokenizer as module
load_tokenizer = module.load_tokenizer
def slow(*given, **more):
    if threading.current_thread() is not threading.main_thread():
        inside.set()
        leave.wait(100)
    return load_tokenizer(*given, **more)
module.load_tokenizer = slow
loads = threading.Thread(target=lambda: model.encode("hat"))
loads.start()
assert inside.wait(60)
"""

KEEPS_QUIET = """
import time
from attnviz.stderr import quiet
inside = threading.Event()
def load():
    with quiet():
        inside.set()
        time.sleep(0.5)
loads = threading.Thread(target=load)
loads.start()
assert inside.wait(60)
"""

RUNS = """
going = True
def run():
    while going:
        bits(model, 300)
runs = threading.Thread(target=run)
runs.start()
"""


@forks
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        (LOADS, "leave.set(); loads.join()"),
        (KEEPS_QUIET, "loads.join()"),
        (RUNS, "going = False; runs.join()"),
    ],
    ids=["alone", "beside one that loads a tokenizer", "beside one that reads it", "beside a run"],
)
def test_a_fork_gives_the_same_bits(before: str, after: str) -> None:
    program = FORKED.replace("{before}", before).replace("{after}", after)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=300, check=False)
    assert done.returncode == 7
