"""Files that torch.save wrote are read without running anything they name."""

from __future__ import annotations

import io
import os
import pickle
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.checkpoint import torch_pickle
from attnviz.checkpoint.tensors import Tensors, open_tensors
from attnviz.checkpoint.torch_pickle import read_pickle
from attnviz.errors import AttnvizError, BadCheckpoint, ModelError, UnsupportedModel
from tests.checkpoint.raw import f32, folder_with, tensor_bytes

FIXTURES = Path(__file__).parents[1] / "fixtures/torch"
EXPECTED = dict(np.load(FIXTURES / "expected.npz"))


def opened(folder: Path, content: bytes) -> Tensors:
    (folder / "pytorch_model.bin").write_bytes(content)
    return open_tensors(folder)


def archive(described: bytes, **storages: bytes) -> bytes:
    """A zip file with this data.pkl and these storages."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("archive/data.pkl", described)
        for key, content in storages.items():
            made.writestr(f"archive/data/{key.removeprefix('s')}", content)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["zip.bin", "legacy.bin", "wrapped.bin"])
def test_both_formats_hold_the_same_numbers(name: str, tmp_path: Path) -> None:
    tensors = opened(tmp_path, (FIXTURES / name).read_bytes())
    assert set(EXPECTED) <= set(tensors.names)
    for key, array in EXPECTED.items():
        np.testing.assert_array_equal(tensors.read(key), array)


def test_rows_of_a_transposed_tensor_are_its_rows(tmp_path: Path) -> None:
    tensors = opened(tmp_path, (FIXTURES / "zip.bin").read_bytes())
    rows = tensors.read_rows("transposed", np.array([2, 0]))
    np.testing.assert_array_equal(rows, EXPECTED["transposed"][[2, 0]])


def test_safetensors_come_first(tmp_path: Path) -> None:
    folder_with(tmp_path, tensor_bytes({"w": f32([1.0])}))
    assert list(opened(tmp_path, b"not even a pickle").names) == ["w"]


def test_shards_that_an_index_names_are_one_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model-1.bin").write_bytes((FIXTURES / "zip.bin").read_bytes())
    index = '{"weight_map": {"float": "pytorch_model-1.bin"}}'
    (tmp_path / "pytorch_model.bin.index.json").write_text(index)
    np.testing.assert_array_equal(open_tensors(tmp_path).read("float"), EXPECTED["float"])


def test_an_object_of_a_class_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModel, match=r"names 'torch\.nn\.modules\.linear\.Linear'"):
        opened(tmp_path, (FIXTURES / "module.bin").read_bytes())


class Runs:
    """Whoever unpickles this runs a command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_nothing_that_a_pickle_names_is_run(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "it ran"
    described = pickle.dumps({"w": Runs(f"touch '{trace}'")}, protocol)
    with pytest.raises(ModelError, match=r"names 'posix\.system'|pickle opcode|not a pickle"):
        opened(tmp_path, archive(described))
    assert not trace.exists()


@pytest.mark.parametrize(
    ("described", "sentence"),
    [
        (b"\x80\x02}q\x00", "is not a pickle of weights"),
        (b"\x80\x02X\xff\xff\xff\x7fw", "is not a pickle of weights"),
        (b"\x80\x02]q\x00.", "holds no named tensors"),
        (pickle.dumps({"w": 1.5}, 2), "holds no named tensors"),
        (b"\x80\x02(i__builtin__\neval\n.", "pickle opcode INST"),
    ],
)
def test_what_holds_no_weights_is_one_sentence(
    tmp_path: Path, described: bytes, sentence: str
) -> None:
    with pytest.raises(BadCheckpoint, match=sentence):
        opened(tmp_path, archive(described))


def test_tuples_that_hold_each_other_many_times_take_no_time(tmp_path: Path) -> None:
    nested = b"\x80\x02)" + b"".join(b"q%c0h%ch%c\x86" % (i, i, i) for i in range(200)) + b"N\x86."
    with pytest.raises(BadCheckpoint):
        opened(tmp_path, archive(nested))


ORDERED, SIZE = b"ccollections\nOrderedDict\n", b"ctorch\nSize\n"
TWICE = b")q\x00" + b"h\x00h\x00\x86q\x00" * 40  # a tuple of 2⁴⁰ empty ones


@pytest.mark.parametrize(
    ("described", "sentence"),
    [
        (TWICE + ORDERED + b"](h\x00N\x86e\x85R.", "not a pickle of weights"),
        (TWICE + b"0}(h\x00Nu.", "pickle opcode POP"),
        (TWICE + b"}q\x01(h\x00Nu.", "not a pickle of weights"),
        (b"}q\x00X\x05\x00\x00\x00modelh\x00s.", "holds no named tensors"),
        (
            b"](" + b"N" * 9000 + b"eq\x00" + SIZE + b"q\x01" + b"h\x01h\x00\x85R" * 9000 + b".",
            "more of its pickle",
        ),
        (b"}" * 100_001 + b".", "more of its pickle"),
    ],
)
def test_a_small_pickle_does_not_become_a_large_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, described: bytes, sentence: str
) -> None:
    monkeypatch.setattr(torch_pickle, "MOST_ITEMS", 100_000)
    with pytest.raises(BadCheckpoint, match=sentence):
        opened(tmp_path, archive(b"\x80\x02" + described))


def test_a_tensor_of_more_axes_than_any_weight_has_is_refused(tmp_path: Path) -> None:
    """Each is of size 1, so that its one number is enough; NumPy ends at 64 axes."""
    ones = b"(" + b"K\x01" * 99 + b"t"
    stored = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000NK\x01tQ"
    rebuilt = b"ctorch._utils\n_rebuild_tensor_v2\n(" + stored + b"K\x00" + ones + ones + b"NNtR"
    described = b"\x80\x02}X\x01\x00\x00\x00w" + rebuilt + b"s."
    with pytest.raises(BadCheckpoint, match="has 99 axes"):
        opened(tmp_path, archive(described, s0=bytes(4)))


def test_a_pickle_that_is_compressed_is_not_unpacked(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("archive/data.pkl", b"\x80\x02" + b"}" * 90_000_000)
    with pytest.raises(UnsupportedModel, match="is compressed"):
        opened(tmp_path, stream.getvalue())


@pytest.mark.parametrize("name", ["zip.bin", "legacy.bin"])
@given(data=st.data())
def test_any_damage_is_read_or_refused(name: str, data: st.DataObject) -> None:
    content = bytearray((FIXTURES / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(len(content) // 2, len(content)))
    with tempfile.TemporaryDirectory() as folder, suppress(AttnvizError):
        tensors = opened(Path(folder), bytes(content[:cut]))
        for key in tensors.names:
            tensors.read(key)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_pickle_of_data_or_refused(content: bytes) -> None:
    with suppress(AttnvizError):
        read_pickle(io.BytesIO(b"\x80\x02" + content), "weights.bin")
