"""Make small GGUF files, and record what transformers' own loading of them attends to.

``python -m tests.oracle.gguf_files`` writes ``fixtures/gguf``: a file an architecture, each in
another type, and beside it the attention and the ids of texts. Needs torch and gguf.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf.constants import GGMLQuantizationType as Type
from gguf.quants import quantize
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from attnviz.checkpoint.gguf_models import ARCHITECTURES
from tests.fixtures.make_tokenizers import byte_fallback, byte_level

FOLDER = Path(__file__).parents[1] / "fixtures/gguf"
IDS = [1, 9, 30, 5, 17, 9, 2]
TEXTS = ["He took the hat.", " two  spaces\n", "1984 café 日本 👍", "<s> x </s>", ""]
COMMON = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 64, "initializer_range": 0.3,
    "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None,
}  # fmt: skip
WIDE = {"head_dim": 256, "num_hidden_layers": 2, "sliding_window": 4, "vocab_size": 300}
Rotate = Callable[[np.ndarray, int], np.ndarray]
LLAMA3 = {
    "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16, "rope_theta": 100.0,
}  # fmt: skip
LONGROPE = {
    "rope_type": "longrope", "long_factor": [1.0, 1.5, 2.0, 4.0],
    "short_factor": [1.0, 1.1, 1.2, 1.3], "rope_theta": 100.0,
}  # fmt: skip
# file: (model type, config, type of its matrices); its name begins with its architecture
MODELS: dict[str, tuple[str, dict[str, Any], Type]] = {
    "llama": ("llama", {"tie_word_embeddings": False}, Type.Q8_0),
    "qwen2": ("qwen2", {"tie_word_embeddings": True}, Type.F16),
    "qwen3": ("qwen3", {"head_dim": 128, "tie_word_embeddings": True}, Type.Q4_0),
    "gemma2": ("gemma2", {"head_dim": 256, "sliding_window": 4, "num_hidden_layers": 1}, Type.BF16),
    "gemma3": ("gemma3_text", {"head_dim": 256, "sliding_window": 4}, Type.Q8_0),
    "phi3": ("phi3", {"tie_word_embeddings": False}, Type.F32),
    "gpt2": ("gpt2", {"max_position_embeddings": 1024}, Type.F32),
    "starcoder2": ("starcoder2", {"tie_word_embeddings": True}, Type.F16),
    "stablelm": ("stablelm", {"use_qkv_bias": True, "tie_word_embeddings": False}, Type.F32),
    "nemotron": ("nemotron", {"tie_word_embeddings": False}, Type.F32),
    "llama-factors": ("llama", {"rope_parameters": LLAMA3, "tie_word_embeddings": True}, Type.F32),
    "phi3-factors": (
        "phi3",
        {"rope_parameters": LONGROPE, "original_max_position_embeddings": 4},
        Type.F32,
    ),
}


def rotated(array: np.ndarray, n_heads: int) -> np.ndarray:
    """Rows as llama.cpp's converter orders them: the halves of each head alternate."""
    halves = array.reshape(n_heads, 2, array.shape[0] // n_heads // 2, *array.shape[1:])
    return halves.swapaxes(1, 2).reshape(array.shape)


def named(model: Any, architecture: str) -> Iterator[tuple[str, np.ndarray]]:
    """The tensors under GGUF's names, changed as llama.cpp's converter changes them."""
    its = ARCHITECTURES[architecture]
    config = model.config
    tied = config.tie_word_embeddings
    for name, tensor in model.state_dict().items():
        array = tensor.float().numpy()
        module, _, kind = name.rpartition(".")
        outer = {theirs: ours for ours, theirs in its.outer.items()}
        if module in outer:
            ours = outer[module]
        elif module.startswith(its.stack):
            number, _, rest = module.removeprefix(f"{its.stack}.").partition(".")
            ours = {theirs: ours for ours, theirs in its.layer.items()}[rest]
            ours = f"blk.{number}.{ours}"
        else:
            continue
        if ours == "output" and tied:
            continue
        if its.rotated and ours.endswith(("attn_q", "attn_k")):
            heads = config.num_attention_heads
            heads = heads if ours.endswith("q") else config.num_key_value_heads
            array = rotated(array, heads)
        if its.norms_plus_one and ours.endswith("norm") and kind == "weight":
            array = array + 1
        if its.across and array.ndim == 2 and ours.startswith("blk"):
            array = array.T
        yield f"{ours}.{kind}", np.ascontiguousarray(array)


def factors(rope: dict[str, Any], d_head: int) -> dict[str, list[float]]:
    """What llama.cpp's converter writes for positions that are scaled by factors."""
    if rope["rope_type"] == "longrope":
        return {f"rope_factors_{kind}.weight": rope[f"{kind}_factor"] for kind in ("long", "short")}
    found = []
    for pair in range(d_head // 2):
        turns = rope["original_max_position_embeddings"] / (
            2 * np.pi * rope["rope_theta"] ** (2 * pair / d_head)
        )
        share = (turns - rope["low_freq_factor"]) / (
            rope["high_freq_factor"] - rope["low_freq_factor"]
        )
        share = min(1.0, max(0.0, share))
        found.append(1 / ((1 - share) / rope["factor"] + share))
    return {"rope_freqs.weight": found}


def write(name: str, path: Path) -> Any:
    """One file; the model that it is of."""
    architecture = name.partition("-")[0]
    model_type, changes, kind = MODELS[name]
    byte = architecture in ("qwen2", "qwen3", "gpt2", "starcoder2", "stablelm")
    backend = (byte_level if byte else byte_fallback)()
    tokens = sorted(backend.get_vocab(), key=backend.get_vocab().get)
    config = AutoConfig.for_model(model_type, **{**COMMON, "vocab_size": len(tokens), **changes})
    torch.manual_seed(len(architecture))
    model = AutoModelForCausalLM.from_config(config).float()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("made")
    for ours, theirs in ARCHITECTURES[architecture].sizes.items():
        value = getattr(config, theirs, None)
        if theirs == "rope_theta":
            value = config.rope_parameters
            value = value.get("full_attention", value)["rope_theta"]
        if value is not None:
            add = writer.add_float32 if isinstance(value, float) else writer.add_uint32
            add(f"{architecture}.{ours}", value)
    add_tokens(writer, backend, tokens, byte)
    for tensor, array in named(model, architecture):
        matrix = array.ndim == 2 and "position" not in tensor
        its = kind if matrix else Type.F32
        writer.add_tensor(tensor, quantize(array, its), raw_dtype=its)
    if "-" in name:
        rope = config.rope_parameters
        if rope["rope_type"] == "longrope":
            trained = config.original_max_position_embeddings
            scale = config.max_position_embeddings / trained
            writer.add_rope_scaling_orig_ctx_len(trained)
            writer.add_rope_scaling_attn_factors(
                float(np.sqrt(1 + np.log(scale) / np.log(trained)))
            )
        for tensor, values in factors(
            rope, config.hidden_size // config.num_attention_heads
        ).items():
            writer.add_tensor(tensor, np.array(values, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return model


def add_tokens(writer: Any, backend: Any, tokens: list[str], byte: bool) -> None:
    """The vocabulary, its merges or scores, and which tokens control."""
    control = {token.content for token in backend.get_added_tokens_decoder().values()}
    writer.add_tokenizer_model("gpt2" if byte else "llama")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if t in control else 6 if t.startswith("<0x") else 1 for t in tokens])
    if byte:
        writer.add_tokenizer_pre("qwen2")
        merges = json.loads(backend.to_str())["model"]["merges"]
        writer.add_token_merges([" ".join(pair) for pair in merges])
    else:
        writer.add_token_scores([-float(id) for id in range(len(tokens))])
    ids = {"bos": tokens.index("<s>"), "eos": tokens.index("</s>"), "unk": tokens.index("<unk>")}
    writer.add_bos_token_id(ids["bos"])
    writer.add_eos_token_id(ids["eos"])
    writer.add_unk_token_id(ids["unk"])
    writer.add_pad_token_id(ids["unk"])
    writer.add_add_bos_token(not byte)


def record(path: Path, original: Any) -> dict[str, Any]:
    """What transformers makes of a file: attention, and the ids of texts.

    Its loading leaves factors of rotary frequencies out, so that the original says what is right.
    """
    folder, name = path.parent, path.name
    model = original
    if "-" not in path.stem:
        model = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=name, attn_implementation="eager", dtype=torch.float32
        )
    model.set_attn_implementation("eager")
    model.eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    with torch.no_grad():
        out = model(torch.tensor([IDS]), output_attentions=True)
    weights = torch.stack(out.attentions)[:, 0].numpy()
    np.savez_compressed(path.with_suffix(".npz"), weights=weights)
    return {"ids": IDS, "texts": [[text, tokenizer(text)["input_ids"]] for text in TEXTS]}


def main() -> None:
    """Write every file and what is right for it."""
    warnings.simplefilter("ignore")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    expected = {}
    for name in MODELS:
        path = FOLDER / f"{name}.gguf"
        expected[name] = record(path, write(name, path))
    (FOLDER / "expected.json").write_text(json.dumps(expected, ensure_ascii=False))


if __name__ == "__main__":
    main()
