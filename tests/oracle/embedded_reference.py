"""Store what transformers computes from the embedded model; needs torch and transformers.

::

    python -m tests.oracle.embedded_reference

The folder is run as it is committed, in float32, on a sentence and on a pair.
"""

from __future__ import annotations

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from tests.models.texts import REFERENCE, TEXTS
from tests.oracle.make_embedded import FOLDER


def main() -> None:
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    model = AutoModel.from_pretrained(FOLDER, attn_implementation="eager", dtype=torch.float32)
    arrays: dict[str, np.ndarray] = {}
    for name, text in TEXTS.items():
        inputs = tokenizer(*text, return_tensors="pt")
        with torch.no_grad():
            output = model.eval()(**inputs, output_attentions=True)
        arrays[f"{name}.ids"] = inputs["input_ids"][0].numpy().astype(np.int32)
        arrays[f"{name}.types"] = inputs["token_type_ids"][0].numpy().astype(np.int32)
        arrays[f"{name}.attention"] = torch.cat(output.attentions).numpy()
        arrays[f"{name}.hidden"] = output.last_hidden_state[0].numpy()
    np.savez_compressed(REFERENCE, **arrays)
    print(f"{REFERENCE}: {REFERENCE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
