"""The side of a model that writes: targets of its own, and how texts go on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from attnviz import memory
from attnviz.core.hooks import Ids
from attnviz.errors import InputError, TooLong
from attnviz.model.encoder import Encoder
from attnviz.model.generate import Writer
from attnviz.model.inputs import Input
from attnviz.model.record import map_shapes, refuse_too_big
from attnviz.model.wanted import wanted_layers
from attnviz.model.weight_cache import KeptWeights, Overflowing, WeightCache

WRITING_SHARE = 0.25
"""How much of the free memory may hold more of the weights while text is written."""

MOST_BEAMS = 64
"""How many texts at a time are searched at most."""

NEW_TOKENS = 64
"""How many tokens a model writes at most, where nobody says."""


class Writing(Encoder):
    """A model that reads, and writes by its ``weights``, some of which it keeps."""

    weights: KeptWeights
    _cache: WeightCache

    def _writer(self, beams: int | None, *, allow_unknown: bool) -> Callable[[], Writer]:
        """What writes, made when something is to be written: it needs the tokenizer."""
        n = self.rules.beams if beams is None else beams
        if not 1 <= n <= MOST_BEAMS:
            raise InputError(f"there are no {n} beams; ask for 1 to {MOST_BEAMS}")

        def make() -> Writer:
            rules = self.rules
            if not allow_unknown and self.has_tokenizer:
                special = self.tokenizer.special
                unknown = special.unknown & special.contents.keys() - rules.stops
                rules = replace(rules, banned=(*rules.banned, *sorted(unknown)))
            more = int(WRITING_SHARE * (memory.available() or 0))  # each token needs all weights
            cache = Overflowing(self._cache, WeightCache(more))
            return Writer(self.spec, KeptWeights(self.weights.source, cache), rules, n)

        return make

    def _require_written(
        self, given: Input, generate: int, beams: int | None, *, allow_unknown: bool
    ) -> None:
        """Refuse what says how a model is to write where it writes nothing."""
        writes = generate or (self.has_target and given.ids.target_ids is None)
        if (beams is not None or allow_unknown) and not writes:
            raise InputError(
                "beams and allow_unknown are for what a model writes, and nothing is written here"
            )

    def _written(
        self,
        given: Input,
        generate: int,
        max_new_tokens: int,
        layers: Collection[int] | None,
        writer: Callable[[], Writer],
    ) -> Input:
        """The input with what the model itself writes."""
        writes = generate or (self.has_target and given.ids.target_ids is None)
        if given.mask is not None and writes:
            raise InputError("attention_mask goes with all the ids; the model writes none with it")
        if self.has_target:
            if generate:
                raise InputError(
                    f"{self.info.name} writes a target of its own; generate is for decoders"
                )
            if given.ids.target_ids is None:
                return self._translated(given, max_new_tokens, writer())
        elif generate:
            return self._continued(given, generate, layers, writer())
        return given

    def _translated(self, given: Input, n: int, writer: Writer) -> Input:
        limit = self.spec.decoder.max_positions if self.spec.decoder else None
        n = n if limit is None else min(n, limit - 1)
        start = None
        if given.target_language is not None:
            rules = replace(writer.rules, forced_first=given.target_language)
            writer = replace(writer, rules=rules)
        if writer.rules.forced_first is not None and self.has_tokenizer:
            start = self.tokenizer.target_start(writer.rules.forced_first)
        target = writer.target(given.ids.ids, n, start)
        tokens, texts = self.rebuilt(target, None)
        ids = replace(given.ids, target_ids=target)
        return replace(given, ids=ids, target_tokens=tokens, target_texts=texts)

    def _continued(
        self, given: Input, n: int, layers: Collection[int] | None, writer: Writer
    ) -> Input:
        stack = self.spec.decoder
        if stack is None:
            raise InputError(f"{self.info.name} reads but does not write, so it cannot generate")
        if self.spec.head is None:
            raise InputError(
                f"{self.info.name} has no head to write with, or one with layers of its own, "
                "which attnviz does not compute, so it cannot generate"
            )
        limit = stack.max_positions
        room = n if limit is None else limit + 1 - len(given.ids.ids)
        if n > room:
            raise TooLong(
                f"{self.info.name} has {limit} positions, so it can write {max(room, 0)} more "
                f"behind these {len(given.ids.ids)} tokens, not {n}"
            )
        longest = Input(Ids(np.zeros(len(given.ids.ids) + n, np.int64)), ())
        wanted = wanted_layers(self.spec, self.info, (stack.kind,), layers)
        refuse_too_big([map_shapes(self.spec, longest, wanted)])
        ids = writer.continued(given.ids.ids, n)
        tokens, texts = self.rebuilt(ids, None)
        return Input(Ids(ids[:limit]), tokens, texts)  # a token past the limit is written, not read
