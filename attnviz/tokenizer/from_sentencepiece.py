"""What a tokenizer class makes of a SentencePiece file: its vocabulary, model and special tokens.

A tokenizer without a class follows the file's own settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers

from attnviz.errors import BadCheckpoint, UnsupportedModel
from attnviz.tokenizer.class_rules import apply_class
from attnviz.tokenizer.nllb_languages import NLLB
from attnviz.tokenizer.sentencepiece_classes import DEFAULTS, MBART, MBART50, unknown_id
from attnviz.tokenizer.sentencepiece_file import CONTROL, USER_DEFINED, SentencePiece
from attnviz.tokenizer.sentencepiece_merges import merges_by_id
from attnviz.tokenizer.sentencepiece_plain import plain_tokenizer
from attnviz.tokenizer.settings import Settings, content_of, switch, whole_number
from attnviz.tokenizer.special_tokens import (
    add_every_token,
    around_by_switches,
    given_extra,
    named_by,
)

Scored = list[tuple[str, float]]
MADE_UP = [f"<madeupword{i}>" for i in range(7)]
UNUSED = -100.0  # the score of what stands for no text
BY_BPE = frozenset(("CodeLlamaTokenizer", "GemmaTokenizer", "LlamaTokenizer", "NllbTokenizer"))
OF_FILE = frozenset(("CamembertTokenizer", "NllbTokenizer"))
"""Classes that take such tokens from the file of SentencePiece instead of having their own."""
BY_MARKS = frozenset(("LlamaTokenizer", "GemmaTokenizer"))
"""Classes that put a beginning and an end around a text where the settings say so."""


def from_sentencepiece(
    model: SentencePiece, class_name: str, settings: Settings, *, renumbered: bool = True
) -> Tokenizer:
    """The tokenizer of a class, or of none; UnsupportedModel for one that is not implemented.

    XGLM numbers pieces as fairseq did unless its file has another name (``renumbered`` is false).
    """
    if not class_name:
        return plain_tokenizer(model, settings)
    if class_name not in DEFAULTS:
        raise UnsupportedModel(
            f"attnviz does not know how the tokenizer {class_name} uses a SentencePiece file; "
            "open it with transformers' AutoTokenizer and save_pretrained it, so that it has a "
            "tokenizer.json"
        )
    named = named_by(DEFAULTS[class_name], settings)
    try:
        made = _model(model, class_name, named, settings, renumbered)
    except ValueError as error:
        raise BadCheckpoint(f"its vocabulary does not suit {class_name}: {error}") from None
    extra = _extra(model, class_name, named)
    draft = Tokenizer(made)
    if model.charsmap:
        draft.normalizer = normalizers.Precompiled(model.charsmap)
    add_every_token(draft, named, extra)
    apply_class(draft, class_name, named)
    tokenizer = Tokenizer(made)  # which knows how it normalizes before it is told of added tokens
    tokenizer.normalizer, tokenizer.pre_tokenizer = draft.normalizer, draft.pre_tokenizer
    tokenizer.decoder = draft.decoder or _decoder(class_name, settings)
    add_every_token(tokenizer, named, extra)
    tokenizer.post_processor = draft.post_processor
    if draft.post_processor is None or _switched(class_name, settings):
        tokenizer.post_processor = around_by_switches(tokenizer, named)
    return tokenizer


def _decoder(class_name: str, settings: Settings) -> Any:
    if class_name in BY_MARKS:
        steps = (decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse())
        return decoders.Sequence(list(steps))
    scheme = "always" if switch(settings, "add_prefix_space", True) else "never"
    return decoders.Metaspace(prepend_scheme=scheme)


def _switched(class_name: str, settings: Settings) -> bool:
    """Whether add_bos_token and add_eos_token replace what a class puts around a text itself."""
    said = any(f"add_{name}_token" in settings for name in ("bos", "eos"))
    return class_name == "RemBertTokenizer" or (class_name == "AlbertTokenizer" and said)


def _model(
    model: SentencePiece, class_name: str, named: Settings, settings: Settings, renumbered: bool
) -> Any:
    token = {name: content_of(named[name]) for name in DEFAULTS[class_name]}
    if class_name in BY_BPE:
        ids = {piece.text: id for id, piece in enumerate(model.pieces)}
        merges = merges_by_id(ids)
        if class_name == "NllbTokenizer":
            names = (token[f"{name}_token"] for name in ("bos", "pad", "eos", "unk"))
            ids = {text: id for id, text in enumerate(dict.fromkeys([*names, *ids]))}
        falls_back = class_name != "NllbTokenizer"
        unknown = None if class_name == "LlamaTokenizer" else token["unk_token"]
        return models.BPE(ids, merges, unk_token=unknown, fuse_unk=True, byte_fallback=falls_back)
    scored: Scored = [(piece.text, piece.score) for piece in model.pieces]
    arrange = _ARRANGED.get(class_name) if renumbered else None
    arranged = arrange(scored, token, settings) if arrange else scored
    return models.Unigram(arranged, unk_id=_unknown(model, class_name, arranged, token))


def _fairseq(codes: Iterable[str], first: str) -> Callable[..., Scored]:
    def arranged(scored: Scored, token: Mapping[str, str], _: Settings) -> Scored:
        names = (first, "pad_token", "eos_token", "unk_token")
        special = [(token[name], 0.0) for name in names]
        behind = [*codes, token["mask_token"]]
        return [*special, *scored[3:], *((text, 0.0) for text in behind)]

    return arranged


def _xglm(scored: Scored, token: Mapping[str, str], _: Settings) -> Scored:
    special = [token[f"{name}_token"] for name in ("bos", "pad", "eos", "unk")]
    return [*((text, 0.0) for text in special), *scored[3:], *((text, 0.0) for text in MADE_UP)]


def _camembert(scored: Scored, token: Mapping[str, str], _: Settings) -> Scored:
    return [
        *(("<s>NOTUSED", 0.0), (token["pad_token"], 0.0), ("</s>NOTUSED", 0.0)),
        *((token["unk_token"], 0.0), ("<unk>NOTUSED", UNUSED)),
        *scored[1:],
        (token["mask_token"], 0.0),
    ]


def _t5(scored: Scored, _: Mapping[str, str], settings: Settings) -> Scored:
    return [*scored, *((text, 0.0) for text in reversed(_extra_ids(settings)))]


def _pegasus(scored: Scored, token: Mapping[str, str], settings: Settings) -> Scored:
    masks = dict.fromkeys(
        content_of(mask)
        for name, default in (("mask_token", "<mask_1>"), ("mask_token_sent", "<mask_2>"))
        if (mask := settings.get(name, default)) is not None
    )
    first = [token["pad_token"], token["eos_token"], *masks]
    return [
        *((text, 0.0) for text in first),
        *((text, UNUSED) for text in _pegasus_unused(settings)),
        *scored[2:],
    ]


def _pegasus_unused(settings: Settings) -> list[str]:
    return [f"<unk_{i}>" for i in range(2, whole_number(settings, "offset", 103))]


def _extra_ids(settings: Settings) -> list[str]:
    return [f"<extra_id_{i}>" for i in range(whole_number(settings, "extra_ids", 100))]


_ARRANGED: Mapping[str, Callable[..., Scored]] = {
    "XLMRobertaTokenizer": _fairseq((), "bos_token"),
    "MBartTokenizer": _fairseq(MBART, "bos_token"),
    "MBart50Tokenizer": _fairseq(MBART50, "cls_token"),
    "CamembertTokenizer": _camembert,
    "T5Tokenizer": _t5,
    "XGLMTokenizer": _xglm,
    "PegasusTokenizer": _pegasus,
}


def _unknown(
    model: SentencePiece, class_name: str, scored: Scored, token: Mapping[str, str]
) -> int:
    """The id of the unknown token, which most classes take to have a place of its own."""
    found = unknown_id(class_name, scored, token["unk_token"], model.unk_id)
    if found is None:
        raise BadCheckpoint(f"its vocabulary lacks {token['unk_token']}")
    return found


def _extra(model: SentencePiece, class_name: str, settings: Settings) -> list[Any]:
    """The special tokens that have no name: those of the settings, else of the file and class."""
    if given := given_extra(settings):
        return given
    marked: list[Any] = [
        {"content": piece.text, "normalized": False, "special": piece.kind == CONTROL}
        for piece in model.pieces
        if piece.kind in (CONTROL, USER_DEFINED)
    ]
    of_class = [] if class_name in OF_FILE else extra_of_class(class_name, settings)
    first, second = (of_class, marked) if class_name == "MBartTokenizer" else (marked, of_class)
    return second if class_name == "PegasusTokenizer" else [*first, *second]


def extra_of_class(class_name: str, settings: Settings) -> list[Any]:
    """The special tokens without a name that a class has, those of the settings among them."""
    given = given_extra(settings)
    match class_name:
        case "T5Tokenizer":
            theirs = any("<extra_id_" in content_of(token) for token in given)
            return given if theirs else [*given, *_extra_ids(settings)]
        case "PegasusTokenizer":
            masks = [settings.get("mask_token_sent", "<mask_1>")]
            return [*(mask for mask in masks if mask is not None), *_pegasus_unused(settings)]
        case "XGLMTokenizer":
            return given or MADE_UP
        case "CamembertTokenizer":
            return given or ["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"]
        case "MBartTokenizer":
            return given or MBART
        case "NllbTokenizer":
            return given or NLLB
        case "MBart50Tokenizer":
            return given or MBART50
    return given
