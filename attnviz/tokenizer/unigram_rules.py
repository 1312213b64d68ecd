"""How classes that came with SentencePiece files normalize and split a text, beyond XLM-RoBERTa's.

Each is that of transformers 5, for tokenizer.json and for the file of SentencePiece alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors

from attnviz.tokenizer.settings import Settings, switch, token_id
from attnviz.tokenizer.special_tokens import cls_and_sep

MANY_SPACES = normalizers.Replace(Regex(" {2,}"), " ")
QUOTES = (normalizers.Replace("``", '"'), normalizers.Replace("''", '"'))
BRACKETS = {"cls_token": "[CLS]", "sep_token": "[SEP]"}
XLNET = {"cls_token": "<cls>", "sep_token": "<sep>"}
ACCENTS = (normalizers.NFKD(), normalizers.StripAccents())


def mbart(tokenizer: Tokenizer, _: Settings, __: bytes | None) -> None:
    """Words with a space before each, not normalized."""
    tokenizer.normalizer = None
    _words(tokenizer, "always")


def mbart50(tokenizer: Tokenizer, _: Settings, charsmap: bytes | None) -> None:
    """SentencePiece's normalization, and a space in front."""
    tokenizer.normalizer = normalizers.Sequence([*_table(charsmap), MANY_SPACES])
    _prefixed(tokenizer, "always")


def xlnet(tokenizer: Tokenizer, settings: Settings, charsmap: bytes | None) -> None:
    """Without accents, whatever keep_accents says; the special tokens stand behind the text."""
    lowered = [normalizers.Lowercase()] * bool(switch(settings, "do_lower_case", False))
    steps = [*QUOTES, *ACCENTS, *lowered, *_table(charsmap)]
    tokenizer.normalizer = normalizers.Sequence(steps)
    _words(tokenizer, "always")
    sep, cls = (
        token_id(tokenizer, {**XLNET, **settings}, name) for name in ("sep_token", "cls_token")
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A:0", f"{sep[0]}:0", f"{cls[0]}:2"],
        pair=["$A:0", f"{sep[0]}:0", "$B:1", f"{sep[0]}:1", f"{cls[0]}:2"],
        special_tokens=[sep, cls],
    )


def one_line() -> list[Any]:
    """Runs of spaces, and ends of lines, as one space; none at the end."""
    spaces = normalizers.Replace(Regex(r"\s{2,}|[\n\r\t]"), " ")
    return [spaces, normalizers.NFC(), normalizers.Strip(left=False, right=True)]


def barthez(tokenizer: Tokenizer, settings: Settings, _: bytes | None) -> None:
    """On one line; SentencePiece's own table is not used."""
    tokenizer.normalizer = normalizers.Sequence(one_line())
    _prefixed(tokenizer, "always" if switch(settings, "add_prefix_space", True) else "never")


def xglm(tokenizer: Tokenizer, settings: Settings, charsmap: bytes | None) -> None:
    """Many spaces as one; </s> stands before a text."""
    tokenizer.normalizer = normalizers.Sequence([*_table(charsmap), MANY_SPACES])
    _prefixed(tokenizer, "always" if switch(settings, "add_prefix_space", True) else "never")
    eos = token_id(tokenizer, {"eos_token": "</s>", **settings}, "eos_token")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[eos[0], "$A"], pair=[eos[0], "$A", eos[0], eos[0], "$B"], special_tokens=[eos]
    )


def rembert(tokenizer: Tokenizer, settings: Settings, charsmap: bytes | None) -> None:
    """Accents kept and case too, unless the settings say otherwise."""
    dropped = [] if switch(settings, "keep_accents", True) else [*ACCENTS]
    lowered = [normalizers.Lowercase()] * bool(switch(settings, "do_lower_case", False))
    steps: Iterable[Any] = [*QUOTES, MANY_SPACES, *dropped, *lowered, *_table(charsmap)]
    tokenizer.normalizer = normalizers.Sequence(list(steps))
    _prefixed(tokenizer, "always" if switch(settings, "add_prefix_space", True) else "never")
    tokenizer.post_processor = cls_and_sep(tokenizer, {**BRACKETS, **settings})


def big_bird(tokenizer: Tokenizer, settings: Settings, _: bytes | None) -> None:
    """Not normalized but for runs of spaces."""
    tokenizer.normalizer = normalizers.Replace(Regex(" {2,}"), "▁")
    _prefixed(tokenizer, "always" if switch(settings, "add_prefix_space", True) else "never")
    tokenizer.post_processor = cls_and_sep(tokenizer, {**BRACKETS, **settings})


def _table(charsmap: bytes | None) -> list[Any]:
    return [normalizers.Precompiled(charsmap)] if charsmap else []


def _prefixed(tokenizer: Tokenizer, scheme: str) -> None:
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme)


def _words(tokenizer: Tokenizer, scheme: str) -> None:
    _prefixed(tokenizer, scheme)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), tokenizer.pre_tokenizer]
    )
