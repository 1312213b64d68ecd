"""What transformers writes with the small models of the references: ids, greedily and by beams.

::

    python -m tests.oracle.generated
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

import attnviz
from tests.support.references import read, recipe
from tests.support.seeded import write_checkpoint

FILE = Path(__file__).resolve().parents[1] / "fixtures" / "generated.json"
NAMES = (
    "bart-plain", "bart-uneven-stacks", "bloom-three-heads", "falcon-alibi", "falcon-plain",
    "gemma2-plain", "gpt2-plain", "gpt2-untied", "gpt_neo-listed", "gpt_neox-plain", "gptj-plain",
    "llama-one-kv-head", "llama-plain", "llama-rotary-dynamic", "llama-rotary-linear",
    "llama-rotary-llama3", "llama-rotary-longrope", "llama-rotary-yarn", "marian-plain",
    "mbart-plain", "mistral-window-of-two", "opt-plain", "opt-post-norm-projected", "t5-plain",
    "t5-gated-gelu", "t5-odd-buckets",
)  # fmt: skip
FEWER = tuple(
    f"{model_type}-plain"
    for model_type in (
        "apertus", "arcee", "biogpt", "blenderbot", "codegen", "cohere", "cohere2", "deepseek_v2",
        "deepseek_v3", "ernie4_5", "exaone4", "gemma", "gemma3_text", "glm", "glm4", "glm4_moe",
        "gpt_bigcode", "gpt_neo", "gpt_oss", "granite", "granitemoe", "helium", "hunyuan_v1_dense",
        "m2m_100", "ministral", "mistral", "mixtral", "mpt", "mt5", "mvp", "nemotron", "olmo",
        "olmo2", "olmo3", "olmoe", "openai-gpt", "pegasus", "phi", "phi3", "plbart", "qwen2",
        "qwen2_moe", "qwen3", "qwen3_moe", "seed_oss", "smollm3", "stablelm", "starcoder2", "umt5",
        "xglm",
    )
)  # fmt: skip
"""Types that write in a few of the ways, for what follows the logits is the same."""
GIVEN = [3, 7, 11, 5]
NEW = 10
START = {"decoder_start_token_id": 2}
STOPS = {"eos_token_id": [8, 25], "pad_token_id": 0, **START}
WAYS = [
    {},
    {"num_beams": 4} | START,
    {"num_beams": 4, "length_penalty": 2.0, "early_stopping": "never"} | STOPS,
    {"num_beams": 3, "length_penalty": 0.2, "early_stopping": True} | STOPS,
    {"num_beams": 3, "length_penalty": -1.0, "early_stopping": False, "min_new_tokens": 4} | STOPS,
    {"no_repeat_ngram_size": 2, "repetition_penalty": 1.3, "bad_words_ids": [[5], [28, 8]]} | START,
    {"num_beams": 4, "no_repeat_ngram_size": 1, "bad_words_ids": [[5], [28, 8]]} | STOPS,
    {"num_beams": 4, "repetition_penalty": 1.3, "suppress_tokens": [3, 7], "min_length": 9} | STOPS,
    {"num_beams": 2, "forced_bos_token_id": 6, "forced_eos_token_id": 8, **STOPS},
    {"num_beams": 2, "begin_suppress_tokens": [25, 28, 35], "length_penalty": 0.0} | STOPS,
]
"""What generation_config.json says; nothing, where there is none."""
A_FEW = (0, 1, 7)


def writes(folder: Path) -> bool:
    """Whether the checkpoint has an output head and says where a target starts."""
    model = attnviz.load(folder)
    starts = model.spec.encoder is None or model.rules.start is not None
    head = model.spec.decoder is not None and model.spec.head is not None
    return head and starts and model.weights.has("head.weight")


def generate(folder: Path, way: dict[str, Any]) -> list[int]:
    """The ids that are written in that way, what was given included."""
    if way:
        (folder / "generation_config.json").write_text(json.dumps(way), encoding="utf-8")
    encodes = attnviz.load(folder).spec.encoder is not None
    kind = AutoModelForSeq2SeqLM if encodes else AutoModelForCausalLM
    model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids = torch.tensor([GIVEN])
    with torch.no_grad():
        found = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=NEW,
            do_sample=False,
            use_cache=False,  # what the ids are without one
        )
    return found[0].tolist()


def main() -> None:
    found: dict[str, list[list[int] | None]] = {}
    for name in NAMES + FEWER:
        ways = [way if name in NAMES or n in A_FEW else None for n, way in enumerate(WAYS)]
        with tempfile.TemporaryDirectory() as folder:
            write_checkpoint(Path(folder), recipe(read(name)))
            if writes(Path(folder)):
                found[name] = [None if w is None else generate(Path(folder), w) for w in ways]
                print(name, *found[name])
    FILE.write_text(
        '{"ways": [\n'
        + ",\n".join(json.dumps(way) for way in WAYS)
        + '\n],\n"written": {\n'
        + ",\n".join(f"{json.dumps(name)}: {json.dumps(ids)}" for name, ids in found.items())
        + "\n}}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
