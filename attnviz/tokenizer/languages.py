"""Tokenizers of translation models, which mark a text with the code of its language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

from attnviz.errors import InputError, quote
from attnviz.tokenizer.settings import Settings, switch, token_id

# class: how a code is written as a token, and the source language where the settings name none
_CODED = {
    "MBartTokenizer": ("{}", "en_XX"),
    "MBart50Tokenizer": ("{}", "en_XX"),
    "NllbTokenizer": ("{}", "eng_Latn"),
    "M2M100Tokenizer": ("__{}__", "en"),
    "PLBartTokenizer": ("__{}__", None),
}
CODE = re.compile("[a-z]{2}_[A-Z]{2}|[a-z]{3}_[A-Z][a-z]{3}|__([a-z]{2,3})__")
NAMED = 12  # codes that an error names


@dataclass(frozen=True, slots=True)
class Languages:
    """Where the codes stand, and the ids of the source's, the target's and the end token.

    With ``behind``, a source is ``text, end, code``; else it is ``code, text, end``, and a target
    begins with its code. With ``starts``, the code takes the place of the decoder's start token.
    """

    written: str
    behind: bool
    starts: bool
    end: int
    source: int
    target: int | None

    @classmethod
    def of(cls, tokenizer: Tokenizer, class_name: str, settings: Settings) -> Languages | None:
        """What a class does; sets the tokenizer's post-processor for the source language.

        None for a class without codes, and for a vocabulary that lacks the source language's.
        """
        if class_name not in _CODED:
            return None
        written, default = _CODED[class_name]
        if class_name == "PLBartTokenizer" and settings.get("language_codes") == "multi":
            default = "en_XX"
        source = str(settings.get("src_lang") or default)
        source = source if source.startswith("__") else written.format(source)
        code = tokenizer.token_to_id(source)
        if code is None:
            return None
        starts = class_name in ("MBartTokenizer", "PLBartTokenizer")
        behind = starts or bool(switch(settings, "legacy_behaviour", False))
        end = token_id(tokenizer, {"eos_token": "</s>", **settings}, "eos_token")
        before, after = ([], [end[0], source]) if behind else ([source], [end[0]])
        tokenizer.post_processor = TemplateProcessing(
            single=[*before, "$A", *after],
            pair=[*before, "$A", "$B", *after],
            special_tokens=[end, (source, code)],
        )
        target = tokenizer.token_to_id(written.format(settings.get("tgt_lang")))
        return cls(written, behind, starts, end[1], code, target)

    def find(self, tokenizer: Tokenizer, language: str | int | None) -> int:
        """The id of a language's code; that of the target, or else of the source, for None."""
        if isinstance(language, int):
            return language
        if language is None:
            return self.source if self.target is None else self.target
        for token in (self.written.format(language), language):
            id = tokenizer.token_to_id(token)
            if id is not None:
                return int(id)
        codes = self.codes(tokenizer)
        more = f" and {len(codes) - NAMED} more" if len(codes) > NAMED else ""
        raise InputError(
            f"the tokenizer has no language {quote(language)}; it has "
            f"{', '.join(codes[:NAMED])}{more}"
        )

    def codes(self, tokenizer: Tokenizer) -> list[str]:
        """The languages that there are, as one writes them: ``fra_Latn``, ``fr_XX`` or ``fr``."""
        found = (CODE.fullmatch(token) for token in tokenizer.get_vocab())
        return sorted({code[1] or code[0] for code in found if code})
