"""A folder's tokenizer, from whichever files hold it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tokenizers import Tokenizer
from tokenizers.models import BPE

from attnviz.checkpoint.gguf_file import read_gguf
from attnviz.errors import BadCheckpoint, ModelError, UnsupportedModel, quote
from attnviz.tokenizer.class_rules import has_rule, has_types
from attnviz.tokenizer.classes import (
    ALIASES,
    CLASS_OF_MODEL,
    FILE_ALONE,
)
from attnviz.tokenizer.growth import Growth, growth_of
from attnviz.tokenizer.guard import guarded
from attnviz.tokenizer.layouts import FORMATS, IN_PYTHON, JSON, PLAIN, WITHOUT_FILE, read_file
from attnviz.tokenizer.settings import (
    CONFIG,
    Settings,
    lists_added_tokens,
    read_if_there,
    read_settings,
    switch,
)
from attnviz.tokenizer.special_tokens import (
    add_every_token,
    given_extra,
    named_by,
    without_added_tokens,
)
from attnviz.tokenizer.vocabulary_files import as_class, special_by_default

GGUF = ".gguf"
UNNAMED = "of model type"
SAID_BY_FILE = ("add_bos_token", "add_eos_token")
"""Settings that tokenizer.json takes precedence over."""
ANY_CLASS = {"TokenizersBackend", "PreTrainedTokenizer", "PythonBackend"}


class Opened(NamedTuple):
    """A tokenizer as it is used, the class that it was made for, and its settings."""

    tokenizer: Tokenizer
    class_name: str
    settings: Settings
    growth: Growth = Growth()
    typed: bool = True
    targets: Tokenizer | None = None


def has_tokenizer(folder: Path) -> bool:
    """Whether the folder holds a tokenizer in a format that can be read."""
    if folder.suffix == GGUF:
        from attnviz.tokenizer.gguf_tokens import has_gguf_tokenizer

        return has_gguf_tokenizer(read_gguf(folder).metadata)
    return bool(_files(folder)) or _needs_no_file(folder)


def open_tokenizer(folder: Path, model_type: str | None) -> Opened:
    """Read the first of ``layouts.FORMATS`` that the folder has whole.

    What the tokenizer would cut off or fill up by itself is turned off: that is for us to say.
    """
    if folder.suffix == GGUF:
        return _open_gguf(folder)
    settings = read_settings(folder)
    files = _files(folder, class_beside_json(folder, settings, model_type) or "")
    if not files and not _needs_no_file(folder):
        raise _no_tokenizer(folder)
    class_name = _class_name(folder, settings, model_type)
    growth = Growth()
    targets = None
    what = files[0].name if files else class_name
    with guarded(f"{what} in {quote(folder)} is not a usable tokenizer"):
        if what == JSON:
            raw = read_file(files[0])
            growth = _growth(raw, folder)
            ruling = class_beside_json(folder, settings, model_type)
            tokenizer = _of_json(raw, ruling, settings, lists_added_tokens(folder))
        else:
            alone = _type_of(folder, model_type) in FILE_ALONE or class_name.startswith(UNNAMED)
            class_name = "" if alone and what == PLAIN else class_name
            ruling = class_name
            from attnviz.tokenizer.builders import build, for_targets  # a third of loading

            with _named(what, folder):
                tokenizer = build(files, class_name, settings)
                targets = for_targets(files, settings)
        for each in (tokenizer, targets):
            if each is not None:
                _prepare(each, settings)
    typed = has_types(ruling, settings)
    return Opened(tokenizer, class_name, settings, growth, typed, targets)


def _open_gguf(path: Path) -> Opened:
    from attnviz.tokenizer.gguf_tokens import gguf_tokenizer

    with guarded(f"the tokenizer in {quote(path)} is not usable"), _named(path.name, path.parent):
        tokenizer, settings = gguf_tokenizer(read_gguf(path).metadata)
        _prepare(tokenizer, settings)
    return Opened(tokenizer, "", settings, typed=False)


def _prepare(tokenizer: Tokenizer, settings: Settings) -> None:
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = bool(switch(settings, "split_special_tokens", False))
    if isinstance(tokenizer.model, BPE):
        tokenizer.model.dropout = None  # random merges are for training alone
    _try_out(tokenizer)


def _of_json(raw: bytes, class_name: str | None, settings: Settings, listed: bool) -> Tokenizer:
    """A tokenizer.json as a class has it that takes vocabulary and merges of it alone, or as it is.

    Where tokenizer_config.json lists the added tokens, such a class has no others.
    """
    tokenizer = Tokenizer.from_buffer(raw)
    if class_name is None or not has_rule(tokenizer, class_name):
        add_every_token(tokenizer, settings, given_extra(settings))
        return tokenizer
    from attnviz.tokenizer.from_sentencepiece import extra_of_class

    named = named_by(special_by_default(class_name), settings)
    for name in SAID_BY_FILE:
        named.pop(name, None)
    extra = extra_of_class(class_name, settings)
    added = {} if listed else tokenizer.get_added_tokens_decoder()

    def add(bare: Tokenizer) -> None:
        bare.add_tokens([token for _, token in sorted(added.items())])
        add_every_token(bare, named, extra)

    return as_class(without_added_tokens(tokenizer), class_name, named, add)


@contextmanager
def _named(what: str, folder: Path) -> Iterator[None]:
    """Say of which file a complaint is."""
    try:
        yield
    except (BadCheckpoint, UnsupportedModel) as error:
        raise type(error)(f"{what} in {quote(folder)} is refused: {error}") from None


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


def _files(folder: Path, class_name: str = "") -> tuple[Path, ...]:
    first = (IN_PYTHON[class_name],) if class_name in IN_PYTHON else ()
    for names in (*first, *FORMATS):
        if all((folder / name).exists() for name in names):
            return tuple(folder / name for name in names)
    return ()


def _needs_no_file(folder: Path) -> bool:
    return _class_name(folder, read_if_there(folder / CONFIG), None) == WITHOUT_FILE


def _no_tokenizer(folder: Path) -> BadCheckpoint:
    looked_for = ", ".join(
        " with ".join((names[0], " and ".join(names[1:]))[: len(names)]) for names in FORMATS
    )
    return BadCheckpoint(f"{quote(folder)} has no tokenizer; looked for {looked_for}")


def _class_name(folder: Path, settings: Settings, model_type: str | None) -> str:
    """The tokenizer class that the folder names, or else the one that its model type has."""
    config = read_if_there(folder / "config.json")
    named = settings.get("tokenizer_class") or config.get("tokenizer_class")
    if isinstance(named, str) and (named := named.removesuffix("Fast")) not in ANY_CLASS:
        return ALIASES.get(named, named)
    model_type = _type_of(folder, model_type)
    return CLASS_OF_MODEL.get(model_type, f"{UNNAMED} {quote(model_type)}")


def _type_of(folder: Path, model_type: str | None) -> str:
    return str(model_type or read_if_there(folder / "config.json").get("model_type"))


def class_beside_json(folder: Path, settings: Settings, model_type: str | None) -> str | None:
    """The class that has a say beside tokenizer.json; empty where it has none, None if unknown."""
    config = read_if_there(folder / "config.json")
    model_type = str(model_type or config.get("model_type"))
    named = settings.get("tokenizer_class") or config.get("tokenizer_class")
    if model_type in FILE_ALONE:
        return ""
    if model_type == "qwen2" or not isinstance(named, str):
        return CLASS_OF_MODEL.get(model_type)
    named = named.removesuffix("Fast")
    return "" if named in ANY_CLASS else ALIASES.get(named, named)
