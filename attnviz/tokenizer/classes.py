"""What a tokenizer class adds to its vocabulary: its rules, and what it puts around a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from attnviz.errors import UnsupportedModel
from attnviz.tokenizer.sentencepiece_classes import DEFAULTS
from attnviz.tokenizer.settings import (
    Settings,
    add_tokens,
    content_of,
    switch,
    token_id,
)
from attnviz.tokenizer.special_tokens import (
    add_every_token,
    around_by_switches,
    cls_and_sep,
    given_extra,
)

CLASS_OF_MODEL = {
    **dict.fromkeys(("bert", "distilbert", "electra"), "BertTokenizer"),
    **dict.fromkeys(
        ("codegen", "gpt2", "gpt_neo", "gptj", "opt", "phi", "starcoder2"), "GPT2Tokenizer"
    ),
    **dict.fromkeys(("roberta", "bart"), "RobertaTokenizer"),
    **dict.fromkeys(("gpt_neox", "olmo", "olmoe"), "GPTNeoXTokenizer"),
    "mpnet": "MPNetTokenizer",
    **dict.fromkeys(
        ("qwen2", "qwen2_5_vl", "qwen2_moe", "qwen2_vl", "qwen3", "qwen3_moe", "qwen3_vl"),
        "Qwen2Tokenizer",
    ),
    **dict.fromkeys(("gemma", "gemma2", "gemma3", "gemma3_text", "t5gemma"), "GemmaTokenizer"),
    **dict.fromkeys(("cohere", "cohere2"), "CohereTokenizer"),
    "clip": "CLIPTokenizer",
    "xglm": "XGLMTokenizer",
    **dict.fromkeys(("t5", "mt5"), "T5Tokenizer"),
    "albert": "AlbertTokenizer",
    "big_bird": "BigBirdTokenizer",
    "camembert": "CamembertTokenizer",
    "deberta-v2": "DebertaV2Tokenizer",
    "m2m_100": "M2M100Tokenizer",
    "marian": "MarianTokenizer",
    "mbart": "MBartTokenizer",
    "pegasus": "PegasusTokenizer",
    "rembert": "RemBertTokenizer",
    "xlnet": "XLNetTokenizer",
    **dict.fromkeys(("gte", "xlm-roberta"), "XLMRobertaTokenizer"),
    "blenderbot": "BlenderbotTokenizer",
    "deberta": "DebertaTokenizer",
    "esm": "EsmTokenizer",
    "openai-gpt": "OpenAIGPTTokenizer",
    **dict.fromkeys(
        ("convbert", "ernie", "megatron-bert", "mobilebert", "nomic_bert", "squeezebert"),
        "BertTokenizer",
    ),
    **dict.fromkeys(
        ("data2vec-text", "led", "longformer", "mvp", "roberta-prelayernorm"), "RobertaTokenizer"
    ),
    **dict.fromkeys(("longt5", "switch_transformers"), "T5Tokenizer"),
}
ALIASES = {
    f"{name}Tokenizer": f"{own}Tokenizer"
    for own, names in (
        ("Bert", ("ConvBert", "DPRContextEncoder", "DPRQuestionEncoder", "Electra", "LayoutLM")),
        ("Bert", ("Lxmert", "MobileBert", "SqueezeBert")),
        ("Roberta", ("Bart", "LED", "Longformer", "Mvp")),
    )
    for name in names
}
"""Classes of transformers 5 that are another one by another name."""
FILE_ALONE = frozenset((
    "ernie4_5", "glm", "glm4", "glm4_moe", "gpt_bigcode", "granite", "granitemoe", "llava",
    "llava_next", "ministral", "mistral", "mistral3", "mixtral", "modernbert",
    "modernbert-decoder", "nemotron", "olmo2", "olmo3", "phi3", "smolvlm", "stablelm", "umt5",
    "xlm-roberta-xl",
))  # fmt: skip
"""Types of models whose tokenizer.json is used as it is, whatever class their folder names."""


@dataclass(frozen=True, slots=True)
class _Recipe:
    """The special tokens of a class by default, and how it surrounds a text with them."""

    special: Mapping[str, Any]
    surround: Callable[[Tokenizer, Settings], Any]
    normalizer: Any = None
    pre_tokenizer: Any = None
    ending: str = ""


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
    if recipe.pre_tokenizer is not None:
        tokenizer.pre_tokenizer = recipe.pre_tokenizer
    if recipe.ending:
        tokenizer.model = models.BPE.from_file(
            *map(str, files),
            unk_token=content_of(settings["unk_token"]),
            end_of_word_suffix=recipe.ending,
        )
        tokenizer.decoder = decoders.BPEDecoder(suffix=recipe.ending)
    if len(files) == 1:
        add_tokens(tokenizer, settings)
    else:
        add_every_token(tokenizer, settings, given_extra(settings))
    tokenizer.post_processor = recipe.surround(tokenizer, settings)
    return tokenizer


def special_by_default(class_name: str) -> Mapping[str, Any]:
    """The special tokens that a class has where its settings name none."""
    recipe = {**_WORDPIECE, **_BYTE_LEVEL}.get(class_name)
    return recipe.special if recipe else DEFAULTS.get(class_name) or _NAMED.get(class_name, {})


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


def _cls_and_two_seps(tokenizer: Tokenizer, settings: Settings) -> Any:
    cls, sep = (token_id(tokenizer, settings, name) for name in ("cls_token", "sep_token"))
    return processors.RobertaProcessing(sep, cls, trim_offsets=False, add_prefix_space=False)


_BERT = _Recipe(
    {
        "unk_token": "[UNK]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "cls_token": "[CLS]",
        "mask_token": "[MASK]",
    },
    cls_and_sep,
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
_GPT2 = _Recipe(_END_OF_TEXT, around_by_switches)

QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _qwen2_words() -> Any:
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


_NAMED: Mapping[str, Mapping[str, str]] = {
    "CLIPTokenizer": {
        **dict.fromkeys(("unk_token", "eos_token", "pad_token"), "<|endoftext|>"),
        "bos_token": "<|startoftext|>",
    },
    "CohereTokenizer": {
        "unk_token": "<UNK>",
        "bos_token": "<BOS_TOKEN>",
        "eos_token": "<|END_OF_TURN_TOKEN|>",
        "pad_token": "<PAD>",
        "cls_token": "<CLS>",
        "sep_token": "<SEP>",
        "mask_token": "<MASK_TOKEN>",
    },
}
"""Of classes that are made of a tokenizer.json alone."""

_WORDPIECE = {
    "BertTokenizer": _BERT,
    "DistilBertTokenizer": _BERT,
    "MPNetTokenizer": _Recipe(
        {**_SENTENCE, "unk_token": "[UNK]", "mask_token": {"content": "<mask>", "lstrip": True}},
        _cls_and_two_seps,
    ),
}
_BYTE_LEVEL = {
    "GPT2Tokenizer": _GPT2,
    "CodeGenTokenizer": _GPT2,
    "GPTNeoXTokenizer": _Recipe(
        {**_END_OF_TEXT, "pad_token": "<|padding|>"}, around_by_switches, normalizers.NFC()
    ),
    "RobertaTokenizer": _ROBERTA,
    "Qwen2Tokenizer": _Recipe(
        dict.fromkeys(("unk_token", "eos_token", "pad_token"), "<|endoftext|>"),
        around_by_switches,
        normalizers.NFC(),
        _qwen2_words(),
    ),
    "DebertaTokenizer": _Recipe(
        {**_BERT.special, "bos_token": "[CLS]", "eos_token": "[SEP]"}, _cls_and_two_seps
    ),
    "BlenderbotTokenizer": _Recipe(
        {
            **_SENTENCE,
            "mask_token": {"content": "<mask>", "lstrip": True},
            "add_prefix_space": True,
        },
        around_by_switches,
    ),
    "OpenAIGPTTokenizer": _Recipe(
        {"unk_token": "<unk>"},
        around_by_switches,
        normalizers.BertNormalizer(lowercase=True),
        pre_tokenizers.BertPreTokenizer(),
        ending="</w>",
    ),
    "HerbertTokenizer": _Recipe(
        {name: token for name, token in _SENTENCE.items() if name[:3] not in ("bos", "eos")},
        cls_and_sep,
        normalizers.BertNormalizer(lowercase=False, strip_accents=False),
        pre_tokenizers.BertPreTokenizer(),
        ending="</w>",
    ),
}
