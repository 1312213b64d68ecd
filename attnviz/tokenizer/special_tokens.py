"""Special tokens that a class names, added with new ids too, and put around a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tokenizers import AddedToken, Tokenizer, processors

from attnviz.errors import BadCheckpoint, quote
from attnviz.tokenizer.settings import (
    CONFIG,
    Settings,
    added_token,
    content_of,
    listed_tokens,
    switch,
    token_id,
)

EXTRA = ("extra_special_tokens", "additional_special_tokens")
NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


def named_by(defaults: Settings, settings: Settings) -> dict[str, Any]:
    """Settings over a class's tokens; a mask that is a mere string keeps the class's flags."""
    mask, given = defaults.get("mask_token"), settings.get("mask_token")
    flagged = isinstance(mask, dict) and isinstance(given, str)
    kept = {"mask_token": {**mask, "content": given}} if flagged and mask else {}
    return {**defaults, **settings, **kept}


def add_every_token(tokenizer: Tokenizer, settings: Settings, extra: Iterable[Any]) -> None:
    """Add what the settings list, the special tokens with a name, and extra ones, in this order.

    One that the vocabulary lacks gets the next id, as it does in transformers: where the weights
    come with files of SentencePiece alone, they may have embeddings for such tokens. Of a token
    that is both, the flags of the extra one are valid; of one that is known already, those it has.
    """
    listed = list(listed_tokens(settings))
    tokenizer.add_tokens(listed)
    known = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    named = [token for token in _every_name(settings) if token]
    new = [token for token in named if content_of(token) not in known]
    extra = [token for token in extra if content_of(token) not in known]
    tokenizer.add_tokens([_special(token) for token in new])
    tokenizer.add_tokens([_special(token) for token in extra])


def _every_name(settings: Settings) -> Iterator[Any]:
    """The tokens that have a name: those of every class first, then those of this one alone."""
    yield from map(settings.get, NAMES)
    for name, value in settings.items():
        if name.endswith("_token") and name not in NAMES and isinstance(value, str | dict):
            yield value
    for extra in EXTRA:
        if isinstance(given := settings.get(extra), dict):
            yield from given.values()


def without_added_tokens(tokenizer: Tokenizer) -> Tokenizer:
    """The same tokenizer with no tokens but those of its vocabulary."""
    bare = Tokenizer(tokenizer.model)
    bare.normalizer, bare.pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
    bare.decoder, bare.post_processor = tokenizer.decoder, tokenizer.post_processor
    return bare


def _special(token: Any) -> AddedToken:
    flags = token if isinstance(token, dict) else {}
    return added_token({"special": True, **flags, "content": content_of(token)})


def given_extra(settings: Settings) -> list[Any]:
    """The special tokens without a name that the settings list."""
    for name in EXTRA:
        if given := settings.get(name):
            if not isinstance(given, list | dict):
                raise BadCheckpoint(
                    f"{CONFIG} has {name} {quote(given)}, which is no list of tokens"
                )
            return [] if isinstance(given, dict) else given
    return []


def around_by_switches(tokenizer: Tokenizer, settings: Settings) -> Any:
    """A beginning and an end around each text where add_bos_token and add_eos_token say so."""
    bos, eos = (
        [token_id(tokenizer, settings, f"{name}_token")]
        if switch(settings, f"add_{name}_token", False) and settings.get(f"{name}_token")
        else []
        for name in ("bos", "eos")
    )
    first, second = (
        [
            *(f"{text}:{i}" for text, _ in bos),
            f"${'AB'[i]}:{i}",
            *(f"{text}:{i}" for text, _ in eos),
        ]
        for i in (0, 1)
    )
    return processors.TemplateProcessing(
        single=first, pair=first + second, special_tokens=[*bos, *eos]
    )


def cls_and_sep(tokenizer: Tokenizer, settings: Settings) -> Any:
    """As BERT: the second text ends with a separator too, and has another type."""
    cls, sep = (token_id(tokenizer, settings, name) for name in ("cls_token", "sep_token"))
    return processors.TemplateProcessing(
        single=[f"{cls[0]}:0", "$A:0", f"{sep[0]}:0"],
        pair=[f"{cls[0]}:0", "$A:0", f"{sep[0]}:0", "$B:1", f"{sep[0]}:1"],
        special_tokens=[cls, sep],
    )
