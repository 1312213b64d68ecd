"""A checkpoint opened: its settings, its tensors, and the folders its tokenizer may be in."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from attnviz.checkpoint.adapter import is_adapter, merge, read_adapter, weights_file
from attnviz.checkpoint.config import quantisation, read_config, read_generation_config
from attnviz.checkpoint.gguf_file import read_gguf
from attnviz.checkpoint.layout import gguf_files, gguf_parts, weight_files
from attnviz.checkpoint.source import find
from attnviz.checkpoint.tensors import Tensors, open_file, open_files, open_tensors
from attnviz.errors import AttnvizWarning, BadCheckpoint, ModelNotFound, quote

SPLIT = "split.count"


class Checkpoint(NamedTuple):
    """What a model is made from; ``folders`` are where a tokenizer is looked for, in order."""

    config: dict[str, Any]
    generation: dict[str, Any]
    tensors: Tensors
    folders: tuple[Path, ...]


def open_checkpoint(folder: Path) -> Checkpoint:
    """Open a model's folder, or an adapter's with the base that it is merged into, or a GGUF."""
    if folder.suffix == ".gguf" and folder.is_file():
        return _gguf(folder)
    if weight_files(folder) is None and (found := gguf_files(folder)):
        return _gguf(_only(found))
    if is_adapter(folder) and not _has_model(folder):
        return _merged(folder)
    config = read_config(folder)
    _warn_of_code(config)
    tensors = open_tensors(folder)
    if quantisation(config) is not None:
        from attnviz.checkpoint.quantised import dequantised

        config, tensors = dequantised(config, tensors)
    return Checkpoint(config, read_generation_config(folder), tensors, (folder,))


def _gguf(path: Path) -> Checkpoint:
    """A GGUF, which says all of its model itself; its folder may have another tokenizer."""
    from attnviz.checkpoint.gguf_models import gguf_config, gguf_tensors

    parts = gguf_parts(path)
    missing = next((part.name for part in parts if not part.exists()), None)
    if missing is not None:
        raise BadCheckpoint(f"{path.name} is a part of a GGUF of which {missing} is missing")
    files = [read_gguf(part) for part in parts]
    counts = {file.metadata.get(SPLIT, 1) or 1 for file in files}
    if counts != {len(parts)}:
        raise BadCheckpoint(
            f"{path.name} says that it is one of {max(counts)} files, by another name"
        )
    whole = files[0]._replace(entries={k: v for file in files for k, v in file.entries.items()})
    stored = open_files(parts)
    config = gguf_config(whole, stored, path.name)
    return Checkpoint(config, {}, gguf_tensors(stored, whole, config), (parts[0], path.parent))


def _only(files: Sequence[Path]) -> Path:
    """The file of a folder, or the first of one in parts."""
    first = gguf_parts(files[0])
    if not set(files) <= set(first):
        names = ", ".join(path.name for path in files)
        raise BadCheckpoint(
            f"{quote(files[0].parent)} has several GGUF files ({names}); choose one with "
            f"-m {files[0]}"
        )
    return files[0]


def _merged(folder: Path) -> Checkpoint:
    adapter = read_adapter(folder)
    base = _find_base(adapter.base)
    if base is None or not _has_model(base):
        raise ModelNotFound(
            f"{quote(folder)} is an adapter of {quote(adapter.base)}, which is not on this machine;"
            f" fetch it with 'attnviz models pull {adapter.base}'"
        )
    found = open_checkpoint(base)
    weights = open_file(folder / weights_file(adapter))
    merged = merge(adapter, weights, found.tensors, found.config.get("model_type"))
    return found._replace(tensors=merged, folders=(folder, *found.folders))


def _find_base(name: str) -> Path | None:
    """The folder of an adapter's base on this machine; nothing is fetched for it."""
    try:
        found = find(name)
    except ModelNotFound:
        return None
    return found and found.folder


def _has_model(folder: Path) -> bool:
    return (folder / "config.json").exists() and weight_files(folder) is not None


def _warn_of_code(config: dict[str, Any]) -> None:
    """Say once that a repository brings code, of which nothing is run."""
    code = config.get("auto_map")
    names = [name for name in code if str(name).startswith("AutoModel")] if code else []
    if isinstance(code, dict) and names:
        warnings.warn(
            f"the repository brings model code of its own ({quote(code[names[0]])}), which is not "
            f"run; the numbers are those of {quote(config.get('model_type'))} as transformers has "
            "it",
            AttnvizWarning,
            stacklevel=3,
        )
