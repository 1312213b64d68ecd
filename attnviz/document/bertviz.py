"""What BertViz saves (Vig 2019): the page of its head and model views, and the JSON in it.

``head_view(…, html_action="return").data`` is a page that holds ``params``: an object whose
``attention`` lists views, each with ``attn`` (layer, head, query, key), ``left_text`` and
``right_text``. The view of all tokens is read, or the encoder's, the decoder's and the cross view.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from attnviz.document.arrays import fail, weight_lists
from attnviz.document.labels import SCHEMA
from attnviz.result import FloatArray

PARAMS = re.compile(rb"\bparams = (?=\{)")
PAGE = re.compile(rb"\s*<")
ENDS = 1 << 16  # how much of a page stands before its script
KINDS = {"Encoder": "encoder", "Decoder": "decoder", "Cross": "cross"}
EVERY = (None, "All")


def params_at(data: bytes) -> int | None:
    """Where the JSON of a saved page begins; None for what is no such page."""
    found = PARAMS.search(data) if PAGE.match(data) and b"bertviz-" in data[:ENDS] else None
    return found and found.end()


def is_bertviz(value: object) -> bool:
    """Whether a JSON value is what BertViz hands to its views."""
    return isinstance(value, dict) and "schema" not in value and bool(_views(value))


def from_bertviz(value: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """The labels of a document, and its weights by kind; DocumentError where they do not fit.

    Which layers and heads were included is kept. Where nothing looks ahead it is a decoder's.
    """
    document: dict[str, Any] = {"schema": SCHEMA, "model": "BertViz"}
    weights: dict[str, FloatArray] = {}
    maps: dict[str, Any] = {}
    for number, view in enumerate(_views(value)):
        array = weight_lists(view["attn"], f"attention[{number}].attn")
        name = view.get("name")
        kind = KINDS.get(str(name)) or ("decoder" if _is_causal(array) else "encoder")
        if kind in weights:
            fail(f"attention[{number}]", "is another view of the same tokens")
        weights[kind] = array
        axes = {"layers": value.get("include_layers"), "heads": value.get("include_heads")}
        sizes = dict(zip(axes, array.shape, strict=False))
        maps[kind] = {
            axis: indices
            for axis, indices in axes.items()
            if isinstance(indices, list) and len(indices) == sizes[axis]
        }
        sides = ("target_tokens", "tokens") if kind == "cross" else ("tokens", "tokens")
        if name == "Decoder":
            sides = ("target_tokens", "target_tokens")
        for side, text in zip(sides, ("left_text", "right_text"), strict=True):
            document[side] = _marked(view.get(text))
    if "tokens" not in document and "target_tokens" in document:  # a decoder's alone
        document["tokens"] = document.pop("target_tokens")
    return {**document, "maps": maps}, weights


def _views(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The views of all tokens; of a pair of sentences the views of parts are left out."""
    given = value.get("attention")
    if isinstance(given, dict):
        given = [given.get("all")]
    if not isinstance(given, list):
        return []
    views = [view for view in given if isinstance(view, dict) and "attn" in view]
    return [view for view in views if view.get("name") in (*EVERY, *KINDS)]


def _is_causal(weights: FloatArray) -> bool:
    return weights.shape[-1] > 1 and not np.triu(weights, k=1).any()


def _marked(tokens: object) -> object:
    """Tokens with a mark where BertViz has put a space, which tells where a word begins."""
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        return tokens
    return [f"▁{token[1:]}" if token.startswith(" ") else token for token in tokens]
