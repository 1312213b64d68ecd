"""A checkpoint that attends, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack, get_args

import numpy as np

from attnviz.analysis.paths import reweighted, take_layers
from attnviz.checkpoint.config import read_max_seq_length
from attnviz.checkpoint.source import Source
from attnviz.checkpoint.tensors import Tensors
from attnviz.core.hooks import AttentionBlock, Kind, Request
from attnviz.core.transformer import run
from attnviz.core.weights import AttentionWeights
from attnviz.errors import InputError, quote
from attnviz.families import Translated
from attnviz.model.alignment_head import named_alignment_head
from attnviz.model.array_pool import ArrayPool
from attnviz.model.counted import counts_seen, require_uncounted, with_hidden, without_hidden
from attnviz.model.generate import Rules
from attnviz.model.inputs import Input, hiding
from attnviz.model.packs import packs, side_by_side, together
from attnviz.model.record import (
    Recorder,
    apart,
    map_shapes,
    refuse_too_big,
    require_numbers,
)
from attnviz.model.value_norms import ValueNorms
from attnviz.model.wanted import kinds_of, wanted_layers
from attnviz.model.weight_cache import KeptWeights, WeightCache
from attnviz.model.writing import NEW_TOKENS, Writing
from attnviz.result import (
    AttentionResult,
    FloatArray,
    Head,
    Heads,
    Link,
    ModelInfo,
    Weighting,
)

if TYPE_CHECKING:
    from attnviz.analysis.closeups import PooledResult
    from attnviz.analysis.explain import Explanation
    from attnviz.analysis.explain.positions import Positions
    from attnviz.analysis.streamed_links import StreamedLinks
    from attnviz.model.long_texts import Tell


T = TypeVar("T")

KEPT_BYTES = 1 << 28
"""How much of the weights stays in memory, in float32, between one call and the next."""


Visit = Callable[[AttentionBlock], None]
"""What sees the blocks of weights as they are computed."""


class Reading(TypedDict, total=False):
    """How a text is read: with special tokens around it or not, and in which languages."""

    add_special: bool
    source_lang: str | None
    target_lang: str | None


class Model(Writing):
    """A checkpoint that attends; made by ``load``."""

    def __init__(
        self,
        source: Source,
        translated: Translated,
        tensors: Tensors,
        rules: Rules,
        generation: Mapping[str, Any],
    ) -> None:
        self._generation = generation
        self._cache, self._spare = WeightCache(KEPT_BYTES), ArrayPool()
        self.weights, self._tensors = KeptWeights(translated.weights, self._cache), tensors
        layers, writing = (translated.spec.stacks[at].layers for at in (0, -1))
        alone = len(translated.spec.stacks) == 1
        info = ModelInfo(
            source.name,
            translated.model_type,
            n_layers=len(layers),
            n_heads=layers[0].attention.n_heads,
            n_target_layers=None if alone else len(writing),
            n_target_heads=None if alone else writing[0].attention.n_heads,
            revision=source.revision,
            folder=source.folder,
            max_seq_length=read_max_seq_length(source.folder),
        )
        super().__init__(translated.spec, info, source.folder, rules)

    def __repr__(self) -> str:
        layers, heads = self.info.n_layers, self.info.n_heads
        return f"<Model {self.info.name}: {self.info.model_type}, {layers} layers × {heads} heads>"

    @cached_property
    def alignment_head(self) -> Head | None:
        """The cross-attention head that generation_config.json names as aligning words, if any."""
        return named_alignment_head(self._generation, self.spec.decoder)

    def fingerprint(self) -> ModelInfo:
        """The model's description with the SHA-256 of its weights, which are read for it."""
        self.info = replace(self.info, sha256=self.sha256())
        return self.info

    def sha256(self) -> str:
        """The SHA-256 of the model's weights, which are read for it once."""
        return self._tensors.sha256()

    def attend(
        self,
        text: str | None = None,
        *,
        pair: str | None = None,
        target: str | None = None,
        token_ids: Sequence[int] | None = None,
        token_type_ids: Sequence[int] | None = None,
        target_ids: Sequence[int] | None = None,
        attention_mask: Sequence[int] | None = None,
        layers: Collection[int] | None = None,
        hidden: bool = False,
        truncate: bool = False,
        generate: int = 0,
        max_new_tokens: int = NEW_TOKENS,
        beams: int | None = None,
        allow_unknown: bool = False,
        weights: Weighting = "raw",
        **how: Unpack[Reading],
    ) -> AttentionResult:
        """Every head's attention for one text, pair of texts, or token ids.

        Ids go to the model as they are, special tokens included. A sequence-to-sequence model
        attends to ``target`` too, or to what it writes itself, up to ``max_new_tokens``; a
        decoder continues the text by up to ``generate`` tokens first. Either writes the best text
        of so many ``beams`` (else of num_beams in generation_config.json, else the most likely
        token again and again), and the token for what is unknown only with ``allow_unknown``.
        ``layers`` keeps only these layers and computes none behind the last; ``hidden`` asks for
        the last hidden states; ``truncate`` cuts what is longer than the model's positions instead
        of refusing it.

        ``source_lang`` and ``target_lang`` say the languages of a multilingual translator;
        ``add_special=False`` leaves out what the tokenizer puts around a text, and ``chat`` makes
        a text of messages.

        ``attention_mask`` (token,) goes with ids: no token looks at one whose mask is 0. Rows of
        tokens that are seen equal transformers' on any side of the padding. The rows of masked
        tokens, which are named ``masked``, mean nothing, for nobody looks at them: a row that may
        see no token is zeros here, and uniform there; so are all masked rows of DeBERTa there.

        ``weights`` "norm" gives ‖α f(x)‖, how much each weight moves (Kobayashi et al. 2020),
        "rollout" and "flow" what tokens get from the input through all layers up to one (Abnar &
        Zuidema 2020), in the place of its head 0.

        Raises EmptyText, TooLong, InputError, UnknownHead for a layer that is not there, and
        TooBig when the maps would not fit in memory.
        """
        ids = token_ids, token_type_ids, target_ids, attention_mask
        given = self._given(text, pair, target, ids, truncate, **how)
        self._require_written(given, generate, beams, allow_unknown=allow_unknown)
        writer = self._writer(beams, allow_unknown=allow_unknown)
        given = self._written(given, generate, max_new_tokens, layers, writer)
        return self._attend(layers, hidden, [given], weighting=weights)[0]

    def attend_many(
        self,
        texts: Iterable[str | Input],
        *,
        layers: Collection[int] | None = None,
        hidden: bool = False,
        truncate: bool = False,
        generate: int = 0,
        max_new_tokens: int = NEW_TOKENS,
        beams: int | None = None,
        allow_unknown: bool = False,
        weights: Weighting = "raw",
        **how: Unpack[Reading],
    ) -> Iterator[AttentionResult]:
        """The results of many texts in order; short ones are computed together.

        A text may be what ``read`` made of it, for which the other options were said there.
        """
        if isinstance(texts, str):  # whose letters nobody means
            raise InputError("attend_many takes several texts; give a list, or call attend")
        read = partial(
            self.read,
            layers=layers,
            truncate=truncate,
            generate=generate,
            max_new_tokens=max_new_tokens,
            beams=beams,
            allow_unknown=allow_unknown,
            **how,
        )

        def given(text: str | Input) -> Input:
            found = text if isinstance(text, Input) else read(text)
            self.note_lengths([found])  # of the first that is too long, not the first computed
            return found

        def attend(pack: Sequence[Input], cores: int | None) -> list[AttentionResult]:
            computed = partial(self._attend, layers, hidden, cores=cores, weighting=weights)
            return [apart(one) for one in together(computed, pack)]

        for results in side_by_side(attend, packs(map(given, texts))):
            yield from results

    def attend_pack(
        self,
        pack: Sequence[Input],
        *,
        layers: Collection[int] | None = None,
        weights: Weighting = "raw",
        beside: Visit | None = None,
        cores: int | None = 1,
    ) -> list[AttentionResult]:
        """The results of inputs that run together: on one core, so with the same bits anywhere.

        None is all cores. Maps of texts of one length share memory. ``beside`` sees every block as
        well, with the values that weights move, of sequences in the order of ``by_length``.
        """
        how: dict[str, Any] = {"cores": cores, "weighting": weights, "beside": beside}
        return together(partial(self._attend, layers, False, **how), pack)

    def read(
        self,
        text: str,
        *,
        layers: Collection[int] | None = None,
        truncate: bool = False,
        generate: int = 0,
        max_new_tokens: int = NEW_TOKENS,
        beams: int | None = None,
        allow_unknown: bool = False,
        **how: Unpack[Reading],
    ) -> Input:
        """A text as ``attend_many`` takes it, with what the model writes itself.

        Raises EmptyText, TooLong, and TooBig when the maps of ``layers`` would not fit in memory.
        """
        given = self.encode(text, truncate=truncate, **how)
        self._require_written(given, generate, beams, allow_unknown=allow_unknown)
        writer = self._writer(beams, allow_unknown=allow_unknown)
        given = self._written(given, generate, max_new_tokens, layers, writer)
        self.require_room(given, layers)
        return given

    def require_room(self, given: Input, layers: Collection[int] | None = None) -> None:
        """Raise TooBig where the maps of ``layers``, or of all, would not fit in memory."""
        refuse_too_big(
            [
                map_shapes(
                    self.spec,
                    given,
                    wanted_layers(self.spec, self.info, kinds_of(self.spec, [given]), layers),
                )
            ]
        )

    def explain(
        self,
        text: str | None = None,
        *,
        word: str | None = None,
        head: Head | tuple[int, int] | str | None = None,
        map: Kind | None = None,
        scale: str | float | None = None,
        positions: bool = True,
        causal: bool = False,
        pair: str | None = None,
        target: str | None = None,
        token_ids: Sequence[int] | None = None,
        token_type_ids: Sequence[int] | None = None,
        target_ids: Sequence[int] | None = None,
        attention_mask: Sequence[int] | None = None,
        truncate: bool = False,
        **how: Unpack[Reading],
    ) -> Explanation:
        """One row of attention from beginning to end, every number on the way.

        It is the row of ``word`` in ``head``; where one is not given, one that says much. Of a
        word of several tokens it is the first one's, unless ``word`` is spelt as another of them
        is. The text or the ids go in as ``attend`` takes them. ``scale`` is "none", "d_model" or
        what this head's scores are to be multiplied by, ``causal`` hides from it what follows;
        ``positions=False`` runs the whole model without any.

        Raises what ``attend`` raises, UnknownWord, and InputError for what is no scale.
        """
        from attnviz import findings
        from attnviz.analysis.explain.chosen import choose_row
        from attnviz.analysis.labels import are_of
        from attnviz.model.explain import Turned, explain_row

        one = None if head is None else Head.of(head)
        ids = token_ids, token_type_ids, target_ids, attention_mask
        given = self._given(text, pair, target, ids, truncate, **how)
        given = self._written(given, 0, NEW_TOKENS, None, self._writer(None, allow_unknown=False))
        require_uncounted(given, self.info.model_type, self.spec)
        result = self._attend(None if one is None else [one.layer], False, [given])[0]
        row = choose_row(result, word=word, head=one, map=map)
        turned = Turned(scale, positions, causal)
        walk = explain_row(self.spec, self.weights, given, row, turned, self.info)
        ours = are_of(self.info, row.kind)
        return replace(walk, labels=findings.labels(self).get(row.head, ())) if ours else walk

    def positions(self, n: int = 50) -> Positions:
        """What tells the model where tokens are, for so many positions; see ``Positions``.

        Raises InputError for a number of positions that nobody could look at.
        """
        from attnviz.analysis.explain.positions import Positions
        from attnviz.model.positions import position_tables

        return Positions(position_tables(self.spec, self.weights, n), self.info.name)

    def strongest(
        self,
        given: str | Input,
        n: int = 20,
        *,
        layers: Collection[int] | None = None,
        heads: Heads | None = None,
        tokens: bool = False,
    ) -> list[Link]:
        """The n strongest links between words, as ``result.links()`` ranks them; no map is kept.

        They are those of some ``layers`` or, where any are named, of these ``heads`` alone. Their
        queries and keys count words, or with ``tokens`` tokens. Memory grows with the text, not
        with its square.
        """
        return self.find_strongest(given, n, layers=layers, heads=heads, tokens=tokens).links()

    def find_strongest(
        self,
        given: str | Input,
        n: int,
        *,
        layers: Collection[int] | None = None,
        heads: Heads | None = None,
        tokens: bool = False,
        tell: Tell | None = None,
        cores: int | None = None,
    ) -> StreamedLinks:
        """What ``strongest`` finds, with the units that links count and what counts as none.

        ``tell`` is told the share that is done, from 0 to 1, twice where the text is read again.
        It runs on so many ``cores``, or on all.
        """
        from attnviz.model.long_texts import strongest

        read = self.encode(given) if isinstance(given, str) else given
        self.note_lengths([read])
        chosen = () if heads is None else Head.several(heads)
        return strongest(self, read, n, layers, chosen, tell, words=not tokens, cores=cores)

    def pooled(
        self,
        given: str | Input,
        n: int = 256,
        *,
        layers: Collection[int] | None = None,
        heads: Heads | None = None,
        closeups: bool = False,
        tell: Tell | None = None,
        cores: int | None = None,
    ) -> PooledResult:
        """Heads of a text of any length in n × n pixels: its blocks of tokens are the result's.

        A pixel is the sum over its block of keys and the mean over its block of queries, as words
        are made of tokens. They are of all heads, of those of some ``layers`` or, where any are
        named, of these ``heads`` alone. Memory grows with the text, not with its square. With
        ``closeups`` its page shows the pixels with most weight token by token too. ``tell`` is
        told the share that is done, from 0 to 1. It runs on so many ``cores``, or on all. Raises
        what ``attend`` raises, and InputError for no block.
        """
        from attnviz.model.long_texts import pooled

        read = self.encode(given) if isinstance(given, str) else given
        self.note_lengths([read])
        chosen = () if heads is None else Head.several(heads)
        return pooled(self, read, n, layers, chosen, tell, closeups=closeups, cores=cores)

    def watch(
        self,
        inputs: Sequence[Input],
        visit: Callable[[AttentionBlock], None],
        *,
        layers: dict[Kind, tuple[int, ...]],
        edit: Callable[[AttentionBlock], None] | None = None,
        values: bool = False,
        apart: bool = False,
        cores: int | None = None,
    ) -> None:
        """Show every block of queries to ``visit`` as it is computed, and keep nothing.

        ``values`` asks for the values of the last layer too, which else are not computed; it runs
        on so many ``cores``, or on all. ``apart``, heads come one at a time, several at once on
        threads, as ``Request`` says.
        """
        for given in inputs:
            require_uncounted(given, self.info.model_type, self.spec)
        wanted: dict[str, frozenset[int]] = {
            kind: frozenset(every) for kind, every in layers.items()
        }
        want = Request(wanted, visit, values=values, edit=edit, apart=apart)
        run(self.spec, self.weights, [given.ids for given in inputs], want, cores=cores)

    def states(
        self, inputs: Sequence[Input], edit: Callable[[AttentionBlock], None]
    ) -> tuple[FloatArray, ...]:
        """The last hidden states (token, d_model) of each input, all scores edited."""
        want = Request({}, _unseen, hidden=True, edit=edit)
        ids = [given.ids for given in inputs]
        output = run(self.spec, self.weights, ids, want)
        return output.decoder or output.encoder

    def _given(
        self,
        text: str | None,
        pair: str | None,
        target: str | None,
        ids: tuple[Sequence[int] | None, ...],
        truncate: bool,
        **how: Unpack[Reading],
    ) -> Input:
        """A text, or ids, their types, a target's and a mask, as the model takes them."""
        token_ids, *beside = ids
        if (text is None) == (token_ids is None):
            raise InputError("give a text or token_ids, and not both")
        if token_ids is None:
            if any(given is not None for given in beside):
                raise InputError(
                    "target_ids, token_type_ids and attention_mask go with token_ids, not with "
                    "a text"
                )
            return self.encode(text or "", pair, target=target, truncate=truncate, **how)
        if pair is not None or target is not None or truncate or how:
            raise InputError(
                "pair, target, truncate, languages and add_special go with a text, not with "
                "token_ids"
            )
        return self.label(token_ids, *beside)

    def _attend(
        self,
        layers: Collection[int] | None,
        hidden: bool,
        inputs: Sequence[Input],
        cores: int | None = None,
        weighting: Weighting = "raw",
        beside: Visit | None = None,
    ) -> list[AttentionResult]:
        self.note_lengths(inputs)
        kind = self.info.model_type
        if any(counts_seen(given, kind, self.spec) for given in inputs):
            shown = [without_hidden(given) for given in inputs]
            found = self._attend(layers, hidden, shown, cores, weighting, beside)
            return [with_hidden(*pair) for pair in zip(found, inputs, strict=True)]
        wanted = wanted_layers(self.spec, self.info, kinds_of(self.spec, inputs), layers)
        if weighting in ("rollout", "flow"):
            return self._followed(layers, hidden, inputs, cores, weighting)
        recorder = Recorder(self.spec, inputs, wanted, self._spare, self._norms(weighting))
        want = Request(
            {kind: frozenset(every) for kind, every in wanted.items()},
            recorder.visit if beside is None else _each(recorder.visit, beside),
            hidden=hidden,
            values=beside is not None or weighting == "norm",
            place=recorder.place,
            edit=hiding(inputs),
        )
        ids = [given.ids for given in inputs]
        output = run(self.spec, self.weights, ids, want, cores=cores)
        last = output.decoder or output.encoder
        for states in last if hidden else ():
            require_numbers(finite=bool(np.isfinite(states).all()))
        return [
            AttentionResult(
                tokens=given.tokens,
                maps=recorder.maps(number),
                target_tokens=given.target_tokens,
                texts=given.texts,
                target_texts=given.target_texts,
                hidden=np.ascontiguousarray(last[number]) if hidden else None,
                model=self.info,
                weighting=weighting,
            )
            for number, given in enumerate(inputs)
        ]

    def _followed(
        self,
        layers: Collection[int] | None,
        hidden: bool,
        inputs: Sequence[Input],
        cores: int | None,
        weighting: Weighting,
    ) -> list[AttentionResult]:
        """Rollout or flow, which go through all layers before those that are wanted."""
        through = None if layers is None else range(max(layers) + 1)
        whole = self._attend(through, hidden, inputs, cores)
        return [take_layers(reweighted(one, weighting), layers) for one in whole]

    def _norms(self, weighting: Weighting) -> ValueNorms | None:
        """What turns weights into norms, where those are wanted; InputError for no weighting."""
        ways = [way for way in get_args(Weighting) if way != "pooled"]
        if weighting not in ways:
            known = ", ".join(ways)
            raise InputError(f"{quote(weighting)} is no way to weigh; take one of {known}")
        return ValueNorms(self.attention_weights) if weighting == "norm" else None

    def kept(self, name: str, build: Callable[[], T]) -> T:
        """What is made of the weights, kept beside them as far as there is room."""
        return self._cache.load(name, build)

    def attention_weights(self, kind: Kind, layer: int) -> AttentionWeights:
        """What an attention sublayer multiplies with."""
        stack = self.spec.encoder if kind == "encoder" else self.spec.decoder
        if stack is None:
            raise RuntimeError(f"the model has no {kind}")
        spec = stack.layers[layer]
        loaded = self.weights.layer(f"{stack.kind}.{layer}", spec, stack.d_model)
        return loaded.cross if kind == "cross" and loaded.cross else loaded.attention


def _each(*visits: Visit) -> Visit:
    """Show a block to several, in their order."""

    def visit(block: AttentionBlock) -> None:
        for one in visits:
            one(block)

    return visit


def _unseen(block: AttentionBlock) -> None:
    """Weights that nobody asked for."""
