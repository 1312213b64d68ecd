"""What bitsandbytes stores (Dettmers et al. 2022, 2023): NF4 and FP4 in blocks, and LLM.int8()."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attnviz.checkpoint.adapter import lies_across
from attnviz.checkpoint.derived import Made
from attnviz.checkpoint.files import parse_object
from attnviz.checkpoint.packed import nibbles
from attnviz.checkpoint.tensors import Tensors
from attnviz.errors import BadCheckpoint, quote
from attnviz.result import FloatArray

STATE = ".quant_state.bitsandbytes__"
PARTS = ("absmax", "quant_map", "nested_absmax", "nested_quant_map")
LARGEST_STATE = 1 << 16
SCALE, FORMAT = "SCB", "weight_format"
INT8 = 127


class State(NamedTuple):
    """What the JSON beside a weight of 4 bits says; ``nested`` of scales that are quantised."""

    shape: tuple[int, int]
    block: int
    nested: tuple[int, float] | None


def bitsandbytes(
    said: Mapping[str, Any],  # noqa: ARG001
    tensors: Tensors,
    model_type: object,
) -> tuple[dict[str, Made], set[str]]:
    """Every weight that has a state (4 bits) or a scale for each row (8 bits)."""
    made: dict[str, Made] = {}
    used: set[str] = set()
    for stored in tensors.names:
        name, found, kind = stored.partition(STATE)
        if found and name in tensors.names:
            state = _state(tensors, stored)
            _check(tensors, name, state)
            read = partial(_read_four, tensors, name, state)
            made[name] = _turned(Made(state.shape, kind.upper(), read), name, model_type)
            used |= {stored, *(f"{name}.{part}" for part in PARTS)}
            continue
        module = stored.removesuffix(f".{SCALE}")
        name = f"{module}.weight"
        if module != stored and name in tensors.names and tensors.dtype(name) == "I8":
            made[name] = _eight(tensors, name, stored, model_type)
            used |= {stored, f"{module}.{FORMAT}"}
    return made, used


def _state(tensors: Tensors, stored: str) -> State:
    if math.prod(tensors.shape(stored)) > LARGEST_STATE:
        raise BadCheckpoint(f"tensor {quote(stored)} is too long for a state of bitsandbytes")
    said = parse_object(tensors.read_raw(stored).tobytes(), f"tensor {quote(stored)}")
    match said:
        case {"shape": [int(n_out), int(n_in)], "blocksize": int(block)}:
            numbers = [n_out, n_in, block]
        case _:
            raise BadCheckpoint(f"tensor {quote(stored)} says no shape and blocksize")
    nested = None
    if "nested_blocksize" in said:
        size, offset = said["nested_blocksize"], said.get("nested_offset", 0.0)
        if type(size) is not int or not isinstance(offset, int | float):
            raise BadCheckpoint(f"tensor {quote(stored)} has a nested_blocksize that is no number")
        nested = (size, float(offset))
        numbers.append(size)
    if not all(0 < number < 1 << 31 for number in numbers):
        raise BadCheckpoint(f"tensor {quote(stored)} has sizes that are not counts")
    return State((n_out, n_in), block, nested)


def _check(tensors: Tensors, name: str, state: State) -> None:
    """Refuse a weight whose codes, scales and tables are not as many as its state says."""
    size = math.prod(state.shape)
    n_blocks = -(-size // state.block)
    needed = {"quant_map": 16, "absmax": n_blocks}
    if state.nested:
        needed |= {"nested_quant_map": 256, "nested_absmax": -(-n_blocks // state.nested[0])}
    for part, count in needed.items():
        tensor = f"{name}.{part}"
        if tensor not in tensors.names or math.prod(tensors.shape(tensor)) != count:
            raise BadCheckpoint(f"tensor {quote(tensor)} is missing or has not {count} numbers")
    kind = "U8" if state.nested else "F32"
    if tensors.dtype(f"{name}.absmax") != kind or tensors.nbytes_of(name) != -(-size // 2):
        raise BadCheckpoint(f"tensor {quote(name)} does not hold {state.shape} of 4 bits")


def _read_four(tensors: Tensors, name: str, state: State) -> FloatArray:
    """code → number of the table × the largest of its block; the high half of a byte is first."""
    size = math.prod(state.shape)
    swapped = nibbles(tensors.read_raw(name)).reshape(-1, 2)[:, ::-1].reshape(-1)[:size]
    array = tensors.read(f"{name}.quant_map").reshape(-1)[swapped]
    if state.nested:
        block, offset = state.nested
        largest = tensors.read(f"{name}.nested_quant_map").reshape(-1)
        largest = largest[tensors.read_raw(f"{name}.absmax")]
        largest *= np.repeat(tensors.read(f"{name}.nested_absmax"), block)[: len(largest)]
        largest += np.float32(offset)
    else:
        largest = tensors.read(f"{name}.absmax").reshape(-1)
    array *= np.repeat(largest, state.block)[:size]
    return array.reshape(state.shape)


def _eight(tensors: Tensors, name: str, scale: str, model_type: object) -> Made:
    """An int8 matrix with the largest number of each row."""
    shape, rows = tensors.shape(name), tensors.shape(scale)
    order = f"{name}_format"
    if order in tensors.names and tensors.read_raw(order).any():
        raise BadCheckpoint(f"tensor {quote(name)} is not stored row by row ({quote(order)})")
    if len(shape) != 2 or rows != shape[:1]:
        raise BadCheckpoint(f"tensor {quote(name)} has the shape {shape} and scales {rows}")

    def read() -> FloatArray:
        codes = tensors.read_raw(name).view(np.int8).reshape(shape)
        return codes * (tensors.read(scale) / np.float32(INT8))[:, None]

    return _turned(Made(shape, "INT8", read), name, model_type)


def _turned(made: Made, name: str, model_type: object) -> Made:
    """The weight as its family keeps it, (in, out) where that is GPT-2's."""
    if not lies_across(model_type, name.rpartition(".")[0]):
        return made
    make = made.make
    return Made(made.shape[::-1], made.stored, lambda: np.ascontiguousarray(make().T))
