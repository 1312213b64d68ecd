"""Attention in memory: arrays of any shape and type, with tokens that may not fit them."""

from __future__ import annotations

import io
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import attnviz
from attnviz.document import write_json
from attnviz.render.page import write_page
from tests.fuzz.judge import Case, by_library
from tests.fuzz.values import NUMBERS, TEXTS

__all__ = ["Arrays"]

SIZES = (0, 1, 2, 3, 3, 3, 4, 9)
TYPES = ("f2", "f4", "f8", "i8", "u1", "?", "c8", "O", "U3", "M8[s]", ">f4", "V4")
ODD = ("", "encoder", "decoder", "cross", "frob", "\x1b[31m")
WORDS = ("the", "hat", "it", "[CLS]", "[SEP]", "##ing", "Ġa", "▁b", "</s>")


class Arrays:
    """What ``from_attentions`` and ``show`` may be given."""

    def __init__(self, place: Path) -> None:
        """Nothing is shared."""

    def case(self, random: Random) -> Case:
        """Arrays, and labels that sometimes belong to other ones."""
        made = np.random.default_rng(random.randrange(2**32))
        attentions = self._attentions(random, made)
        labels: dict[str, Any] = {}
        if random.random() < 0.8:
            labels["tokens"] = self._tokens(random)
        if random.random() < 0.3:
            labels["target_tokens"] = self._tokens(random)
        for name, value in (
            ("item", random.choice((0, 1, -1, 9, 2**70))),
            ("kind", random.choice(ODD)),
            ("text", random.choice(TEXTS)),
            ("attention_mask", self._array(random, made, random.randrange(1, 3))),
            ("offsets", self._array(random, made, random.randrange(1, 4))),
            ("model", random.choice(TEXTS)),
            ("ids", self._array(random, made, random.randrange(1, 3))),
        ):
            if random.random() < 0.07:
                labels[name] = value
        if random.random() < 0.2:
            outputs = self._outputs(random, made)
            kept = {name: labels[name] for name in ("item", "attention_mask") if name in labels}
            return by_library(lambda: shows(attnviz.show(outputs, **kept)))
        return by_library(lambda: shows(attnviz.from_attentions(attentions, **labels)))

    def _outputs(self, random: Random, made: np.random.Generator) -> dict[str, Any]:
        """What ``generate`` may return: steps, each of layers, with or without a cache."""
        steps: list[Any] = []
        for number in range(random.randrange(1, 4)):
            n_keys = random.choice((3 + number, 3 + number, 3, random.choice(SIZES)))
            shape = [random.choice((2, 2, 2, 1, 0)), 2, 1 if number else 3, n_keys]
            layer = np.full(shape, 1 / max(n_keys, 1))
            steps.append([layer if number else np.tril(layer)] * random.choice((2, 2, 2, 1, 0)))
        names = ("attentions", "decoder_attentions", "cross_attentions", "encoder_attentions")
        outputs: dict[str, Any] = {random.choice(names): steps}
        if random.random() < 0.3:
            outputs[random.choice(names)] = self._weights(random, made, random.choice((4, 5)))
        if random.random() < 0.9:
            outputs["sequences"] = made.integers(0, 9, (random.choice((1, 2)), 6))
        if random.random() < 0.3:
            outputs["beam_indices"] = made.integers(-1, 3, (random.choice((1, 2)), len(steps)))
        for name in (*outputs,):
            if random.random() < 0.1:
                outputs[name] = self._array(random, made, random.randrange(4))
        return outputs

    def _attentions(self, random: Random, made: np.random.Generator) -> Any:
        kind = random.randrange(8)
        if kind < 3:
            return self._weights(random, made, 4)
        if kind < 5:
            return [self._weights(random, made, random.choice((3, 3, 3, 4))) for _ in range(2)]
        if kind == 5:
            return {name: self._weights(random, made, 4) for name in random.sample(ODD[1:4], 2)}
        if kind == 6:
            return [[self._weights(random, made, 3)] * 2, [self._weights(random, made, 3)] * 2]
        return self._array(random, made, random.randrange(6))

    def _weights(self, random: Random, made: np.random.Generator, n_axes: int) -> Any:
        """Rows that sum to 1 in a shape that is mostly right, a few numbers of it changed."""
        shape = [2] * (n_axes - 2) + [3, 3]
        if random.random() < 0.15:
            shape[random.randrange(n_axes)] = random.choice(SIZES)
        weights = made.random(shape).astype(random.choice(("f2", "f4", "f8")))
        if random.random() < 0.4:
            weights = np.tril(weights)
        with np.errstate(all="ignore"):
            weights = weights / weights.sum(-1, keepdims=True)
        if weights.size and random.random() < 0.1:
            number = random.choice(NUMBERS)
            with np.errstate(all="ignore"):
                weights.flat[random.randrange(weights.size)] = number if abs(number) < 1e300 else 9
        return weights if random.random() < 0.9 else weights.tolist()

    def _array(self, random: Random, made: np.random.Generator, n_axes: int) -> Any:
        shape = [random.choice(SIZES) for _ in range(n_axes)]
        with np.errstate(all="ignore"):
            found = (made.random(shape) * random.choice((1, 3, 300))).astype("f4")
            kind = random.choice(TYPES)
            return found.view("V4") if kind == "V4" and n_axes else found.astype(
                "f8" if kind in ("V4", "M8[s]") else kind
            )  # fmt: skip

    def _tokens(self, random: Random) -> list[str]:
        n = random.choice((3, 3, 3, random.choice(SIZES)))
        return [random.choice((random.choice(WORDS), random.choice(TEXTS)[:500])) for _ in range(n)]


def shows(result: attnviz.AttentionResult) -> None:
    """Ask a result, and write it."""
    repr(result)
    result.links()
    write_json(result, io.BytesIO())
    write_page(result, io.BytesIO())
