"""Encodings of positions: sinusoids by their formula, those of models by their tensors."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.analysis.explain.positions import Positions, sinusoidal
from attnviz.core.spec import ALiBi, Buckets, Disentangled, StackSpec
from attnviz.errors import InputError
from attnviz.model import Model
from tests.core.formulas import deberta_bucket, slopes, t5_bucket, turned
from tests.support.references import names, read, recipe
from tests.support.seeded import write_checkpoint

N = 12


def test_a_sinusoid_is_a_sine_and_a_cosine_of_each_angle() -> None:
    (table,) = sinusoidal(5, 6).tables
    assert table.values.shape == (5, 6)
    for position in range(5):
        for pair in range(3):
            angle = position / 10000 ** (2 * pair / 6)
            sine, cosine = table.values[position, 2 * pair : 2 * pair + 2]
            assert (sine, cosine) == pytest.approx((math.sin(angle), math.cos(angle)), abs=1e-6)


def test_how_alike_two_sinusoids_are_depends_on_their_distance_alone() -> None:
    alike = sinusoidal(40, 64).tables[0].alike
    for distance in range(40):
        between = np.diagonal(alike, distance)
        assert np.ptp(between) < 1e-6
    assert np.allclose(np.diagonal(alike), 1)


@pytest.mark.parametrize("size", [(0, 8), (8, 0), (99_999, 8), (8, 99_999)])
def test_what_nobody_could_look_at_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="take 1 to 4096"):
        sinusoidal(*size)
    with pytest.raises(InputError, match="take 1 to 4096"):
        attnviz.load().positions(5000)


def expected(stack: StackSpec) -> set[str]:
    """The kinds of encodings that a stack has."""
    kinds = {ALiBi: "alibi", Buckets: "buckets", Disentangled: "disentangled"}
    found = {kinds[type(layer.attention.bias)] for layer in stack.layers if layer.attention.bias}
    found |= {"rotary" for layer in stack.layers if layer.attention.rotary}
    absolute = stack.embedding.positions
    if absolute:
        found.add("learned" if absolute.kind == "learned" else "sinusoidal")
    return found


def check(model: Model, shown: Positions) -> None:
    for stack in model.spec.stacks:
        own = [t for t in shown.tables if len(model.spec.stacks) == 1 or stack.kind in t.where]
        assert {table.kind for table in own} == expected(stack)
        for table in own:
            attention = next(
                layer.attention
                for number, layer in enumerate(stack.layers)
                if "layer" not in table.where or f" {number}" in table.where
            )
            values = table.values
            tensors = model.weights.stack(stack)
            if table.kind == "learned":
                at = stack.embedding.positions
                first = at.offset if at.pad_id is None else at.pad_id + 1
                rows = np.arange(len(values)) + first
                name = f"{stack.kind}.position.weight"
                stored = model.weights.rows(name, rows, values.shape[1])
                np.testing.assert_array_equal(values, stored)
                assert len(values) == min(N, table.size)
            elif table.kind == "rotary" and attention.rotary.kind == "default":
                unit = np.zeros(attention.rotary.dims)
                unit[:: 2 if attention.rotary.interleaved else 1] = 1  # the real part of each pair
                if not attention.rotary.interleaved:
                    unit[attention.rotary.dims // 2 :] = 0
                for position in range(N):
                    spun = turned(unit, position, attention.rotary)
                    cosines = spun[unit == 1]
                    np.testing.assert_allclose(values[position], cosines, atol=1e-4)
            elif table.kind == "alibi":
                by_head = np.array(slopes(attention.n_heads)) * attention.bias.factor
                np.testing.assert_allclose(values, table.rows[:, None] * by_head, rtol=1e-5)
            elif table.kind == "buckets":
                rows = [t5_bucket(int(d), attention.bias) for d in table.rows]
                stored = tensors.relative
                if attention.bias.own:
                    number = int(table.where.split()[1])
                    layer = stack.layers[number], stack.d_model
                    stored = model.weights.layer(
                        f"{stack.kind}.{number}", *layer
                    ).attention.relative
                np.testing.assert_array_equal(values, stored[rows])
            elif table.kind == "disentangled":
                span = attention.bias.span
                rows = [
                    min(max(deberta_bucket(int(-d), attention.bias) + span, 0), 2 * span - 1)
                    for d in table.rows
                ]
                np.testing.assert_array_equal(values, tensors.relative[rows])


@pytest.mark.parametrize("name", names())
def test_a_models_encodings_are_what_it_computes_with(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(Path(folder), recipe(read(name)))
        model = attnviz.load(folder)
        check(model, model.positions(N))


def test_rotary_positions_are_as_alike_as_they_are_near(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, recipe(read("llama-epsilon")))
    (table,) = attnviz.load(str(tmp_path)).positions(N).tables
    for distance in range(N):
        assert np.ptp(np.diagonal(table.alike, distance)) < 1e-4
    mean = np.cos(3 * table.frequencies).mean()
    assert table.alike[0, 3] == pytest.approx(mean, abs=1e-4)


def test_positions_show_and_save_themselves(tmp_path: Path) -> None:
    shown = attnviz.load().positions(20)
    assert shown._repr_html_() == attnviz.html(shown)
    for name in ("p.png", "p.svg", "p.html", "p.json"):
        shown.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 5000
    with pytest.raises(InputError, match="a title and no palette"):
        shown.save(tmp_path / "q.html", palette="grey")
