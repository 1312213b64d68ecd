"""Weights come out of safetensors exactly, as float32, a tensor at a time."""

from __future__ import annotations

import json
import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from attnviz.checkpoint import shard
from attnviz.checkpoint.convert import widen
from attnviz.checkpoint.shard import Shard
from attnviz.checkpoint.tensors import BLOCK, Tensors, open_tensors
from attnviz.errors import BadCheckpoint
from tests.checkpoint.raw import f32, folder_with, tensor_bytes

SHARED = Path(__file__).resolve().parents[2] / "../shared/checkpoints"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "model"


def write_shards(folder: Path, shards: dict[str, dict[str, Any]], **index: str) -> Path:
    folder.mkdir()
    weight_map = {name: file for file, tensors in shards.items() for name in tensors} | index
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    for file, tensors in shards.items():
        (folder / file).write_bytes(tensor_bytes(tensors))
    return folder


# what is read


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_float_type_becomes_float32(folder: Path, dtype: type[np.floating[Any]]) -> None:
    folder.mkdir()
    stored = np.random.default_rng(0).normal(size=(7, 5)).astype(dtype)
    save_file({"w": stored}, folder / "model.safetensors")
    weights = open_tensors(folder).read("w")
    assert weights.dtype == np.float32
    assert weights.flags.c_contiguous
    assert weights.flags.writeable
    np.testing.assert_array_equal(weights, stored.astype(np.float32))


def test_bfloat16_is_the_upper_half_of_float32(folder: Path) -> None:
    upper = np.array([0x3F80, 0xC000, 0x3EAB, 0x0001], np.uint16)  # 1, -2, 0.333984375, subnormal
    tensors = open_tensors(
        folder_with(folder, tensor_bytes({"w": ("BF16", (4,), upper.tobytes())}))
    )
    assert tensors.dtype("w") == "BF16"
    assert tensors.read("w").tolist() == [1.0, -2.0, 0.333984375, 2.0**-133]


def test_every_finite_float16_is_converted_exactly() -> None:
    patterns = np.arange(65536, dtype=np.uint16)
    finite = patterns[np.isfinite(patterns.view(np.float16))]
    out = np.empty(finite.size, np.float32)
    assert widen("F16", finite.view(np.int16), out)
    expected = finite.view(np.float16).astype(np.float32)
    np.testing.assert_array_equal(out.view(np.uint32), expected.view(np.uint32))  # zeros' signs too


@pytest.mark.parametrize(("dtype", "integer"), [("F16", np.int16), ("BF16", np.uint16)])
def test_every_nan_or_infinity_of_sixteen_bits_is_noticed(dtype: str, integer: Any) -> None:
    exponent = 0x7C00 if dtype == "F16" else 0x7F80
    patterns = np.arange(65536, dtype=np.uint16)
    for bad in patterns[patterns & exponent == exponent]:
        stored = np.array([0, bad, 0], np.uint16).view(integer)
        assert not widen(dtype, stored, np.empty(3, np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_tensor_with_nan_or_infinity_is_named(folder: Path, dtype: Any, bad: float) -> None:
    folder.mkdir()
    weights = np.zeros(BLOCK + 10, dtype)
    weights[-3] = bad
    save_file({"layer.0.bias": weights}, folder / "model.safetensors")
    with pytest.raises(BadCheckpoint, match=r"^tensor 'layer.0.bias' holds NaN or infinite"):
        open_tensors(folder).read("layer.0.bias")


def test_a_float64_beyond_float32_is_not_silently_infinite(folder: Path) -> None:
    folder.mkdir()
    save_file({"w": np.array([1e300])}, folder / "model.safetensors")
    with pytest.raises(BadCheckpoint, match="'w' holds NaN or infinite"):
        open_tensors(folder).read("w")


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_block_edges_leave_no_seam(folder: Path, size: int, dtype: Any) -> None:
    folder.mkdir()
    stored = np.random.default_rng(1).normal(size=size).astype(dtype)
    save_file({"w": stored}, folder / "model.safetensors")
    np.testing.assert_array_equal(open_tensors(folder).read("w"), stored.astype(np.float32))


def test_a_scalar_is_read_as_one_number(folder: Path) -> None:
    assert open_tensors(folder_with(folder, tensor_bytes({"s": f32(2.5)}))).read("s") == 2.5


def test_reading_into_a_packed_array_fills_its_part_alone(folder: Path) -> None:
    weights = np.arange(6, dtype=np.float32).reshape(3, 2)
    tensors = open_tensors(folder_with(folder, tensor_bytes({"w": f32(weights)})))
    packed = np.full((9, 2), -1, np.float32)
    tensors.read_into("w", packed[3:6])
    np.testing.assert_array_equal(packed[3:6], weights)
    assert (packed[:3] == -1).all()
    assert (packed[6:] == -1).all()


def test_reading_into_columns_or_a_transpose_works_too(folder: Path) -> None:
    weights = np.arange(6, dtype=np.float32).reshape(3, 2)
    tensors = open_tensors(folder_with(folder, tensor_bytes({"w": f32(weights)})))
    packed = np.full((3, 6), -1, np.float32)
    tensors.read_into("w", packed[:, 2:4])
    np.testing.assert_array_equal(packed[:, 2:4], weights)
    turned = np.empty((2, 3), np.float32)
    tensors.read_into("w", turned.T)
    np.testing.assert_array_equal(turned, weights.T)


def test_reading_into_another_shape_says_both_shapes(folder: Path) -> None:
    tensors = open_tensors(folder_with(folder, tensor_bytes({"w": f32(np.ones((3, 2)))})))
    with pytest.raises(BadCheckpoint, match=r"'w' has shape \(3, 2\) where \(2, 3\) is needed"):
        tensors.read_into("w", np.empty((2, 3), np.float32))


@given(rows=st.lists(st.integers(0, 49), max_size=60))
def test_rows_are_those_of_the_whole(rows: list[int], tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.getbasetemp() / "rows"
    if not folder.exists():
        folder.mkdir()
        stored = np.random.default_rng(2).normal(size=(50, 3)).astype(np.float16)
        save_file({"w": stored}, folder / "model.safetensors")
    tensors = open_tensors(folder)
    picked = np.array(rows, np.int64)
    np.testing.assert_array_equal(tensors.read_rows("w", picked), tensors.read("w")[picked])


def test_rows_wider_than_a_block_are_read(folder: Path) -> None:
    weights = np.random.default_rng(3).normal(size=(3, BLOCK + 5)).astype(np.float32)
    tensors = open_tensors(folder_with(folder, tensor_bytes({"w": f32(weights)})))
    np.testing.assert_array_equal(tensors.read_rows("w", np.array([2, 0])), weights[[2, 0]])


def test_rows_that_nobody_asks_for_are_not_read(folder: Path) -> None:
    weights = np.zeros((5, 2), np.float32)
    weights[3] = np.nan  # would be refused
    tensors = open_tensors(folder_with(folder, tensor_bytes({"w": f32(weights)})))
    assert tensors.read_rows("w", np.array([4, 0, 2])).shape == (3, 2)
    with pytest.raises(BadCheckpoint, match="'w' holds NaN"):
        tensors.read_rows("w", np.array([2, 3]))


@pytest.mark.parametrize("row", [5, -1])
def test_a_row_outside_the_tensor_is_refused(folder: Path, row: int) -> None:
    tensors = open_tensors(folder_with(folder, tensor_bytes({"w": f32(np.ones((5, 2)))})))
    with pytest.raises(BadCheckpoint, match=rf"'w' has 5 rows, but row {row} is needed"):
        tensors.read_rows("w", np.array([0, row]))


def test_several_threads_may_read_at_once(folder: Path) -> None:
    folder.mkdir()
    stored = {f"w{i}": np.full(BLOCK * 2, i, np.float16) for i in range(8)}
    save_file(stored, folder / "model.safetensors")
    tensors = open_tensors(folder)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for i, weights in enumerate(pool.map(tensors.read, sorted(stored))):
                assert (weights == i).all()


@pytest.mark.parametrize("at_once", [7, 1000])
def test_a_read_that_comes_in_pieces_is_put_together(
    at_once: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder_with(folder, tensor_bytes({"w": f32(range(10))})) / "model.safetensors"
    monkeypatch.setattr(shard, "MOST", at_once)
    assert Tensors({path.name: Shard(path)}).read("w").tolist() == list(range(10))


def test_a_system_that_reads_at_no_offset_reads_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder_with(folder, tensor_bytes({"w": f32(range(10))})) / "model.safetensors"
    monkeypatch.delattr(os, "preadv", raising=False)
    assert Tensors({path.name: Shard(path)}).read("w").tolist() == list(range(10))


def test_reading_takes_the_tensor_and_a_block_not_the_file(folder: Path) -> None:
    folder.mkdir()
    save_file(
        {f"w{i}": np.zeros(8 * BLOCK, np.float16) for i in range(6)}, folder / "model.safetensors"
    )
    tracemalloc.start()
    try:
        tensors = open_tensors(folder)
        for name in tensors.names:
            tensors.read(name)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * BLOCK * 4 + BLOCK * 2 + 100_000


def test_sizes_count_floating_point_parameters(folder: Path) -> None:
    folder.mkdir()
    weights = {"a": np.ones((2, 3), np.float16), "b": np.ones(4, np.float32), "ids": np.arange(9)}
    save_file(weights, folder / "model.safetensors")
    tensors = open_tensors(folder)
    assert set(tensors.names) == {"a", "b", "ids"}
    assert tensors.n_parameters == 10
    assert tensors.storage == "F16, F32"
    assert tensors.nbytes == 12 + 16 + 72
    assert tensors.shape("a") == (2, 3)
    assert tensors.dtype("ids") == "I64"


def test_the_digest_is_that_of_the_file(folder: Path) -> None:
    content = tensor_bytes({"w": f32([1, 2])})
    assert open_tensors(folder_with(folder, content)).sha256() == sha256(content).hexdigest()


def test_the_digest_of_shards_is_that_of_their_digests(folder: Path) -> None:
    shards = {"model-2.safetensors": {"b": f32([2])}, "model-1.safetensors": {"a": f32([1])}}
    digests = [
        sha256(tensor_bytes(shards[file])).hexdigest() + "\n"
        for file in ("model-1.safetensors", "model-2.safetensors")
    ]
    tensors = open_tensors(write_shards(folder, shards))
    assert tensors.sha256() == sha256("".join(digests).encode()).hexdigest()


# shards


def test_shards_are_read_as_one_checkpoint(folder: Path) -> None:
    shards = {"m-1.safetensors": {"a": f32([1]), "b": f32([2])}, "m-2.safetensors": {"c": f32([3])}}
    tensors = open_tensors(write_shards(folder, shards))
    assert [tensors.read(name).item() for name in "abc"] == [1, 2, 3]


def test_a_shard_that_is_missing_is_named(folder: Path) -> None:
    write_shards(folder, {"m-1.safetensors": {"a": f32([1])}}, b="m-2.safetensors")
    with pytest.raises(BadCheckpoint, match=r"there is no file '.*m-2\.safetensors'"):
        open_tensors(folder)


def test_a_tensor_that_is_not_where_the_index_says_is_named(folder: Path) -> None:
    write_shards(folder, {"m-1.safetensors": {"a": f32([1])}}, b="m-1.safetensors")
    with pytest.raises(
        BadCheckpoint, match=r"says that m-1\.safetensors holds 'b', but it does not"
    ):
        open_tensors(folder)


@pytest.mark.parametrize(
    "file", ["../x.safetensors", "/x.safetensors", "..\\x.safetensors", "C:x.safetensors",
             "sub/x.safetensors", "x\0.safetensors", "x\x1b[2J.safetensors", "x.bin", "", 7, None]
)  # fmt: skip
def test_an_index_cannot_point_outside_its_folder(folder: Path, file: Any) -> None:
    write_shards(folder, {"m-1.safetensors": {"a": f32([1])}}, b=file)
    with pytest.raises(
        BadCheckpoint, match=r"puts 'b' in .* not a safetensors file of this folder"
    ) as e:
        open_tensors(folder)
    assert str(e.value).isprintable()


@pytest.mark.parametrize("index", ["{}", '{"weight_map": []}', '{"weight_map": {}}'])
def test_an_index_without_a_map_is_refused(folder: Path, index: str) -> None:
    folder.mkdir()
    (folder / "model.safetensors.index.json").write_text(index)
    with pytest.raises(BadCheckpoint, match="has no weight_map"):
        open_tensors(folder)


def test_an_index_that_is_not_json_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / "model.safetensors.index.json").write_text("<html>")
    with pytest.raises(BadCheckpoint, match=r"index\.json is not JSON: .* at line 1, column 1"):
        open_tensors(folder)


@pytest.mark.skipif(not SHARED.is_dir(), reason="no checkpoints beside the repository")
def test_real_checkpoints_are_read_as_the_safetensors_library_reads_them() -> None:
    for file in SHARED.glob("*/model.safetensors"):
        tensors = open_tensors(file.parent)
        for name, expected in load_file(file).items():
            if tensors.dtype(name) == "F32":
                np.testing.assert_array_equal(tensors.read(name), expected)
