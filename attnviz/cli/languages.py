"""The languages of a model of many, for completion."""

from __future__ import annotations

import typer


def language_codes(ctx: typer.Context) -> list[str]:
    """The codes that the model on the command line knows; none where it cannot be read."""
    from attnviz.errors import AttnvizError
    from attnviz.model import DEFAULT, load

    try:
        model = load(ctx.params.get("model") or DEFAULT, offline=True)
        return model.tokenizer.language_codes()
    except AttnvizError:
        return []
