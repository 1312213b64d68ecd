"""How classes of byte-pair encoding normalize and split a text, and what they put around it.

Each is that of transformers 5, beside a tokenizer.json and for vocabulary and merges alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors

from attnviz.tokenizer.settings import Settings, content_of, switch, token_id
from attnviz.tokenizer.special_tokens import around_by_switches, cls_and_sep

SENTENCE = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
BRACKETS = {"cls_token": "[CLS]", "sep_token": "[SEP]"}
CLIP = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>"}  # fmt: skip
CLIP_WORDS = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
END = "</w>"


def around_two_separators(tokenizer: Tokenizer, settings: Settings) -> None:
    """As RoBERTa: <s> a text </s>, and of a pair </s> the other </s>."""
    named = {**SENTENCE, **settings}
    cls, sep = (token_id(tokenizer, named, name) for name in ("cls_token", "sep_token"))
    prefix = bool(switch(settings, "add_prefix_space", False))
    tokenizer.post_processor = processors.RobertaProcessing(sep, cls, False, prefix)


def _plainly(model: Any, *, end: str = "", unknown: str | None = None) -> None:
    """Merges as these classes apply them, whatever a file says besides of its model."""
    model.continuing_subword_prefix, model.end_of_word_suffix, model.unk_token = "", end, unknown
    model.fuse_unk = model.byte_fallback = model.ignore_merges = False


def _gpt2(tokenizer: Tokenizer, settings: Settings, *, prefix: bool = False) -> None:
    _plainly(tokenizer.model)
    prefix = bool(switch(settings, "add_prefix_space", prefix))
    tokenizer.normalizer = None
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.decoder = decoders.ByteLevel()


def _blenderbot(tokenizer: Tokenizer, settings: Settings) -> None:
    _gpt2(tokenizer, settings, prefix=True)


def _roberta(tokenizer: Tokenizer, settings: Settings) -> None:
    _gpt2(tokenizer, settings)
    around_two_separators(tokenizer, settings)


def _deberta(tokenizer: Tokenizer, settings: Settings) -> None:
    _gpt2(tokenizer, settings)
    named = {**BRACKETS, **settings}
    cls, sep = (token_id(tokenizer, named, name) for name in ("cls_token", "sep_token"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[cls[0], "$A", sep[0]],
        pair=[cls[0], "$A", sep[0], sep[0], "$B", sep[0]],
        special_tokens=[cls, sep],
    )


def _gpt_neox(tokenizer: Tokenizer, settings: Settings) -> None:
    _gpt2(tokenizer, settings)
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = around_by_switches(tokenizer, settings)


def _qwen2(tokenizer: Tokenizer, settings: Settings) -> None:
    _gpt2(tokenizer, settings)
    tokenizer.normalizer = normalizers.NFC()
    prefix = bool(switch(settings, "add_prefix_space", False))
    words = pre_tokenizers.Split(Regex(QWEN2), "isolated")
    letters = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, letters])


def _cohere(tokenizer: Tokenizer, settings: Settings) -> None:
    _gpt2(tokenizer, settings)
    tokenizer.normalizer = normalizers.NFC()
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, tokenizer.pre_tokenizer])


def _clip(tokenizer: Tokenizer, settings: Settings) -> None:
    named = {**CLIP, **settings}
    _plainly(tokenizer.model, end=END, unknown=content_of(named["unk_token"]))
    one_space = normalizers.Replace(Regex(r"\s+"), " ")
    steps = [normalizers.NFC(), one_space, normalizers.Lowercase()]
    tokenizer.normalizer = normalizers.Sequence(steps)
    words = pre_tokenizers.Split(Regex(CLIP_WORDS), "removed", invert=True)
    letters = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, letters])
    ends = Regex(r"\A\s+|\s+\z")
    spelled = (decoders.ByteLevel(), decoders.Replace(END, " "), decoders.Replace(ends, ""))
    tokenizer.decoder = decoders.Sequence(list(spelled))
    eos, bos = (token_id(tokenizer, named, name) for name in ("eos_token", "bos_token"))
    tokenizer.post_processor = processors.RobertaProcessing(eos, bos, False, False)


def _openai_gpt(tokenizer: Tokenizer, settings: Settings) -> None:
    _plainly(tokenizer.model, end=END, unknown=content_of(settings.get("unk_token") or "<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.BPEDecoder(suffix=END)


def _herbert(tokenizer: Tokenizer, settings: Settings) -> None:
    _openai_gpt(tokenizer, settings)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.post_processor = cls_and_sep(tokenizer, {**SENTENCE, **settings})


BYTE_LEVEL: Mapping[str, Callable[[Tokenizer, Settings], None]] = {
    "BartTokenizer": _roberta,
    "BlenderbotTokenizer": _blenderbot,
    "CLIPTokenizer": _clip,
    "CodeGenTokenizer": _gpt2,
    "CohereTokenizer": _cohere,
    "DebertaTokenizer": _deberta,
    "GPT2Tokenizer": _gpt2,
    "GPTNeoXTokenizer": _gpt_neox,
    "HerbertTokenizer": _herbert,
    "OpenAIGPTTokenizer": _openai_gpt,
    "Qwen2Tokenizer": _qwen2,
    "RobertaTokenizer": _roberta,
}
"""By class, what it does with a tokenizer of byte-pair encoding."""
