"""Where a token is: sinusoids, rotary angles and their scalings, ALiBi, buckets of distance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

import numpy as np
import numpy.typing as npt

from attnviz.core.buffers import FloatArray, IntArray
from attnviz.core.spec import Buckets, Disentangled, PositionSpec, Rotary

Float64Array = npt.NDArray[np.float64]


def position_ids(ids: IntArray, spec: PositionSpec) -> IntArray:
    """The position of each token of one sequence, int64 (token,)."""
    if spec.pad_id is None:
        return np.arange(len(ids), dtype=np.int64) + spec.offset
    real = ids != spec.pad_id
    return np.where(real, np.cumsum(real) + spec.pad_id, spec.pad_id).astype(np.int64)


def sinusoids(positions: IntArray, d_model: int, kind: str = "interleaved") -> FloatArray:
    """Sinusoidal positions (Vaswani et al. 2017, sec. 3.5), float32 (position, d_model).

    PE(pos, 2i) = sin(pos / 10000^(2i/d)) and PE(pos, 2i+1) = cos of the same. ``kind`` "halves"
    puts all sines first, as Marian does; "fairseq" does too, with angles pos / 10000^(i/(d/2-1))
    and a zero at the end where d_model is odd, as M2M-100 does.
    """
    if kind == "fairseq":
        half = d_model // 2
        angles = positions[:, None] * np.exp(np.arange(half) * -(math.log(10000.0) / (half - 1)))
        spare = np.zeros((len(positions), d_model % 2))
        return np.concatenate([np.sin(angles), np.cos(angles), spare], axis=1, dtype=np.float32)
    angles = positions[:, None] / np.power(10000.0, 2 * (np.arange(d_model) // 2) / d_model)
    table = np.where(np.arange(d_model) % 2 == 0, np.sin(angles), np.cos(angles))
    if kind == "halves":
        table = np.concatenate([table[:, 0::2], table[:, 1::2]], axis=1)
    return table.astype(np.float32)


def rotary_table(rotary: Rotary, n: int) -> tuple[FloatArray, FloatArray]:
    """Cosines and sines of a sequence of n tokens, each float32 (n, dims / 2)."""
    angles = np.arange(n, dtype=np.float32)[:, None] * _frequencies(rotary, n).astype(np.float32)
    factor = np.float32(cast(float, rotary.scaling.get("attention_factor", 1.0)))
    return np.cos(angles) * factor, np.sin(angles) * factor


def rotate_(x: FloatArray, cos: FloatArray, sin: FloatArray, *, interleaved: bool) -> None:
    """Rotate the first dimensions of x (token, head, d_head) in place by angles (token, pair)."""
    dims = 2 * cos.shape[1]
    if interleaved:
        first, second = x[..., 0:dims:2], x[..., 1:dims:2]
    else:
        first, second = x[..., : dims // 2], x[..., dims // 2 : dims]
    cos, sin = cos[:, None, :], sin[:, None, :]
    turned = first * cos - second * sin
    second *= cos
    second += first * sin
    first[...] = turned


def _frequencies(rotary: Rotary, n: int) -> Float64Array:
    """Inverse frequencies (dims / 2,) in a sequence of n tokens."""
    scaling = cast(Mapping[str, float], rotary.scaling)
    plain = _plain(rotary.theta, rotary.dims)
    match rotary.kind:
        case "default" | "linear":
            return plain / scaling.get("factor", 1.0)
        case "dynamic":
            return _dynamic(rotary, scaling, n)
        case "yarn":
            return _yarn(rotary, plain, scaling)
        case "longrope":
            long = n > scaling["original_max_position_embeddings"]
            factors = rotary.scaling["long_factor" if long else "short_factor"]
            return plain / np.asarray(factors, np.float64)
        case "llama3":
            return _llama3(plain, scaling)


def _plain(theta: float, dims: int) -> Float64Array:
    """θᵢ = θ^(-2i/d) (Su et al. 2021, eq. 15)."""
    powers: Float64Array = np.arange(0, dims, 2) / dims
    return 1.0 / theta**powers


def _dynamic(rotary: Rotary, scaling: Mapping[str, float], n: int) -> Float64Array:
    """NTK-aware scaling that grows with the sequence (bloc97 and emozilla 2023)."""
    factor, trained = scaling["factor"], scaling["max_position_embeddings"]
    stretch = factor * max(n, trained) / trained - (factor - 1)
    return _plain(rotary.theta * stretch ** (rotary.dims / (rotary.dims - 2)), rotary.dims)


def _yarn(rotary: Rotary, plain: Float64Array, scaling: Mapping[str, float]) -> Float64Array:
    """Interpolate slow dimensions, keep fast ones (Peng et al. 2023, eq. 17 to 23)."""

    def dimension(turns: float) -> float:
        waves = scaling["original_max_position_embeddings"] / (turns * 2 * math.pi)
        return (rotary.dims * math.log(waves)) / (2 * math.log(rotary.theta))

    low, high = dimension(scaling["beta_fast"]), dimension(scaling["beta_slow"])
    if scaling["truncate"]:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, rotary.dims - 1)
    high += 0.001 if low == high else 0
    ramp: Float64Array = np.clip((np.arange(rotary.dims // 2) - low) / (high - low), 0, 1)
    return plain / scaling["factor"] * ramp + plain * (1 - ramp)


def _llama3(plain: Float64Array, scaling: Mapping[str, float]) -> Float64Array:
    """Llama 3.1's scaling: long wavelengths divided, short kept, a smooth step between."""
    trained, factor = scaling["original_max_position_embeddings"], scaling["factor"]
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    turns = trained * plain / (2 * math.pi)
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    return (1 - smooth) * plain / factor + smooth * plain


def alibi_slopes(n_heads: int) -> FloatArray:
    """One slope per head, float32 (head,) (Press et al. 2022, sec. 3).

    Heads beyond a power of two take every second slope of the next power of two.
    """
    power = 2 ** math.floor(math.log2(n_heads))
    slopes = [2.0 ** (-8 * (i + 1) / power) for i in range(power)]
    slopes += [2.0 ** (-4 * (2 * i + 1) / power) for i in range(n_heads - power)]
    return np.asarray(slopes, np.float32)


def bucket_of(distance: IntArray, spec: Buckets) -> IntArray:
    """T5's bucket of each distance key - query (Raffel et al. 2020, sec. 2.1).

    Half of the buckets are exact distances, the others grow logarithmically.
    """
    n = spec.n_buckets
    if spec.bidirectional:
        n //= 2
        base = np.where(distance > 0, n, 0)
        distance = np.abs(distance)
    else:
        base = np.zeros_like(distance)
        distance = np.maximum(-distance, 0)
    exact = n // 2
    ratio = np.log(np.maximum(distance, 1).astype(np.float32) / np.float32(exact))
    with np.errstate(divide="ignore", invalid="ignore"):  # where exact is all that there is
        steps = ratio / np.float32(math.log(spec.max_distance / exact)) * np.float32(n - exact)
        far = np.clip(exact + steps.astype(np.int64), 0, n - 1)
    return cast(IntArray, base + np.where(distance < exact, distance, far))


def log_bucket(distance: IntArray, spec: Disentangled) -> IntArray:
    """DeBERTa's bucket of each distance query - key, within ±n_buckets."""
    if spec.n_buckets <= 0 or spec.max_distance <= 0:
        return distance
    middle = spec.n_buckets // 2
    size = np.where(np.abs(distance) < middle, middle - 1, np.abs(distance)).astype(np.float32)
    ratio = np.log(np.maximum(size, 1e-9) / np.float32(middle))
    with np.errstate(divide="ignore", invalid="ignore"):  # where no distance is beyond the near
        far = np.ceil(ratio / np.log(np.float32((spec.max_distance - 1) / middle)) * (middle - 1))
        far = (far + middle) * np.sign(distance)
        return np.where(size <= middle, distance, far).astype(np.int64)
