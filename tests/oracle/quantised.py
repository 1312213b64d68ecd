"""Make small quantised checkpoints, and record what their reference implementations make of them.

``python -m tests.oracle.quantised`` writes ``fixtures/quantised``. Needs torch, mlx and
bitsandbytes, whose own functions quantise and dequantise; FP8 and MXFP4 are dequantised by
transformers. GPTQ and AWQ are packed here as AutoGPTQ and AutoAWQ document it, from codes whose
numbers are known.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bitsandbytes.functional as bnb
import mlx.core as mx
import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.integrations.finegrained_fp8 import Fp8Dequantize
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

FOLDER = Path(__file__).parents[1] / "fixtures/quantised"
IDS = [1, 9, 30, 5, 17, 9, 2]
SIZES = {
    "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 1, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 64, "vocab_size": 40,
    "initializer_range": 0.4, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None,
    "tie_word_embeddings": True,
}  # fmt: skip
EXPERTS = {**SIZES, "intermediate_size": 32, "num_local_experts": 3, "num_experts_per_tok": 2}
Tensor = torch.Tensor
# What is stored for one weight, and what it stands for.
Stored = tuple[dict[str, Tensor], Tensor]
RANDOM = torch.Generator().manual_seed(0)
AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]


def random(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=RANDOM)


def fp8(module: str, weight: Tensor) -> Stored:
    """Blocks of 16 × 32."""
    blocks = weight.reshape(weight.shape[0] // 16, 16, weight.shape[1] // 32, 32)
    scale = blocks.abs().amax((1, 3)) / 448
    codes = (blocks / scale[:, None, :, None]).to(torch.float8_e4m3fn).reshape(weight.shape)
    plain = Fp8Dequantize(None)._dequantize_one(codes, scale, torch.float32)
    return {f"{module}.weight": codes, f"{module}.weight_scale_inv": scale}, plain


def mlx(bits: int, group: int) -> Callable[[str, Tensor], Stored]:
    def quantise(module: str, weight: Tensor) -> Stored:
        how = {"group_size": group, "bits": bits}
        parts = mx.quantize(mx.array(weight.numpy()), **how)
        plain = torch.tensor(np.array(mx.dequantize(*parts, **how)))
        names = (f"{module}.weight", f"{module}.scales", f"{module}.biases")
        return {n: torch.tensor(np.array(p)) for n, p in zip(names, parts, strict=True)}, plain

    return quantise


def words(codes: Tensor, bits: int) -> Tensor:
    """Codes along the last axis in 32-bit words, the lowest bits first."""
    numbers = codes.numpy().astype(object)
    n = 32 // bits
    grouped = numbers.reshape(*numbers.shape[:-1], -1, n)
    packed = (grouped * np.array([1 << bits * i for i in range(n)], object)).sum(-1)
    return torch.tensor(packed.astype(np.uint32).view(np.int32))


def gptq(bits: int, *, ordered: bool = True, less: int = 1) -> Callable[[str, Tensor], Stored]:
    """Groups of 32 inputs, one after the other or in any order."""

    def quantise(module: str, weight: Tensor) -> Stored:
        n_out, n_in = weight.shape
        group = torch.arange(n_in) // 32
        if not ordered:
            group = group[torch.randperm(n_in, generator=RANDOM)]
        codes = (random(n_out, n_in) * 2**bits).long()
        zeros = 1 + (random(n_in // 32, n_out) * (2**bits - 1)).long()
        scales = (0.5 + random(n_in // 32, n_out)).mul(weight.std() / 2**bits * 3).half()
        plain = (codes - zeros[group].T) * scales.float()[group].T
        stored = {
            "qweight": words(codes, bits).T.contiguous(),  # down the inputs
            "qzeros": words(zeros - less, bits),
            "scales": scales,
            "g_idx": group.int(),
        }
        return {f"{module}.{end}": tensor for end, tensor in stored.items()}, plain

    return quantise


def awq(module: str, weight: Tensor) -> Stored:
    """Groups of 32 inputs; the columns of a word take turns."""
    n_out, n_in = weight.shape
    codes = (random(n_in, n_out) * 16).long()
    zeros = (random(n_in // 32, n_out) * 16).long()
    scales = (0.5 + random(n_in // 32, n_out)).mul(weight.std() / 5).half()
    group = torch.arange(n_in) // 32
    plain = ((codes - zeros[group]) * scales.float()[group]).T

    def packed(columns: Tensor) -> Tensor:
        return words(columns.reshape(len(columns), -1, 8)[..., AWQ_ORDER].flatten(1), 4)

    stored = {"qweight": packed(codes), "qzeros": packed(zeros), "scales": scales}
    return {f"{module}.{end}": tensor for end, tensor in stored.items()}, plain.contiguous()


def four_bits(kind: str, *, nested: bool) -> Callable[[str, Tensor], Stored]:
    def quantise(module: str, weight: Tensor) -> Stored:
        codes, state = bnb.quantize_4bit(
            weight.reshape(1, -1), blocksize=64, compress_statistics=nested, quant_type=kind
        )
        # as one row, for the kernel of processors takes rows to begin new blocks, which they do not
        plain = bnb.dequantize_4bit(codes, state).reshape(weight.shape)
        state.shape = weight.shape
        stored = {f"{module}.weight": codes}
        for end, tensor in state.as_dict(packed=True).items():
            stored[f"{module}.weight.{end}"] = tensor
        return stored, plain.float()

    return quantise


def eight_bits(module: str, weight: Tensor) -> Stored:
    codes, scale, _ = bnb.int8_vectorwise_quant(weight.half())
    plain = bnb.int8_vectorwise_dequant(codes, scale)
    ends = {"weight": codes, "SCB": scale, "weight_format": torch.tensor(0, dtype=torch.uint8)}
    return {f"{module}.{end}": tensor for end, tensor in ends.items()}, plain.float()


METHODS: dict[str, tuple[dict[str, Any], Callable[[str, Tensor], Stored]]] = {
    "fp8": ({"quant_method": "fp8", "weight_block_size": [16, 32]}, fp8),
    "mlx-4": ({"group_size": 32, "bits": 4}, mlx(4, 32)),
    "mlx-8": ({"group_size": 32, "bits": 8}, mlx(8, 32)),
    "mlx-3": ({"group_size": 32, "bits": 3, "mode": "affine"}, mlx(3, 32)),
    "gptq-4": ({"quant_method": "gptq", "bits": 4, "group_size": 32}, gptq(4)),
    "gptq-8-any-order": (
        {"quant_method": "gptq", "bits": 8, "desc_act": True},
        gptq(8, ordered=False),
    ),
    "gptq-v2": (
        {"quant_method": "gptq", "bits": 4, "checkpoint_format": "gptq_v2"},
        gptq(4, less=0),
    ),
    "awq": ({"quant_method": "awq", "bits": 4, "version": "gemm", "group_size": 32}, awq),
    "nf4": (
        {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"},
        four_bits("nf4", nested=False),
    ),
    "nf4-nested": (
        {"quant_method": "bitsandbytes", "load_in_4bit": True},
        four_bits("nf4", nested=True),
    ),
    "fp4": (
        {"quant_method": "bitsandbytes", "load_in_4bit": True},
        four_bits("fp4", nested=True),
    ),
    "int8": ({"quant_method": "bitsandbytes", "load_in_8bit": True}, eight_bits),
}


def made(model_type: str, sizes: dict[str, Any]) -> Any:
    torch.manual_seed(3)
    config = AutoConfig.for_model(model_type, **sizes)
    return AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()


def write(folder: Path, model: Any, tensors: dict[str, Tensor], said: dict[str, Any]) -> None:
    """The checkpoint, and the attention of the model, which has the dequantised weights."""
    folder.mkdir()
    contiguous = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
    save_file(contiguous, folder / "model.safetensors", metadata={"format": "pt"})
    config = model.config.to_diff_dict() | said
    (folder / "config.json").write_text(json.dumps(config, indent=1, default=str))
    with torch.no_grad():
        out = model(torch.tensor([IDS]), output_attentions=True)
    weights = torch.stack(out.attentions)[:, 0].numpy()
    state = model.state_dict()
    kept = [
        name for name in state if name.endswith(("k_proj.weight", "down_proj.weight", "down_proj"))
    ]
    arrays = {name: state[name].numpy() for name in kept}
    np.savez_compressed(folder / "expected.npz", attention=weights, **arrays)


def dense(name: str) -> None:
    """A Llama whose linear layers are quantised; MLX's embeddings, too."""
    said, quantise = METHODS[name]
    model = made("llama", SIZES)
    stored: dict[str, Tensor] = {}
    for module_name, module in model.named_modules():
        linear = isinstance(module, torch.nn.Linear) and module_name != "lm_head"
        if linear or (isinstance(module, torch.nn.Embedding) and name.startswith("mlx")):
            tensors, plain = quantise(module_name, module.weight.detach())
            module.weight.data = plain
            stored |= tensors
        elif hasattr(module, "weight") and module_name != "lm_head":
            stored[f"{module_name}.weight"] = module.weight.detach()
    key = "quantization" if name.startswith("mlx") else "quantization_config"
    write(FOLDER / name, model, stored, {key: said})


def experts() -> None:
    """A GPT-OSS whose experts are MXFP4."""
    model = made("gpt_oss", EXPERTS)
    stored = dict(model.state_dict())
    stored.pop("lm_head.weight")
    for name in [name for name in stored if name.endswith(("gate_up_proj", "down_proj"))]:
        n, n_in, n_out = stored.pop(name).shape
        blocks = (random(n, n_out, n_in // 32, 16) * 256).to(torch.uint8)
        scales = (122 + random(n, n_out, n_in // 32) * 4).to(torch.uint8)
        plain = convert_moe_packed_tensors(blocks, scales, dtype=torch.float32)
        model.get_parameter(name).data = plain.contiguous()
        stored |= {f"{name}_blocks": blocks, f"{name}_scales": scales}
    said = {"quantization_config": {"quant_method": "mxfp4"}}
    write(FOLDER / "mxfp4", model, stored, said)


def main() -> None:
    """Write every checkpoint and what is right for it."""
    warnings.simplefilter("ignore")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for name in METHODS:
        dense(name)
    experts()


if __name__ == "__main__":
    main()
