"""How folders lay a checkpoint out: wrappers' prefixes, shards, modules.json, code beside it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.checkpoint.source import find
from attnviz.checkpoint.tensors import open_tensors
from attnviz.errors import AttnvizWarning, BadCheckpoint
from tests.checkpoint.raw import f32, tensor_bytes
from tests.model.made import small
from tests.support.seeded import write_checkpoint

OUTSIDE = '[{"type": "x.Transformer", "path": "../x"}]'
IDS = [2, 9, 5, 3]


def names_written(folder: Path, names: list[str]) -> set[str]:
    folder.mkdir(exist_ok=True)
    arrays = {name: f32([i, i]) for i, name in enumerate(names)}
    (folder / "model.safetensors").write_bytes(tensor_bytes(arrays))
    return set(open_tensors(folder).names)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (["module.a.weight", "module.b.bias"], {"a.weight", "b.bias"}),
        (["_orig_mod.a.weight"], {"a.weight"}),
        (["module._orig_mod.a", "module._orig_mod.b"], {"a", "b"}),
        (["model.bert.embeddings.x", "model.head.bias"], {"bert.embeddings.x", "head.bias"}),
        (["model.model.layers.0.x", "model.lm_head.bias"], {"model.layers.0.x", "lm_head.bias"}),
        (["model.layers.0.x", "model.norm.weight"], {"model.layers.0.x", "model.norm.weight"}),
        (["model.encoder.layers.0.x"], {"model.encoder.layers.0.x"}),
        (["model.a", "lm_head.weight"], {"model.a", "lm_head.weight"}),
        (["module.a", "a"], {"module.a", "a"}),
    ],
)  # fmt: skip
def test_what_wraps_a_model_is_no_part_of_its_names(
    tmp_path: Path, stored: list[str], read: set[str]
) -> None:
    assert names_written(tmp_path, stored) == read


def test_a_wrapped_checkpoint_gives_the_same_numbers(tmp_path: Path) -> None:
    plain, wrapped = tmp_path / "plain", tmp_path / "wrapped"
    for folder in (plain, wrapped):
        folder.mkdir()
        write_checkpoint(folder, small("bert-plain", "wordpiece"))
    tensors = open_tensors(plain)
    arrays = {f"module.{name}": f32(tensors.read(name)) for name in tensors.names}
    (wrapped / "model.safetensors").write_bytes(tensor_bytes(arrays))
    first, second = (attnviz.load(each).attend(token_ids=IDS) for each in (plain, wrapped))
    np.testing.assert_array_equal(first.maps["encoder"].weights, second.maps["encoder"].weights)


def shards(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, arrays in files.items():
        (folder / name).write_bytes(tensor_bytes(dict(arrays)))
    return folder


def test_shards_need_no_index_and_a_lone_file_no_name(tmp_path: Path) -> None:
    one = {"a": f32([1, 1])}
    two = {"b": f32([0, 0])}
    counted = shards(
        tmp_path / "counted",
        {"model-00001-of-00002.safetensors": one, "model-00002-of-00002.safetensors": two},
    )
    assert set(open_tensors(counted).names) == {"a", "b"}
    lone = shards(tmp_path / "lone", {"weights.safetensors": one})
    assert set(open_tensors(lone).names) == {"a"}


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    one = {"a": f32([1, 1])}
    folder = shards(
        tmp_path,
        {"model-00001-of-00003.safetensors": one, "model-00003-of-00003.safetensors": one},
    )
    with pytest.raises(BadCheckpoint, match="model-00002-of-00003"):
        open_tensors(folder)


def test_a_tensor_that_two_shards_have_is_refused(tmp_path: Path) -> None:
    one = {"a": f32([1, 1])}
    folder = shards(
        tmp_path,
        {"model-00001-of-00002.safetensors": one, "model-00002-of-00002.safetensors": one},
    )
    with pytest.raises(BadCheckpoint, match=r"'a' is in model-00001.* and in model-00002"):
        open_tensors(folder)


@pytest.mark.parametrize("inside", ["0_Transformer", "transformer"])
def test_modules_json_leads_to_the_transformer(tmp_path: Path, inside: str) -> None:
    (tmp_path / inside).mkdir()
    write_checkpoint(tmp_path / inside, small("bert-plain", "wordpiece"))
    modules = [
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"path": inside, "type": "sentence_transformers.models.Transformer"},
    ]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    found = find(str(tmp_path))
    assert found is not None and found.folder == tmp_path / inside
    assert attnviz.load(tmp_path).attend(token_ids=IDS).tokens


@pytest.mark.parametrize(
    "modules", ["[", "{}", "[]", '[{"type": "x.Transformer", "path": "../x"}]']
)
def test_other_modules_are_one_sentence(tmp_path: Path, modules: str) -> None:
    (tmp_path / "modules.json").write_text(modules)
    with pytest.raises(BadCheckpoint, match=r"modules\.json"):
        attnviz.load(tmp_path)


def test_code_beside_a_model_is_told_once_and_not_run(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small("bert-plain", "wordpiece"))
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"auto_map": {"AutoModel": "modeling.Mine"}}))
    (tmp_path / "modeling.py").write_text("raise SystemExit('was run')")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        attnviz.load(tmp_path)
    told = [str(each.message) for each in caught if each.category is AttnvizWarning]
    assert len(told) == 1 and "model code of its own ('modeling.Mine'), which is not run" in told[0]
