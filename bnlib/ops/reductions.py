"""Operations that gather many entries into one: going backward each of them receives its share."""

from __future__ import annotations

from typing import Any

import numpy as np

from .rule import rule

Axis = int | tuple[int, ...] | None


def spread(dz: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """A reduced array's gradient with the reduced axes back as axes of length 1, so that it broadcasts over x."""
    if keepdims:
        return dz
    return np.reshape(dz, (1,) * np.ndim(x)) if axis is None else np.expand_dims(dz, axis)


def count(x: Any, axis: Axis) -> int:
    """How many entries of x went into each entry of the result."""
    if axis is None:
        return int(np.size(x))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return int(np.prod([np.shape(x)[a] for a in axes]))


def _centred(x: Any, axis: Axis) -> Any:
    return x - np.mean(x, axis=axis, keepdims=True)


def _sum(dz: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return spread(dz, x, axis, keepdims)


def _mean(dz: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return spread(dz, x, axis, keepdims) / count(x, axis)


def _var(dz: Any, z: Any, x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:
    # The part that reaches x through the mean is zero, because the centred columns sum to zero.
    return spread(dz, x, axis, keepdims) * 2 * _centred(x, axis) / (count(x, axis) - ddof)


def _std(dz: Any, z: Any, x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:
    # Of a constant column the deviation has a kink at its lowest point: 0 is as good as any slope there, and no NaN.
    upward = dz / np.where(np.equal(z, 0), 1, z)
    return spread(upward, x, axis, keepdims) * _centred(x, axis) / (count(x, axis) - ddof)


def _extreme(dz: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    # Among several largest entries the gradient is shared evenly.
    chosen = x == spread(z, x, axis, keepdims)
    share = chosen / np.sum(chosen, axis=axis, keepdims=True)
    return spread(dz, x, axis, keepdims) * share.astype(np.asarray(z).dtype)


rule(np.sum, "sum({0})", ("{dz}", _sum))
rule(np.mean, "mean({0})", ("{dz} / {n}", _mean))
rule(np.var, "var({0})", ("{dz} * 2 * ({0} - mean({0})) / {n}", _var))
rule(np.std, "std({0})", ("{dz} * ({0} - mean({0})) / ({n} * {z})", _std))
rule(np.max, "max({0})", ("{dz} where {0} is largest", _extreme), name="max")
rule(np.min, "min({0})", ("{dz} where {0} is smallest", _extreme), name="min")
for _function in (np.all, np.any, np.argmax, np.argmin):
    rule(_function, f"{_function.__name__}({{0}})", None)
