"""Whether two answers agree, be they right or wrong: what a diagnosis compares with."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compare import TOLERANCE


def same(got: Any, other: Any, precision: np.dtype, scale: float = 0.0, within: float = np.inf) -> bool:
    """Whether two answers agree: kind, shape, and values within rounding, NaN and inf in the same places.

    Rounding is measured against `scale` or the largest entry of `other`, whichever is larger, and is never
    taken for more than `within`. Neither of the two has to be right.
    """
    if isinstance(other, dict):
        if not isinstance(got, dict) or got.keys() != other.keys():
            return False
        return all(same(got[key], other[key], precision, scale, within) for key in other)
    if isinstance(other, (tuple, list)):
        if type(got) is not type(other) or len(got) != len(other):
            return False
        return all(same(a, b, precision, scale, within) for a, b in zip(got, other, strict=True))
    if other is None or isinstance(other, str):
        return bool(got == other) if type(got) is type(other) else False
    if isinstance(got, np.ndarray) != isinstance(other, np.ndarray):
        return False
    try:
        a, b = np.asarray(got), np.asarray(other)
    except ValueError:
        return False
    if a.shape != b.shape or a.dtype.kind != b.dtype.kind or a.dtype.kind not in "fiub":
        return False
    if (
        a.dtype.kind == "f"
        and min(a.dtype.itemsize, b.dtype.itemsize) < precision.itemsize
        and a.dtype != b.dtype
    ):
        return False
    a, b = a.astype(np.float64), b.astype(np.float64)
    whole = np.isfinite(b)
    if not np.array_equal(np.isfinite(a), whole) or not np.array_equal(a[~whole], b[~whole], equal_nan=True):
        return False
    size = max(scale, float(np.max(np.abs(b[whole]), initial=0.0)))
    limit = min(TOLERANCE[precision] * size, within)
    return bool(np.all(np.abs(a[whole] - b[whole]) <= limit))
