"""Which files of a repository on the Hub make a checkpoint: settings first, the weights last."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from attnviz.checkpoint.layout import (
    ADAPTER,
    ADAPTER_FILES,
    GGUF_PART,
    INDEX,
    SINGLE,
    TORCH_INDEX,
    TORCH_SINGLE,
    weight_map,
)
from attnviz.errors import BadCheckpoint, quote

SETTINGS = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "sentence_bert_config.json",
    "chat_template.jinja",
)
VOCABULARY = ("vocab.txt", "vocab.json", "merges.txt")
SENTENCEPIECE = re.compile(r"[\w-][\w.-]*\.(model|spm)", re.ASCII)
GGUF = re.compile(r"(?!mmproj)[\w-][\w.-]*\.gguf", re.ASCII)
"""Without the part of a model that reads images, which lies beside it."""
SAID = 4  # files that an error names


class Repository(NamedTuple):
    """One commit of a repository on the Hub and the files it has."""

    name: str
    commit: str
    files: frozenset[str]


def small_files(found: Repository) -> list[str]:
    """Config, index and tokenizer files; raises if there is no checkpoint that we read."""
    files = found.files
    weights = _weights(files)
    if weights is None:
        wanted = [ADAPTER, *SETTINGS] if _adapter(files) else [*SETTINGS]
        if not _adapter(files) and not _gguf(found):
            raise BadCheckpoint(
                f"{quote(found.name)} has no {SINGLE} and no {TORCH_SINGLE}, whole or in shards"
            )
    elif "config.json" not in files:
        raise BadCheckpoint(f"{quote(found.name)} has no config.json, so it is no model we know")
    else:
        wanted = [*SETTINGS] if weights[0] in files else [*SETTINGS, weights[1]]
    if "tokenizer.json" not in files:
        wanted += [*VOCABULARY, *sorted(filter(SENTENCEPIECE.fullmatch, files))]
    return [file for file in wanted if file in files]


def weight_files(found: Repository, snapshot: Path) -> list[str]:
    """The files of the weights, once the index of shards, if there is one, is in the snapshot."""
    weights = _weights(found.files)
    if weights is None:
        adapter = _adapter(found.files)
        return [adapter] if adapter else _gguf(found)
    single, index = weights
    if single in found.files:
        return [single]
    shards = sorted(set(weight_map(snapshot, index).values()))
    for file in shards:
        if file not in found.files:
            raise BadCheckpoint(f"{index} of {quote(found.name)} names {file}, which is not there")
    return shards


def _weights(files: Collection[str]) -> tuple[str, str] | None:
    """The file of the weights and the index of their shards, if one of them is there."""
    for single, index in ((SINGLE, INDEX), (TORCH_SINGLE, TORCH_INDEX)):
        if single in files or index in files:
            return single, index
    return None


def _adapter(files: Collection[str]) -> str | None:
    """The weights of an adapter, where the repository is one."""
    if ADAPTER not in files:
        return None
    return next((file for file in ADAPTER_FILES if file in files), None)


def _gguf(found: Repository) -> list[str]:
    """The files of the one GGUF that is there; BadCheckpoint where there are several."""
    files = sorted(filter(GGUF.fullmatch, found.files))
    stems = {part[1] if (part := GGUF_PART.fullmatch(file)) else file for file in files}
    if len(stems) > 1:
        more = f" and {len(files) - SAID} more" * (len(files) > SAID)
        raise BadCheckpoint(
            f"{quote(found.name)} has several GGUF files ({', '.join(files[:SAID])}{more}); fetch "
            f"one with 'hf download {found.name} FILE' and give its path"
        )
    return files
