"""A service that answers lines: ``attnviz run --lines - --json``, its latency and its memory.

::

    python -m tests.benchmarks.service --lines 100000

One line is sent when the answer to the one before has come. The goal is 20 ms for a sentence in a
warm process, and no memory that grows with the lines.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tests.benchmarks.common import ROOT
from tests.benchmarks.many import sentences

GOAL = 0.020  # seconds
WARM = 1000  # lines, after which memory is measured
GROWTH = 8.0  # MB that the rest of the lines may add


def resident(pid: int) -> float:
    """The memory that a process has now, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def answered(service: subprocess.Popen[bytes], text: str) -> float:
    """The seconds until a line is answered."""
    assert service.stdin is not None and service.stdout is not None
    started = time.perf_counter()
    service.stdin.write(text.encode() + b"\n")
    service.stdin.flush()
    if not service.stdout.readline().endswith(b"\n"):
        sys.exit("the service ended; its error is above")
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--lines", type=int, default=5000, help="lines to send")
    given, more = parser.parse_known_args()  # more are options of run, as --head 3.1
    command = [sys.executable, "-m", "attnviz", "run", "--lines", "-", "--json", *more]
    texts, took, begun = sentences(), [], 0.0
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as service:
        first = answered(service, texts[0])
        for number in range(given.lines):
            if number == WARM:
                begun = resident(service.pid)
            took.append(answered(service, texts[number % len(texts)]))
        ended = resident(service.pid)
        assert service.stdin is not None
        service.stdin.close()
    median, late, last = np.quantile(took[min(100, len(took) // 2) :], [0.5, 0.99, 1.0])
    verdict = "ok" if median <= GOAL else "OVER"
    print(f"the first answer, with the start of the process: {first:.2f} s")
    print(
        f"{given.lines:,} answers: median {median * 1e3:.1f} ms, 99 % within {late * 1e3:.1f} ms, "
        f"the slowest {last * 1e3:.1f} ms  goal {GOAL * 1e3:g} ms  {verdict}"
    )
    if given.lines > WARM:
        grown = ended - begun
        verdict = "ok" if grown <= GROWTH else "OVER"
        print(f"memory {begun:.1f} MB after {WARM:,} lines, {ended:.1f} MB at the end  {verdict}")


if __name__ == "__main__":
    main()
