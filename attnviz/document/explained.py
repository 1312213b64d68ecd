"""A walk through one weight as JSON: every step with its full vectors."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from attnviz.analysis.explain import Explanation, steps
from attnviz.analysis.explain.positions import Positions
from attnviz.analysis.explain.toy import Toy
from attnviz.document.labels import quiet
from attnviz.render.explained_toy import toy_notes
from attnviz.render.labels import label_text


def explained(walk: Explanation, *, matrices: bool = False) -> dict[str, Any]:
    """The walk as a JSON object; what is -∞ is null. ``matrices`` adds the head's weights."""
    recorded = walk.recorded
    return {
        "explains": "attention",
        "model": recorded.model.name,
        "map": recorded.kind,
        "head": str(recorded.head),
        "labels": [label_text(one) for one in walk.labels],
        "query": recorded.query,
        "tokens": [token.text for token in recorded.tokens],
        "keys": [token.text for token in recorded.keys],
        "changed": list(walk.knobs),
        "steps": [
            {
                "name": step.name,
                "values": {name: _plain(array) for name, array in step.arrays.items()},
                "shapes": {
                    name: list(array.shape)
                    for name, array in {**step.matrices, **step.arrays}.items()
                },
            }
            | (
                {"matrices": {name: _plain(array) for name, array in step.matrices.items()}}
                if matrices and step.matrices
                else {}
            )
            for step in steps(walk)
        ],
    }


def write_explained(shown: Explanation | Positions | Toy, stream: BinaryIO) -> None:
    """Write a walk, encodings of positions, or small matrices, as one line of JSON."""
    if isinstance(shown, Toy):
        document = explained_toy(shown)
    else:
        document = explained_positions(shown) if isinstance(shown, Positions) else explained(shown)
    text = quiet(json.dumps(document, ensure_ascii=False, allow_nan=False))
    stream.write(text.encode() + b"\n")


def explained_positions(positions: Positions) -> dict[str, Any]:
    """Encodings of positions as a JSON object: every table whole."""
    return {
        "explains": "positions",
        "model": positions.model or None,
        "tables": [
            {
                "kind": table.kind,
                "of": table.where or None,
                "rows": "distance" if table.relative else "position",
                "columns": table.column,
                "places": table.rows.tolist(),
                "values": table.values.tolist(),
                "alike": None if table.alike is None else table.alike.tolist(),
                "frequencies": None if table.frequencies is None else table.frequencies.tolist(),
            }
            for table in positions.tables
        ],
    }


def explained_toy(toy: Toy) -> dict[str, Any]:
    """Attention on small matrices as a JSON object, whole; what is −∞ is null."""
    arrays = {
        "x": toy.x, "W_q": toy.weights_q, "W_k": toy.weights_k, "W_v": toy.weights_v, "q": toy.q,
        "k": toy.k, "v": toy.v, "products": toy.dots, "scores": toy.scores,
        "weights": toy.weights, "contexts": toy.contexts, "output": toy.output,
    }  # fmt: skip
    there = {name: _plain(array) for name, array in arrays.items() if array is not None}
    labels = {"labels": list(toy.labels), "divisor": toy.divisor, "notes": toy_notes(toy)}
    return {"explains": "toy", **labels, **there}


def _plain(array: npt.NDArray[Any]) -> Any:
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return array.tolist()
    found = array.astype(object)
    found[~np.isfinite(array)] = None
    return found.tolist()
