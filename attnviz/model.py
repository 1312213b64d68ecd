"""From text or ids and a checkpoint to attention: the one place that knows both sides."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.checkpoint.config import read_config
from attnviz.checkpoint.source import DEFAULT, Source, resolve
from attnviz.checkpoint.tensors import Tensors, open_tensors
from attnviz.core.spec import StackSpec
from attnviz.core.transformer import Ids, Kind, Step, Want, run
from attnviz.core.weights import Keeper
from attnviz.errors import EmptyText, InputError, TooBig, TooLong, UnknownHead
from attnviz.families import Translated, translate
from attnviz.result import AttentionMap, AttentionResult, FloatArray, ModelInfo, Token, span

if TYPE_CHECKING:
    from attnviz.checkpoint.text import Text

__all__ = ["DEFAULT", "Input", "Model", "load"]

KEPT_BYTES = 1 << 28
"""How much of the weights stays in memory, in float32, between one call and the next."""

PACK_TOKENS = 2048
"""How many tokens attend_many runs together."""


def load(name: str | Path = DEFAULT, *, offline: bool = False) -> Model:
    """The model of that name: embedded, a folder, in the Hugging Face cache or on the Hub.

    Raises ModelNotFound, BadCheckpoint or UnsupportedModel.
    """
    source = resolve(str(name), offline=offline)
    tensors = open_tensors(source.folder)
    return Model(source, translate(read_config(source.folder), tensors), tensors)


@dataclass(frozen=True, slots=True)
class Input:
    """One input as the model takes it, with the tokens that label it."""

    tokens: tuple[Token, ...]
    sequence: Ids
    target_tokens: tuple[Token, ...] = ()
    texts: tuple[str, ...] = ()
    target_texts: tuple[str, ...] = ()


class Model:
    """A checkpoint that attends; made by ``load``."""

    def __init__(self, source: Source, translated: Translated, tensors: Tensors) -> None:
        self._source = source
        self._tensors = tensors
        self._keeper = Keeper(KEPT_BYTES)
        self.model_type, self.spec, self._weights = translated
        first = self.spec.stacks[0]
        self.info = ModelInfo(
            name=source.name,
            model_type=self.model_type,
            n_layers=len(first.layers),
            n_heads=first.layers[0].attention.n_heads if first.layers else 0,
            revision=source.revision,
        )

    def __repr__(self) -> str:
        layers, heads = self.info.n_layers, self.info.n_heads
        return f"<attnviz.Model {self.info.name}: {self.model_type}, {layers} × {heads} heads>"

    @cached_property
    def text(self) -> Text:
        """The model's tokenizer, read when it is first needed."""
        from attnviz.checkpoint.text import load_tokenizer

        return load_tokenizer(self._source.folder, model_type=self.model_type)

    def fingerprint(self) -> ModelInfo:
        """The model's description with the SHA-256 of its weights, which are read for it."""
        self.info = replace(self.info, sha256=self._tensors.sha256())
        return self.info

    def attend(
        self,
        text: str | None = None,
        *,
        pair: str | None = None,
        token_ids: Sequence[int] | None = None,
        token_type_ids: Sequence[int] | None = None,
        target_ids: Sequence[int] | None = None,
        layers: Collection[int] | None = None,
        hidden: bool = False,
        truncate: bool = False,
    ) -> AttentionResult:
        """Every head's attention for one text, pair of texts, or token ids.

        Ids go to the model as they are, special tokens included. ``layers`` keeps only these
        layers and computes none behind the last; ``hidden`` asks for the last hidden states;
        ``truncate`` cuts what is longer than the model's positions instead of refusing it.

        Raises EmptyText, TooLong, InputError, UnknownHead for a layer that is not there, and
        TooBig when the maps would not fit in memory.
        """
        if token_ids is None:
            if text is None:
                raise InputError("give a text or token_ids")
            given = self.encode(text, pair, truncate=truncate)
        else:
            if text is not None or pair is not None:
                raise InputError("give a text or token_ids, not both")
            given = self.input_of(token_ids, token_type_ids, target_ids)
        return self._attend([given], layers, hidden)[0]

    def attend_many(
        self,
        texts: Iterable[str],
        *,
        layers: Collection[int] | None = None,
        hidden: bool = False,
        truncate: bool = False,
    ) -> Iterator[AttentionResult]:
        """The results of many texts in order; short ones are computed together."""
        pack: list[Input] = []
        tokens = 0
        for text in texts:
            given = self.encode(text, truncate=truncate)
            if pack and tokens + len(given.tokens) > PACK_TOKENS:
                yield from self._attend(pack, layers, hidden)
                pack, tokens = [], 0
            pack.append(given)
            tokens += len(given.tokens)
        if pack:
            yield from self._attend(pack, layers, hidden)

    def encode(self, text: str, pair: str | None = None, *, truncate: bool = False) -> Input:
        """Text, or a pair of texts, as the model takes it."""
        for given in (text, pair):
            if given is not None and not given.strip():
                raise EmptyText("the text is empty; give a sentence with at least one word")
        limit = self.spec.stacks[0].max_positions
        encoded = self.text.encode(text, pair)
        if limit is not None and len(encoded.ids) > limit:
            if not truncate:
                raise TooLong(
                    f"the text has {len(encoded.ids)} tokens but {self.info.name} has "
                    f"{limit} positions; shorten it, or cut it with --truncate"
                )
            encoded = self.text.encode(text, pair, limit=limit)
        sequence = Ids(np.asarray(encoded.ids, np.int64), np.asarray(encoded.type_ids, np.int64))
        texts = (text,) if pair is None else (text, pair)
        return Input(encoded.tokens, self._checked(sequence), texts=texts)

    def input_of(
        self,
        token_ids: Sequence[int],
        token_type_ids: Sequence[int] | None = None,
        target_ids: Sequence[int] | None = None,
    ) -> Input:
        """Token ids as an input, labelled as far as the model has a tokenizer."""
        ids = _integers(token_ids, "token_ids")
        types = None if token_type_ids is None else _integers(token_type_ids, "token_type_ids")
        if types is not None and len(types) != len(ids):
            raise InputError(f"there are {len(ids)} token_ids but {len(types)} token_type_ids")
        target = None if target_ids is None else _integers(target_ids, "target_ids")
        return Input(
            self._label(ids, types),
            self._checked(Ids(ids, types, target)),
            () if target is None else self._label(target, None),
        )

    def _label(self, ids: Any, types: Any) -> tuple[Token, ...]:
        from attnviz.checkpoint.text import has_tokenizer, tokens_without_text

        if has_tokenizer(self._source.folder):
            return self.text.tokens_of(ids.tolist(), None if types is None else types.tolist())
        return tokens_without_text(ids.tolist())

    def _checked(self, sequence: Ids) -> Ids:
        """The sequence, if the model has embeddings and positions for it."""
        parts = [(self.spec.stacks[0], sequence.ids)]
        if sequence.target_ids is not None:
            if self.spec.encoder is None or self.spec.decoder is None:
                raise InputError(
                    f"{self.info.name} has no target side: {self.model_type} is one stack"
                )
            parts.append((self.spec.decoder, sequence.target_ids))
        for stack, ids in parts:
            _check_ids(stack, ids, self.info.name)
        n_types = self.spec.stacks[0].embedding.n_types
        if sequence.types is not None and 0 < n_types <= sequence.types.max(initial=0):
            raise InputError(f"{self.info.name} has {n_types} token types, counted from 0")
        return sequence

    def _attend(
        self, inputs: Sequence[Input], layers: Collection[int] | None, hidden: bool
    ) -> list[AttentionResult]:
        recorder = _Recorder(self, inputs, self._wanted(inputs, layers))
        want = Want(recorder.layers, recorder.visit, hidden=hidden, place=recorder.place)
        output = run(
            self.spec,
            self._weights,
            [given.sequence for given in inputs],
            want,
            keeper=self._keeper,
        )
        last = output.decoder or output.encoder
        return [
            AttentionResult(
                tokens=given.tokens,
                maps=recorder.maps(number),
                target_tokens=given.target_tokens,
                texts=given.texts,
                target_texts=given.target_texts,
                hidden=last[number] if hidden else None,
                model=self.info,
            )
            for number, given in enumerate(inputs)
        ]

    def _wanted(
        self, inputs: Sequence[Input], layers: Collection[int] | None
    ) -> dict[Kind, tuple[int, ...]]:
        """The layers to record of each kind of map this model makes."""
        kinds: dict[Kind, StackSpec] = {stack.kind: stack for stack in self.spec.stacks}
        if len(kinds) == 2:
            if any(given.sequence.target_ids is None for given in inputs):
                kinds.pop("decoder")
            else:
                kinds["cross"] = kinds["decoder"]
        found: dict[Kind, tuple[int, ...]] = {}
        for kind, stack in kinds.items():
            there = range(len(stack.layers))
            found[kind] = (
                tuple(there) if layers is None else tuple(sorted(set(layers) & set(there)))
            )
        missing = set(layers or ()) - {layer for every in found.values() for layer in every}
        if missing:
            raise UnknownHead(
                f"there is no layer {min(missing)}; {self.info.name} has layers "
                f"{span(range(len(self.spec.stacks[0].layers)))}"
            )
        return {kind: every for kind, every in found.items() if every}


class _Recorder:
    """Gives the core a place for every map that is kept."""

    def __init__(
        self, model: Model, inputs: Sequence[Input], wanted: Mapping[Kind, tuple[int, ...]]
    ) -> None:
        self.wanted = wanted
        self.layers = {kind: frozenset(layers) for kind, layers in wanted.items()}
        shapes = [
            {kind: _shape(model, given, kind, layers) for kind, layers in wanted.items()}
            for given in inputs
        ]
        _refuse_too_big(sum(4 * int(np.prod(s)) for kinds in shapes for s in kinds.values()))
        self.arrays: list[dict[Kind, FloatArray]] = [
            {kind: np.empty(shape, np.float32) for kind, shape in kinds.items()} for kinds in shapes
        ]

    def place(self, kind: Kind, layer: int, sequence: int) -> FloatArray:
        """Where the weights (head, query, key) of a layer belong."""
        return self.arrays[sequence][kind][self.wanted[kind].index(layer)]

    def visit(self, step: Step) -> None:
        """Nothing to do: the weights were computed in their place."""

    def maps(self, sequence: int) -> dict[str, AttentionMap]:
        """The finished maps of one sequence."""
        return {
            kind: AttentionMap(weights, layers=self.wanted[kind])
            for kind, weights in self.arrays[sequence].items()
        }


def _shape(
    model: Model, given: Input, kind: Kind, layers: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Shape (layer, head, query, key) of one map."""
    sequence = given.sequence
    n_source = len(sequence.ids)
    n_target = n_source if sequence.target_ids is None else len(sequence.target_ids)
    stack = model.spec.encoder if kind == "encoder" else model.spec.decoder
    first = stack.layers[0] if stack else None
    attention = (first.cross if kind == "cross" else first.attention) if first else None
    n_heads = attention.n_heads if attention else 0
    n_queries = n_source if kind == "encoder" else n_target
    return len(layers), n_heads, n_queries, n_source if kind == "cross" else n_queries


def _check_ids(stack: StackSpec, ids: Any, name: str) -> None:
    if not len(ids):
        raise EmptyText("there are no token ids; give at least one")
    size = stack.embedding.vocab_size
    if ids.min() < 0 or ids.max() >= size:
        wrong = ids.min() if ids.min() < 0 else ids.max()
        raise InputError(f"token id {wrong} is outside {name}'s vocabulary of {size}")
    if stack.max_positions is not None and len(ids) > stack.max_positions:
        raise TooLong(
            f"there are {len(ids)} token ids but {name} has {stack.max_positions} positions"
        )


def _integers(values: Sequence[int], name: str) -> Any:
    """A flat int64 array, or InputError."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise InputError(f"{name} must be one flat list of whole numbers")
    return array.astype(np.int64)


def _refuse_too_big(size: int) -> None:
    """Raise TooBig if so many bytes are not to be had."""
    free = _available()
    if free is not None and size > 0.8 * free:
        raise TooBig(
            f"keeping every weight would take {size / 1e9:.1f} GB and {free / 1e9:.1f} GB are "
            "free; keep fewer layers with --layer, or give a shorter text"
        )


def _available() -> int | None:
    """Bytes of memory that can still be used, where the system says so."""
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError, AttributeError):
        return None
