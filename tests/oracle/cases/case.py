"""What a reference case is: a configuration as on disk, how it is stored, and what goes in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Inputs = dict[str, list[int]]  # token_ids, and token_type_ids or target_ids where there are any


@dataclass(frozen=True)
class Storage:
    """How the files differ from what transformers saves today.

    ``rename`` are (pattern, replacement) for tensor names and ``drop`` a pattern of names to
    leave out; ``extra`` are tensors (name: shape) that transformers no longer saves, ``copies``
    maps (new name: stored name), ``stale`` (name: dtype and shape). ``omitted`` are tensors that
    transformers may miss, because it computes them by itself.
    """

    rename: Sequence[tuple[str, str]] = ()
    drop: str = ""
    omitted: Sequence[str] = ()
    extra: Mapping[str, Sequence[int]] = field(default_factory=dict)
    copies: Mapping[str, str] = field(default_factory=dict)
    stale: Mapping[str, tuple[str, Sequence[int]]] = field(default_factory=dict)
    dtype: str = "float32"
    shards: int = 1

    def spell(self, name: str) -> str | None:
        """What a tensor is called on disk, or None when it is left out."""
        if self.drop and re.search(self.drop, name):
            return None
        for pattern, replacement in self.rename:
            name = re.sub(pattern, replacement, name)
        return name


@dataclass(frozen=True)
class Case:
    """One reference; ``name`` starts with the family, ``kind`` is what a single stack's map is.

    ``same_as`` names a case whose outputs this one must have: then nothing more is stored.
    Every other case must differ from all others of its family. ``read_as`` changes what
    transformers is given, where it no longer reads a spelling that it wrote once; ``single``
    says that transformers computes the family in float32 alone.
    """

    name: str
    architecture: str
    config: Mapping[str, Any]
    inputs: tuple[Inputs, ...]
    plain: str
    kind: str
    gain: Mapping[str, float] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    storage: Storage = Storage()
    same_as: str | None = None
    read_as: Mapping[str, Any] = field(default_factory=dict)
    single: bool = False


class Family:
    """The plain case of a family, and others that change something about it."""

    def __init__(
        self,
        name: str,
        architecture: str,
        config: Mapping[str, Any],
        *,
        gain: Mapping[str, float] | None = None,
        inputs: Sequence[Inputs],
        kind: str,
        prefix: str = "",
    ) -> None:
        full = {"model_type": name, "architectures": [architecture], **config}
        plain = f"{prefix or name}-plain"
        self.plain = Case(plain, architecture, full, tuple(inputs), plain, kind, gain or {})
        self.cases = [self.plain]

    def vary(
        self,
        name: str,
        changes: Mapping[str, Any] | None = None,
        *,
        architecture: str | None = None,
        without: Sequence[str] = (),
        constants: Mapping[str, float] | None = None,
        inputs: Sequence[Inputs] | None = None,
        gain: Mapping[str, float] | None = None,
        same_as: str | None = None,
        read_as: Mapping[str, Any] | None = None,
        kind: str | None = None,
        **storage: Any,
    ) -> None:
        """Add a case whose config has ``changes`` and lacks the keys ``without``."""
        base = self.plain
        architecture = architecture or base.architecture
        config = {key: value for key, value in base.config.items() if key not in without}
        config |= {"architectures": [architecture], **(changes or {})}
        prefix = base.plain.removesuffix("plain")
        self.cases.append(
            replace(
                base,
                name=prefix + name,
                architecture=architecture,
                config=config,
                inputs=base.inputs if inputs is None else tuple(inputs),
                kind=kind or base.kind,
                gain={**base.gain, **(gain or {})},
                constants=constants or {},
                storage=Storage(**storage),
                same_as=same_as and prefix + same_as,
                read_as=read_as or {},
            )
        )
