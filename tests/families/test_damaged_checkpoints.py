"""Damaged at random, a checkpoint gives one sentence or a result: no crash, and no gigabytes."""

from __future__ import annotations

import json
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attnviz
from attnviz.errors import AttnvizError, AttnvizWarning
from attnviz.families import specify
from tests.support.references import read, recipe
from tests.support.seeded import write_checkpoint

Folder = dict[str, bytes]  # file name → content

NAMES = (
    "bert-plain",
    "gpt2-plain",
    "llama-rotary-yarn",
    "gemma3_text-new-bases",
    "falcon-new",
    "stablelm-query-key-norms",
    "albert-both-groups",
    "deberta-v2-convolution",
    "modernbert-plain",
    "gpt_neo-plain",
    "smollm3-listed",
    "t5-gated-gelu",
    "marian-plain",
)
MEGABYTES = 48  # of memory that no checkpoint of a few kilobytes may take
few = settings(max_examples=60, deadline=None)

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 70),
    st.sampled_from([10**6, 10**9, 10**12, 2**63, 10**400, -(10**18)]),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["gelu", "relu", "xielu", "yarn", "gated-silu", "c2p", "full_attention"]),
)
values = st.recursive(
    odd,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@cache
def whole(name: str, shards: int = 1) -> Folder:
    """The files of a reference's checkpoint."""
    with TemporaryDirectory() as folder:
        write_checkpoint(Path(folder), replace(recipe(read(name)), shards=shards))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@contextmanager
def within(megabytes: int) -> Iterator[None]:
    """Hold what is done inside to so much memory."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 2**20


def survive(files: Folder, name: str) -> None:
    """Load and run what the files say: a sentence, or weights that are some."""
    given_ids = read(name)["inputs"][0]
    with TemporaryDirectory() as path, within(MEGABYTES), warnings.catch_warnings():
        warnings.simplefilter("ignore", AttnvizWarning)
        for file, content in files.items():
            (Path(path) / file).write_bytes(content)
        try:
            result = attnviz.load(path).attend(**given_ids, hidden=True)
        except AttnvizError as error:
            assert str(error)
            assert "\n" not in str(error)
            return
    for attention in result.maps.values():
        np.testing.assert_allclose(attention.weights.sum(-1), 1, atol=1e-3)


def edited(files: Folder, file: str, edit: Callable[[dict[str, Any]], None]) -> Folder:
    """The files with one JSON file changed."""
    content = json.loads(files[file])
    edit(content)
    return files | {file: json.dumps(content).encode()}


def header_and_data(content: bytes) -> tuple[dict[str, Any], bytes]:
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def safetensors(header: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@few
@given(st.sampled_from(NAMES), st.data())
def test_any_value_under_any_key_of_a_config(name: str, data: st.DataObject) -> None:
    def edit(config: dict[str, Any]) -> None:
        keys = sorted({*config, *specify(config).config.read} - {"model_type"})
        for key in data.draw(st.lists(st.sampled_from(keys), min_size=1, max_size=3)):
            config[key] = data.draw(values)

    survive(edited(whole(name), "config.json", edit), name)


@pytest.mark.parametrize("size", [2**31 - 1, 10**5])
@pytest.mark.parametrize(
    "name", ["gemma-plain", "mixtral-plain", "qwen2_moe-plain", "deepseek_v2-plain"]
)
def test_any_size_of_a_config_claimed_enormous(name: str, size: int) -> None:
    sizes = json.loads(whole(name)["config.json"])
    for key in [key for key, value in sizes.items() if type(value) is int]:
        survive(
            edited(whole(name), "config.json", lambda config, k=key: config.update({k: size})), name
        )


@few
@given(st.sampled_from(NAMES), st.data())
def test_any_bytes_anywhere_in_the_weights(name: str, data: st.DataObject) -> None:
    files = whole(name)
    content = bytearray(files["model.safetensors"])
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(content) - 1))
        blow = data.draw(st.binary(min_size=1, max_size=8))
        content[start : start + len(blow)] = blow
    survive(files | {"model.safetensors": bytes(content)}, name)


@few
@given(st.sampled_from(NAMES), st.data())
def test_weights_cut_short_or_with_something_behind_them(name: str, data: st.DataObject) -> None:
    content = whole(name)["model.safetensors"]
    cut = content[: data.draw(st.integers(0, len(content)))]
    more = data.draw(st.sampled_from([b"", bytes(16), content]))
    survive(whole(name) | {"model.safetensors": cut + more}, name)


@few
@given(st.sampled_from(NAMES), st.data())
def test_any_entry_of_a_header_changed(name: str, data: st.DataObject) -> None:
    header, body = header_and_data(whole(name)["model.safetensors"])
    theirs = data.draw(st.sampled_from(sorted(header)))
    what = data.draw(st.sampled_from(["name", "gone", "shape", "dtype", "data_offsets", "entry"]))
    if what in ("name", "gone"):
        entry = header.pop(theirs)
        header |= {data.draw(st.text(max_size=20)): entry} if what == "name" else {}
    elif what == "shape":
        header[theirs]["shape"] = data.draw(st.lists(st.integers(-1, 80), max_size=4) | odd)
    elif what == "dtype":
        known = st.sampled_from(["F16", "BF16", "F64", "I64", "U8", "F8_E4M3", "F4"])
        header[theirs]["dtype"] = data.draw(known | odd)
    elif what == "data_offsets":
        header[theirs]["data_offsets"] = data.draw(st.lists(st.integers(0, 10**6)) | odd)
    else:
        header[theirs] = data.draw(values)
    survive(whole(name) | {"model.safetensors": safetensors(header, body)}, name)


@few
@given(st.sampled_from(NAMES), st.data())
def test_two_tensors_with_their_names_exchanged(name: str, data: st.DataObject) -> None:
    header, body = header_and_data(whole(name)["model.safetensors"])
    one, other = data.draw(st.permutations([n for n in header if n[0] != "_"]))[:2]
    header[one], header[other] = header[other], header[one]
    survive(whole(name) | {"model.safetensors": safetensors(header, body)}, name)


@few
@given(st.sampled_from(NAMES), st.data())
def test_an_index_that_says_something_else(name: str, data: st.DataObject) -> None:
    files = dict(whole(name, shards=2))
    index, shards = "model.safetensors.index.json", sorted(n for n in files if "-of-" in n)

    def edit(content: dict[str, Any]) -> None:
        if data.draw(st.booleans()):
            theirs = data.draw(st.sampled_from(sorted(content["weight_map"])))
            elsewhere = st.sampled_from([*shards, "../config.json", "config.json", "none"]) | odd
            content["weight_map"][theirs] = data.draw(elsewhere)
        else:
            content["weight_map"] = data.draw(values)

    if data.draw(st.booleans()):
        del files[data.draw(st.sampled_from(shards))]
    survive(edited(files, index, edit), name)


@few
@given(st.sampled_from(NAMES), st.data())
def test_numbers_of_any_size(name: str, data: st.DataObject) -> None:
    header, body = header_and_data(whole(name)["model.safetensors"])
    theirs = data.draw(st.sampled_from([n for n in header if n[0] != "_"]))
    start, stop = header[theirs]["data_offsets"]
    number = data.draw(st.floats(width=32) | st.sampled_from([3e38, -3e38, 1e-45, 1e19]))
    filled = np.full((stop - start) // 4, number, np.float32).tobytes()
    content = safetensors(header, body[:start] + filled + body[stop:])
    survive(whole(name) | {"model.safetensors": content}, name)
