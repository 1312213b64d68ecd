"""A tokenizer that does what a SentencePiece file says, where no class has a say of its own."""

from __future__ import annotations

import re
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from attnviz.tokenizer.sentencepiece_file import (
    CONTROL,
    UNIGRAM,
    USER_DEFINED,
    SentencePiece,
)
from attnviz.tokenizer.sentencepiece_merges import merges_by_score
from attnviz.tokenizer.settings import Settings, content_of, switch
from attnviz.tokenizer.special_tokens import add_every_token, around_by_switches, given_extra

PLAINLY = {"normalized": False}


def plain_tokenizer(model: SentencePiece, settings: Settings) -> Tokenizer:
    """As SentencePiece itself encodes: normalization, dummy prefix, pieces that users defined."""
    listed = settings["added_tokens_decoder"]
    renamed = {int(id): content_of(token) for id, token in listed.items() if id.isdecimal()}
    texts = _texts(model, renamed)
    defined = [texts[id] for id, piece in enumerate(model.pieces) if piece.kind == USER_DEFINED]
    tokenizer = Tokenizer(_model(model, texts, bool(defined)))
    every_part = bool(switch(settings, "legacy", True))
    tokenizer.normalizer = normalizers.Sequence(_normalization(model, every_part))
    split: list[Any] = []
    if model.add_dummy_prefix:
        scheme = "always" if every_part else "first"
        split.append(pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False))
    if defined:
        longest_first = sorted(defined, key=len, reverse=True)
        pattern = Regex("|".join(re.escape(text) for text in longest_first))
        split.append(pre_tokenizers.Split(pattern, "isolated"))
    if split:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    tokenizer.decoder = decoders.Sequence(_decoding(model))
    named = {**_names(model), **settings}
    if model.add_dummy_prefix:  # each part between added tokens then has a prefix of its own
        named["added_tokens_decoder"] = {
            id: {**(token if isinstance(token, dict) else {"content": token}), **PLAINLY}
            for id, token in listed.items()
        }
    add_every_token(tokenizer, named, given_extra(settings) or _control(model))
    tokenizer.post_processor = around_by_switches(tokenizer, named)
    return tokenizer


def _texts(model: SentencePiece, renamed: dict[int, str]) -> list[str]:
    """The pieces, where the settings give some another name, unless another piece has it."""
    kept = {piece.text for id, piece in enumerate(model.pieces) if id not in renamed}
    return [
        renamed[id] if id in renamed and renamed[id] not in kept else piece.text
        for id, piece in enumerate(model.pieces)
    ]


def _model(model: SentencePiece, texts: list[str], whole: bool) -> Any:
    if model.algorithm == UNIGRAM:
        scored = [(piece.text, piece.score) for piece in model.pieces]
        return models.Unigram(scored, unk_id=model.unk_id, byte_fallback=model.byte_fallback)
    pieces = dict(enumerate(zip(texts, model.pieces, strict=True)))
    return models.BPE(
        {text: id for id, text in enumerate(texts)},
        merges_by_score(pieces),
        unk_token=model.unk_piece,
        fuse_unk=True,
        byte_fallback=model.byte_fallback,
        ignore_merges=whole,
    )


def _normalization(model: SentencePiece, every_part: bool) -> list[Any]:
    steps: list[Any] = []
    if model.charsmap:
        steps.append(normalizers.Precompiled(model.charsmap))
    if model.remove_extra_whitespaces:
        steps.append(normalizers.Replace(Regex(r"\A +| +\z"), ""))
        steps.append(normalizers.Replace(Regex(" {2,}"), " "))
    if model.escape_whitespaces:
        steps.append(normalizers.Replace(" ", "▁"))
    if model.add_dummy_prefix and every_part:
        steps.append(normalizers.Replace(Regex(r"\A▁"), "▁▁"))
    return steps


def _decoding(model: SentencePiece) -> list[Any]:
    steps: list[Any] = [decoders.Replace("▁", " ")]
    if model.byte_fallback:
        steps.append(decoders.ByteFallback())
    if model.add_dummy_prefix:
        steps += [decoders.Fuse(), decoders.Strip(" ", left=1, right=0)]
    elif model.byte_fallback:
        steps.append(decoders.Fuse())
    return steps


def _names(model: SentencePiece) -> dict[str, str]:
    return {
        name: text
        for name, id, text in (
            ("bos_token", model.bos_id, model.bos_piece),
            ("eos_token", model.eos_id, model.eos_piece),
            ("unk_token", model.unk_id, model.unk_piece),
        )
        if id >= 0
    }


def _control(model: SentencePiece) -> list[Any]:
    return [
        {"content": piece.text, "normalized": False, "special": True}
        for piece in model.pieces
        if piece.kind == CONTROL
    ]
