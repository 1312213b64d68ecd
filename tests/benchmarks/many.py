"""Many texts in a warm process: attend_many and heads against transformers' sorted batches of 32.

::

    python -m tests.benchmarks.many --torch-python /path/to/python [--times 10]

800 sentences of mixed length, or these several times. Every side begins with texts; ours take all
maps, take and read them, or measure heads; transformers' batches are padded, and sorted by length
before they are made. Beside them are the matrix products alone, which no way of ours does without:
how fast these are depends on the processor for which BLAS has chosen its kernels.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from tests.benchmarks.common import EMBEDDED, ROOT, alternate, options, report, require_torch

SENTENCES, BATCH = 800, 32
LAYERS, HEADS, WIDTH = 6, 12, 384  # of the embedded model
MANY_GOAL, KEPT_GOAL, HEADS_GOAL = 1 / 2.0, 1 / 1.8, 1 / 2.0
WORDS = (
    "the keeper took lamp and examined it carefully because glass had cracked in storm nobody "
    "else would climb stairs before boats came home"
)


def sentences() -> list[str]:
    """The same every time: 4 to 40 words, most of them around fifteen."""
    chance = random.Random(0)
    lengths = [min(40, max(4, round(chance.gammavariate(4, 4)))) for _ in range(SENTENCES)]
    return [" ".join(chance.choices(WORDS.split(), k=length)) + "." for length in lengths]


def many() -> Callable[[list[str]], object]:
    import attnviz

    model = attnviz.load()
    return lambda texts: sum(len(result.maps) for result in model.attend_many(texts))


def kept() -> Callable[[list[str]], object]:
    import attnviz

    model = attnviz.load()
    return lambda texts: sum(
        float(result.maps["encoder"].weights.sum()) for result in model.attend_many(texts)
    )


def heads() -> Callable[[list[str]], object]:
    import attnviz
    from attnviz.probing import heads as measured

    model = attnviz.load()
    return lambda texts: measured(model, texts)


def products() -> Callable[[list[str]], object]:
    import attnviz
    from attnviz.cores import available_cores, one_blas_thread
    from attnviz.corpus.packs import packs_of

    model = attnviz.load()
    pool = ThreadPoolExecutor(available_cores(), initializer=one_blas_thread)

    @cache
    def packs(times: int) -> list[list[int]]:
        """How many tokens the sentences of each pack have."""
        texts = sentences() * times
        return [[len(model.encode(one).tokens) for one in pack] for pack in packs_of(texts, str)]

    return lambda texts: [*pool.map(products_of, packs(len(texts) // SENTENCES))]


def products_of(lengths: list[int]) -> None:
    """The products of one pack, as far as attention of all layers depends on them."""
    projections = (WIDTH, 3 * WIDTH), (WIDTH, WIDTH), (WIDTH, 4 * WIDTH), (4 * WIDTH, WIDTH)
    for layer in range(LAYERS):
        goes_on = layer + 1 < LAYERS
        for d_in, d_out in projections if goes_on else [(WIDTH, 2 * WIDTH)]:
            x, weight = ones(d_in, sum(lengths)), ones(d_out, d_in)
            np.matmul(weight, x)
        for n in lengths:
            x = ones(HEADS, n, WIDTH // HEADS)
            weights = np.matmul(x, x.mT)
            if goes_on:
                np.matmul(weights, x)


@cache
def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def transformers() -> Callable[[list[str]], object]:
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED)
    model = AutoModel.from_pretrained(EMBEDDED, attn_implementation="eager", dtype=torch.float32)

    def call(texts: list[str]) -> float:
        total = 0.0
        texts = sorted(texts, key=len)
        with torch.inference_mode():
            for start in range(0, len(texts), BATCH):
                batch = tokenizer(texts[start : start + BATCH], padding=True, return_tensors="pt")
                found = model(**batch, output_attentions=True).attentions
                total += sum(float(layer.sum()) for layer in found)
        return total

    return call


SIDES = {side.__name__: side for side in (many, kept, heads, products, transformers)}


def serve(side: str, times: int) -> None:
    """Answer every line of standard input with the seconds of one call."""
    call, texts = SIDES[side](), sentences() * times
    for _ in sys.stdin:
        started = time.perf_counter()
        call(texts)
        print(time.perf_counter() - started, flush=True)


def main() -> None:
    if sys.argv[1:] and sys.argv[1] in SIDES:
        serve(sys.argv[1], int(sys.argv[2]))
        return
    parser = options(__doc__, rounds=7)
    parser.add_argument("--times", type=int, default=1, help="how often each sentence is there")
    given = parser.parse_args()
    require_torch(given.torch_python)
    workers = {
        side: subprocess.Popen(
            [given.torch_python if side == "transformers" else sys.executable,
             "-m", "tests.benchmarks.many", side, str(given.times)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for side in SIDES
    }  # fmt: skip

    def seconds(side: str) -> float:
        asked, answered = workers[side].stdin, workers[side].stdout
        assert asked is not None and answered is not None
        print(file=asked, flush=True)
        return float(answered.readline())

    found = alternate(
        {side: lambda side=side: seconds(side) for side in SIDES},  # type: ignore[misc]
        given.rounds,
    )
    for side, what, goal in (
        ("many", "attend_many", MANY_GOAL),
        ("kept", "attend_many, all maps kept and read", KEPT_GOAL),
        ("heads", "heads", HEADS_GOAL),
        ("products", "matrix products alone", HEADS_GOAL),
    ):
        named = f"{what}, {given.times * SENTENCES} texts"
        report(named, found[side], found["transformers"], "s", goal)
    for worker in workers.values():
        worker.communicate()


if __name__ == "__main__":
    main()
