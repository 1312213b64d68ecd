"""A text too long for maps through GPT-2's shape: links, measures, a picture, beside its products.

::

    python -m tests.benchmarks.long_texts --tokens 32768

Each runs in a process of its own, after the matrix products of one layer, which nothing could do
without: of the projections, of queries with keys and of weights with values, half of each square.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import attnviz
from attnviz import Head, Model
from attnviz.core.threads import Sharing, sharing
from attnviz.model.inputs import Input
from attnviz.model.long_texts import measured
from tests.benchmarks.common import ROOT, report
from tests.benchmarks.large import HEADS, LAYERS, WIDTH, make_gpt2, token_ids

GOAL_RATIO, GOAL_MEMORY = 2.0, 1200.0  # MB
SIDE = 64  # of a head
TILE = 256  # queries and keys of a product that stays in a core's cache

WAYS: dict[str, Callable[[Model, Input], object]] = {
    "strongest links": lambda model, given: model.strongest(given, 20, tokens=True),
    "measures": lambda model, given: measured(model, given, tokens=True, cores=None, tell=None),
    "picture": lambda model, given: model.pooled(given, 256, heads=[Head(11, 3)], closeups=True),
    "all pictures": lambda model, given: model.pooled(given, 256),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tokens", type=int, default=32768)
    parser.add_argument("--way", choices=WAYS, action="append", help="one of them; all by default")
    parser.add_argument("--folder", type=Path, help="a checkpoint that is there already")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        if not given.folder:
            make_gpt2(folder, given.tokens)
        for way in given.way or WAYS:
            command = [sys.executable, "-m", __spec__.name, "worker", way, folder, given.tokens]
            said = subprocess.run(
                [str(part) for part in command],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
            )
            cost = json.loads(said.stdout)
            what = f"{given.tokens:,} tokens, {way}"
            report(what, [cost["seconds"]], [cost["products"]], "s", GOAL_RATIO)
            report(f"{what}: processor", [cost["cpu"]], [cost["products cpu"]], "s", GOAL_RATIO)
            report(f"{what}: memory", [cost["memory"]], [GOAL_MEMORY], "MB", 1.0)


def worker(way: str, folder: str, n_tokens: int) -> None:
    """Print what a way takes, and the products."""
    model = attnviz.load(folder)
    given = model.label(token_ids(n_tokens))
    wall, cpu = _took(lambda: WAYS[way](model, given))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    products = [LAYERS * seconds for seconds in _took(lambda: one_layer(n_tokens))]
    cost = {"seconds": wall, "cpu": cpu, "memory": memory}
    print(json.dumps(cost | {"products": products[0], "products cpu": products[1]}))


def _took(function: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall time and of all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu


def one_layer(n: int) -> None:
    """The matrix products of one layer over n tokens, shared by all cores."""
    with sharing() as shared:
        for d_in, d_out in (
            (WIDTH, 3 * WIDTH),
            (WIDTH, WIDTH),
            (WIDTH, 4 * WIDTH),
            (4 * WIDTH, WIDTH),
        ):
            _projection(shared, n, d_in, d_out)
        shared.each(lambda _: _attention(n), range(HEADS))


def _projection(shared: Sharing, n: int, d_in: int, d_out: int) -> None:
    x, weight = np.ones((1024, d_in), np.float32), np.ones((d_out, d_in), np.float32)
    out = np.empty((1024, d_out), np.float32)
    for _ in range(n // 1024 or 1):
        parts = shared.shares(d_out, 1024, d_in)
        shared.each(lambda part: np.matmul(x, weight[part].T, out=out[:, part]), parts)


def _attention(n: int) -> None:
    """QKᵀ and weights · V of one head, without the keys that no query sees."""
    x = np.ones((n, SIDE), np.float32)
    weights, context = np.empty((TILE, TILE), np.float32), np.empty((TILE, SIDE), np.float32)
    for start in range(0, n, TILE):
        for key in range(0, start + TILE, TILE):
            np.matmul(x[start : start + TILE], x[key : key + TILE].T, out=weights)
            np.matmul(weights, x[key : key + TILE], out=context)


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main()
