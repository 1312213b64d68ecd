"""LoRA adapters are merged as peft merges them, which ``tests/oracle/adapters.py`` recorded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.checkpoint.opened import open_checkpoint
from attnviz.errors import BadCheckpoint, ModelNotFound, UnsupportedModel

ADAPTERS = Path(__file__).parents[1] / "fixtures/adapters"
EVERY = sorted(path.parent for path in ADAPTERS.glob("*/*/adapter_config.json"))


def copied(adapter: Path, to: Path, **changes: Any) -> Path:
    """The adapter in a folder of its own, with its base named by its path."""
    folder = shutil.copytree(adapter, to / "adapter")
    path = folder / "adapter_config.json"
    path.chmod(0o644)
    config = json.loads(path.read_text())
    config |= {"base_model_name_or_path": str(adapter.parent), **changes}
    path.write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("adapter", EVERY, ids=lambda path: f"{path.parent.name} {path.name}")
def test_the_merged_weights_are_those_of_peft(adapter: Path, tmp_path: Path) -> None:
    tensors = open_checkpoint(copied(adapter, tmp_path)).tensors
    base = open_checkpoint(adapter.parent).tensors
    expected = dict(np.load(adapter / "merged.npz"))
    tied = {"lm_head.weight": "transformer.wte.weight"}  # which is stored once
    changed = {tied.get(name, name) if name not in tensors.names else name for name in expected}
    for name, merged in expected.items():
        name = name if name in tensors.names else tied[name]
        np.testing.assert_allclose(tensors.read(name), merged, rtol=2e-6, atol=1e-6)
        rows = np.array([1, 0])
        np.testing.assert_array_equal(tensors.read_rows(name, rows), tensors.read(name)[rows])
    for name in base.names - changed:
        np.testing.assert_array_equal(tensors.read(name), base.read(name))
    assert tensors.names == base.names
    assert tensors.sha256() != base.sha256()


def test_an_adapter_attends_differently_from_its_base(tmp_path: Path) -> None:
    folder = copied(ADAPTERS / "llama/rslora", tmp_path)
    adapted, base = (attnviz.load(each) for each in (folder, ADAPTERS / "llama"))
    ids = [3, 9, 27, 5]
    first, second = (model.attend(token_ids=ids).maps["decoder"] for model in (adapted, base))
    assert np.abs(first.weights - second.weights).max() > 1e-3


def test_a_base_that_is_not_here_is_named_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    folder = copied(ADAPTERS / "bert/plain", tmp_path, base_model_name_or_path="org/base")
    with pytest.raises(ModelNotFound, match=r"adapter of 'org/base'.*attnviz models pull org/base"):
        attnviz.load(folder)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"peft_type": "IA3"}, "peft_type 'IA3'; attnviz merges LORA adapters only"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights 'pissa'"),
        ({"target_parameters": ["experts"]}, "target_parameters"),
        ({"alpha_pattern": {"(a+)+": 3}}, r"alpha_pattern '\(a\+\)\+'"),
    ],
)
def test_other_kinds_are_refused_by_name(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UnsupportedModel, match=sentence):
        open_checkpoint(copied(ADAPTERS / "llama/rslora", tmp_path, **changes))


def test_an_adapter_of_another_base_does_not_fit(tmp_path: Path) -> None:
    folder = copied(
        ADAPTERS / "llama/rslora", tmp_path, base_model_name_or_path=str(ADAPTERS / "bert")
    )
    with pytest.raises(BadCheckpoint, match="the adapter changes 'model"):
        open_checkpoint(folder)
    shutil.copytree(ADAPTERS / "llama", tmp_path / "llama")
    config = json.loads((tmp_path / "llama/config.json").read_text())
    assert config["hidden_size"] == 16
    changed = copied(ADAPTERS / "llama/rslora", tmp_path / "other", lora_alpha="much")
    with pytest.raises(BadCheckpoint, match="lora_alpha 'much'"):
        open_checkpoint(changed)
    enormous = copied(ADAPTERS / "llama/rslora", tmp_path / "third", lora_alpha=10**400)
    with pytest.raises(BadCheckpoint, match=r"lora_alpha '1000.*is no scale"):
        opened = open_checkpoint(enormous).tensors
        for name in opened.names:
            opened.read(name)


def test_an_adapter_without_weights_or_base_is_one_sentence(tmp_path: Path) -> None:
    folder = copied(ADAPTERS / "bert/plain", tmp_path, base_model_name_or_path=None)
    with pytest.raises(BadCheckpoint, match="names no base_model_name_or_path"):
        open_checkpoint(folder)
    (folder / "adapter_model.safetensors").unlink()
    with pytest.raises(BadCheckpoint, match=r"no config\.json"):
        open_checkpoint(folder)
