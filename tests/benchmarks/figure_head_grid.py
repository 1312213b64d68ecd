"""The grid of all heads as PNG against a plain grid of subplots, both as whole processes.

::

    python -m tests.benchmarks.figure_head_grid

All sides read the same .npz. The plain grid draws every head with ``imshow`` into axes of its
own, named like 3.1, and saves as it comes; the bare one takes the ticks off first, which spares
matplotlib half of its work.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from attnviz.document import write_npz
from attnviz.result import AttentionMap, AttentionResult, ModelInfo, Token
from tests.benchmarks.common import alternate, options, process, report
from tests.support.results import attention

GRIDS = ((12, 12, 128), (6, 12, 128), (6, 12, 12))  # layers, heads, tokens
GOAL = 0.6
PLAIN = """
import sys
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np

weights = np.load(sys.argv[1])["encoder"]
layers, heads = weights.shape[:2]
figure, grid = plt.subplots(layers, heads, figsize=(heads, layers))
for layer in range(layers):
    for head in range(heads):
        axes = grid[layer, head]
        axes.imshow(weights[layer, head], vmin=0, vmax=weights.max())
        if sys.argv[3] == "bare":
            axes.set(xticks=[], yticks=[])
        axes.set_title(f"{layer}.{head}", fontsize=6)
figure.savefig(sys.argv[2])
"""


def main() -> None:
    """Print the ratio for each grid."""
    rounds = options(__doc__).parse_args().rounds
    script = Path(sys.executable).with_name("attnviz")
    attnviz = [str(script)] if script.exists() else [sys.executable, "-m", "attnviz"]
    with tempfile.TemporaryDirectory() as folder:
        for shape in GRIDS:
            document, ours, theirs = (f"{folder}/{name}" for name in ("a.npz", "a.png", "b.png"))
            write(Path(document), *shape)
            grid = [sys.executable, "-c", PLAIN, document, theirs]
            sides = {
                "ours": [*attnviz, "render", document, "--heads", "all", "-o", ours],
                "plain": [*grid, "plain"],
                "bare": [*grid, "bare"],
            }
            found = alternate(
                {name: lambda command=command: process(command) for name, command in sides.items()},
                rounds,
            )
            seconds = {name: [cost.seconds for cost in costs] for name, costs in found.items()}
            layers, heads, tokens = shape
            for other in ("plain", "bare"):
                what = f"{layers} x {heads} heads, {tokens} tokens, {other} grid"
                report(what, seconds["ours"], seconds[other], "s", GOAL)


def write(path: Path, layers: int, heads: int, tokens: int) -> None:
    """Write a document of so many heads and tokens, each a word."""
    shown = tuple(Token(f"word{i}", i, 6 * i, 6 * i + 5, i) for i in range(tokens))
    weights = attention((layers, heads, tokens, tokens))
    result = AttentionResult(
        shown,
        {"encoder": AttentionMap(weights)},
        texts=(" ".join(token.text for token in shown),),
        model=ModelInfo("benchmark", "bert", layers, heads),
    )
    with path.open("wb") as stream:
        write_npz(result, stream)


if __name__ == "__main__":
    main()
