"""What a page keeps of the weights: within a stated step, compact, and honest about it."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from attnviz.errors import InputError, TooBig
from attnviz.render.page import weights as packing
from attnviz.render.page.weights import PackedMap, pack
from attnviz.result import AttentionMap, FloatArray
from tests.support.results import attention, noise

SHAPES = st.tuples(*[st.integers(1, 3)] * 2, *[st.integers(1, 9)] * 2)


@pytest.fixture
def tight(monkeypatch):
    """Few heads are spared as little as many are."""
    monkeypatch.setattr(packing, "UNSPARED", 40_000)
    monkeypatch.setattr(packing, "FREE", 0)


def unpack(packed: PackedMap, shape: tuple[int, ...]) -> FloatArray:
    """The weights as the page's own script reads them, by the format's description."""
    queries, keys = shape[2:]
    heads = [unpack_line(line, queries * keys, packed.bits) for line in packed.lines]
    levels = np.array(heads).reshape(*shape[:2], keys, queries).swapaxes(2, 3)
    return (levels + packed.low) * packed.step


def unpack_line(line: bytes, size: int, bits: int) -> np.ndarray:
    data = np.frombuffer(zlib.decompress(from_base85(line), wbits=-15), np.uint8)
    used = size if bits == 8 else -(-size // 2)
    short = data[:used]
    if bits == 4:
        short = np.stack([short >> 4, short & 15], axis=1).ravel()[:size]
    levels = short.astype(np.int64)
    low, high = data[used:].reshape(2, -1).astype(np.int64)
    levels[levels == 2**bits - 1] += low + 256 * high
    return levels


def from_base85(line: bytes) -> bytes:
    """Five digits are four bytes; a group that is cut short is filled up with the highest digit."""
    missing = -len(line) % 5
    values = np.zeros(128, np.int64)
    values[packing.DIGITS] = np.arange(85)
    digits = np.append(values[list(line)], [84] * missing)
    words = digits.reshape(-1, 5) @ 85 ** np.arange(5)[::-1]
    return words.astype(">u4").tobytes()[: 4 * len(words) - missing]


def kept(weights: FloatArray) -> tuple[FloatArray, PackedMap]:
    packed = pack(AttentionMap(weights))
    return unpack(packed, weights.shape), packed


@given(arrays.arrays(np.float32, SHAPES, elements=st.floats(0, 1, width=32)))
def test_every_weight_comes_back_within_half_a_step(weights):
    found, packed = kept(weights)
    assert np.abs(found - weights).max() <= packed.step / 2 + 1e-9


@given(arrays.arrays(np.float32, SHAPES, elements=st.floats(-50, 50, width=32)))
def test_differences_and_raw_scores_keep_their_sign_and_size(weights):
    found, packed = kept(weights)
    assert np.abs(found - weights).max() <= packed.step / 2 + 1e-6
    assert packed.step <= 100 / 65_000


@given(arrays.arrays(np.float32, (1, 1, 8, 8), elements=st.floats(0, 1, width=32)))
def test_small_maps_show_the_very_three_decimals_of_the_document(weights):
    found, _ = kept(weights)
    away_from_ties = np.abs(weights.astype(float) * 1000 % 1 - 0.5) > 1e-6
    assert np.array_equal(
        np.round(found, 3)[away_from_ties], np.round(weights.astype(float), 3)[away_from_ties]
    )


@pytest.mark.parametrize("step", packing.STEPS[: packing.THREE_DECIMALS + 1])
def test_each_fine_step_has_an_edge_where_the_third_decimal_turns(step):
    edges_from_the_middle = 0.0005 / step - 0.5
    assert edges_from_the_middle == pytest.approx(round(edges_from_the_middle))


@pytest.mark.parametrize("n_tokens", [3, 17, 128])
def test_up_to_128_tokens_even_noise_is_exact_to_three_decimals(n_tokens):
    weights = np.broadcast_to(noise(n_tokens), (4, 12, n_tokens, n_tokens))
    found, packed = kept(weights)
    assert packed.step <= 0.001
    assert np.abs(found - weights).max() <= 0.0005 + 1e-9


def test_zero_and_one_are_kept_as_they_are():
    found, _ = kept(np.broadcast_to(np.eye(40, dtype=np.float32), (2, 3, 40, 40)))
    assert np.array_equal(np.unique(found.round(12)), [0, 1])


def test_what_a_causal_mask_hides_stays_zero():
    found, _ = kept(attention((2, 2, 30, 30), causal=True))
    assert not found[..., ~np.tri(30, dtype=bool)].any()


def test_calm_heads_are_kept_in_finer_steps_than_noise(tight):
    calm = np.full((2, 3, 200, 200), 1 / 200, np.float32)
    wild = noise(200, 6).reshape(calm.shape)
    assert pack(AttentionMap(calm)).step < 0.001 < pack(AttentionMap(wild)).step


def test_weights_of_many_small_levels_are_packed_two_to_a_byte(tight):
    weights = noise(301, 6).reshape(2, 3, 301, 301)
    found, packed = kept(weights)
    assert packed.bits == 4
    assert np.abs(found - weights).max() <= packed.step / 2 + 1e-9


def test_a_map_takes_no_more_than_its_budget(tight):
    packed = pack(AttentionMap(noise(301, 6).reshape(2, 3, 301, 301)))
    assert sum(map(len, packed.lines)) <= packing.budget(6 * 301 * 301)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (5, 2)])
def test_odd_sizes_and_levels_of_any_height_survive(bits, size):
    levels = np.random.default_rng(1).integers(0, 60_000, size) * np.eye(*size, dtype=int)
    line = packing.pack_head(levels.astype(np.float32), step=1.0, low=0, bits=bits)
    assert np.array_equal(unpack_line(line, levels.size, bits), levels.T.ravel())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused(bad):
    weights = np.full((1, 1, 2, 2), 0.5, np.float32)
    weights[0, 0, 1, 1] = bad
    with pytest.raises(InputError, match="NaN or infinity"):
        pack(AttentionMap(weights))


def test_more_than_a_browser_holds_is_refused_before_it_is_packed():
    weights = np.broadcast_to(np.float32(0.1), (48, 48, 512, 512))
    with pytest.raises(TooBig, match="choose fewer layers or heads"):
        pack(AttentionMap(weights))
