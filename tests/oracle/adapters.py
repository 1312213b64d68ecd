"""Make small LoRA adapters with their bases, and record what peft merges them into.

``python -m tests.oracle.adapters`` writes ``fixtures/adapters``: a folder a base, within it a
folder an adapter, with the weights that peft's merge changed in ``merged.npz``. Needs peft.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)

FOLDER = Path(__file__).parents[1] / "fixtures/adapters"
SMALL = {"vocab_size": 40, "bos_token_id": 1, "eos_token_id": 2}
BASES: dict[str, Any] = {
    "bert": lambda: BertForSequenceClassification(
        BertConfig(
            vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=24, max_position_embeddings=20,
        )
    ),
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(**SMALL, n_embd=16, n_layer=2, n_head=2, n_positions=20)
    ),
    "llama": lambda: LlamaForCausalLM(
        LlamaConfig(
            **SMALL, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=20,
        )
    ),
}  # fmt: skip
ADAPTERS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "bert": [
        ("plain", {"r": 4, "lora_alpha": 8, "target_modules": ["query", "value"]}),
        ("saved", {"r": 2, "target_modules": ["key"], "modules_to_save": ["classifier", "pooler"]}),
        ("biased", {"r": 2, "target_modules": ["query"], "bias": "lora_only"}),
    ],
    "gpt2": [
        ("conv1d", {"r": 4, "target_modules": ["c_attn", "c_proj"], "fan_in_fan_out": True}),
        ("embedding", {"r": 3, "target_modules": ["wte", "c_fc"]}),
    ],
    "llama": [
        ("rslora", {"r": 4, "lora_alpha": 6, "use_rslora": True, "target_modules": ["q_proj"]}),
        (
            "patterns",
            {
                "r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "k_proj", "down_proj"],
                "rank_pattern": {"layers.1.self_attn.q_proj": 2, "down_proj": 6},
                "alpha_pattern": {"layers.1.self_attn.q_proj": 5, "down_proj": 3},
            },
        ),
        ("dora", {"r": 4, "use_dora": True, "target_modules": ["o_proj", "up_proj"]}),
    ],
}  # fmt: skip


def main() -> None:
    """Write every base and adapter, and what peft makes of them."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for number, (name, make) in enumerate(BASES.items()):
        torch.manual_seed(number)
        make().save_pretrained(FOLDER / name)
        for adapter, options in ADAPTERS[name]:
            write(FOLDER / name, adapter, options)


def write(folder: Path, name: str, options: dict[str, Any]) -> None:
    """One adapter with numbers of its own, and the tensors that its merge changes."""
    kind = {"bert": BertForSequenceClassification, "gpt2": GPT2LMHeadModel}.get(folder.name)
    kind = kind or LlamaForCausalLM
    base = kind.from_pretrained(folder)
    before = {key: value.clone() for key, value in base.state_dict().items()}
    model = get_peft_model(base, LoraConfig(**options))
    generator = torch.Generator().manual_seed(len(name))
    for parameter in model.parameters():
        if parameter.requires_grad:
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.data = parameter.data + 0.3 * noise
    model.save_pretrained(folder / name)
    (folder / name / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / name / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = "BASE"
    (folder / name / "adapter_config.json").write_text(json.dumps(config, sort_keys=True))
    merged = PeftModel.from_pretrained(kind.from_pretrained(folder), folder / name)
    after = merged.merge_and_unload().state_dict()
    changed = {
        key: value.float().numpy()
        for key, value in after.items()
        if key not in before or not torch.equal(value, before[key])
    }
    assert changed
    np.savez_compressed(folder / name / "merged.npz", **changed)


if __name__ == "__main__":
    main()
