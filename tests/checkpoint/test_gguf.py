"""GGUF files: what transformers' own loading gives, every type of block, and damaged headers."""

from __future__ import annotations

import importlib.util
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.checkpoint.gguf_file import BLOCKS, read_gguf
from attnviz.checkpoint.gguf_models import gguf_config, gguf_tensors
from attnviz.checkpoint.opened import open_checkpoint
from attnviz.checkpoint.tensors import open_file
from attnviz.errors import AttnvizError, BadCheckpoint, UnsupportedModel

FOLDER = Path(__file__).parents[1] / "fixtures/gguf"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
HAS_GGUF = importlib.util.find_spec("gguf") is not None
with_gguf = pytest.mark.skipif(not HAS_GGUF, reason="the package gguf is not installed")
SCALES = {"Q4_0": (0,), "Q8_0": (0,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}
"""Where the blocks of a type have their float16 scales."""
TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 8, "Q4_K": 12, "Q5_K": 13, "Q6_K": 14, "BF16": 30}


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def made(metadata: dict[str, Any], tensors: dict[str, tuple[str, tuple[int, ...], bytes]]) -> bytes:
    """A sound file with text and whole numbers for metadata."""
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        kind = struct.pack("<I", 8) + text(value) if isinstance(value, str) else b""
        out += text(key) + (kind or struct.pack("<II", 4, value))
    data = b""
    for name, (kind, shape, raw) in tensors.items():
        out += text(name) + struct.pack("<I", len(shape))
        out += struct.pack(f"<{len(shape)}Q", *shape[::-1])
        out += struct.pack("<IQ", TYPES[kind], len(data))
        data += raw + b"\0" * (-len(raw) % 32)
    return out + b"\0" * (-len(out) % 32) + data


def llama(kind: str, raw: bytes, shape: tuple[int, ...]) -> bytes:
    return made({"general.architecture": "llama"}, {"token_embd.weight": (kind, shape, raw)})


@with_gguf
@pytest.mark.parametrize("name", EXPECTED)
def test_attention_and_ids_are_those_of_transformers(name: str) -> None:
    model = attnviz.load(FOLDER / f"{name}.gguf")
    found = model.attend(token_ids=EXPECTED[name]["ids"]).maps["decoder"].weights
    np.testing.assert_allclose(found, np.load(FOLDER / f"{name}.npz")["weights"], atol=2e-5)
    for given, ids in EXPECTED[name]["texts"]:
        assert list(model.tokenizer.encode(given).ids) == ids, given


@with_gguf
@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_read_as_its_authors_read_it(tmp_path: Path, kind: str) -> None:
    from gguf.constants import GGMLQuantizationType
    from gguf.quants import dequantize

    per_block, nbytes = BLOCKS[kind]
    shape = (3, 2 * 256)
    n_blocks = shape[0] * shape[1] // per_block
    blocks = np.random.default_rng(0).integers(0, 256, (n_blocks, nbytes), dtype=np.uint8)
    halves = np.float16(0.01).view(np.uint16)
    if kind in ("F32", "F16", "BF16"):
        blocks[:, -1] = 0x3C
    for at in {"Q4_0": (0,), "Q8_0": (0,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}.get(
        kind, ()
    ):
        blocks[:, at : at + 2] = np.frombuffer(halves.tobytes(), np.uint8)
    path = tmp_path / "model.gguf"
    path.write_bytes(llama(kind, blocks.tobytes(), shape))
    file = read_gguf(path)
    tensors = gguf_tensors(open_file(path), file, gguf_config(file, path.name))
    expected = dequantize(blocks.reshape(shape[0], -1), GGMLQuantizationType[kind])
    np.testing.assert_array_equal(tensors.read("model.embed_tokens.weight"), expected)
    assert tensors.dtype("model.embed_tokens.weight") == kind


def test_a_folder_with_one_file_is_opened_and_one_with_several_asks_which(tmp_path: Path) -> None:
    raw = llama("F32", np.ones((4, 32), np.float32).tobytes(), (4, 32))
    (tmp_path / "a.gguf").write_bytes(raw)
    assert open_checkpoint(tmp_path).config["vocab_size"] == 4
    shutil.copy(tmp_path / "a.gguf", tmp_path / "b.gguf")
    with pytest.raises(BadCheckpoint, match=r"a\.gguf, b\.gguf\); choose one with -m .*a\.gguf"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"GGUF", "ends inside its header"),
        (b"what is this", "is not a GGUF file"),
        (b"GGUF" + struct.pack("<I", 1), "GGUF's version 1"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), "announces"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 50, 0), "announces"),
        (llama("F32", b"", (1 << 40, 32)), "ends inside tensor 'token_embd.weight'"),
        (llama("Q8_0", b"", (4, 31)), "do not fill blocks of 32"),
        (made({"general.architecture": "mamba"}, {}), "architecture 'mamba'"),
        (made({"general.architecture": "llama"}, {}), "no tensor 'token_embd.weight'"),
        (made({"split.count": 2}, {}), "GGUF in several files"),
    ],
)
def test_what_is_damaged_or_unknown_is_one_sentence(
    tmp_path: Path, raw: bytes, sentence: str
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(raw)
    with pytest.raises(AttnvizError, match=sentence):
        open_checkpoint(path)


def test_scaled_positions_that_are_not_implemented_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    tensor = ("F32", (4, 32), np.ones((4, 32), np.float32).tobytes())
    metadata = {"general.architecture": "phi3", "phi3.rope.scaling.type": "longrope"}
    path.write_bytes(made(metadata, {"token_embd.weight": tensor}))
    with pytest.raises(UnsupportedModel, match="scales rotary positions by 'longrope'"):
        open_checkpoint(path)
