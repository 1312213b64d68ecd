"""Big and long: the shape of GPT-2 124M at 1,024 tokens, and at 4,900 in little memory.

::

    python -m tests.benchmarks.large --torch-python /path/to/python

The weights are random and made here, in a temporary folder.
"""

from __future__ import annotations

import json
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from tests.benchmarks.common import Worker, alternate, options, process, report, require_torch

LAYERS, WIDTH, HEADS, VOCABULARY = 12, 768, 12, 50257
LONG = 4900


def make_gpt2(folder: Path, positions: int, *, head: bool = False) -> None:
    """Write a checkpoint of GPT-2's shape."""
    random = np.random.default_rng(0)

    def matrix(*shape: int) -> np.ndarray:
        return 0.02 * random.standard_normal(shape, np.float32)

    ones, zeros = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
    tensors = {"wte.weight": matrix(VOCABULARY, WIDTH), "wpe.weight": matrix(positions, WIDTH)}
    norms = ["ln_f", *(f"h.{i}.ln_{n}" for i in range(LAYERS) for n in (1, 2))]
    for name in norms:
        tensors |= {f"{name}.weight": ones.copy(), f"{name}.bias": zeros.copy()}
    shapes = {
        "attn.c_attn": (1, 3),
        "attn.c_proj": (1, 1),
        "mlp.c_fc": (1, 4),
        "mlp.c_proj": (4, 1),
    }
    for layer in range(LAYERS):
        for name, (rows, columns) in shapes.items():
            tensors[f"h.{layer}.{name}.weight"] = matrix(rows * WIDTH, columns * WIDTH)
            tensors[f"h.{layer}.{name}.bias"] = np.zeros(columns * WIDTH, np.float32)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    kind = "GPT2LMHeadModel" if head else "GPT2Model"
    config = {"model_type": "gpt2", "architectures": [kind], "n_positions": positions}
    config |= {"n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS, "vocab_size": VOCABULARY}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def token_ids(length: int) -> list[int]:
    return [(7919 * i) % VOCABULARY for i in range(length)]


def main() -> None:
    given = options(__doc__).parse_args()
    require_torch(given.torch_python)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made_elsewhere(folder, 1024)
        whole(folder, given.torch_python, given.rounds)
        made_elsewhere(folder, LONG)
        command = [sys.executable, "-m", "tests.benchmarks.strongest", name, str(LONG)]
        peak = [process(command).megabytes for _ in range(2)]
        keeping = [LAYERS * HEADS * LONG**2 * 4 / 1e6] * len(peak)
        goal = 540 / keeping[0]
        report("4,900 tokens, strongest links: peak memory", peak, keeping, "MB", goal)


def made_elsewhere(folder: Path, positions: int) -> None:
    """The folder, made in a process of its own: a child's peak is at least its parent's."""
    with ProcessPoolExecutor(1) as pool:
        pool.submit(make_gpt2, folder, positions).result()


def whole(folder: Path, torch_python: str, rounds: int) -> None:
    """1,024 tokens with every weight of every head kept."""
    ids = token_ids(1024)
    with (
        Worker(sys.executable, "attnviz", folder) as ours,
        Worker(torch_python, "transformers", folder) as theirs,
    ):
        sides = {"ours": lambda: ours.seconds(ids)[0], "theirs": lambda: theirs.seconds(ids)[0]}
        found = alternate(sides, rounds)
    report("GPT-2 124M, 1,024 tokens, all heads kept", found["ours"], found["theirs"], "s", 0.85)


if __name__ == "__main__":
    main()
