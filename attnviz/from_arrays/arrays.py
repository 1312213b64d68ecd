"""Arrays of anybody's as NumPy's, and one text of a batch of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.errors import InputError

NO_WEIGHTS = (
    "there are no attention weights in these outputs; load the model with "
    "attn_implementation='eager' and call it with output_attentions=True"
)


def array_of(value: Any, name: str) -> npt.NDArray[Any]:
    """An array of NumPy's from anybody's; torch tensors may require gradients or be bfloat16."""
    if value is None:
        raise InputError(NO_WEIGHTS)
    for step in ("detach", "cpu"):
        value = getattr(value, step)() if hasattr(value, step) else value
    if "bfloat16" in str(getattr(value, "dtype", "")):
        value = value.float() if hasattr(value, "float") else value.astype(np.float32)
    try:
        only_dlpack = hasattr(value, "__dlpack__") and not hasattr(value, "__array__")
        array = np.from_dlpack(value) if only_dlpack else np.asarray(value)
    except (TypeError, ValueError, RuntimeError, BufferError):
        array = np.empty(0, object)
    if array.dtype.kind not in "fiub":
        raise InputError(f"the {name} weights are no array of numbers but {type(value).__name__}")
    return array


def filled(value: Any) -> bool:
    """Whether a sequence of layers or an array has anything in it."""
    return bool(len(value) if isinstance(value, (list, tuple)) else np.size(value))


def chosen(batch: npt.NDArray[Any], item: int | None) -> Any:
    """One text of a batch."""
    if item is None and len(batch) != 1:
        raise InputError(
            f"the weights are of a batch of {len(batch)} texts; choose an item "
            f"from 0 to {len(batch) - 1}"
        )
    at = item or 0
    if not -len(batch) <= at < len(batch):
        raise InputError(f"there is no item {at}; the batch has {len(batch)} texts")
    return batch[at]


def row_of(value: Any, item: int | None) -> npt.NDArray[Any] | None:
    """One text's ids or mask, from a list, an array or a batch of them."""
    if value is None:
        return None
    array = array_of(value, "ids or mask")
    if array.ndim not in (1, 2) or array.dtype.kind not in "iub":
        raise InputError("ids and masks are whole numbers, (token,) or (batch, token)")
    one: npt.NDArray[Any] = chosen(array, item) if array.ndim == 2 else array
    return one


def kept_by(mask: npt.NDArray[Any] | None) -> npt.NDArray[np.intp] | None:
    """Which keys are text; None where all are."""
    if mask is None or mask.all():
        return None
    if not mask.any():
        raise InputError("the attention_mask leaves no token of this text")
    return np.flatnonzero(mask)
