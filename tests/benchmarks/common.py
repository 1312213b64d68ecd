"""What the benchmarks share: timing whole processes, warm workers, medians and ratios."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
EMBEDDED = ROOT / "attnviz" / "models" / "all-MiniLM-L6-v2"
SETTLE = 0.05  # seconds between measurements, for threads that spin to go to sleep


@dataclass(frozen=True)
class Cost:
    """What a process took: wall time in seconds, peak memory in MB."""

    seconds: float
    megabytes: float


def options(description: str | None, rounds: int = 5) -> argparse.ArgumentParser:
    """The options that every benchmark has, with its own number of rounds."""
    parser = argparse.ArgumentParser(description=(description or "").split("\n")[0])
    parser.add_argument(
        "--torch-python",
        default=os.environ.get("ATTNVIZ_TORCH_PYTHON", sys.executable),
        help="a Python that has torch and transformers (or ATTNVIZ_TORCH_PYTHON)",
    )
    parser.add_argument("--rounds", type=int, default=rounds, help="measurements of each side")
    return parser


def require_torch(python: str) -> None:
    """End with one sentence unless this Python has torch and transformers."""
    found = subprocess.run([python, "-c", "import torch, transformers"], capture_output=True)
    if found.returncode:
        sys.exit(
            f"{python} has no torch or transformers; install them with pip install "
            "'attnviz[oracle]', or name a Python that has them with --torch-python"
        )


@contextmanager
def busy_loops() -> Iterator[None]:
    """A busy loop for every core that this process may use, until the block is left."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores or 1)
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def process(command: Sequence[str]) -> Cost:
    """Run a command to its end and say what it took; its output is thrown away.

    Modules that are not yet compiled are by the first run, as those of an installed package are.
    """
    surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stderr is not None
        errors = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)[:200]} failed:\n{errors.decode()}")
    return Cost(seconds, usage.ru_maxrss / 1024)


def alternate(sides: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[Any]]:
    """Measure the sides in turn, so that whatever else the machine does hits both alike.

    Who comes first changes with every round. The first round warms caches and is thrown away.
    """
    found: dict[str, list[Any]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, measure in list(sides.items())[:: 1 if number % 2 else -1]:
            cost = measure()
            if number:
                found[name].append(cost)
            time.sleep(SETTLE)
    return found


def report(
    what: str, ours: Sequence[float], theirs: Sequence[float], unit: str, goal: float
) -> None:
    """Print both medians, and the ratio of neighbouring measurements beside the one aimed at.

    The ratio is the median over the rounds, with its quartiles: a machine that is slow for a while
    is slow for both sides of a round.
    """
    mine, other = statistics.median(ours), statistics.median(theirs)
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    low, ratio, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    verdict = "ok" if ratio <= goal else "OVER"
    print(
        f"{what:<44} {mine:9.3f} {unit:<2} against {other:9.3f} {unit:<2}"
        f"  ratio {ratio:6.3f} ({low:.3f} to {high:.3f})  goal {goal:g}  {verdict}",
        flush=True,
    )


class Worker:
    """A warm process that answers each request line with the seconds its calls took."""

    def __init__(self, python: str, side: str, folder: Path) -> None:
        command = [python, "-m", "tests.benchmarks.worker", side, str(folder)]
        self._child = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.communicate()

    def seconds(self, token_ids: Sequence[int], times: int = 1) -> list[float]:
        """So many calls on these ids, one after the other; the first comes after a pause."""
        assert self._child.stdin is not None and self._child.stdout is not None
        print(json.dumps([list(token_ids), times]), file=self._child.stdin, flush=True)
        answer = self._child.stdout.readline()
        if not answer:
            sys.exit("the worker process ended; its error is above")
        return [float(seconds) for seconds in json.loads(answer)]
