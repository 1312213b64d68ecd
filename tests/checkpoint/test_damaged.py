"""A damaged or hostile checkpoint is refused in one sentence that names the fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open

from attnviz.checkpoint.tensors import open_tensors
from attnviz.errors import AttnvizError, BadCheckpoint, UnsupportedModel
from tests.checkpoint.raw import entry, f32, folder_with, safetensors, tensor_bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "model"


TWO = {"a": entry(0, 2), "b": entry(8, 2)}


def changed(**items: Any) -> dict[str, Any]:
    return entry(0, 2) | items


REPEATED = b'{"a":%b,"a":%b}' % ((json.dumps(entry(0, 2)).encode(),) * 2)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "ends inside its header"),
        (b"\x08\0\0", "ends inside its header"),
        (safetensors(TWO, bytes(16))[:40], "ends inside its header"),
        (safetensors(TWO, bytes(4)), "ends inside tensor 'a'; the download may be incomplete"),
        (safetensors(TWO, bytes(15)), "ends inside tensor 'b'; the download may be incomplete"),
        (safetensors(TWO, bytes(17)), "has 1 bytes after its last tensor"),
        ((2**60).to_bytes(8, "little") + bytes(50), "would take 1,152,921,504,606,846,976 bytes"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
        (b"\x80\x02}q\0.PK\x03\x04 a pickle in disguise", "is not a safetensors file"),
        (safetensors(b"hello"), "the header of model.safetensors is not JSON"),
        (safetensors(b'{"\xff": 1}'), "the header of model.safetensors is not UTF-8"),
        (safetensors(b"[]"), "the header of model.safetensors is not a JSON object"),
        (safetensors(b"[" * 200_000), "the header of model.safetensors is nested too deeply"),
        (safetensors(b'{"a":' + b"9" * 5000 + b"}"), "a number that is too long"),
        (safetensors(REPEATED, bytes(8)), "has the key 'a' twice"),
        (safetensors({"a": 1}), "'a' in model.safetensors lacks a dtype, a shape"),
        (safetensors({"a": {"dtype": "F32", "shape": [1]}}, bytes(4)), "'a' in .* lacks"),
        (safetensors({"a": changed(dtype="F99")}, bytes(8)), "'a' in .* unknown dtype 'F99'"),
        (safetensors({"a": changed(shape=[-2])}, bytes(8)), "'a' in .* not counts"),
        (safetensors({"a": changed(shape=[2.0])}, bytes(8)), "'a' in .* not counts"),
        (safetensors({"a": changed(shape=[2, True])}, bytes(8)), "'a' in .* not counts"),
        (safetensors({"a": changed(shape=[2**64])}, bytes(8)), "'a' in .* not counts"),
        (safetensors({"a": changed(shape=[2**62] * 2)}, bytes(8)), "'a' in .* do not fit"),
        (safetensors({"a": changed(shape=[3])}, bytes(8)), "'a' in .* do not fit"),
        (safetensors({"a": changed(data_offsets=[8, 0])}, bytes(8)), "'a' in .* do not fit"),
        (safetensors({"a": entry(0, *[1] * 99)}, bytes(4)), "'a' in .* has 99 axes"),
        (safetensors({"a": entry(0, 2), "b": entry(4, 2)}, bytes(12)), "'b' in .* overlaps"),
        (safetensors({"a": entry(0, 2), "b": entry(0, 2)}, bytes(8)), "'b' in .* overlaps"),
        (safetensors({"a": entry(0, 2), "b": entry(12, 2)}, bytes(20)), "'b' in .* leaves a hole"),
        (safetensors({"a": entry(4, 2)}, bytes(12)), "'a' in .* leaves a hole"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_its_fault(
    folder: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(BadCheckpoint, match=reason) as error:
        open_tensors(folder_with(folder, content))
    assert "\n" not in str(error.value)


def test_a_missing_tensor_is_named(folder: Path) -> None:
    tensors = open_tensors(folder_with(folder, tensor_bytes({"w": f32([1])})))
    for look in (tensors.read, tensors.shape, tensors.dtype):
        with pytest.raises(BadCheckpoint, match=r"^the checkpoint has no tensor 'wte\.weight'$"):
            look("wte.weight")


def test_a_hostile_tensor_name_reaches_the_message_escaped(folder: Path) -> None:
    content = tensor_bytes({"\x1b[2J\u202e" + "x" * 5000: ("F32", (1,), b"\0\0\xc0\x7f")})
    tensors = open_tensors(folder_with(folder, content))
    with pytest.raises(BadCheckpoint) as error:
        tensors.read(next(iter(tensors.names)))
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("dtype", ["F8_E4M3", "I64"])
def test_a_type_that_we_do_not_compute_with_is_named(folder: Path, dtype: str) -> None:
    content = safetensors({"w": entry(0, 2, dtype=dtype)}, bytes(16 if dtype == "I64" else 2))
    with pytest.raises(UnsupportedModel, match=f"'w' is stored as {dtype}; attnviz reads"):
        open_tensors(folder_with(folder, content)).read("w")


@pytest.mark.parametrize("shape", [(0,), (0, 2**62), (0, 2**62, 2**62)])
def test_an_empty_tensor_is_no_weight(folder: Path, shape: tuple[int, ...]) -> None:
    tensors = open_tensors(folder_with(folder, tensor_bytes({"w": ("F32", shape, b"")})))
    with pytest.raises(BadCheckpoint, match="'w' is empty"):
        tensors.read("w")
    with pytest.raises(BadCheckpoint, match="'w' is empty"):
        tensors.read_rows("w", np.array([0]))


def test_a_file_cut_while_it_is_open_is_an_error_not_a_crash(folder: Path) -> None:
    folder_with(folder, tensor_bytes({"a": f32(np.ones(4096)), "b": f32(np.ones(4096))}))
    tensors = open_tensors(folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(20_000)
    assert tensors.read("a").sum() == 4096
    with pytest.raises(BadCheckpoint, match=r"model\.safetensors ends inside tensor 'b'"):
        tensors.read("b")


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("training.ckpt", "but 'training.ckpt'; rename it to pytorch_model.bin"),
        ("model.onnx", "only 'model.onnx', an ONNX file"),
        ("tf_model.h5", "TensorFlow's weights; load it with transformers"),
    ],
)
def test_weights_that_are_not_read_are_named_with_a_way_out(
    folder: Path, file: str, sentence: str
) -> None:
    folder.mkdir()
    (folder / file).write_bytes(b"weights")
    with pytest.raises(BadCheckpoint, match=sentence):
        open_tensors(folder)


def test_a_variant_alone_is_read(folder: Path) -> None:
    folder.mkdir()
    (folder / "model.fp16.safetensors").write_bytes(tensor_bytes({"w": f32([1, 2])}))
    assert list(open_tensors(folder).names) == ["w"]


def test_an_adapter_alone_is_refused_with_a_way_out(folder: Path) -> None:
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(tensor_bytes({}))
    with pytest.raises(BadCheckpoint, match="only an adapter, without the adapter_config"):
        open_tensors(folder)


def test_a_folder_without_weights_says_so(folder: Path) -> None:
    folder.mkdir()
    with pytest.raises(BadCheckpoint, match=r"has no model\.safetensors$"):
        open_tensors(folder)


def test_a_folder_in_place_of_the_file_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").mkdir(parents=True)
    with pytest.raises(BadCheckpoint, match="there is no file"):
        open_tensors(folder)


# whatever happens to a file

SOUND = tensor_bytes(
    {
        "embed": f32(np.arange(12).reshape(4, 3)),
        "half": ("F16", (5,), np.arange(5, dtype=np.float16).tobytes()),
        "brain": ("BF16", (2, 2), np.full(4, 0x3F80, np.uint16).tobytes()),
        "position_ids": ("I64", (1, 3), np.arange(3).tobytes()),
    }
)
SCRAPS = [
    b"-1",
    b"9" * 20,
    b"F8_E4M3",
    b"F16",
    b"[",
    b"]",
    b'"',
    b"{}",
    b"null",
    b"1e9",
    b"\xff",
    b",",
    b"0",
]
EDIT = st.tuples(
    st.integers(0, len(SOUND)),
    st.integers(0, 40),
    st.sampled_from([b"", *SCRAPS]) | st.binary(max_size=12),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutated")


@settings(max_examples=250, deadline=None)
@given(edits=st.lists(EDIT, min_size=1, max_size=3), keep_length=st.booleans())
def test_a_file_changed_at_random_is_read_or_refused(
    place: Path, edits: list[tuple[int, int, bytes]], keep_length: bool
) -> None:
    content = SOUND
    for at, cut, insert in edits:
        content = content[:at] + insert + content[at + cut :]
    if keep_length and len(content) > 8:  # let the damage through to the JSON
        end = content.find(b"}}", 8) + 2
        content = max(end - 8, 0).to_bytes(8, "little") + content[8:]
    try:
        tensors = open_tensors(folder_with(place, content))
    except BadCheckpoint as error:
        assert str(error).isprintable()
        return
    with safe_open(place / "model.safetensors", "numpy") as reference:  # we accept no more than it
        assert set(reference.keys()) == set(tensors.names)
    for name in tensors.names:
        try:
            assert np.isfinite(tensors.read(name)).all()
            tensors.read_rows(name, np.array([0]))
        except AttnvizError as error:
            assert str(error).isprintable()


HEADER = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.fixed_dictionaries(
        {
            "dtype": st.sampled_from(["F32", "F16", "BF16", "U8", "F4", "C64"]),
            "shape": st.lists(st.integers(0, 4), max_size=3),
            "data_offsets": st.lists(st.sampled_from([0, 2, 4, 8, 12, 16]), min_size=2, max_size=2),
        }
    ),
    max_size=3,
)


@settings(max_examples=200, deadline=None)
@given(header=HEADER, size=st.sampled_from([0, 2, 4, 8, 12, 16]))
def test_we_accept_exactly_what_the_safetensors_library_accepts(
    place: Path, header: dict[str, Any], size: int
) -> None:
    folder_with(place, safetensors(header, bytes(size)))
    try:
        open_tensors(place)
        ours = True
    except BadCheckpoint:
        ours = False
    try:
        with safe_open(place / "model.safetensors", "numpy"):
            theirs = True
    except SafetensorError:
        theirs = False
    assert ours == theirs
