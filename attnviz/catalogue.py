"""Which models are on this machine, and what each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.checkpoint.cache import list_snapshots
from attnviz.checkpoint.config import read_config
from attnviz.checkpoint.source import Source, embedded_models, find, known, pull
from attnviz.errors import AttnvizError, ModelNotFound, quote

if TYPE_CHECKING:
    from attnviz.core.spec import StackSpec


FAULTS = (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError,
          TypeError, ValueError)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stack:
    """The layers on one side of a model."""

    kind: str
    n_layers: int
    n_heads: int
    max_positions: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """What a model is, as far as its files tell; ``problem`` says why it cannot be run."""

    name: str
    kind: str
    folder: Path
    revision: str | None = None
    model_type: str | None = None
    stacks: tuple[Stack, ...] = ()
    n_parameters: int | None = None
    storage: str | None = None
    problem: str | None = None


def names() -> Iterator[str]:
    """The names of the models on this machine, without looking into any."""
    return (source.name for source in known())


def available() -> Iterator[Card]:
    """The models on this machine that have names: embedded ones, then those in the cache."""
    for name in embedded_models():
        yield describe(name)
    for snapshot in list_snapshots():  # not by name, for a folder may have one that no model has
        yield _card(Source(snapshot.name, snapshot.folder, "cache", snapshot.commit))


def describe(name: str) -> Card:
    """What the model of that name is; ModelNotFound if it is not on this machine."""
    source = find(name)
    if source is None:
        raise ModelNotFound(
            f"{quote(name)} is not on this machine; fetch it with 'attnviz models pull {name}'"
        )
    return _card(source)


def fetch(name: str) -> Card:
    """Fetch a model from the Hub, or its newer version, and describe it."""
    return _card(pull(name))


def _card(source: Source) -> Card:
    found: dict[str, Any] = {}
    try:
        _look_at(source.folder, found)
    except AttnvizError as error:
        found["problem"] = str(error)
    except FAULTS as error:  # one damaged model must not hide the others
        found["problem"] = f"its files cannot be read: {quote(error)}"
    return Card(source.name, source.kind, source.folder, source.revision, **found)


def _look_at(folder: Path, known: dict[str, Any]) -> None:
    """Note what can be read before the first error."""
    from attnviz.checkpoint.opened import open_checkpoint  # NumPy, which completion needs not
    from attnviz.families import translate
    from attnviz.tokenizer.tokenizer import has_tokenizer, load_tokenizer

    if (folder / "config.json").exists():
        known["model_type"] = str(read_config(folder).get("model_type"))
    values, _, tensors, folders = open_checkpoint(folder)
    known["model_type"] = str(values.get("model_type"))
    known["n_parameters"], known["storage"] = tensors.n_parameters, tensors.storage
    known["stacks"] = tuple(map(_stack, translate(values, tensors).spec.stacks))
    first = next((each for each in folders if has_tokenizer(each)), folders[-1])
    load_tokenizer(first, model_type=known["model_type"])


def _stack(stack: StackSpec) -> Stack:
    n_heads = stack.layers[0].attention.n_heads if stack.layers else 0
    return Stack(stack.kind, len(stack.layers), n_heads, stack.max_positions)
