"""Store what transformers computes from the English-French model; needs torch and transformers.

::

    python -m tests.oracle.translator_reference

The folder is run as it is committed, in float32: it translates, with the beams that its
generation_config.json asks for, and attends to that.
"""

from __future__ import annotations

import numpy as np
import torch
from transformers import AutoTokenizer, MarianMTModel

from tests.models.translations import FOLDER, REFERENCE, TEXTS


def main() -> None:
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    model = MarianMTModel.from_pretrained(FOLDER, attn_implementation="eager", dtype=torch.float32)
    arrays: dict[str, np.ndarray] = {}
    for name, text in TEXTS.items():
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            target = model.eval().generate(ids, do_sample=False)[:, :-1]
            output = model(input_ids=ids, decoder_input_ids=target, output_attentions=True)
        arrays[f"{name}.ids"] = ids[0].numpy().astype(np.int32)
        arrays[f"{name}.target_ids"] = target[0].numpy().astype(np.int32)
        for kind in ("encoder", "decoder", "cross"):
            arrays[f"{name}.{kind}"] = torch.cat(output[f"{kind}_attentions"]).numpy()
    np.savez_compressed(REFERENCE, **arrays)
    print(f"{REFERENCE}: {REFERENCE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
