"""What a tokenizer class adds to its vocabulary: its rules, and what it puts around a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from attnviz.errors import UnsupportedModel
from attnviz.tokenizer.settings import (
    Settings,
    add_tokens,
    content_of,
    switch,
    token_id,
)

__all__ = ["CLASS_OF_MODEL", "FILE_ALONE", "from_vocabulary"]

CLASS_OF_MODEL = {
    **dict.fromkeys(("bert", "distilbert", "electra"), "BertTokenizer"),
    **dict.fromkeys(("gpt2", "gpt_neo", "gptj", "opt", "phi"), "GPT2Tokenizer"),
    **dict.fromkeys(("roberta", "bart"), "RobertaTokenizer"),
    "gpt_neox": "GPTNeoXTokenizer",
    "mpnet": "MPNetTokenizer",
    **dict.fromkeys(("qwen2", "qwen3"), "Qwen2Tokenizer"),
    **dict.fromkeys(("gemma", "gemma2", "gemma3_text"), "GemmaTokenizer"),
    **dict.fromkeys(("t5", "mt5"), "T5Tokenizer"),
    "albert": "AlbertTokenizer",
    "camembert": "CamembertTokenizer",
    "deberta-v2": "DebertaV2Tokenizer",
    "pegasus": "PegasusTokenizer",
    "xlm-roberta": "XLMRobertaTokenizer",
}
FILE_ALONE = frozenset(("mistral", "modernbert", "olmo2", "phi3", "stablelm"))
"""Types of models whose tokenizer.json is used as it is, whatever class their folder names."""


@dataclass(frozen=True, slots=True)
class _Recipe:
    """The special tokens of a class by default, and how it surrounds a text with them."""

    special: Mapping[str, Any]
    surround: Callable[[Tokenizer, Settings], Any]
    normalizer: Any = None


def from_vocabulary(files: tuple[Path, ...], class_name: str, settings: Settings) -> Tokenizer:
    """What a class makes of ``vocab.txt``, or of ``vocab.json`` and ``merges.txt``."""
    build, recipes = (_wordpiece, _WORDPIECE) if len(files) == 1 else (_byte_level, _BYTE_LEVEL)
    recipe = recipes.get(class_name)
    if recipe is None:
        names = " and ".join(path.name for path in files)
        raise UnsupportedModel(
            f"attnviz does not know how the tokenizer {class_name} uses {names}; open it with "
            "transformers' AutoTokenizer and save_pretrained it, so that it has a tokenizer.json"
        )
    settings = {**recipe.special, **settings}
    tokenizer = build(files, settings)
    if recipe.normalizer is not None:
        tokenizer.normalizer = recipe.normalizer
    add_tokens(tokenizer, settings)
    tokenizer.post_processor = recipe.surround(tokenizer, settings)
    return tokenizer


def _wordpiece(files: tuple[Path, ...], settings: Settings) -> Tokenizer:
    unknown = content_of(settings["unk_token"])
    tokenizer = Tokenizer(models.WordPiece.from_file(str(files[0]), unk_token=unknown))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=switch(settings, "tokenize_chinese_chars", True),
        strip_accents=switch(settings, "strip_accents", None),
        lowercase=switch(settings, "do_lower_case", True),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return tokenizer


def _byte_level(files: tuple[Path, ...], settings: Settings) -> Tokenizer:
    vocabulary, merges = map(str, files)
    tokenizer = Tokenizer(models.BPE.from_file(vocabulary, merges))
    prefix = switch(settings, "add_prefix_space", False)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=bool(prefix))
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _cls_and_sep(tokenizer: Tokenizer, settings: Settings) -> Any:
    cls, sep = (token_id(tokenizer, settings, name) for name in ("cls_token", "sep_token"))
    return processors.TemplateProcessing(
        single=[f"{cls[0]}:0", "$A:0", f"{sep[0]}:0"],
        pair=[f"{cls[0]}:0", "$A:0", f"{sep[0]}:0", "$B:1", f"{sep[0]}:1"],
        special_tokens=[cls, sep],
    )


def _cls_and_two_seps(tokenizer: Tokenizer, settings: Settings) -> Any:
    cls, sep = (token_id(tokenizer, settings, name) for name in ("cls_token", "sep_token"))
    return processors.RobertaProcessing(sep, cls, trim_offsets=False, add_prefix_space=False)


def _bos_and_eos(tokenizer: Tokenizer, settings: Settings) -> Any:
    bos, eos = (
        [token_id(tokenizer, settings, f"{name}_token")]
        if switch(settings, f"add_{name}_token", False)
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


_BERT = _Recipe(
    {
        "unk_token": "[UNK]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "cls_token": "[CLS]",
        "mask_token": "[MASK]",
    },
    _cls_and_sep,
)
_SENTENCE = {
    **dict.fromkeys(("bos_token", "cls_token"), "<s>"),
    **dict.fromkeys(("eos_token", "sep_token"), "</s>"),
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}
_ROBERTA = _Recipe(_SENTENCE, _cls_and_two_seps)
_END_OF_TEXT = dict.fromkeys(("unk_token", "bos_token", "eos_token"), "<|endoftext|>")
_GPT2 = _Recipe(_END_OF_TEXT, _bos_and_eos)

_WORDPIECE = {
    "BertTokenizer": _BERT,
    "DistilBertTokenizer": _BERT,
    "ElectraTokenizer": _BERT,
    "MPNetTokenizer": _Recipe(
        {**_SENTENCE, "unk_token": "[UNK]", "mask_token": {"content": "<mask>", "lstrip": True}},
        _cls_and_two_seps,
    ),
}
_BYTE_LEVEL = {
    "GPT2Tokenizer": _GPT2,
    "CodeGenTokenizer": _GPT2,
    "GPTNeoXTokenizer": _Recipe(
        {**_END_OF_TEXT, "pad_token": "<|padding|>"}, _bos_and_eos, normalizers.NFC()
    ),
    "RobertaTokenizer": _ROBERTA,
    "BartTokenizer": _ROBERTA,
}
