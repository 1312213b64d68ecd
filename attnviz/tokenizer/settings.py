"""tokenizer_config.json and the older files beside it: special tokens, added tokens, switches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tokenizers import AddedToken, Tokenizer

from attnviz.checkpoint.files import read_json
from attnviz.errors import BadCheckpoint, quote

Settings = Mapping[str, Any]
Default = TypeVar("Default", bool, None)

CONFIG = "tokenizer_config.json"
FLAGS = ("single_word", "lstrip", "rstrip", "normalized", "special")


def read_settings(folder: Path) -> dict[str, Any]:
    """``tokenizer_config.json``, with the older files for what it does not say itself."""
    settings = read_if_there(folder / CONFIG)
    if "added_tokens_decoder" not in settings:
        settings |= read_if_there(folder / "special_tokens_map.json")
        added = read_if_there(folder / "added_tokens.json")
        settings["added_tokens_decoder"] = {
            str(id): {"content": text} for text, id in added.items()
        }
    return settings


def lists_added_tokens(folder: Path) -> bool:
    """Whether ``tokenizer_config.json`` itself says which tokens are added to the vocabulary."""
    return "added_tokens_decoder" in read_if_there(folder / CONFIG)


def read_if_there(path: Path) -> dict[str, Any]:
    """The JSON object in a file that a checkpoint may lack."""
    return read_json(path) if path.exists() else {}


def switch(settings: Settings, name: str, default: Default) -> bool | Default:
    """A setting that is true or false; the default where it is absent or null."""
    value = settings.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise BadCheckpoint(f"{CONFIG} has {name} {quote(value)}, which is neither true nor false")
    return value


def whole_number(settings: Settings, name: str, default: int, most: int = 10_000) -> int:
    """A setting that is a count; the default where it is absent or null."""
    value = settings.get(name)
    if value is None:
        return default
    if type(value) is not int or not 0 <= value <= most:
        raise BadCheckpoint(f"{CONFIG} has {name} {quote(value)}, which is no count up to {most:,}")
    return value


def add_tokens(tokenizer: Tokenizer, settings: Settings) -> None:
    """Make known to the tokenizer the special and the added tokens that its settings name.

    A special token without an id stays out: the model would have no embedding for a new one.
    """
    tokenizer.add_tokens(list(listed_tokens(settings)))
    known = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    tokenizer.add_special_tokens(
        [
            added_token({**_as_object(token), "special": True})
            for token in _named(settings)
            if (content := content_of(token)) not in known
            and tokenizer.token_to_id(content) is not None
        ]
    )


def token_id(tokenizer: Tokenizer, settings: Settings, name: str) -> tuple[str, int]:
    """The special token of a name such as ``cls_token``, and its id."""
    content = content_of(settings.get(name))
    id = tokenizer.token_to_id(content)
    if id is None:
        raise BadCheckpoint(f"the vocabulary lacks {quote(content)}, the {name} of the tokenizer")
    return content, id


def content_of(token: object) -> str:
    """The text of a token as settings write it: a string, or an object with its content."""
    match token:
        case str(content) | {"content": str(content)}:
            return content
    raise BadCheckpoint(f"{CONFIG} has {quote(token)} where a token should be")


def listed_tokens(settings: Settings) -> Iterator[AddedToken]:
    """The tokens of ``added_tokens_decoder`` by their ids."""
    listed = settings["added_tokens_decoder"]
    if not isinstance(listed, dict) or not all(map(str.isdecimal, listed)):
        raise BadCheckpoint(f"{CONFIG} has an added_tokens_decoder that does not map ids to tokens")
    special = {content_of(token) for token in _named(settings)}
    for id in sorted(listed, key=int):
        token = _as_object(listed[id])
        yield added_token(token | {"special": True} if token["content"] in special else token)


def _named(settings: Settings) -> Iterator[object]:
    """Every special token that the settings name, as they write it."""
    for name, value in settings.items():
        if name.endswith("_token") and isinstance(value, str | dict):
            yield value
    for name in ("additional_special_tokens", "extra_special_tokens"):
        values = settings.get(name) or []
        if not isinstance(values, list | dict):
            raise BadCheckpoint(f"{CONFIG} has {name} {quote(values)}, which is no list of tokens")
        yield from values.values() if isinstance(values, dict) else values


def _as_object(token: object) -> dict[str, Any]:
    return {**token} if isinstance(token, dict) else {"content": content_of(token)}


def added_token(token: Mapping[str, Any]) -> AddedToken:
    """A token as settings write it, with its flags."""
    flags = {name: switch(token, name, False) for name in FLAGS if name in token}
    return AddedToken(content_of(token), **flags)
