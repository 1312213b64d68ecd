import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.document import read, read_npz, write_npz
from attnviz.errors import DocumentError
from attnviz.result import AttentionResult
from tests.document.documents import as_dict, assert_same, npz_bytes, results, small, with_weights

LABELS = json.dumps({"schema": "attnviz/1", "tokens": ["it", "hat"]})
WEIGHTS = np.full((1, 1, 2, 2), 0.5, np.float32)


def saved(**arrays: Any) -> bytes:
    """An NPZ file as NumPy itself writes it, compressed."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def npy(header: str, data: bytes = b"") -> bytes:
    """An NPY file with any header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def with_encoder(member: bytes) -> bytes:
    """An NPZ document whose labels are sound and whose weights are these bytes."""
    stream = io.BytesIO()
    np.save(stream, np.array(LABELS))
    return zipped({"document.npy": stream.getvalue(), "encoder.npy": member})


@given(results())
def test_npz_round_trip_is_lossless(result: AttentionResult) -> None:
    [back] = read(npz_bytes(result))
    assert_same(back, result)


def test_numpy_loads_the_arrays_without_pickle() -> None:
    hidden = np.ones((3, 4), np.float32)
    with np.load(io.BytesIO(npz_bytes(replace(small(), hidden=hidden))), allow_pickle=False) as npz:
        assert npz["encoder"].dtype == np.float32
        assert np.array_equal(npz["encoder"], small().maps["encoder"].weights)
        assert np.array_equal(npz["hidden"], hidden)
        labels = json.loads(str(npz["document"]))
    expected = as_dict(small())
    del expected["maps"]["encoder"]["weights"]
    assert labels == expected


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write_npz(small(), path)
    assert path.read_bytes() == npz_bytes(small())
    with zipfile.ZipFile(path) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_weights_that_cannot_be_read_back_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="is nan"):
        write_npz(with_weights(np.full((1, 1, 3, 3), np.nan)), tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", ["f2", ">f4", "f8", "u1", "i8"])
def test_arrays_of_any_number_type_are_read(dtype: str) -> None:
    weights = np.eye(2).reshape(1, 1, 2, 2).astype(dtype)
    result = read_npz(saved(document=LABELS, encoder=weights))
    assert result.maps["encoder"].weights.dtype == np.float32
    assert result.maps["encoder"].weights.tolist() == [[[[1, 0], [0, 1]]]]


def test_labels_may_be_bytes_and_arrays_in_column_order() -> None:
    weights = np.asfortranarray([[[[0.25, 0.75], [1, 0]]]], np.float32)
    labels = np.array(LABELS.replace("hat", "帽子").encode())
    result = read_npz(saved(document=labels, encoder=weights, other=np.array([object]) == 1))
    assert result.tokens[1].text == "帽子"
    assert np.array_equal(result.maps["encoder"].weights, weights)


TRUE_SIZED = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (True, 1), }", b"1")


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (saved(encoder=WEIGHTS), "has no string 'document'"),
        (saved(document=np.zeros(3), encoder=WEIGHTS), "'document' is not one string"),
        (saved(document=[LABELS] * 2, encoder=WEIGHTS), "'document' is not one string"),
        (zipped({"document.npy": TRUE_SIZED}), r"declares the shape \(True, 1\), which is not"),
        (saved(document=b"\xff\xfe", encoder=WEIGHTS), "'document' is not Unicode text"),
        (saved(document="{", encoder=WEIGHTS), "line 1, column 2 is not JSON"),
        (saved(document="{}", encoder=WEIGHTS), 'lacks "schema"'),
        (saved(document=LABELS), "maps is missing or empty"),
        (saved(document=LABELS, encoder=WEIGHTS[0]), "maps.encoder.weights has 3 axes, shape"),
        (saved(document=LABELS, encoder=WEIGHTS * -1), "weights lie from 0 to 1"),
        (saved(document=LABELS, encoder=WEIGHTS * 1j), "type complex64, which are never loaded"),
        (saved(document=LABELS, encoder=WEIGHTS > 0), "type bool, which are never loaded"),
        (saved(document=LABELS, encoder=[["a"]]), "array 'encoder' holds text"),
        (saved(document=LABELS, encoder=WEIGHTS[..., :0]), "declares a shape"),
        (saved(document=LABELS, encoder=WEIGHTS[..., :1]), "1 keys but there are 2 tokens"),
        (saved(document=LABELS, encoder=WEIGHTS, hidden=WEIGHTS), "'hidden' has 4 axes, not 2"),
        (saved(document=LABELS, encoder=WEIGHTS, hidden=[[1], [np.nan]]), r"hidden\[1\]\[0\] is"),
        (
            saved(document=LABELS[:-1] + ', "maps": {"decoder": {}}}', encoder=WEIGHTS),
            r"maps\.decoder is described but there is no array 'decoder'",
        ),
        (npz_bytes(small())[:-1], "damaged or incomplete"),
        (npz_bytes(small())[:300], "damaged or incomplete"),
        (b"PK\x03\x04", "damaged or incomplete"),
        (zipped({}), "has no string 'document'"),
        (zipped({"document.npy": b"hello"}), "'document' is not in the NPY format"),
        (zipped({"document.npy": LABELS.encode()}, zipfile.ZIP_LZMA), "compressed in a way"),
    ],
)
def test_a_malformed_file_is_refused_with_the_place(data: bytes, where: str) -> None:
    with pytest.raises(DocumentError, match=where) as refusal:
        read(data)
    assert str(refusal.value).startswith("the document is malformed: ")


def test_python_objects_are_never_loaded() -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(DocumentError, match="type object, which are never loaded"):
        read(with_encoder(stream.getvalue()))


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999, 99999, 9, 9)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -1, 2, 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 99999999999999999999999)}",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
        "{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (1, 1, 1, 2)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1, " * 3000 + "4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 4}",
        "{'descr': 'hello', 'fortran_order': False, 'shape': (4,)}",
        "{'descr': '<f4', 'shape': (4,)}",
        "{" * 5000,
        "(" * 5000,
        "-" * 9000 + "1",
        "'''",
        "",
        "x" * 20000,
    ],
)
def test_a_hostile_header_is_refused(header: str) -> None:
    with pytest.raises(DocumentError, match="array 'encoder'"):
        read(with_encoder(npy(header, WEIGHTS.tobytes())))


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zipped({"encoder.npy": bytes(1 << 27)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(DocumentError, match="bytes but claims 134217728 once unpacked"):
        read(bomb)


@given(st.data())
def test_damaged_files_give_the_same_result_or_a_document_error(data: st.DataObject) -> None:
    damaged = bytearray(npz_bytes(small()))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(
            st.integers(4, len(damaged) - 1) | st.integers(len(damaged) - 350, len(damaged) - 1)
        )
        damaged[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
    try:
        [result] = read(bytes(damaged))
    except DocumentError:
        return
    assert np.array_equal(result.maps["encoder"].weights, small().maps["encoder"].weights)


@given(st.data())
def test_damaged_members_give_a_result_or_a_document_error(data: st.DataObject) -> None:
    stream = io.BytesIO()
    np.save(stream, WEIGHTS)
    member = bytearray(stream.getvalue())
    at = data.draw(st.integers(0, len(member) - 1))
    member[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    try:
        result = read_npz(with_encoder(bytes(member)))
    except DocumentError:
        return
    assert result.maps["encoder"].weights.shape[2:] == (2, 2)
