"""PEFT's LoRA adapters (Hu et al. 2022): merged into the weights of their base model.

W + (α/r) B A, or α/√r where use_rslora says so (Kalajdzievski 2023); with use_dora the rows of the
sum have the length that the adapter stores (Liu et al. 2024).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from attnviz.checkpoint.derived import Derived, Made
from attnviz.checkpoint.files import read_json
from attnviz.checkpoint.layout import ADAPTER, ADAPTER_FILES
from attnviz.checkpoint.tensors import Tensors
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.result import FloatArray

MOST_ALPHA = 1e30
PREFIX = re.compile(r"base_model\.(model\.)?")
WRAPPED = re.compile(r"\.(modules_to_save|base_layer|original_module|default)(?=\.)")
PATTERN = re.compile(r"\^?[\w.-]+")
PLAIN_STARTS = (None, True, False, "gaussian", "orthogonal", "eva")
TRANSPOSED = {"gpt2": re.compile(r"\.(c_\w+|q_attn)$"), "openai-gpt": re.compile(r"\.c_\w+$")}
"""Types whose modules store weights (in, out)."""
UNKNOWN_IF_SET = ("target_parameters", "trainable_token_indices", "lora_bias", "megatron_config")


class Adapter(NamedTuple):
    """What an adapter's folder says."""

    folder: Path
    base: str
    config: Mapping[str, Any]


class Change(NamedTuple):
    """What an adapter has for one module."""

    a: str
    b: str
    magnitude: str | None
    embedding: bool


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter rather than a model."""
    return (folder / ADAPTER).is_file() and any((folder / name).is_file() for name in ADAPTER_FILES)


def read_adapter(folder: Path) -> Adapter:
    """The adapter in a folder; UnsupportedModel for one that is not LoRA's, or is so in part."""
    config = read_json(folder / ADAPTER)
    kind, base = config.get("peft_type"), config.get("base_model_name_or_path")
    if kind != "LORA":
        raise UnsupportedModel(
            f"{ADAPTER} has the peft_type {quote(kind)}; attnviz merges LORA adapters only"
        )
    if not isinstance(base, str) or not base:
        raise BadCheckpoint(f"{ADAPTER} names no base_model_name_or_path to merge it into")
    for name in UNKNOWN_IF_SET:
        if config.get(name):
            raise UnsupportedModel(f"{ADAPTER} has {name}, which attnviz does not merge")
    start = config.get("init_lora_weights")
    if start not in PLAIN_STARTS:
        raise UnsupportedModel(
            f"{ADAPTER} has init_lora_weights {quote(start)}, which changes the base model; save "
            "it with peft's conversion to plain LoRA"
        )
    return Adapter(folder, base, config)


def weights_file(adapter: Adapter) -> str:
    """The file of an adapter's weights."""
    return next(name for name in ADAPTER_FILES if (adapter.folder / name).is_file())


def merge(adapter: Adapter, weights: Tensors, base: Tensors, model_type: object) -> Derived:
    """The base's tensors with the adapter's changes, each merged when it is read."""
    changes, saved = _sorted(weights)
    made: dict[str, Made] = {}
    for path, change in changes.items():
        name = _target(f"{path}.weight", base.names)
        if name is None:
            raise BadCheckpoint(
                f"the adapter changes {quote(path)}, which its base {quote(adapter.base)} lacks"
            )
        across = lies_across(model_type, path)
        made[name] = _merged(adapter, path, change, weights, base, name, across)
    for theirs, stored in saved.items():
        name = _target(theirs, base.names) or theirs
        weights.require_readable(stored)
        made[name] = Made(
            weights.shape(stored), weights.dtype(stored), partial(weights.read, stored)
        )
    kept = {name: name for name in base.names if name not in made}
    return Derived(base, kept, made, (base, weights))


def lies_across(model_type: object, module: str) -> bool:
    """Whether this module of this type of model stores its weight (in, out)."""
    rule = TRANSPOSED.get(str(model_type))
    return rule is not None and rule.search(f".{module}") is not None


def _sorted(weights: Tensors) -> tuple[dict[str, Change], dict[str, str]]:
    """The modules that are changed, and the tensors that are replaced whole."""
    parts: dict[str, dict[str, str]] = {}
    saved = {}
    for stored in weights.names:
        name = WRAPPED.sub("", PREFIX.sub("", stored, count=1))
        path, found, rest = name.partition(".lora_")
        if not found:
            saved[name] = stored
            continue
        parts.setdefault(path, {})[rest.removesuffix(".weight")] = stored
    changes = {}
    for path, its in parts.items():
        embedding = "embedding_A" in its
        a, b = (its.get(f"embedding_{x}" if embedding else x) for x in "AB")
        known = {"embedding_A", "embedding_B"} if embedding else {"A", "B", "magnitude_vector"}
        if a is None or b is None or its.keys() - known:
            raise UnsupportedModel(
                f"the adapter has {', '.join(sorted(its))} for {quote(path)}; attnviz merges "
                "lora_A with lora_B"
            )
        changes[path] = Change(a, b, its.get("magnitude_vector"), embedding)
    return changes, saved


def _merged(
    adapter: Adapter,
    path: str,
    change: Change,
    weights: Tensors,
    base: Tensors,
    name: str,
    across: bool,
) -> Made:
    """One tensor with its change; shapes are checked now, numbers read later."""
    a, b, shape = weights.shape(change.a), weights.shape(change.b), base.shape(name)
    across = across or change.embedding
    wanted = shape[::-1] if across else shape
    if len(a) != 2 or len(b) != 2 or a[0] != b[1] or (b[0], a[1]) != wanted or not a[0]:
        raise BadCheckpoint(
            f"the adapter's {a} and {b} for {quote(path)} do not fit the base's {shape}"
        )
    for tensors, each in ((weights, change.a), (weights, change.b), (base, name)):
        tensors.require_readable(each)
    scale = _scale(adapter.config, path, a[0])

    def make() -> FloatArray:
        delta = weights.read(change.b) @ weights.read(change.a)
        delta *= np.float32(scale)
        total: FloatArray = base.read(name)
        total += delta.T if across else delta
        if change.magnitude is not None:
            rows = total.T if across else total
            length = np.linalg.norm(rows, axis=1, keepdims=True)
            rows *= weights.read(change.magnitude).reshape(-1, 1) / length
        return total

    return Made(shape, base.dtype(name), make)


def _scale(config: Mapping[str, Any], path: str, rank: int) -> float:
    """α/r or α/√r, with the α of the module where alpha_pattern gives it one."""
    alpha = config.get("lora_alpha", 8)
    patterns = config.get("alpha_pattern") or {}
    if not isinstance(patterns, dict):
        raise BadCheckpoint(f"{ADAPTER} has an alpha_pattern that is no object")
    alpha = next((value for key, value in patterns.items() if _fits(key, path)), alpha)
    if isinstance(alpha, bool) or not isinstance(alpha, int | float):
        raise BadCheckpoint(f"{ADAPTER} has lora_alpha {quote(alpha)}, which is no number")
    if not abs(alpha) < MOST_ALPHA:
        raise BadCheckpoint(f"{ADAPTER} has lora_alpha {quote(alpha)}, which is no scale")
    return float(alpha) / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _fits(key: str, path: str) -> bool:
    """Whether a pattern, which peft takes for a regular expression, means this module."""
    if not PATTERN.fullmatch(key):
        raise UnsupportedModel(
            f"{ADAPTER} has the alpha_pattern {quote(key)}; attnviz reads names of modules only"
        )
    if key.startswith("^"):
        return path == key[1:]
    return path == key or path.endswith(f".{key}")


def _target(theirs: str, names: Iterable[str]) -> str | None:
    """The base's name of a tensor, which may have a prefix more or less than the adapter's."""
    known = set(names)
    if theirs in known:
        return theirs
    longer = [name for name in known if name.endswith(f".{theirs}")]
    if len(longer) == 1:
        return longer[0]
    shorter = theirs
    while "." in shorter:
        shorter = shorter.partition(".")[2]
        if shorter in known and shorter.count("."):
            return shorter
    return None
