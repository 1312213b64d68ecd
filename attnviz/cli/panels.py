"""How options stand in help: in panels, those that most people want first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

PANELS: dict[str, tuple[str, ...]] = {
    "Arguments": (),
    "Options": ("ask", "word", "why", "sentences", "plain", "positions", "output", "open", "who",
                "head", "heads", "every", "sort", "fit", "json", "as_json", "each", "as_csv"),
    "What to look at": ("layer", "mean", "map", "weights", "tokens", "words", "by", "top",
                        "no_special", "item", "pooled"),
    "What to change": ("link", "search", "no_positions", "causal"),
    "On small matrices": ("toy", "d_model", "d_head", "seed", "init", "tied", "x", "q", "k", "v"),
    "Text and model": ("model", "against", "conllu", "pair", "target", "from_", "source_lang",
                       "to", "target_lang", "lines", "file", "field", "skip_bad", "resume",
                       "chat", "generation_prompt", "no_add_special", "truncate", "generate",
                       "max_new_tokens", "beams", "allow_unknown", "offline"),
    "Many texts": ("cluster", "dry_run"),
    "Colours of weights": ("palette", "scale", "vmin", "vmax", "background"),
    "Figures and pages": ("size", "title", "no_title", "no_notes", "numbers", "dpi", "font"),
    "How it is written": ("color", "width", "precision", "matrices"),
    "More": (),
}  # fmt: skip
OF_OPTION = {name: panel for panel, names in PANELS.items() for name in names}
PLACE = {name: i for i, name in enumerate(OF_OPTION)}


def panels(params: Iterable[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Each panel that has any of a command's parameters, with them in their order."""
    of: dict[str, list[Any]] = {panel: [] for panel in PANELS}
    for param in params:
        argument = param.param_type_name == "argument"
        of["Arguments" if argument else OF_OPTION.get(param.name, "More")].append(param)
    for panel, members in of.items():
        if members:
            yield panel, sorted(members, key=lambda param: PLACE.get(param.name, len(PLACE)))
