"""Of a mixture of experts, what no token goes to is not read, so it may be larger than memory."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import attnviz
from attnviz.checkpoint.tensors import Tensors
from tests.support.references import read, recipe
from tests.support.seeded import write_checkpoint

CONFIG = {
    "model_type": "mixtral",
    "vocab_size": 40,
    "hidden_size": 256,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "intermediate_size": 3328,
    "num_local_experts": 64,
    "max_position_embeddings": 64,
}
LIMIT = 2 << 30

RUN = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
import attnviz
result = attnviz.load(sys.argv[1]).attend(token_ids=[3, 5, 8])
print(result.maps["decoder"].weights.shape)
"""


def shapes() -> dict[str, list[int]]:
    """The tensors of the checkpoint that CONFIG describes."""
    d, d_ff, vocab = (CONFIG[key] for key in ("hidden_size", "intermediate_size", "vocab_size"))
    found = {"model.embed_tokens.weight": [vocab, d], "model.norm.weight": [d]}
    for layer in range(CONFIG["num_hidden_layers"]):
        prefix = f"model.layers.{layer}"
        for norm in ("input_layernorm", "post_attention_layernorm"):
            found[f"{prefix}.{norm}.weight"] = [d]
        for name in "qkvo":
            found[f"{prefix}.self_attn.{name}_proj.weight"] = [d, d]
        moe = f"{prefix}.block_sparse_moe"
        found[f"{moe}.gate.weight"] = [CONFIG["num_local_experts"], d]
        for expert in range(CONFIG["num_local_experts"]):
            sizes = {"w1": [d_ff, d], "w2": [d, d_ff], "w3": [d_ff, d]}
            found |= {f"{moe}.experts.{expert}.{w}.weight": s for w, s in sizes.items()}
    return found


def write_hollow(folder: Path) -> int:
    """A checkpoint of zeros that takes no room on the disk; how many bytes it has."""
    header, end = {}, 0
    for name, shape in shapes().items():
        size = 4
        for side in shape:
            size *= side
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    (folder / "config.json").write_text(json.dumps(CONFIG), "utf-8")
    return end


@pytest.mark.skipif(sys.platform != "linux", reason="limits address space")
def test_a_checkpoint_larger_than_memory_runs_layer_by_layer(tmp_path: Path) -> None:
    assert write_hollow(tmp_path) > 1.8 * LIMIT
    command = [sys.executable, "-c", RUN, str(tmp_path), str(LIMIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(6, 4, 3, 3)"


def test_only_experts_that_a_token_goes_to_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()

    def noting(self: Tensors, name: str, out: object) -> None:
        asked.add(name)
        into(self, name, out)  # type: ignore[arg-type]

    into = Tensors.read_into
    monkeypatch.setattr(Tensors, "read_into", noting)
    reference = read("mixtral-one-expert-a-token")
    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(Path(folder), recipe(reference))
        attnviz.load(folder).attend(token_ids=[5], hidden=True)
    for layer in range(2):
        experts = {
            name.split(".")[5]
            for name in asked
            if f"layers.{layer}.block" in name and "experts" in name
        }
        assert len(experts) == 1
