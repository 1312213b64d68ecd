"""Quantised checkpoints are what their reference implementations dequantise, or one sentence."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attnviz
from attnviz.checkpoint.opened import open_checkpoint
from attnviz.checkpoint.packed import FP4, codes, eight_bits, exponents, nibbles
from attnviz.errors import AttnvizError, BadCheckpoint, UnsupportedModel
from tests.checkpoint.raw import f32, parsed, tensor_bytes

FOLDER = Path(__file__).parents[1] / "fixtures/quantised"
EVERY = sorted(path.parent.name for path in FOLDER.glob("*/config.json"))
IDS = [1, 9, 30, 5, 17, 9, 2]
STORED = {
    "awq": "AWQ-4", "fp4": "FP4", "fp8": "F8_E4M3", "gptq-4": "GPTQ-4", "gptq-v2": "GPTQ-4",
    "gptq-8-any-order": "GPTQ-8", "int8": "INT8", "mlx-3": "MLX-3", "mlx-4": "MLX-4",
    "mlx-8": "MLX-8", "mxfp4": "MXFP4", "nf4": "NF4", "nf4-nested": "NF4",
}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_weights_and_attention_are_those_of_the_reference(name: str) -> None:
    expected = dict(np.load(FOLDER / name / "expected.npz"))
    attention = expected.pop("attention")
    tensors = open_checkpoint(FOLDER / name).tensors
    for tensor, plain in expected.items():
        assert tensors.shape(tensor) == plain.shape
        np.testing.assert_allclose(tensors.read(tensor), plain, rtol=2e-3, atol=1e-6)
        if name != "int8":  # whose reference is in half precision
            np.testing.assert_allclose(tensors.read(tensor), plain, rtol=1e-6, atol=1e-6)
    model = attnviz.load(FOLDER / name)
    found = model.attend(token_ids=IDS).maps["decoder"].weights
    np.testing.assert_allclose(found, attention, atol=1e-3 if name == "int8" else 2e-5)


@pytest.mark.parametrize("name", EVERY)
def test_rows_are_those_of_the_whole_and_types_are_named(name: str) -> None:
    tensors = open_checkpoint(FOLDER / name).tensors
    assert STORED[name] in tensors.storage.split(", ")
    ours = [tensor for tensor in tensors.names if tensor.endswith("down_proj.weight")]
    ours += [tensor for tensor in tensors.names if "embed_tokens" in tensor]
    ours += [tensor for tensor in tensors.names if tensor.endswith("gate_up_proj")]
    for tensor in ours:
        rows = np.array([0, 2, 1])
        np.testing.assert_array_equal(tensors.read_rows(tensor, rows), tensors.read(tensor)[rows])
        with pytest.raises(BadCheckpoint, match="row 5000 is needed"):
            tensors.read_rows(tensor, np.array([5000]))


def test_nothing_is_said_of_a_quantised_checkpoint(recwarn: pytest.WarningsRecorder) -> None:
    for name in EVERY:
        attnviz.load(FOLDER / name)
    assert not list(recwarn)


def changed(
    name: str,
    to: Path,
    config: Callable[[dict[str, Any]], None] = lambda said: None,
    tensors: Callable[[dict[str, Any]], None] = lambda found: None,
) -> Path:
    """A copy whose quantisation or tensors were changed."""
    folder = to / name
    shutil.copytree(FOLDER / name, folder)
    values = json.loads((folder / "config.json").read_text())
    config(values.get("quantization_config") or values["quantization"])
    (folder / "config.json").write_text(json.dumps(values))
    found = parsed((folder / "model.safetensors").read_bytes())
    tensors(found)
    (folder / "model.safetensors").write_bytes(tensor_bytes(found))
    return folder


def cut(end: str) -> Callable[[dict[str, Any]], None]:
    """Take the last row of every tensor whose name ends so."""

    def change(found: dict[str, Any]) -> None:
        for name, (dtype, shape, raw) in found.items():
            if name.endswith(end) and shape[0] > 1:
                width = len(raw) // shape[0]
                found[name] = (dtype, (shape[0] - 1, *shape[1:]), raw[: len(raw) - width])

    return change


def without(end: str) -> Callable[[dict[str, Any]], None]:
    def change(found: dict[str, Any]) -> None:
        for name in [name for name in found if name.endswith(end)]:
            del found[name]

    return change


@pytest.mark.parametrize(
    ("name", "said", "sentence"),
    [
        ("fp8", {"quant_method": "aqlm"}, "the quant_method 'aqlm'; attnviz dequantises fp8, "),
        ("fp8", {"quant_method": "compressed-tensors"}, "quant_method 'compressed-tensors'"),
        ("awq", {"version": "gemv"}, "the version 'gemv' in its quantisation; .* dequantises gemm"),
        ("awq", {"bits": 8}, "the bits '8' in its quantisation"),
        ("gptq-4", {"bits": 5}, "the bits '5' in its quantisation"),
        ("gptq-4", {"checkpoint_format": "marlin"}, "checkpoint_format 'marlin'"),
        ("mlx-3", {"mode": "mxfp4"}, "the mode 'mxfp4' in its quantisation"),
    ],
)
def test_what_is_not_dequantised_is_refused_by_its_name(
    tmp_path: Path, name: str, said: dict[str, Any], sentence: str
) -> None:
    folder = changed(name, tmp_path, lambda values: values.update(said))
    with pytest.raises(UnsupportedModel, match=sentence):
        open_checkpoint(folder)


@pytest.mark.parametrize(
    ("name", "tensors", "sentence"),
    [
        ("fp8", cut("scale_inv"), r"has the shape \(.*\) and scales"),
        ("mxfp4", cut("_scales"), r"has the shape \(.*\) and scales"),
        ("gptq-4", without("qzeros"), "has .*qweight' but no tensor .*qzeros'"),
        ("gptq-4", cut("scales"), "do not fit"),
        ("gptq-4", cut("g_idx"), "do not fit"),
        ("awq", cut("qzeros"), "do not fit"),
        ("awq", without(".scales"), "but no tensor .*scales'"),
        ("mlx-4", without("biases"), "do not fit"),
        ("mlx-4", cut("scales"), "do not fit"),
        ("nf4", cut("absmax"), "absmax' is missing or has not"),
        ("nf4", without("quant_map"), "quant_map' is missing"),
        ("nf4", cut("proj.weight"), "does not hold"),
        ("nf4-nested", cut("bitsandbytes__nf4"), "is not JSON"),
        ("int8", cut("SCB"), r"has the shape \(.*\) and scales"),
    ],
)
def test_parts_that_do_not_fit_each_other_are_one_sentence(
    tmp_path: Path, name: str, tensors: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    with pytest.raises(BadCheckpoint, match=sentence):
        open_checkpoint(changed(name, tmp_path, tensors=tensors))


def test_a_module_of_mlx_may_have_groups_of_its_own(tmp_path: Path) -> None:
    tensor = "model.layers.0.mlp.down_proj.weight"
    own = {tensor.removesuffix(".weight"): {"group_size": 32, "bits": 4}}
    folder = changed("mlx-4", tmp_path, lambda said: said.update({"group_size": 64, **own}))
    with pytest.raises(BadCheckpoint, match="do not fit"):  # every other module
        open_checkpoint(folder)
    others = changed("mlx-4", tmp_path / "others", lambda said: said.update(own))
    expected = np.load(FOLDER / "mlx-4" / "expected.npz")[tensor]
    np.testing.assert_allclose(open_checkpoint(others).tensors.read(tensor), expected, atol=1e-6)


def test_an_order_of_groups_that_names_none_is_refused(tmp_path: Path) -> None:
    def spoil(found: dict[str, Any]) -> None:
        for name, (dtype, shape, raw) in found.items():
            if name.endswith("g_idx"):
                found[name] = (dtype, shape, b"\xff" * len(raw))

    tensors = open_checkpoint(changed("gptq-4", tmp_path, tensors=spoil)).tensors
    with pytest.raises(BadCheckpoint, match="names groups that there are not"):
        tensors.read("model.layers.0.mlp.down_proj.weight")


@pytest.mark.parametrize("name", ["gptq-4", "awq", "fp8", "mlx-4"])
def test_scales_that_are_too_large_are_refused(tmp_path: Path, name: str) -> None:
    def spoil(found: dict[str, Any]) -> None:
        for tensor, (dtype, shape, raw) in found.items():
            if ".scales" in tensor or tensor.endswith("scale_inv"):
                largest = np.full(math.prod(shape), np.float32(3e38)).tobytes()
                found[tensor] = ("F32", shape, largest) if raw else (dtype, shape, raw)

    tensors = open_checkpoint(changed(name, tmp_path, tensors=spoil)).tensors
    tensor = "model.layers.0.mlp.down_proj.weight"
    for read in (lambda: tensors.read(tensor), lambda: tensors.read_rows(tensor, np.arange(2))):
        with pytest.raises(BadCheckpoint, match="holds NaN or infinite numbers"):
            read()


@pytest.mark.parametrize("name", ["nf4-nested", "gptq-4", "mlx-4"])
def test_an_adapter_is_merged_into_what_its_base_stands_for(tmp_path: Path, name: str) -> None:
    """As one that was trained on a quantised base is (Dettmers et al. 2023)."""
    base, module = open_checkpoint(FOLDER / name).tensors, "model.layers.0.self_attn.q_proj"
    a, b = (np.random.default_rng(n).normal(size=s) for n, s in enumerate(((2, 64), (64, 2))))
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    config = {"peft_type": "LORA", "base_model_name_or_path": str(FOLDER / name), "lora_alpha": 4}
    (adapter / "adapter_config.json").write_text(json.dumps(config))
    changes = {
        f"base_model.model.{module}.lora_{end}.weight": f32(x)
        for end, x in zip("AB", (a, b), strict=True)
    }
    (adapter / "adapter_model.safetensors").write_bytes(tensor_bytes(changes))
    merged = open_checkpoint(adapter).tensors
    weight = f"{module}.weight"
    np.testing.assert_allclose(merged.read(weight), base.read(weight) + 2 * b @ a, atol=1e-5)
    other = "model.layers.0.mlp.down_proj.weight"
    np.testing.assert_array_equal(merged.read(other), base.read(other))


def test_a_module_that_its_family_turns_is_turned(tmp_path: Path) -> None:
    """GPT-2's weights are (in, out), those of quantised modules (out, in)."""
    for name in ("gptq-4", "nf4", "int8", "awq"):
        plain = open_checkpoint(FOLDER / name).tensors.read("model.layers.0.mlp.down_proj.weight")

        def rename(found: dict[str, Any]) -> None:
            for old in [old for old in found if "mlp.down_proj." in old]:
                found[old.replace("down_proj", "c_proj")] = found.pop(old)

        folder = changed(name, tmp_path, tensors=rename)
        values = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**values, "model_type": "gpt2"}))
        tensors = open_checkpoint(folder).tensors
        np.testing.assert_array_equal(tensors.read("model.layers.0.mlp.c_proj.weight"), plain.T)


def test_floats_of_eight_bits_are_those_of_their_definition() -> None:
    every = np.arange(256, dtype=np.uint8)
    e4m3 = eight_bits(every, "F8_E4M3")
    assert [e4m3[code] for code in (0x01, 0x08, 0x38, 0x7E, 0xB8)] == [2**-9, 2**-6, 1, 448, -1]
    assert np.isnan(e4m3[[0x7F, 0xFF]]).all() and np.isfinite(e4m3[:0x7F]).all()
    e5m2 = eight_bits(every, "F8_E5M2")
    assert [e5m2[code] for code in (0x01, 0x3C, 0x7B, 0x7C)] == [2**-16, 1, 57344, np.inf]
    assert exponents(np.array([0, 127, 130], np.uint8)).tolist() == [2**-127, 1, 8]
    assert FP4[nibbles(np.array([0x71, 0x9F], np.uint8))].tolist() == [0.5, 6, -6, -0.5]


@given(st.sampled_from([2, 3, 4, 5, 6, 8]), st.data())
def test_codes_come_out_of_words_as_they_went_in(bits: int, data: st.DataObject) -> None:
    given_codes = data.draw(
        st.lists(st.integers(0, 2**bits - 1), min_size=32, max_size=32), label="codes"
    )
    stream = sum(code << bits * i for i, code in enumerate(given_codes))
    words = np.frombuffer(stream.to_bytes(4 * bits, "little"), "<u4")
    assert codes(words, bits).tolist() == given_codes


@given(name=st.sampled_from(EVERY), data=st.data())
def test_damaged_settings_give_weights_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    odd = st.sampled_from([0, -1, 3, 10**12, 2.5, "4", None, True, [], [1, 1], {}, "gptq"])
    keys = ("quant_method", "bits", "group_size", "weight_block_size", "version", "mode")
    said = data.draw(st.dictionaries(st.sampled_from(keys), odd, max_size=3))
    folder = changed(name, tmp_path_factory.mktemp("odd"), lambda values: values.update(said))
    try:
        tensors = open_checkpoint(folder).tensors
        for tensor in tensors.names:
            tensors.read(tensor)
    except AttnvizError as error:
        assert "\n" not in str(error)
