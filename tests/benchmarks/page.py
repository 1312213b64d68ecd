"""What a page costs: its size, the time to write it, and the time to its first view in Chromium.

The maps are 12 x 12 heads of 64, 128 and 512 tokens: structured ones, as models give, and the
worst case, softmax of noise. The browser's time counts from the start of loading; starting the
browser itself is left out.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from attnviz.render.page import write_page
from attnviz.result import AttentionMap, AttentionResult, FloatArray, ModelInfo, Token
from tests.benchmarks.common import options
from tests.support.browser import chromium, missing, wait_for
from tests.support.results import attention, noise

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

GRID = (12, 12)
STAGES = "return document.documentElement.dataset.stage"


def main() -> None:
    """Print a table of sizes and times."""
    rounds = options(__doc__).parse_args().rounds
    absent = missing()
    print(absent or "", end="\n" if absent else "")
    print(f"{'tokens':>6} {'kind':<10} {'MB':>6} {'write':>7}  view   first view  all heads")
    with tempfile.TemporaryDirectory() as folder:
        for n_tokens, kind, weights in cases():
            path = Path(folder) / f"{n_tokens}-{kind}.html"
            size, writing = write(path, weights, rounds)
            print(f"{n_tokens:>6} {kind:<10} {size / 1e6:>6.2f} {writing:>6.2f}s", end="")
            print("" if absent else shown(path), flush=True)


def cases() -> Iterator[tuple[int, str, FloatArray]]:
    """Weights (layer, head, query, key) of each size, with what they are like."""
    for n_tokens in (64, 128, 512):
        shape = (*GRID, n_tokens, n_tokens)
        yield n_tokens, "structured", attention(shape)
        yield n_tokens, "causal", attention(shape, causal=True)
        yield n_tokens, "noise", np.broadcast_to(noise(n_tokens), shape)


def write(path: Path, weights: FloatArray, rounds: int) -> tuple[int, float]:
    """Write the page; its size in bytes and the median of the seconds it took."""
    tokens = tuple(Token(f"token{i}", word=i) for i in range(weights.shape[2]))
    result = AttentionResult(tokens, {"encoder": AttentionMap(weights)}, model=ModelInfo("bench"))
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        with path.open("wb") as stream:
            write_page(result, stream)
        seconds.append(time.perf_counter() - started)
    return path.stat().st_size, float(np.median(seconds))


def shown(path: Path) -> str:
    """Seconds to the first picture and to all heads, for the views that cost most."""
    lines = []
    for view in ("heads", "matrix", "lines", "ask"):
        with chromium() as driver:
            first, complete = loading(driver, path.as_uri() + f"#view={view}")
        lines.append(f"{view:<8} {first:>7.2f}s {complete:>9.2f}s")
    return "  " + ("\n" + " " * 34).join(lines)


def loading(driver: Chrome, address: str) -> tuple[float, float]:
    """Seconds until something is drawn, and until all heads are."""
    started = time.perf_counter()
    driver.get(address)
    wait_for(lambda: driver.execute_script(STAGES) in ("drawn", "complete"), "the first view")
    first = time.perf_counter() - started
    wait_for(lambda: driver.execute_script(STAGES) == "complete", "all heads")
    return first, time.perf_counter() - started


if __name__ == "__main__":
    main()
