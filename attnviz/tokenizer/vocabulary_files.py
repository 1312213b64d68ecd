"""What a tokenizer class makes of ``vocab.txt``, or of ``vocab.json`` and ``merges.txt``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models

from attnviz.errors import UnsupportedModel
from attnviz.tokenizer.class_rules import apply_class
from attnviz.tokenizer.sentencepiece_classes import DEFAULTS
from attnviz.tokenizer.settings import Settings, content_of
from attnviz.tokenizer.special_tokens import (
    add_every_token,
    around_by_switches,
    given_extra,
    named_by,
    without_added_tokens,
)

Names = Mapping[str, Any]

_BRACKETS: Names = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
_SENTENCE: Names = {
    **dict.fromkeys(("bos_token", "cls_token"), "<s>"),
    **dict.fromkeys(("eos_token", "sep_token"), "</s>"),
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}
_LEFT = {"content": "<mask>", "lstrip": True}
_END_OF_TEXT = dict.fromkeys(("unk_token", "bos_token", "eos_token"), "<|endoftext|>")

_WORDS: Mapping[str, Names] = {
    "BertTokenizer": _BRACKETS,
    "DistilBertTokenizer": _BRACKETS,
    "MPNetTokenizer": {**_SENTENCE, "unk_token": "[UNK]", "mask_token": _LEFT},
}
_MERGED: Mapping[str, Names] = {
    "BlenderbotTokenizer": {**_SENTENCE, "mask_token": {**_LEFT, "normalized": False}},
    "CLIPTokenizer": {
        **dict.fromkeys(("unk_token", "eos_token", "pad_token"), "<|endoftext|>"),
        "bos_token": "<|startoftext|>",
    },
    "CodeGenTokenizer": _END_OF_TEXT,
    "CohereTokenizer": {
        "unk_token": "<UNK>",
        "bos_token": "<BOS_TOKEN>",
        "eos_token": "<|END_OF_TURN_TOKEN|>",
        "pad_token": "<PAD>",
        "cls_token": "<CLS>",
        "sep_token": "<SEP>",
        "mask_token": "<MASK_TOKEN>",
    },
    "DebertaTokenizer": {**_BRACKETS, "bos_token": "[CLS]", "eos_token": "[SEP]"},
    "GPT2Tokenizer": _END_OF_TEXT,
    "GPTNeoXTokenizer": {**_END_OF_TEXT, "pad_token": "<|padding|>"},
    "HerbertTokenizer": {
        name: token for name, token in _SENTENCE.items() if name[:3] not in ("bos", "eos")
    },
    "OpenAIGPTTokenizer": {"unk_token": "<unk>"},
    "Qwen2Tokenizer": dict.fromkeys(("unk_token", "eos_token", "pad_token"), "<|endoftext|>"),
    "RobertaTokenizer": _SENTENCE,
}
"""The special tokens of classes by default, and that they are made of such files."""


def special_by_default(class_name: str) -> Names:
    """The special tokens that a class has where its settings name none."""
    return {**_WORDS, **_MERGED, **DEFAULTS}.get(class_name, {})


def from_vocabulary(files: tuple[Path, ...], class_name: str, settings: Settings) -> Tokenizer:
    """The tokenizer of a class; UnsupportedModel for one that is not made of such files."""
    made, model = (_WORDS, _wordpiece) if len(files) == 1 else (_MERGED, _merged)
    if class_name not in made:
        names = " and ".join(path.name for path in files)
        raise UnsupportedModel(
            f"attnviz does not know how the tokenizer {class_name} uses {names}; open it with "
            "transformers' AutoTokenizer and save_pretrained it, so that it has a tokenizer.json"
        )
    named = named_by(made[class_name], settings)
    tokenizer = Tokenizer(model(files, content_of(named["unk_token"])))
    if len(files) == 1:
        tokenizer.decoder = decoders.WordPiece(prefix="##")
    return as_class(
        tokenizer, class_name, named, lambda bare: add_every_token(bare, named, given_extra(named))
    )


def as_class(
    tokenizer: Tokenizer, class_name: str, named: Settings, add: Callable[[Tokenizer], None]
) -> Tokenizer:
    """A vocabulary with a class's rules and its added tokens, which its new rules normalize."""
    add(tokenizer)
    apply_class(tokenizer, class_name, named)
    bare = without_added_tokens(tokenizer)
    add(bare)
    if bare.post_processor is None:
        bare.post_processor = around_by_switches(bare, named)
    return bare


def _wordpiece(files: tuple[Path, ...], unknown: str) -> Any:
    return models.WordPiece.from_file(str(files[0]), unk_token=unknown)


def _merged(files: tuple[Path, ...], _: str) -> Any:
    return models.BPE.from_file(*map(str, files))
