"""One side of a warm benchmark: reads token ids and a count, prints the seconds of each call.

::

    python -m tests.benchmarks.worker attnviz|transformers FOLDER
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable


def attnviz_call(folder: str) -> Callable[[list[int]], object]:
    import attnviz

    model = attnviz.load(folder)
    return lambda ids: model.attend(token_ids=ids)


def transformers_call(folder: str) -> Callable[[list[int]], object]:
    """Eager attention in float32 without gradients, the fastest way to get the weights."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    extra = {"use_cache": False} if model.config.model_type == "gpt2" else {}

    def call(ids: list[int]) -> object:
        with torch.inference_mode():
            return model(torch.tensor([ids]), output_attentions=True, **extra)

    return call


def seconds(call: Callable[[list[int]], object], ids: list[int]) -> float:
    """What one call took; its result is given up before the next."""
    started = time.perf_counter()
    result = call(ids)
    found = time.perf_counter() - started
    del result
    return found


def main() -> None:
    side, folder = sys.argv[1:]
    call = {"attnviz": attnviz_call, "transformers": transformers_call}[side](folder)
    for line in sys.stdin:
        ids, times = json.loads(line)
        print([seconds(call, ids) for _ in range(times)], flush=True)


if __name__ == "__main__":
    main()
