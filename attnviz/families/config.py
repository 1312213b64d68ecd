"""Reading config.json so that every key is honoured, refused, known to be harmless, or named."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

from attnviz.core.activations import ACTIVATIONS
from attnviz.errors import AttnvizWarning, BadCheckpoint, UnsupportedModel, quote
from attnviz.families.activations import TRAINED
from attnviz.families.harmless import HARMLESS

MISSING: Any = object()
MOST, DEEPEST, LARGE = 2**31 - 1, 4096, 1e12
"""Larger sizes, deeper models and larger numbers are taken for damage: nobody has made one."""

REFUSED_IF_SET = ("quantization_config", "compression_config", "per_layer_config", "pruned_heads")
"""Keys that change how any model is stored or built, whatever their value."""


class Config:
    """The values of a config.json; remembers which keys were read."""

    def __init__(
        self,
        values: Mapping[str, Any],
        model_type: str,
        defaults: Mapping[str, Any] | None = None,
        aliases: Mapping[str, str] | None = None,
        *,
        crossing: bool = False,
    ) -> None:
        """Values as in the file; ``aliases`` are names that keys may have there: theirs → ours.

        ``crossing`` says that the model is a decoder beside an encoder, whose states it reads.
        """
        there = {theirs: ours for theirs, ours in (aliases or {}).items() if theirs in values}
        renamed = {ours: values[theirs] for theirs, ours in there.items()}
        known = {key: value for key, value in values.items() if key not in there}
        self.values = known | {key: value for key, value in renamed.items() if value is not None}
        self.spelled = {ours: theirs for theirs, ours in there.items()}
        self.model_type = model_type
        self.defaults = defaults or {}
        self.crossing = crossing
        self.read: set[str] = set()
        self.parts: dict[str, Config] = {}

    def get(self, key: str, default: Any = None) -> Any:
        """The raw value; where the key is missing, the family's default or ``default``."""
        self.read.add(key)
        return self.values.get(key, self.defaults.get(key, default))

    def has(self, key: str) -> bool:
        """Whether the key is there with a value other than null."""
        return self.get(key) is not None

    def part(self, key: str) -> Config:
        """The object under a key as a config of its own, with the family's defaults."""
        if key not in self.parts:
            values = self.get(key)
            if not isinstance(values, Mapping):
                raise self.bad(key, values, "an object")
            self.parts[key] = Config(values, self.model_type, self.defaults)
        return self.parts[key]

    def whole(self, key: str, default: Any = MISSING, *, least: int = 1, most: int = MOST) -> int:
        """A whole number from ``least`` to ``most``."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.bad(key, value, f"a whole number from {least} to {most}")
        return value

    def depth(self, key: str, default: Any = MISSING) -> int:
        """How many layers there are."""
        return self.whole(key, default, most=DEEPEST)

    def number(self, key: str, default: Any = MISSING) -> float:
        """A number above 0, and not so large that arithmetic with it overflows."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < LARGE:
            raise self.bad(key, value, "a number above 0")
        return float(value)

    def flag(self, key: str, default: Any = MISSING) -> bool:
        """True or false."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self.bad(key, value, "true or false")
        return value

    def text(self, key: str, default: Any = MISSING) -> str:
        """A string."""
        value = self._value(key, default)
        if not isinstance(value, str):
            raise self.bad(key, value, "a string")
        return value

    def activation(self, key: str, default: Any = MISSING, *, trained: bool = True) -> str:
        """The name of an activation that the core computes, with parameters of its own or not."""
        value = self.text(key, default)
        known = [*ACTIVATIONS, *TRAINED] if trained else [*ACTIVATIONS]
        if value not in known:
            raise self.unsupported(key, value, ", ".join(known))
        return value

    def refuse_unless(self, required: Mapping[str, Any]) -> None:
        """Raise UnsupportedModel for a key that is there with another value than this or null."""
        for key, only in required.items():
            self.read.add(key)
            value = self.values.get(key)
            if value is not None and value != only:
                raise self.unsupported(key, value, json.dumps(only))

    def refuse_what_no_family_reads(self) -> None:
        """Raise UnsupportedModel for weights that are quantised or whose layers differ in size."""
        self.ignore(*REFUSED_IF_SET)
        for key in REFUSED_IF_SET:
            if self.values.get(key):
                raise UnsupportedModel(
                    f"config.json has {key} {quote(json.dumps(self.values[key]))}, which attnviz "
                    "cannot honour; take a checkpoint with plain weights"
                )

    def ignore(self, *keys: str) -> None:
        """These keys do not change this family's numbers."""
        self.read.update(keys)

    def split(self, d_model: str, n_heads: str) -> tuple[int, int]:
        """d_model and d_head, where all heads together have d_model dimensions."""
        width, heads = self.whole(d_model), self.whole(n_heads)
        if width % heads:
            raise BadCheckpoint(
                f"config.json has {self.named(d_model)} {width}, which "
                f"{self.named(n_heads)} {heads} does not divide"
            )
        return width, width // heads

    def grouped_heads(self) -> tuple[int, int, int]:
        """n_heads, n_kv_heads and d_head of a model whose heads may share keys."""
        n_heads = self.whole("num_attention_heads")
        n_kv_heads = self.whole("num_key_value_heads", n_heads)
        if n_heads % n_kv_heads:
            self.split("num_attention_heads", "num_key_value_heads")
        if not self.has("head_dim"):
            return n_heads, n_kv_heads, self.split("hidden_size", "num_attention_heads")[1]
        return n_heads, n_kv_heads, self.whole("head_dim")

    def layer_types(self, default: list[str], known: tuple[str, ...]) -> list[str]:
        """What kind of attention each layer has."""
        types = self.get("layer_types") or default
        n_layers = self.depth("num_hidden_layers")
        if not isinstance(types, list) or len(types) != n_layers:
            raise self.bad("layer_types", types, f"a list of {n_layers} layer types")
        for kind in types:
            if kind not in known:
                raise self.unsupported("layer_types", kind, " and ".join(known))
        return types

    def tied(self) -> bool:
        """Whether the output head is the token embeddings, as it is unless a family says not."""
        return self.flag("tie_word_embeddings", self.defaults.get("tie_word_embeddings", True))

    def named(self, key: str) -> str:
        """A key as the file spells it."""
        return self.spelled.get(key, key)

    def bad(self, key: str, value: Any, expected: str) -> BadCheckpoint:
        """The error for a value of the wrong kind."""
        return BadCheckpoint(
            f"config.json has {self.named(key)} {quote(value)} where {expected} belongs"
        )

    def unsupported(self, key: str, value: Any, known: Any) -> UnsupportedModel:
        """The error for a value that cannot be computed exactly."""
        return UnsupportedModel(
            f"config.json has {self.named(key)} {quote(value)}; "
            f"{self.model_type} implements {known}"
        )

    def warn_of_unread(self) -> None:
        """Warn of keys that nobody read and that are not known to be harmless, of parts too."""
        for part in self.parts.values():
            part.warn_of_unread()
        strange = sorted(
            key
            for key in self.values.keys() - self.read - HARMLESS
            if self.values[key] is not None and not key.startswith("_")
        )
        if strange:
            shown = ", ".join(quote(key, 40) for key in strange[:6])
            warnings.warn(
                f"config.json has keys that attnviz does not know for {self.model_type} and "
                f"ignores: {shown}{' …' if len(strange) > 6 else ''}; "
                "if they change the computation, the numbers are wrong",
                AttnvizWarning,
                stacklevel=2,
            )

    def _value(self, key: str, default: Any) -> Any:
        value = self.get(key)
        if value is None:
            if default is MISSING:
                raise BadCheckpoint(
                    f"config.json has no {self.named(key)}, which {self.model_type} needs"
                )
            return default
        return value
