"""A folder's tokenizer, from whichever files hold it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tokenizers import Tokenizer
from tokenizers.models import BPE

from attnviz.checkpoint.files import unreadable
from attnviz.errors import BadCheckpoint, ModelError, UnsupportedModel, quote
from attnviz.tokenizer.class_rules import apply_class, has_types
from attnviz.tokenizer.classes import CLASS_OF_MODEL, FILE_ALONE, from_vocabulary
from attnviz.tokenizer.growth import Growth, growth_of
from attnviz.tokenizer.guard import guarded
from attnviz.tokenizer.settings import (
    Settings,
    add_tokens,
    read_if_there,
    read_settings,
    switch,
)

__all__ = ["Opened", "has_tokenizer", "open_tokenizer"]

JSON = "tokenizer.json"
FORMATS = ((JSON,), ("vocab.txt",), ("vocab.json", "merges.txt"))
SENTENCEPIECE = (
    "spiece.model", "tokenizer.model", "sentencepiece.bpe.model", "spm.model", "source.spm",
)  # fmt: skip
LARGEST = 200_000_000  # bytes; the largest in use is about a fifth of this
ANY_CLASS = {"TokenizersBackend", "PreTrainedTokenizer", "PythonBackend"}


class Opened(NamedTuple):
    """A tokenizer as it is used, the class that it was made for, and its settings."""

    tokenizer: Tokenizer
    class_name: str
    settings: Settings
    growth: Growth = Growth()
    typed: bool = True


def has_tokenizer(folder: Path) -> bool:
    """Whether the folder holds a tokenizer in a format that can be read."""
    return bool(_files(folder))


def open_tokenizer(folder: Path, model_type: str | None) -> Opened:
    """Read ``tokenizer.json``, or else ``vocab.txt``, or else ``vocab.json`` and ``merges.txt``.

    What the tokenizer would cut off or fill up by itself is turned off: that is for us to say.
    """
    files = _files(folder)
    if not files:
        raise _no_tokenizer(folder)
    for path in files:
        _check_size(path)
    settings = read_settings(folder)
    class_name = _class_name(folder, settings, model_type)
    growth = Growth()
    with guarded(f"{files[0].name} in {quote(folder)} is not a usable tokenizer"):
        if files[0].name == JSON:
            raw = _read(files[0])
            growth = _growth(raw, folder)
            tokenizer = Tokenizer.from_buffer(raw)
            add_tokens(tokenizer, settings)
            ruling = _class_beside_json(folder, settings, model_type)
            apply_class(tokenizer, ruling, settings)
        else:
            ruling = class_name
            tokenizer = from_vocabulary(files, class_name, settings)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = bool(switch(settings, "split_special_tokens", False))
        if isinstance(tokenizer.model, BPE):
            tokenizer.model.dropout = None  # random merges are for training alone
        _try_out(tokenizer)
    return Opened(tokenizer, class_name, settings, growth, has_types(ruling, settings))


def _growth(raw: bytes, folder: Path) -> Growth:
    """How much longer the tokenizer can make a text; raises if that is more than there is a use."""
    try:
        return growth_of(raw)
    except ModelError as error:
        raise BadCheckpoint(f"{JSON} in {quote(folder)} is refused: {error}") from None


def _try_out(tokenizer: Tokenizer) -> None:
    """Encode something, for some faults show only then."""
    for encoding in (tokenizer.encode("a"), tokenizer.encode("a", "b")):
        if len(encoding.ids) != len(encoding.tokens):
            raise BadCheckpoint("the tokenizer puts more ids than tokens around a text, or fewer")


def _files(folder: Path) -> tuple[Path, ...]:
    for names in FORMATS:
        if all((folder / name).exists() for name in names):
            return tuple(folder / name for name in names)
    return ()


def _no_tokenizer(folder: Path) -> ModelError:
    found = next((name for name in SENTENCEPIECE if (folder / name).exists()), None)
    if found is None:
        looked_for = ", ".join(" with ".join(names) for names in FORMATS)
        return BadCheckpoint(f"{quote(folder)} has no tokenizer; looked for {looked_for}")
    if (folder / "vocab.json").exists():  # as Marian and M2M-100 have it
        return UnsupportedModel(
            f"{quote(folder)} has its tokenizer as {found} and vocab.json, of which transformers "
            f"makes no {JSON}; take a repository that has one, or give token ids instead of text"
        )
    return UnsupportedModel(
        f"{quote(folder)} has its tokenizer only as the SentencePiece file {found}; to make a "
        f"{JSON} of it, run 'pip install transformers sentencepiece protobuf' and, in Python, "
        "'from transformers import AutoTokenizer; "
        "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)'"
    )


def _check_size(path: Path) -> None:
    if not path.is_file():  # a pipe or a device could block or never end
        raise BadCheckpoint(f"{quote(path)} is not a regular file")
    if path.stat().st_size > LARGEST:
        raise BadCheckpoint(f"{quote(path)} is larger than {LARGEST // 1_000_000} MB")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None


def _class_name(folder: Path, settings: Settings, model_type: str | None) -> str:
    """The tokenizer class that the folder names, or else the one that its model type has."""
    config = read_if_there(folder / "config.json")
    named = settings.get("tokenizer_class") or config.get("tokenizer_class")
    if isinstance(named, str) and (named := named.removesuffix("Fast")) not in ANY_CLASS:
        return named
    model_type = str(model_type or config.get("model_type"))
    return CLASS_OF_MODEL.get(model_type, f"of model type {quote(model_type)}")


def _class_beside_json(folder: Path, settings: Settings, model_type: str | None) -> str | None:
    """The class that has a say beside tokenizer.json; empty where it has none, None if unknown."""
    config = read_if_there(folder / "config.json")
    model_type = str(model_type or config.get("model_type"))
    named = settings.get("tokenizer_class") or config.get("tokenizer_class")
    if model_type in FILE_ALONE:
        return ""
    if model_type == "qwen2" or not isinstance(named, str):
        return CLASS_OF_MODEL.get(model_type)
    return "" if named.removesuffix("Fast") in ANY_CLASS else named.removesuffix("Fast")
