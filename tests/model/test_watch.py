"""Watching and editing a run through a model: nothing kept, every block shown."""

from __future__ import annotations

import numpy as np

from attnviz import Model
from attnviz.core.hooks import AttentionBlock


def watched(model: Model, text: str, edit: object = None) -> dict[int, np.ndarray]:
    """The map of each layer, copied block by block."""
    blocks: dict[int, list[np.ndarray]] = {}

    def visit(step: AttentionBlock) -> None:
        blocks.setdefault(step.layer, []).append(step.weights.copy())

    model.watch([model.encode(text)], visit, layers={"encoder": (0, 1)}, edit=edit)
    return {layer: np.concatenate(some, axis=1) for layer, some in blocks.items()}


def test_what_is_watched_is_what_is_kept(reader: Model) -> None:
    found = reader.attend("He took the hat").maps["encoder"].weights
    for layer, weights in watched(reader, "He took the hat").items():
        np.testing.assert_allclose(weights, found[layer], atol=1e-6)


def test_several_inputs_are_told_apart(reader: Model) -> None:
    sizes = {}

    def visit(step: AttentionBlock) -> None:
        sizes[step.sequence] = step.weights.shape[-1]

    inputs = [reader.encode("hat"), reader.encode("the hat was not his")]
    reader.watch(inputs, visit, layers={"encoder": (0,)})
    assert sizes == {0: 3, 1: 7}


def test_an_edit_cuts_a_link_and_what_follows_feels_it(reader: Model) -> None:
    def cut(step: AttentionBlock) -> None:
        if step.layer == 0:
            step.weights[:, 1, 4] = -np.inf

    plain, edited = watched(reader, "He took the hat"), watched(reader, "He took the hat", cut)
    assert (edited[0][:, 1, 4] == 0).all()
    np.testing.assert_allclose(edited[0].sum(axis=-1), 1, atol=1e-5)
    assert np.abs(edited[1] - plain[1]).max() > 1e-4
