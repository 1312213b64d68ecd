"""Hidden states of every layer: whole, in order, and the same however they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.errors import InputError
from attnviz.model import Model, hidden_states

TEXTS = ["He took the hat", "It rained", "She sings well and dances badly"]


@pytest.fixture(scope="module")
def model() -> Model:
    return attnviz.load()


def states_of(model: Model, texts: list[str], layers: tuple[int, ...]) -> list[np.ndarray]:
    return list(hidden_states(model, map(model.encode, texts), layers))


def test_the_last_state_is_what_attend_gives(model: Model) -> None:
    for text, states in zip(TEXTS, states_of(model, TEXTS, (6,)), strict=True):
        given = model.attend(text, hidden=True).hidden
        np.testing.assert_allclose(states[0], given, atol=1e-5)


def test_a_state_is_the_same_alone_among_others_and_without_the_layers_behind_it(
    model: Model,
) -> None:
    every = states_of(model, TEXTS, tuple(range(7)))
    assert [states.shape for states in every] == [
        (7, len(model.encode(text).tokens), 384) for text in TEXTS
    ]
    for layers in ((0,), (3,), (5, 2)):
        for text, states in zip(TEXTS, every, strict=True):
            (alone,) = states_of(model, [text], layers)
            np.testing.assert_allclose(alone, states[list(layers)], atol=1e-5)
    assert not np.allclose(every[0][3], every[0][4], atol=0.1)


def test_the_first_state_knows_nothing_of_other_tokens(model: Model) -> None:
    one, other = states_of(model, ["He took the hat", "He found the hat"], (0,))
    np.testing.assert_array_equal(one[0, 1], other[0, 1])
    np.testing.assert_array_equal(one[0, 4], other[0, 4])


def test_more_inputs_than_run_together_come_in_order(model: Model) -> None:
    texts = [f"number {i} " + "word " * (i % 40) for i in range(300)]
    lengths = [states.shape[1] for states in states_of(model, texts, (1,))]
    assert lengths == [len(model.encode(text).tokens) for text in texts]


@pytest.mark.parametrize("layers", [(), (7,), (-1,)])
def test_layers_that_are_not_there_are_refused(model: Model, layers: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="has hidden states 0 to 6"):
        states_of(model, ["one"], layers)
