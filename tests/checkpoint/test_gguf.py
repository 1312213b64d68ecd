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
from attnviz.checkpoint.gguf_file import BLOCKS
from attnviz.checkpoint.gguf_file import TYPES as KNOWN
from attnviz.checkpoint.opened import open_checkpoint
from attnviz.errors import AttnvizError, BadCheckpoint, UnsupportedModel

FOLDER = Path(__file__).parents[1] / "fixtures/gguf"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
HAS_GGUF = importlib.util.find_spec("gguf") is not None
with_gguf = pytest.mark.skipif(not HAS_GGUF, reason="the package gguf is not installed")
TYPES = {name: number for number, name in KNOWN.items() if name in BLOCKS}


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


def finite_blocks(kind: str, count: int) -> np.ndarray:
    """Blocks (count, byte) of any bytes that stand for finite numbers."""
    from gguf.constants import GGMLQuantizationType
    from gguf.quants import dequantize

    random = np.random.default_rng(0)
    found: list[np.ndarray] = []
    while len(found) < count:
        block = random.integers(0, 256, BLOCKS[kind][1], dtype=np.uint8)
        with np.errstate(all="ignore"):
            if np.isfinite(dequantize(block, GGMLQuantizationType[kind])).all():
                found.append(block)
    return np.array(found)


@with_gguf
@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_read_as_its_authors_read_it(tmp_path: Path, kind: str) -> None:
    from gguf.constants import GGMLQuantizationType
    from gguf.quants import dequantize

    shape = (3, 2 * 256)
    blocks = finite_blocks(kind, shape[0] * shape[1] // BLOCKS[kind][0])
    path = tmp_path / "model.gguf"
    path.write_bytes(llama(kind, blocks.tobytes(), shape))
    tensors = open_checkpoint(path).tensors
    expected = dequantize(blocks.reshape(shape[0], -1), GGMLQuantizationType[kind])
    name = "model.embed_tokens.weight"
    np.testing.assert_array_equal(tensors.read(name), expected)
    np.testing.assert_array_equal(tensors.read_rows(name, np.array([2, 0])), expected[[2, 0]])
    assert tensors.dtype(name) == kind


@with_gguf
def test_the_sizes_of_blocks_are_those_of_their_authors() -> None:
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

    for number, name in KNOWN.items():
        assert GGMLQuantizationType[name] == number
        if name in BLOCKS:
            assert GGML_QUANT_SIZES[GGMLQuantizationType[name]] == BLOCKS[name]


def test_a_type_that_is_not_read_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(llama("F32", np.ones((4, 32), np.float32).tobytes(), (4, 32)))
    raw = path.read_bytes()
    at = raw.index(b"token_embd.weight") + len(b"token_embd.weight") + 4 + 16
    path.write_bytes(raw[:at] + struct.pack("<I", 40) + raw[at + 4 :])
    with pytest.raises(UnsupportedModel, match="is stored as NVFP4; attnviz reads"):
        open_checkpoint(path).tensors.require_readable("model.embed_tokens.weight")


def parts(folder: Path, *, count: int = 2) -> list[Path]:
    """A GGUF in two files, the second with a norm of its own."""
    ones = ("F32", (4, 32), np.ones((4, 32), np.float32).tobytes())
    norm = ("F32", (32,), np.full(32, 2, np.float32).tobytes())
    first = {"general.architecture": "llama", "split.count": count, "split.no": 0}
    files = {
        "a-00001-of-00002.gguf": made(first, {"token_embd.weight": ones}),
        "a-00002-of-00002.gguf": made(
            {"split.count": count, "split.no": 1}, {"output_norm.weight": norm}
        ),
    }
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    return sorted(folder.glob("*.gguf"))


def test_a_file_in_parts_is_one(tmp_path: Path) -> None:
    first, second = parts(tmp_path)
    for name in (tmp_path, first, second):
        found = open_checkpoint(name)
        assert found.config["vocab_size"] == 4 and found.folders[0] == first
        assert (found.tensors.read("model.norm.weight") == 2).all()
    assert open_checkpoint(first).tensors.sha256() == open_checkpoint(second).tensors.sha256()


def test_parts_that_are_missing_or_renamed_are_one_sentence(tmp_path: Path) -> None:
    first, second = parts(tmp_path)
    second.rename(tmp_path / "b.gguf")
    with pytest.raises(BadCheckpoint, match=r"of which a-00002-of-00002\.gguf is missing"):
        open_checkpoint(first)
    with pytest.raises(BadCheckpoint, match="says that it is one of 2 files, by another name"):
        open_checkpoint(tmp_path / "b.gguf")


def test_factors_of_frequencies_that_are_no_row_are_refused(tmp_path: Path) -> None:
    ones = ("F32", (4, 32), np.ones((4, 32), np.float32).tobytes())
    path = tmp_path / "model.gguf"
    metadata = {"general.architecture": "llama"}
    path.write_bytes(made(metadata, {"token_embd.weight": ones, "rope_freqs.weight": ones}))
    with pytest.raises(BadCheckpoint, match="where a row is needed"):
        open_checkpoint(path)
    scaled = {**metadata, "llama.rope.scaling.type": "yarn"}
    row = ("F32", (4,), np.ones(4, np.float32).tobytes())
    path.write_bytes(made(scaled, {"token_embd.weight": ones, "rope_freqs.weight": row}))
    with pytest.raises(UnsupportedModel, match="by 'yarn', and by factors"):
        open_checkpoint(path)


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
        (made({"split.count": 2}, {}), "one of 2 files"),
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
