"""What analysis finds, as data: one matrix to show and why, where a word looks, who looks at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from attnviz.analysis.claims import Claim
from attnviz.analysis.labels import Label
from attnviz.brief import brief, word
from attnviz.result import FloatArray, Head, Token, Weighting
from attnviz.showing import ShownAsFigure

Excluded = Literal["special", "itself", "neighbours"]


class Longer(NamedTuple):
    """How many tokens a text has, and those that the model was trained on had at most."""

    tokens: int
    trained: int

    @classmethod
    def of(cls, tokens: int, trained: int | None) -> Longer | None:
        """Both, where the text is longer than they were; else None."""
        return cls(tokens, trained) if trained is not None and tokens > trained else None


@dataclass(frozen=True, slots=True)
class Choice:
    """Why one of ``n_heads`` heads is shown: ``share`` is what it was chosen by.

    ``between`` is the mean share of a word's weight in it that goes to other words, not to what
    is ``excluded``, and ``share`` the part of that which neither distance nor popular words
    explain. ``links`` says whether there was any link between two words to choose by.
    """

    head: Head
    share: float
    between: float
    excluded: tuple[Excluded, ...]
    n_heads: int
    kind: str = "encoder"
    links: bool = True

    __repr__ = brief


@dataclass(frozen=True, slots=True, eq=False)
class MatrixView(ShownAsFigure):
    """One matrix to show: weights float32 (query, key) with the tokens on both axes.

    It is the mean of ``heads``, or has a ``title`` of its own, as a difference has. ``hidden`` is
    the mean share of each row's weight that went to keys left out of it, 0 when none is left out;
    ``sinks`` says that heads' sinks took some of it; ``merged`` that some tokens were merged into
    words; ``choice`` why it is shown, where nobody asked for it; ``longer`` that the text is longer
    than any that the model was trained on; ``labels`` what its only head was found to do.
    """

    weights: FloatArray
    queries: Sequence[Token]
    keys: Sequence[Token]
    title: str = ""
    kind: str = "encoder"
    heads: tuple[Head, ...] = ()
    hidden: float = 0.0
    signed: bool = False
    merged: bool = False
    sinks: bool = False
    choice: Choice | None = None
    longer: Longer | None = None
    weighting: Weighting = "raw"
    labels: Sequence[Label] = ()

    __repr__ = brief

    @classmethod
    def of_all_heads(
        cls, values: FloatArray, layers: Sequence[int], heads: Sequence[object], title: str
    ) -> MatrixView:
        """One number of each head (layer, head): layers down, ``heads`` by their names across."""
        rows = [Token(f"layer {layer}") for layer in layers]
        return cls(values, rows, [Token(str(head)) for head in heads], title, kind="heads")

    @property
    def head(self) -> Head | None:
        """The head that is shown, where it is only one."""
        return self.heads[0] if len(self.heads) == 1 else None


@dataclass(frozen=True, slots=True, eq=False)
class WordAttention(ShownAsFigure):
    """Where one word looks: ``mean`` float32 (key,) over all heads of a map, and single heads.

    Or, if ``who``, who looks at it: ``keys`` are then the tokens that look, and each weight is the
    one they give to the word.

    ``keys`` label both ``mean`` and ``rows`` float32 (head, key); ``rows`` holds the row of each
    of ``heads``, the heads that say most about words, strongest first, and ``tops`` the key each
    of them looks at most, ``top`` the mean, what is ``excluded`` aside. Of ``occurrences`` of the
    word, ``occurrence`` is meant, counted from 1. Where nothing that counts gets more than distance
    and popular words explain, as of a special token, heads go by their weight on anything else
    instead, and are not ``particular``. The last ``behind`` heads look as far from everywhere.
    ``text`` names what the word stands in, for pictures of several texts. ``claims`` are what the
    model's lenses say of it, where it has some; ``labels`` what the heads were found to do.
    """

    word: Token
    position: int
    keys: Sequence[Token]
    mean: FloatArray
    heads: tuple[Head, ...]
    rows: FloatArray
    tops: tuple[int, ...]
    top: int = 0
    excluded: tuple[Excluded, ...] = ()
    particular: bool = True
    behind: int = 0
    kind: str = "encoder"
    hidden: float = 0.0
    n_heads: int = 0
    merged: bool = False
    sinks: bool = False
    occurrence: int = 1
    occurrences: int = 1
    text: str = ""
    claims: tuple[Claim, ...] = ()
    longer: Longer | None = None
    who: bool = False
    weighting: Weighting = "raw"
    labels: Mapping[Head, Sequence[Label]] = field(default_factory=dict)

    def __repr__(self) -> str:
        asked = f"{'to' if self.who else 'of'} {word(self.word.text)}"
        if not self.heads:
            return f"<WordAttention {asked}: {len(self.keys)} keys>"
        key, weight = self.keys[self.tops[0]].text, self.rows[0, self.tops[0]]
        return f"<WordAttention {asked}: {word(key)} {weight:.2f} in head {self.heads[0]}>"

    @property
    def alone(self) -> Head | None:
        """The head asked about, where it is only one: its row is the mean."""
        return self.heads[0] if self.n_heads == 1 and self.heads else None
