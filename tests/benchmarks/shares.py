"""What part of measuring heads one process must do alone, and what more of them would give.

::

    python -m tests.benchmarks.shares

The process that hands packs out reads texts and adds up; workers do the rest. What either takes of
a token is measured as processor time, with a scheduler that is a process of its own. From that
follow the times of more workers (Amdahl 1967) and of a billion tokens, on paper.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from tempfile import NamedTemporaryFile
from typing import IO

from tests.benchmarks.common import ROOT
from tests.benchmarks.many import sentences

TIMES = 6  # how often the sentences are measured
BILLION = 1e9


SCHEDULER = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@contextmanager
def scheduler() -> Iterator[str]:
    """A scheduler with a worker on each core, in a process of its own."""
    with (
        NamedTemporaryFile("w", suffix=".py") as file,
        subprocess.Popen(
            [sys.executable, write(file, SCHEDULER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as child,
    ):
        assert child.stdin is not None and child.stdout is not None
        yield child.stdout.readline().strip()
        child.stdin.close()


def write(file: IO[str], text: str) -> str:
    """Fill a file, and say where it is."""
    file.write(text)
    file.flush()
    return file.name


def lines(name: str) -> Iterator[object]:
    """The lines of a file, read as the program reads them."""
    from attnviz.corpus.texts import read_texts

    return chain.from_iterable(read_texts(name))


def main() -> None:
    import attnviz
    from attnviz.corpus.cluster import open_cluster
    from attnviz.corpus.head_measures import heads_job, text_of
    from attnviz.corpus.packs import compute_pack, packs_of, read_pack

    model, texts = attnviz.load(), sentences()
    job = heads_job("encoder")
    n_tokens = sum(len(model.encode(text).tokens) for text in texts)
    for _ in range(2):  # the first warms up
        started = time.process_time()
        for pack in packs_of(texts, text_of):
            compute_pack(job, model, read_pack(job, model, pack), 1)
        there = (time.process_time() - started) / n_tokens
    with NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        write(file, "\n".join(texts * TIMES) + "\n")
        with scheduler() as address, open_cluster(address, model) as cluster:
            attnviz.heads(model, lines(file.name), place=cluster)
            started, began = time.process_time(), time.perf_counter()
            attnviz.heads(model, lines(file.name), place=cluster)
            here = (time.process_time() - started) / (n_tokens * TIMES)
            took = (time.perf_counter() - began) / (n_tokens * TIMES)
            print(f"measured with {os.cpu_count()} workers: {took * 1e6:.1f} µs a token")
    share = here / (here + there)
    print(f"here {here * 1e6:.2f} µs a token, on a worker {there * 1e6:.1f}: share {share:.4f}")
    for n in (1, 2, 4, 16, 64, 256):
        faster = 1 / (share + (1 - share) / n)
        hours = BILLION * (here + there) / faster / 3600
        print(f"{n:>4} workers: {faster:6.1f} times one, a billion tokens in {hours:7.1f} hours")
    print(f"no number of them is more than {1 / share:.0f} times as fast")


if __name__ == "__main__":
    main()
