"""See what a transformer attends to: load a model, attend to a text, look at the result.

>>> import attnviz
>>> result = attnviz.load().attend("He took the hat and examined it carefully")
>>> result.maps["encoder"].weights.shape  # (layer, head, query, key)
(6, 12, 10, 10)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from attnviz import showing
from attnviz._version import __version__

if TYPE_CHECKING:
    from attnviz import corpus
    from attnviz.comparing import compare
    from attnviz.cutting import cut, search_cuts
    from attnviz.display import figure, html
    from attnviz.errors import AttnvizError, AttnvizWarning
    from attnviz.from_arrays import from_attentions, show
    from attnviz.model import Model, load
    from attnviz.probing import fit_lens, heads, probe
    from attnviz.result import AttentionMap, AttentionResult, Head, ModelInfo, Token

__all__ = [
    "AttentionMap",
    "AttentionResult",
    "AttnvizError",
    "AttnvizWarning",
    "Head",
    "Model",
    "ModelInfo",
    "Token",
    "__version__",
    "compare",
    "corpus",
    "cut",
    "figure",
    "fit_lens",
    "from_attentions",
    "heads",
    "html",
    "load",
    "probe",
    "search_cuts",
    "show",
]

_HOMES = {
    "AttnvizError": "errors",
    "AttnvizWarning": "errors",
    "Model": "model",
    "compare": "comparing",
    "cut": "cutting",
    "fit_lens": "probing",
    "from_attentions": "from_arrays",
    "heads": "probing",
    "load": "model",
    "probe": "probing",
    "search_cuts": "cutting",
    "show": "from_arrays",
    "AttentionMap": "result",
    "AttentionResult": "result",
    "Head": "result",
    "ModelInfo": "result",
    "Token": "result",
    "figure": "display",
    "html": "display",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import attnviz`` costs nothing."""
    if name == "corpus":
        return import_module("attnviz.corpus")
    if name not in _HOMES:
        raise AttributeError(f"module 'attnviz' has no attribute '{name}'")
    return getattr(import_module(f"attnviz.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__


def _display() -> Any:
    from attnviz import display

    return display


showing.register(_display)
