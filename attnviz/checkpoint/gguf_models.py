"""GGUF's architectures in transformers' words: config.json's keys, and the tensors' names.

What llama.cpp's converter changed is undone: the order of rotary dimensions of Llama's queries and
keys, the 1 that is added to Gemma's and Nemotron's norms, and GPT-2's transposed weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attnviz.checkpoint.derived import Derived, Made, Rows
from attnviz.checkpoint.gguf_blocks import read_blocks
from attnviz.checkpoint.gguf_file import BLOCKS, Gguf
from attnviz.checkpoint.gguf_rope import FACTORS, rope_scaling
from attnviz.checkpoint.tensors import Tensors
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.result import FloatArray

Change = Callable[[FloatArray], FloatArray]

SIZES = {
    "block_count": "num_hidden_layers",
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "rope.freq_base": "rope_theta",
}
GPT2_SIZES = {
    "block_count": "n_layer",
    "context_length": "n_positions",
    "embedding_length": "n_embd",
    "feed_forward_length": "n_inner",
    "attention.head_count": "n_head",
    "attention.layer_norm_epsilon": "layer_norm_epsilon",
}
CAPS = {
    "attn_logit_softcapping": "attn_logit_softcapping",
    "final_logit_softcapping": "final_logit_softcapping",
    "attention.sliding_window": "sliding_window",
}
OUTER = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
GEMMA_LAYER = {
    **LAYER,
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
GPT2_OUTER = {
    "token_embd": "transformer.wte",
    "position_embd": "transformer.wpe",
    "output_norm": "transformer.ln_f",
    "output": "lm_head",
}
GPT2_LAYER = {
    "attn_norm": "ln_1",
    "attn_qkv": "attn.c_attn",
    "attn_output": "attn.c_proj",
    "ffn_norm": "ln_2",
    "ffn_up": "mlp.c_fc",
    "ffn_down": "mlp.c_proj",
}
BLOCK = re.compile(r"blk\.(\d+)\.(\w+)\.(weight|bias)")


class Architecture(NamedTuple):
    """How one architecture is said in transformers' words."""

    model_type: str
    sizes: Mapping[str, str] = SIZES
    outer: Mapping[str, str] = OUTER
    layer: Mapping[str, str] = LAYER
    stack: str = "model.layers"
    rotated: bool = False
    norms_plus_one: bool = False
    across: bool = False


def _with_epsilon(name: str) -> dict[str, str]:
    sizes = {key: value for key, value in SIZES.items() if "rms" not in key}
    return {**sizes, "attention.layer_norm_epsilon": name}


ARCHITECTURES = {
    "llama": Architecture("llama", rotated=True),
    "qwen2": Architecture("qwen2"),
    "qwen3": Architecture("qwen3"),
    "gemma": Architecture("gemma", norms_plus_one=True),
    "gemma2": Architecture("gemma2", SIZES | CAPS, layer=GEMMA_LAYER, norms_plus_one=True),
    "gemma3": Architecture("gemma3_text", SIZES | CAPS, layer=GEMMA_LAYER, norms_plus_one=True),
    "phi3": Architecture(
        "phi3",
        SIZES | {"attention.sliding_window": "sliding_window"},
        layer={**LAYER, "attn_qkv": "self_attn.qkv_proj", "ffn_up": "mlp.gate_up_proj"},
    ),
    "starcoder2": Architecture(
        "starcoder2",
        _with_epsilon("norm_epsilon"),
        layer={**LAYER, "ffn_up": "mlp.c_fc", "ffn_down": "mlp.c_proj"},
    ),
    "stablelm": Architecture("stablelm", _with_epsilon("layer_norm_eps")),
    "nemotron": Architecture("nemotron", _with_epsilon("norm_eps"), norms_plus_one=True),
    "gpt2": Architecture("gpt2", GPT2_SIZES, GPT2_OUTER, GPT2_LAYER, "transformer.h", across=True),
}
LARGEST_GEMMA = {"gemma2": 46, "gemma3": 62}
"""Layers of the sizes whose scores are divided by √(hidden size / heads), as llama.cpp has it."""


def gguf_config(file: Gguf, stored: Tensors, what: str) -> dict[str, Any]:
    """What config.json would say; UnsupportedModel for an architecture that is not implemented."""
    name = file.metadata.get("general.architecture")
    architecture = ARCHITECTURES.get(str(name))
    if architecture is None:
        raise UnsupportedModel(
            f"{what} has the architecture {quote(name)}; of GGUF attnviz reads "
            f"{', '.join(ARCHITECTURES)}"
        )
    said = {
        key.removeprefix(f"{name}."): value
        for key, value in file.metadata.items()
        if key.startswith(f"{name}.")
    }
    config: dict[str, Any] = {
        theirs: said[ours] for ours, theirs in architecture.sizes.items() if ours in said
    }
    config["model_type"] = architecture.model_type
    embeddings = file.entries.get("token_embd.weight")
    if embeddings is None:
        raise BadCheckpoint(f"{what} has no tensor 'token_embd.weight'")
    config["vocab_size"] = embeddings.shape[0]
    config["tie_word_embeddings"] = "output.weight" not in file.entries
    for ours, theirs in (("bos", "bos"), ("eos", "eos"), ("padding", "pad")):
        id = file.metadata.get(f"tokenizer.ggml.{ours}_token_id")
        if id is not None:
            config[f"{theirs}_token_id"] = id
    rope = rope_scaling(said, file, stored, config.get("max_position_embeddings"), what)
    return config | rope | _particular(str(name), config, file)


def _particular(name: str, config: Mapping[str, Any], file: Gguf) -> dict[str, Any]:
    """What the metadata leave to whoever reads them."""
    if name in ("gemma2", "gemma3"):
        largest = config.get("num_hidden_layers") == LARGEST_GEMMA[name]
        heads, width = config.get("num_attention_heads"), config.get("hidden_size")
        if largest and isinstance(heads, int) and isinstance(width, int) and heads:
            return {"query_pre_attn_scalar": width // heads}
        return {"query_pre_attn_scalar": config["head_dim"]} if "head_dim" in config else {}
    if name == "stablelm":
        return {
            "use_qkv_bias": "blk.0.attn_q.bias" in file.entries,
            "use_parallel_residual": "blk.0.ffn_norm.weight" not in file.entries,
            "qk_layernorm": "blk.0.attn_q_norm.weight" in file.entries,
        }
    if name == "starcoder2":
        return {"use_bias": "blk.0.attn_q.bias" in file.entries}
    return {}


def gguf_tensors(stored: Tensors, file: Gguf, config: Mapping[str, Any]) -> Derived:
    """The tensors under transformers' names, dequantised and turned back when they are read."""
    architecture = ARCHITECTURES[str(file.metadata["general.architecture"])]
    names: dict[str, str] = {}
    made: dict[str, Made] = {}
    for theirs, entry in file.entries.items():
        if theirs in FACTORS:  # which the config has
            continue
        name = _name(theirs, architecture)
        changes = list(_changes(theirs, len(entry.shape), architecture, config))
        plain = entry.dtype in ("F32", "F16", "BF16") and not changes
        if plain or entry.dtype not in BLOCKS:
            names[name] = theirs
            continue
        across = architecture.across and any(change is _turned for change in changes)
        shape = entry.shape[::-1] if across else entry.shape
        read = partial(_read, stored, theirs, changes)
        made[name] = Made(shape, entry.dtype, read, None if changes else read)
    return Derived(stored, names, made)


def _name(theirs: str, architecture: Architecture) -> str:
    """A tensor's name in transformers; one nobody knows keeps its own."""
    found = BLOCK.fullmatch(theirs)
    if found and found[2] in architecture.layer:
        return f"{architecture.stack}.{found[1]}.{architecture.layer[found[2]]}.{found[3]}"
    module, _, kind = theirs.rpartition(".")
    return f"{architecture.outer[module]}.{kind}" if module in architecture.outer else theirs


def _changes(
    theirs: str, n_axes: int, architecture: Architecture, config: Mapping[str, Any]
) -> list[Change]:
    """What undoes llama.cpp's conversion of a tensor."""
    heads = {"attn_q": "num_attention_heads", "attn_k": "num_key_value_heads"}
    found = BLOCK.fullmatch(theirs)
    module = found[2] if found else theirs.rpartition(".")[0]
    if architecture.rotated and module in heads:
        count = config.get(heads[module]) or config.get("num_attention_heads")
        return [partial(_unrotated, count if isinstance(count, int) else 0)]
    if architecture.norms_plus_one and module.endswith("norm") and theirs.endswith("weight"):
        return [_minus_one]
    if architecture.across and n_axes == 2 and found:
        return [_turned]
    return []


def _read(stored: Tensors, name: str, changes: list[Change], rows: Rows = None) -> FloatArray:
    """A tensor with its changes, or some of its rows."""
    if stored.dtype(name) in ("F32", "F16", "BF16"):
        array = stored.read(name) if rows is None else stored.read_rows(name, rows)
    else:
        array = read_blocks(stored, name, rows)
    for change in changes:
        array = change(array)
    return array


def _unrotated(n_heads: int, array: FloatArray) -> FloatArray:
    """Rows that alternate between the halves of a head, put back half by half."""
    if not n_heads or array.shape[0] % (2 * n_heads):
        raise BadCheckpoint("the queries and keys do not divide into their heads")
    pairs = array.reshape(n_heads, array.shape[0] // n_heads // 2, 2, *array.shape[1:])
    return pairs.swapaxes(1, 2).reshape(array.shape)


def _minus_one(array: FloatArray) -> FloatArray:
    return array - np.float32(1)


def _turned(array: FloatArray) -> FloatArray:
    return np.ascontiguousarray(array.T)
