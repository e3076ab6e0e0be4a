"""What the layers of the family share: normalising along any axes, the way back, a look at what comes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Axes = int | tuple[int, ...]

EPS = 1e-5


def normalize(x: Array, axis: Axes, eps: float) -> tuple[Array, Array]:
    """Mean 0 and variance near 1 along `axis`.

    Returns xhat, of x's shape, and ivar, of length 1 along `axis`.
    """
    xmu = x - np.mean(x, axis=axis, keepdims=True)
    var = np.mean(xmu**2, axis=axis, keepdims=True)
    ivar = 1.0 / np.sqrt(var + eps)
    return xmu * ivar, ivar


def normalize_backward(dxhat: Array, xhat: Array, ivar: Array, axis: Axes) -> Array:
    """The gradient of x through `normalize`, of x's shape.

    Along `axis` the Jacobian is ivar * (I - 11'/n - xhat xhat'/n), exactly, for every eps: d var / d x is
    2 xmu / n and d ivar / d var is -ivar**3 / 2, so the path through the variance brings
    -ivar * xhat * mean(dxhat * xhat), and the path through the mean takes the mean of dxhat * ivar off.
    """
    mean = np.mean(dxhat, axis=axis, keepdims=True)
    share = np.mean(dxhat * xhat, axis=axis, keepdims=True)
    return ivar * (dxhat - mean - xhat * share)


def batch(x: ArrayLike, shape: str) -> Array:
    """x as an array of floating point numbers with as many axes as `shape`, such as "(N, D)", has letters.

    Integers become float64; floating point and complex numbers keep their precision. Raises ValueError for
    another number of axes.
    """
    array = _array(x)
    if array.dtype.kind not in "fc":
        array = array.astype(np.float64)
    if array.ndim != shape.count(",") + 1:
        raise ValueError(f"x has the shape {array.shape}; this layer takes x of the shape {shape}")
    return array


def parameter(name: str, value: ArrayLike, x: Array, shape: tuple[int, ...]) -> Array:
    """A parameter or statistic of exactly the given shape, in the precision of x.

    An array of another shape would broadcast, by luck, to other numbers than were meant: ValueError.
    """
    array = _array(value)
    if array.shape != shape:
        raise ValueError(
            f"{name} has the shape {array.shape}; for x of the shape {x.shape} it has to be {shape}"
        )
    # A complex parameter stays complex, so that a complex step along it arrives.
    return array if array.dtype in (x.dtype, np.complex128) else array.astype(x.dtype)


def upstream(dout: ArrayLike, shape: tuple[int, ...]) -> Array:
    """The gradient from above as floating point numbers; ValueError unless it has the shape of the output."""
    array = _array(dout)
    if array.shape != shape:
        raise ValueError(f"dout has the shape {array.shape}; it needs that of out, which is {shape}")
    return array if array.dtype.kind in "fc" else array.astype(np.float64)


def epsilon(options: Mapping[str, Any]) -> float:
    """`eps` of a parameter dictionary, 1e-5 by default. A Python number changes no array's precision."""
    return float(options.get("eps", EPS))


def _array(value: Any) -> Array:
    """A list or a number as an array. What has axes already stays as it is, so that layers can be traced."""
    return value if hasattr(value, "ndim") else np.asarray(value)
