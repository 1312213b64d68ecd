"""ByT5's tokenizer, which needs no file (Xue et al. 2022): a byte a token, 3 above its value."""

from __future__ import annotations

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from attnviz.tokenizer.settings import Settings, content_of, token_id, whole_number
from attnviz.tokenizer.special_tokens import add_every_token, given_extra

NAMES = ("pad_token", "eos_token", "unk_token")
CONTENTS = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}


def byte_tokenizer(settings: Settings) -> Tokenizer:
    """Pad, end and unknown have the ids 0, 1 and 2; 125 sentinels come behind the bytes."""
    named = {name: settings.get(name) or CONTENTS[name] for name in NAMES}
    contents = [content_of(named[name]) for name in NAMES]
    ids = {content: id for id, content in enumerate(contents)}
    letters = letters_of_bytes()
    ids |= {letter: len(NAMES) + byte for byte, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(ids, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    stripped = {
        name: token
        if isinstance(token, dict)
        else {"content": token, "lstrip": True, "rstrip": True, "normalized": True}
        for name, token in named.items()
    }
    extra = given_extra(settings) or [
        f"<extra_id_{i}>" for i in range(whole_number(settings, "extra_ids", 125))
    ]
    add_every_token(tokenizer, {**settings, **stripped}, extra)
    end = token_id(tokenizer, named, "eos_token")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A", end[0]], pair=["$A", end[0], "$B", end[0]], special_tokens=[end]
    )
    return tokenizer


def letters_of_bytes() -> list[str]:
    """The letter that byte-level tokenizers write for each byte (Radford et al. 2019)."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte if byte in plain else next(others)) for byte in range(256)]
