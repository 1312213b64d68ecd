"""How a model reads: texts and ids become inputs, with the tokens that label them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.core.hooks import Ids
from attnviz.core.spec import ModelSpec
from attnviz.errors import InputError
from attnviz.lazy import LazySequence
from attnviz.model.generate import Rules, require_start
from attnviz.model.inputs import (
    Input,
    IntArray,
    checked,
    integers,
    require_embedded,
    require_maskable,
    require_text,
    too_long,
    warn_of_length,
    warn_of_padding,
    warn_of_two_starts,
    with_mask,
)
from attnviz.result import ModelInfo, Token

if TYPE_CHECKING:
    from attnviz.tokenizer.chat import ChatText, Messages
    from attnviz.tokenizer.tokenizer import Tokenizer


class Encoder:
    """The side of a model that takes texts and ids."""

    def __init__(self, spec: ModelSpec, info: ModelInfo, folder: Path, rules: Rules) -> None:
        self.spec, self.info, self.rules = spec, info, rules
        self._folder = folder
        self._tokenizer: Tokenizer | None = None
        self._has_tokenizer: bool | None = None
        self.told_of_length = False

    @property
    def folder(self) -> Path:
        """Where the checkpoint's files are."""
        return self._folder

    @property
    def has_target(self) -> bool:
        """Whether the model is sequence-to-sequence: an encoder and a decoder."""
        return len(self.spec.stacks) == 2

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer, read when it is first needed.

        No cached_property: its lock, held in one thread, would stay locked in another's fork.
        """
        if self._tokenizer is None:
            from attnviz.tokenizer.tokenizer import load_tokenizer

            self._tokenizer = load_tokenizer(self._folder, model_type=self.info.model_type)
        return self._tokenizer

    @property
    def has_tokenizer(self) -> bool:
        """Whether the checkpoint comes with a tokenizer that can be used."""
        if self._has_tokenizer is None:
            from attnviz.tokenizer.tokenizer import has_tokenizer

            self._has_tokenizer = has_tokenizer(self._folder)
        return self._has_tokenizer

    def encode(
        self,
        text: str,
        pair: str | None = None,
        *,
        target: str | None = None,
        truncate: bool = False,
        add_special: bool = True,
        source_lang: str | None = None,
        target_lang: str | None = None,
    ) -> Input:
        """Text, or a pair of texts, and a target for a sequence-to-sequence model, as input.

        No special tokens are added around what ``chat`` made: it has its own.
        """
        require_text(text, pair, target)
        add_special = add_special and not getattr(text, "has_special", False)
        limit = self.spec.stacks[0].max_positions
        how: dict[str, Any] = {"special": add_special, "language": source_lang}
        encoded = self.tokenizer.encode(text, pair, **how)
        if limit is not None and len(encoded.ids) > limit:
            if not truncate:
                raise too_long("text", len(encoded.ids), self.info.name, limit)
            encoded = self.tokenizer.encode(text, pair, limit=limit, **how)
        require_embedded(encoded.ids, encoded.tokens, self.spec.stacks[0], self.info.name)
        ids = Ids(np.asarray(encoded.ids, np.int64), np.asarray(encoded.type_ids, np.int64))
        warn_of_two_starts(encoded.ids, encoded.tokens)
        language = None if target_lang is None else self.tokenizer.language_id(target_lang)
        given = Input(
            checked(ids, self.spec, self.info.name),
            encoded.tokens,
            encoded.texts,
            target_language=language,
        )
        return given if target is None else self._with_target(given, target, truncate)

    def chat(
        self,
        messages: Messages,
        *,
        generation_prompt: bool = False,
        template: str | None = None,
    ) -> ChatText:
        """A chat as the text that this model was trained on, for ``attend`` and ``encode``.

        ``messages`` are a list as ``[{"role": "user", "content": "hello"}]``, or a text that a
        user says; ``generation_prompt`` begins an answer; ``template`` names one of several. The
        text is that of transformers' ``apply_chat_template``, special tokens included.

        Raises UnsupportedModel without a template or without Jinja, InputError for messages that
        cannot be used, BadCheckpoint for a template that cannot be rendered.
        """
        from attnviz.tokenizer.chat import chat_text

        return chat_text(
            self._folder,
            messages,
            name=self.info.name,
            model_type=self.info.model_type,
            generation_prompt=generation_prompt,
            template=template,
        )

    def label(
        self,
        token_ids: Sequence[int] | IntArray,
        token_type_ids: Sequence[int] | None = None,
        target_ids: Sequence[int] | IntArray | None = None,
        attention_mask: Sequence[int] | IntArray | None = None,
    ) -> Input:
        """Token ids as an input, labelled as far as the model has a tokenizer.

        The labels are made, and the tokenizer read, when somebody looks at them.
        """
        ids = Ids(
            integers(token_ids, "token_ids"),
            None if token_type_ids is None else integers(token_type_ids, "token_type_ids"),
            None if target_ids is None else integers(target_ids, "target_ids"),
        )
        checked(ids, self.spec, self.info.name)
        given = Input(ids, *self._labels(ids.ids, ids.types))
        if attention_mask is not None:
            mask = integers(attention_mask, "attention_mask")
            given = with_mask(given, mask)
            require_maskable(ids.ids, self.info.model_type, self.spec)
        else:
            warn_of_padding(ids.ids, self.rules.padding)
        if ids.target_ids is None:
            return given
        tokens, texts = self._labels(ids.target_ids, None)
        return replace(given, target_tokens=tokens, target_texts=texts)

    def note_lengths(self, inputs: Iterable[Input]) -> None:
        """Warn of the first text that is longer than those that the model was trained on."""
        trained = self.info.max_seq_length
        for n in (len(given.ids.ids) for given in inputs):
            if trained is not None and n > trained and not self.told_of_length:
                self.told_of_length = True
                warn_of_length(n, trained, self.info.name)

    def _labels(
        self, ids: IntArray, types: IntArray | None
    ) -> tuple[Sequence[Token], Sequence[str]]:
        """What ``rebuilt`` will give."""
        made = cache(lambda: self.rebuilt(ids, types))
        return LazySequence(lambda: made()[0], len(ids)), LazySequence(lambda: made()[1])

    def rebuilt(
        self, ids: IntArray, types: IntArray | None
    ) -> tuple[tuple[Token, ...], tuple[str, ...]]:
        """Tokens that label ids, and the texts that they spell; none without a tokenizer."""
        from attnviz.tokenizer.tokenizer import tokens_without_text

        if not self.has_tokenizer:
            return tokens_without_text(ids.tolist()), ()
        encoded = self.tokenizer.rebuild(ids.tolist(), None if types is None else types.tolist())
        return tuple(encoded.tokens), encoded.texts

    def _with_target(self, given: Input, target: str, truncate: bool) -> Input:
        """The input with a target as the decoder reads it, its start token first."""
        decoder = self.spec.decoder
        if decoder is None or not self.has_target:
            raise InputError(f"{self.info.name} has one stack, so it takes no target")
        language = given.target_language or self.rules.forced_first
        encoded = self.tokenizer.encode_target(target, language)
        require_embedded(encoded.ids, encoded.tokens, decoder, self.info.name)
        start = require_start(self.rules, self.tokenizer.target_start(language))
        target_ids = np.asarray([start, *encoded.ids], np.int64)
        limit = decoder.max_positions
        if limit is not None and len(target_ids) > limit and not truncate:
            raise too_long("target", len(target_ids), self.info.name, limit)
        return replace(
            given,
            ids=checked(
                replace(given.ids, target_ids=target_ids[:limit]), self.spec, self.info.name
            ),
            target_tokens=(*self.tokenizer.tokens_of([start]), *encoded.tokens)[:limit],
            target_texts=encoded.texts,
        )
