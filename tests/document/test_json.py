import io
import json
import subprocess
import sys
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

import attnviz
from attnviz.document import read, read_json, write_json
from attnviz.errors import DocumentError, InputError
from attnviz.result import AttentionMap, AttentionResult, ModelInfo, Token
from tests.document.documents import (
    as_dict,
    assert_same,
    json_bytes,
    results,
    small,
    with_weights,
)


@given(results())
def test_json_round_trip_is_lossless(result: AttentionResult) -> None:
    [back] = read(json_bytes(result))
    assert_same(back, result)


def test_the_document_says_who_wrote_it_and_what_it_holds() -> None:
    document = as_dict(small())
    assert document["schema"] == "attnviz/1"
    assert document["attnviz"] == attnviz.__version__
    assert document["model"] == {
        "name": "tiny",
        "model_type": "bert",
        "n_layers": 2,
        "n_heads": 2,
        "revision": None,
        "sha256": None,
        "max_seq_length": None,
    }
    assert document["tokens"][1] == {
        "text": "un",
        "id": 4895,
        "start": 0,
        "end": 2,
        "word": 0,
        "special": False,
        "segment": 0,
    }
    assert document["maps"]["encoder"]["weights"][0][0][1] == [0.25, 0.75, 0]
    assert "hidden" not in document
    assert "precision" not in document


def test_a_slice_keeps_its_true_indices() -> None:
    part = small().maps["encoder"].select(layers=[1], keys=[2, 0])
    result = replace(small(), maps={"encoder": part})
    assert as_dict(result)["maps"]["encoder"]["layers"] == [1]
    [back] = read_json(json_bytes(result))
    assert back.maps["encoder"].keys == (2, 0)


def test_each_document_is_one_line_so_that_several_are_json_lines() -> None:
    data = json_bytes(small())
    assert data.count(b"\n") == 1
    assert data.endswith(b"}\n")
    assert len(read_json(data * 3)) == 3


def test_documents_spread_over_lines_are_read_one_after_another() -> None:
    pretty = json.dumps(as_dict(small()), indent=2).encode()
    assert len(read_json(b"\xef\xbb\xbf" + pretty + b"\n\n" + pretty)) == 2


def test_precision_rounds_and_the_document_says_so() -> None:
    rounded = json.loads(json_bytes(with_weights([[[[1 / 3, 2 / 3, 0]] * 3]]), precision=3))
    assert rounded["maps"]["encoder"]["weights"][0][0][0] == [0.333, 0.667, 0]
    assert rounded["precision"] == 3


def test_hidden_states_are_written_when_there_are_any() -> None:
    hidden = np.array([[-1.5, 1e-30], [3.4e38, 0], [1, 2]], np.float32)
    [back] = read_json(json_bytes(replace(small(), hidden=hidden)))
    assert back.hidden is not None
    assert back.hidden.tobytes() == hidden.tobytes()


def test_letters_read_as_themselves_and_nothing_in_the_text_acts() -> None:
    hostile = "帽子 \x1b[31m \x9b \u202e \u2028 \U000e0041 </script>"
    result = replace(small(), texts=(hostile,), model=ModelInfo(hostile))
    data = json_bytes(result)
    assert "帽子".encode() in data
    assert data.decode().rstrip("\n").isprintable()
    [back] = read_json(data)
    assert back.texts == (hostile,)
    assert back.model.name == hostile


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    result = replace(small(), tokens=(Token("\ud83d"), *small().tokens[1:]))
    [back] = read_json(json_bytes(result))
    assert back.tokens[0].text == "\ufffd"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.5, 1.5])
def test_weights_that_cannot_be_read_back_are_not_written(bad: float) -> None:
    stream = io.BytesIO()
    weights = np.array(small().maps["encoder"].weights)
    weights[1, 0, 2, 1] = bad
    with pytest.raises(DocumentError, match=r"maps\.encoder\.weights\[1\]\[0\]\[2\]\[1\]"):
        write_json(with_weights(weights), stream)
    assert stream.getvalue() == b""


def test_a_negative_precision_is_refused_before_anything_is_written() -> None:
    stream = io.BytesIO()
    with pytest.raises(InputError, match="precision is -1"):
        write_json(small(), stream, precision=-1)
    assert stream.getvalue() == b""


def test_writing_takes_far_less_memory_than_the_text_it_writes() -> None:
    class Counter(io.RawIOBase):
        n_bytes = 0

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.n_bytes += len(data)
            return len(data)

    n = 384
    weights = np.random.default_rng(1).random((2, 3, n, n), np.float32)
    tokens = tuple(Token(f"t{i}") for i in range(n))
    result = AttentionResult(tokens, {"encoder": AttentionMap(weights)})
    counter = Counter()
    tracemalloc.start()
    write_json(result, counter)  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counter.n_bytes > 8_000_000
    assert peak < 5_000_000


def test_documents_need_neither_matplotlib_nor_rich() -> None:
    code = "import sys, attnviz.document; print({'matplotlib', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
