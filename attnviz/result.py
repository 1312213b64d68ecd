"""What comes out of a model, and what is shown of it: labelled, frozen, plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.brief import brief
from attnviz.errors import InputError, UnknownHead, quote
from attnviz.showing import ShownAsPage, display

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure
    from pandas import DataFrame


FloatArray = npt.NDArray[np.float32]
Kind = Literal["encoder", "decoder", "cross"]
Weighting = Literal["raw", "norm", "rollout", "flow", "pooled"]
"""What a map holds: the softmax itself, ‖α f(x)‖, rollout or flow, as ``Model.attend`` says; or the
softmax between blocks of tokens, as ``Model.pooled`` does."""


class Head(NamedTuple):
    """One attention head, written ``3.1``: layer 3, head 1, both counted from zero."""

    layer: int
    head: int

    def __str__(self) -> str:
        return f"{self.layer}.{self.head}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read ``3.1``; anything else raises InputError."""
        layer, dot, head = text.strip().partition(".")
        numbers = (layer, head)
        if not (dot and all(n.isascii() and n.isdigit() and len(n) < 10 for n in numbers)):
            raise InputError(
                f"{quote(text)} is not a head; write layer.head, counted from zero, as 3.1"
            )
        return cls(int(layer), int(head))

    @classmethod
    def several(cls, given: Heads) -> tuple[Head, ...]:
        """One head, ``"3.1,2.4"``, or a list of heads as ``of`` reads them, in their order.

        Raises InputError for what is no head, for an empty list, and for a head named twice.
        """
        heads = tuple(map(cls.of, _one_by_one(given)))
        if not heads:
            raise InputError(f"{quote(given)} names no head; write one or more, as 3.1,2.4")
        for head, times in Counter(heads).items():
            if times > 1:
                raise InputError(f"{head} is named twice; name each head once")
        return heads

    @classmethod
    def of(cls, named: Head | tuple[int, int] | str) -> Head:
        """A head as anybody names it: ``"3.1"``, ``(3, 1)`` or a Head; else InputError."""
        if isinstance(named, str):
            return cls.parse(named)
        try:
            layer, head = map(whole, named)
            return cls(layer, head)
        except (TypeError, ValueError):
            raise InputError(
                f"{quote(named)} is not a head; write '3.1' or (3, 1), counted from zero"
            ) from None


def whole(number: Any) -> int:
    """A whole number of any kind as Python's; TypeError for anything else, as 3.0 or True."""
    if isinstance(number, bool | np.bool_):
        raise TypeError(f"{number} is no number")
    return index(number)


Heads = Head | tuple[int, int] | str | Sequence[Head | tuple[int, int] | str]


def _one_by_one(given: Heads) -> Sequence[Any]:
    """Heads as anybody names several, or one."""
    if isinstance(given, str):
        return [part for part in given.split(",") if part.strip()]
    try:
        parts = list(given)
    except TypeError:  # a number, say, which is then refused as no head
        return [given]
    return (
        [given] if parts and not any(isinstance(part, str | Sequence) for part in parts) else parts
    )


@dataclass(frozen=True, slots=True)
class Token:
    """One unit of the input: a token of the model or, in a word view, a word.

    ``start`` and ``end`` are character offsets in text number ``segment``; ``word`` counts the
    words of all segments from zero and is None for special tokens. ``unknown`` says that the
    vocabulary has nothing for this text, so that the model read its token for the unknown instead;
    ``spelling`` is the vocabulary's own string where it differs from the text, as ``Ġhat``;
    ``masked`` says that an attention mask hides the token from all others.
    """

    text: str
    id: int | None = None
    start: int | None = None
    end: int | None = None
    word: int | None = None
    special: bool = False
    segment: int = 0
    unknown: bool = False
    spelling: str | None = None
    masked: bool = False

    __repr__ = brief


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model spoke; ``n_layers`` and ``n_heads`` are those of its first stack.

    ``n_target_layers`` and ``n_target_heads`` are those of the stack that writes, where a model has
    one that reads too.
    ``folder`` is where its files are, where they are on this machine; no document says it;
    ``max_seq_length`` is how many tokens the texts had at most that it was trained on, as far as
    its files say so.
    """

    name: str
    model_type: str | None = None
    n_layers: int | None = None
    n_heads: int | None = None
    revision: str | None = None
    sha256: str | None = None
    max_seq_length: int | None = None
    n_target_layers: int | None = None
    n_target_heads: int | None = None
    folder: Path | None = field(default=None, repr=False, compare=False)

    __repr__ = brief

    def described(self) -> dict[str, Any]:
        """What documents say of the model."""
        found = asdict(self)
        del found["folder"]
        one_sided = self.n_target_layers is None and self.n_target_heads is None
        return {n: v for n, v in found.items() if not (one_sided and n.startswith("n_target_"))}


@lru_cache(maxsize=16)
def _all_heads(layers: tuple[int, ...], heads: tuple[int, ...]) -> tuple[Head, ...]:
    """Every head of some layers, made once for the maps of one model."""
    return tuple(Head(layer, head) for layer in layers for head in heads)


@dataclass(frozen=True, slots=True, eq=False)
class AttentionMap(ShownAsPage):
    """Attention weights, float32 (layer, head, query, key), read-only.

    ``layers``, ``heads``, ``queries`` and ``keys`` hold the original index of each row on each
    axis, so that layer 7 of a slice is still layer 7; ``axes`` are the tokens that queries and
    keys count, which a result gives to its maps. Single heads of several layers, as 3.1 and 2.4,
    are ``picked``: they lie along the head axis, and the layer axis has one entry that is none.
    """

    weights: FloatArray
    layers: tuple[int, ...] = ()
    heads: tuple[int, ...] = ()
    queries: tuple[int, ...] = ()
    keys: tuple[int, ...] = ()
    axes: tuple[Sequence[Token], Sequence[Token]] = ((), ())
    picked: tuple[Head, ...] = ()

    def __post_init__(self) -> None:
        weights = np.asarray(self.weights, dtype=np.float32).view()
        weights.flags.writeable = False
        object.__setattr__(self, "weights", weights)
        for axis, name in enumerate(("layers", "heads", "queries", "keys")):
            given = tuple(getattr(self, name)) or tuple(range(weights.shape[axis]))
            if len(given) != weights.shape[axis]:
                raise InputError(
                    f"the map has {weights.shape[axis]} {name} but {len(given)} indices for them"
                )
            object.__setattr__(self, name, given)
        if self.picked and weights.shape[:2] != (1, len(self.picked)):
            raise InputError(
                f"{len(self.picked)} picked heads need weights (1, {len(self.picked)}, query, key)"
            )

    def __repr__(self) -> str:
        layers, heads, queries, keys = self.weights.shape
        of = f"{heads} picked heads" if self.picked else f"{layers} layers × {heads} heads"
        return f"<AttentionMap: {of}, {queries} queries × {keys} keys>"

    def all_heads(self) -> list[Head]:
        """Every head of the map in the order of its weights, layer by layer."""
        if self.picked:
            return list(self.picked)
        return list(_all_heads(self.layers, self.heads))

    def head(self, head: Head | tuple[int, int] | str) -> FloatArray:
        """The weights (query, key) of one head, named by its true indices, as "3.1" or (3, 1)."""
        found: FloatArray = self.weights[self.place(Head.of(head))]
        return found

    def place(self, head: Head) -> tuple[int, int]:
        """Where a head lies on the first two axes; UnknownHead if it is not there."""
        self.require(head)
        if self.picked:
            return 0, self.picked.index(head)
        return self.layers.index(head.layer), self.heads.index(head.head)

    def require(self, head: Head) -> None:
        """Raise UnknownHead unless the map holds this head."""
        if self.picked and head not in self.picked:
            there = ", ".join(map(str, self.picked))
            raise UnknownHead(f"there is no head {head}; the map has {there}")
        if not self.picked and (head.layer not in self.layers or head.head not in self.heads):
            raise UnknownHead(
                f"there is no head {head}; the map has layers {span(self.layers)} "
                f"and heads {span(self.heads)}"
            )

    def select(
        self,
        *,
        layers: Iterable[int] | None = None,
        heads: Iterable[int] | None = None,
        queries: Iterable[int] | None = None,
        keys: Iterable[int] | None = None,
    ) -> AttentionMap:
        """The part of the map with these true indices; nothing is renormalised."""
        if self.picked and (layers is not None or heads is not None):
            return self._of_picked(layers, heads).select(queries=queries, keys=keys)
        picked = self
        wanted = {"layers": layers, "heads": heads, "queries": queries, "keys": keys}
        for axis, (name, indices) in enumerate(wanted.items()):
            if indices is not None:
                picked = picked._take(axis, name, tuple(indices))
        return picked

    @classmethod
    def of_heads(cls, heads: Sequence[Head], weights: FloatArray, **axes: Any) -> AttentionMap:
        """A map of weights (head, query, key): a block of layers and heads, or picked ones."""
        layers, numbers = (tuple(dict.fromkeys(axis)) for axis in zip(*heads, strict=True))
        block = list(heads) == [Head(layer, head) for layer in layers for head in numbers]
        shape = (len(layers), len(numbers)) if block else (1, len(heads))
        return cls(
            weights.reshape(*shape, *weights.shape[1:]),
            layers=layers if block else (),
            heads=numbers if block else (),
            picked=() if block else tuple(heads),
            **axes,
        )

    def pick(self, heads: Heads) -> AttentionMap:
        """These heads alone, in this order; UnknownHead for one that is not there."""
        heads = Head.several(heads)
        weights = np.stack([self.head(head) for head in heads])
        axes = {"queries": self.queries, "keys": self.keys, "axes": self.axes}
        return AttentionMap.of_heads(heads, weights, **axes)

    def _of_picked(self, layers: Iterable[int] | None, heads: Iterable[int] | None) -> AttentionMap:
        """The picked heads that are in these layers and have these numbers."""
        of, numbers = (None if wanted is None else set(wanted) for wanted in (layers, heads))
        kept = [
            head
            for head in self.picked
            if (of is None or head.layer in of) and (numbers is None or head.head in numbers)
        ]
        if not kept:
            there = ", ".join(map(str, self.picked))
            raise UnknownHead(f"none of these heads is in the map; it has {there}")
        return self.pick(kept)

    def _take(self, axis: int, name: str, indices: tuple[int, ...]) -> AttentionMap:
        have = getattr(self, name)
        missing = [index for index in indices if index not in have]
        if missing:
            raise UnknownHead(f"there is no {name[:-1]} {missing[0]}; the map has {span(have)}")
        rows = [have.index(index) for index in indices]
        changes: dict[str, Any] = {name: indices}
        return replace(self, weights=np.take(self.weights, rows, axis=axis), **changes)


@dataclass(frozen=True, slots=True, eq=False)
class AttentionResult(ShownAsPage):
    """What one model made of one input.

    ``maps`` has "encoder", "decoder" or both and "cross". A decoder-only model has tokens and a
    "decoder" map; a sequence-to-sequence model has target_tokens too, which the decoder map's
    axes and the cross map's queries count.
    ``texts`` are the segments that Token.segment and the offsets refer to.
    ``hidden`` is the last hidden state, float32 (token, d_model), or None when not asked for.
    ``line`` is the number of the line that the text stood on, counted from 1, where it did.
    ``weighting`` says what the maps hold, where it is not the softmax itself.
    """

    tokens: Sequence[Token]
    maps: Mapping[str, AttentionMap]
    target_tokens: Sequence[Token] = ()
    texts: Sequence[str] = ()
    target_texts: Sequence[str] = ()
    hidden: FloatArray | None = None
    model: ModelInfo = field(default_factory=lambda: ModelInfo("unknown"))
    line: int | None = None
    weighting: Weighting = "raw"

    def __post_init__(self) -> None:
        labelled = {kind: replace(map, axes=self._axes(kind)) for kind, map in self.maps.items()}
        object.__setattr__(self, "maps", labelled)

    def __repr__(self) -> str:
        sides = " + ".join(str(len(side)) for side in (self.tokens, self.target_tokens) if side)
        noun = "token" if sides == "1" else "tokens"
        shapes = ((kind, map.weights.shape) for kind, map in self.maps.items())
        maps = "".join(f", {kind} {layers} × {heads}" for kind, (layers, heads, *_) in shapes)
        return f"<{type(self).__name__} of {quote(self.model.name)}: {sides or 0} {noun}{maps}>"

    def _axes(self, kind: str) -> tuple[Sequence[Token], Sequence[Token]]:
        """The tokens that a map's queries and keys count."""
        target = self.target_tokens or self.tokens
        return self.tokens if kind == "encoder" else target, (
            target if kind == "decoder" else self.tokens
        )

    def query_tokens(self, kind: str) -> tuple[Token, ...]:
        """The tokens along the query axis of a map, in its order."""
        return tuple(map(tuple(self._axes(kind)[0]).__getitem__, self.maps[kind].queries))

    def key_tokens(self, kind: str) -> tuple[Token, ...]:
        """The tokens along the key axis of a map, in its order."""
        return tuple(map(tuple(self._axes(kind)[1]).__getitem__, self.maps[kind].keys))

    def figure(self, **choices: Any) -> Figure:
        """A matplotlib Figure of this result; ``attnviz.figure`` says what can be chosen."""
        return display().figure(self, **choices)

    def ask(self, word: str, **choices: Any) -> Any:
        """Where a word looks, over all heads and in the heads that say most; see ``--ask``.

        ``it:2`` is the second "it"; ``choices`` are those of ``figure``. Raises UnknownWord.
        """
        return display().ask(self, word, **choices)

    def claims(self) -> list[Any]:
        """What each third-person pronoun of a short text refers to, by the model's own lens.

        A list of ``Claim``, empty where no lens was fitted to this model.
        """
        return display().claims(self)

    def who(self, word: str, **choices: Any) -> Any:
        """Who looks at a word, over all heads and in the heads that say most; see ``--who``.

        It is ``ask`` turned around: of the answer, ``keys`` are the words that look.
        """
        return display().who(self, word, **choices)

    def links(self, **choices: Any) -> list[Link]:
        """The strongest links between words, as the terminal lists them.

        ``choices`` are those of ``figure``. Queries and keys count the words of ``words()``, or
        tokens with ``tokens=True``, whatever else is hidden.
        """
        return display().links(self, **choices)

    def words(self) -> AttentionResult:
        """The same attention between words (Clark et al. 2019, sec. 2)."""
        merged: AttentionResult = display().words(self)
        return merged

    def to_dataframe(self) -> DataFrame:
        """One weight a row, as in CSV files: a pandas DataFrame; InputError without pandas."""
        return display().dataframe(self)

    def save(self, path: str | PathLike[str], **choices: Any) -> None:
        """Write a figure, page or document, by the suffix of ``path``; OutputError if it cannot.

        ``choices`` are those of ``figure``; documents and tables hold the result as it is.
        """
        display().save(self, path, **choices)


class Link(NamedTuple):
    """One strong weight: query → key in a head; query and key count the view's tokens."""

    query: int
    key: int
    weight: float
    head: Head


def span(indices: Sequence[int]) -> str:
    """Indices as a reader writes them: ``0 to 11``, ``3``, or ``0, 2, 5``."""
    if len(indices) > 2 and list(indices) == list(range(indices[0], indices[-1] + 1)):
        return f"{indices[0]} to {indices[-1]}"
    return ", ".join(map(str, indices)) or "none"
