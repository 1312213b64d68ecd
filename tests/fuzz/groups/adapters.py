"""LoRA adapters whose settings or weights are damaged, of bases that are sound."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random

import numpy as np

from attnviz.checkpoint.opened import open_checkpoint
from tests.fuzz.judge import Case, by_library
from tests.fuzz.values import broken_bytes, broken_json, changed

__all__ = ["Adapters"]

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "adapters"


class Adapters:
    """One folder of an adapter, written anew for every input."""

    def __init__(self, place: Path) -> None:
        self.sources = sorted(path.parent for path in FIXTURES.glob("*/*/adapter_config.json"))
        self.folder = place / "adapter"

    def case(self, random: Random) -> Case:
        """An adapter with settings of another kind, or bytes that are not what they were."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        source = random.choice(self.sources)
        base = random.choice(self.sources).parent if random.random() < 0.1 else source.parent
        config = json.loads((source / "adapter_config.json").read_text())
        config["base_model_name_or_path"] = str(base)
        config = changed(random, config) if random.random() < 0.6 else config
        rarely = random.random() < 0.1
        raw = broken_json(random, config) if rarely else json.dumps(config).encode()
        (self.folder / "adapter_config.json").write_bytes(raw)
        weights = (source / "adapter_model.safetensors").read_bytes()
        broken = broken_bytes(random, weights) if random.random() < 0.5 else weights
        (self.folder / "adapter_model.safetensors").write_bytes(broken)
        return by_library(lambda: reads(self.folder))


def reads(folder: Path) -> None:
    """Open an adapter and read every tensor, whole and by rows."""
    tensors = open_checkpoint(folder).tensors
    for name in tensors.names:
        tensors.read(name)
        tensors.read_rows(name, np.array([0]))
