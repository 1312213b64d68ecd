"""Marian's and M2M-100's tokenizers: SentencePiece files whose pieces vocab.json numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokenizers import Tokenizer, decoders, processors

from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.tokenizer.found_pieces import Find, Found, looked_up
from attnviz.tokenizer.sentencepiece_encoder import SentencePieceEncoder
from attnviz.tokenizer.sentencepiece_file import SentencePiece
from attnviz.tokenizer.settings import Settings, content_of, switch, token_id
from attnviz.tokenizer.special_tokens import given_extra

MARIAN = {"unk_token": "<unk>", "eos_token": "</s>", "pad_token": "<pad>"}
M2M = {**MARIAN, "bos_token": "<s>", "sep_token": "</s>"}
# fmt: off
PLBART = {
    "base": ["java", "python", "en_XX"],
    "multi": ["java", "python", "en_XX", "javascript", "php", "ruby", "go"],
}
LANGUAGES = {
    "m2m100": [
        "af", "am", "ar", "ast", "az", "ba", "be", "bg", "bn", "br", "bs", "ca", "ceb", "cs", "cy",
        "da", "de", "el", "en", "es", "et", "fa", "ff", "fi", "fr", "fy", "ga", "gd", "gl", "gu",
        "ha", "he", "hi", "hr", "ht", "hu", "hy", "id", "ig", "ilo", "is", "it", "ja", "jv", "ka",
        "kk", "km", "kn", "ko", "lb", "lg", "ln", "lo", "lt", "lv", "mg", "mk", "ml", "mn", "mr",
        "ms", "my", "ne", "nl", "no", "ns", "oc", "or", "pa", "pl", "ps", "pt", "ro", "ru", "sd",
        "si", "sk", "sl", "so", "sq", "sr", "ss", "su", "sv", "sw", "ta", "th", "tl", "tn", "tr",
        "uk", "ur", "uz", "vi", "wo", "xh", "yi", "yo", "zh", "zu",
    ],
    "wmt21": ["en", "ha", "is", "ja", "cs", "ru", "zh", "de"],
}
# fmt: on


def marian(model: SentencePiece, vocabulary: Mapping[str, Any], settings: Settings) -> Tokenizer:
    """One side's tokenizer: a language's code ``>>fra<<`` in front, then pieces, then the end."""
    if switch(settings, "separate_vocabs", False):
        raise UnsupportedModel(
            "attnviz does not read tokenizers with separate_vocabs, of which each language has a "
            "vocabulary of its own"
        )
    named = {**MARIAN, **settings}
    tokenizer = _looked_up(vocabulary, named, _behind_code(SentencePieceEncoder(model).encode))
    end = token_id(tokenizer, named, "eos_token")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A", end[0]], pair=["$A", "$B", end[0]], special_tokens=[end]
    )
    return tokenizer


def m2m_100(model: SentencePiece, vocabulary: Mapping[str, Any], settings: Settings) -> Tokenizer:
    """The languages' codes have the ids behind the vocabulary, in the order of their list."""
    kind = settings.get("language_codes") or "m2m100"
    if kind not in LANGUAGES:
        raise BadCheckpoint(f"there is no list of languages {quote(kind)}")
    codes = [f"__{code}__" for code in LANGUAGES[kind]]
    numbered = {**vocabulary, **{code: len(vocabulary) + i for i, code in enumerate(codes)}}
    return _looked_up(numbered, {**M2M, **settings}, SentencePieceEncoder(model).encode)


def plbart(model: SentencePiece, settings: Settings) -> Tokenizer:
    """Pieces one id further than in the file, then the languages' codes, and base's mask."""
    kind = settings.get("language_codes") or "base"
    if kind not in PLBART:
        raise BadCheckpoint(f"there is no list of languages {quote(kind)}")
    behind = [*(f"__{code}__" for code in PLBART[kind]), *["<mask>"] * (kind == "base")]
    ids = {text: id for id, text in enumerate(("<s>", "<pad>", "</s>", "<unk>"))}
    for id, text in enumerate([*(piece.text for piece in model.pieces), *behind]):
        if id:  # what the file has at 0 is unknown
            ids.setdefault(text, id + 1)
    named = {**M2M, "cls_token": "<s>", "mask_token": "<mask>", **settings}
    mask = content_of(named["mask_token"])
    named["mask_token"] = {"content": mask, "lstrip": mask not in ids}
    listed = settings["added_tokens_decoder"]
    named["added_tokens_decoder"] = {
        id: token for id, token in listed.items() if content_of(token) not in ids
    }
    extra = [*behind[: len(PLBART[kind])], *given_extra(named)]
    tokenizer = _looked_up(
        ids, {**named, "extra_special_tokens": extra}, SentencePieceEncoder(model).encode
    )
    end = token_id(tokenizer, named, "eos_token")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A", end[0]], pair=["$A", "$B", end[0]], special_tokens=[end]
    )
    return tokenizer


def _looked_up(vocabulary: Mapping[str, Any], named: Settings, find: Find) -> Tokenizer:
    unknown = content_of(named["unk_token"])
    if not all(type(id) is int and 0 <= id < 2**31 for id in vocabulary.values()):
        raise BadCheckpoint("vocab.json does not give each token an id")
    if unknown not in vocabulary:
        raise BadCheckpoint(f"vocab.json lacks {quote(unknown)}, the unk_token of the tokenizer")
    tokenizer = looked_up(vocabulary, named, find)
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def _behind_code(find: Find) -> Find:
    def found(text: str) -> list[Found]:
        end = text.find("<<") + 2 if text.startswith(">>") else 0
        if end < 3:
            return list(find(text))
        pieces = (Found(p.piece, p.start + end, p.end + end) for p in find(text[end:]))
        return [Found(text[:end], 0, end), *pieces]

    return found
