"""Gradients without calculus: centred differences, the complex step, and the error between two gradients.

These stand alone on NumPy and know nothing of graphs, so that they can witness against everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Function = Callable[[NDArray[Any]], ArrayLike]

# A power of two, so that dividing by it is exact; its square vanishes beside any number a layer meets.
_COMPLEX_STEP = 2.0**-300


def numeric_gradient(f: Function, x: ArrayLike, df: ArrayLike, h: float = 1e-5) -> NDArray[np.float64]:
    """The gradient of sum(df * f(x)) with respect to x, by centred differences.

    `f` maps an array to an array or a number, and `df` has the shape of f(x). For each entry of x, f is
    evaluated at x + h and x - h there; the error falls with h**2 until rounding takes over. The work is done
    in float64 on copies, so x keeps its values even where f changes its argument. Returns an array of x's
    shape. Raises ValueError where f(x) and df differ in shape.
    """
    point = np.array(x, dtype=np.float64)
    weights = np.asarray(df, dtype=np.float64)
    gradient = np.empty_like(point)
    for index in np.ndindex(point.shape):
        ahead, behind = point.copy(), point.copy()
        ahead[index] += h
        behind[index] -= h
        # x + h is rounded: divide by the distance that was walked, not by the one that was meant.
        walked = ahead[index] - behind[index]
        # The copy matters where f writes its result into one array and returns that every time.
        high = np.array(_value(f, ahead, weights), dtype=np.float64)
        low = np.array(_value(f, behind, weights), dtype=np.float64)
        gradient[index] = np.sum(weights * (high - low)) / walked
    return gradient


def complex_step(f: Function, x: ArrayLike, df: ArrayLike) -> NDArray[np.float64]:
    """The gradient of sum(df * f(x)) with respect to x, exact to rounding, for an analytic f.

    A step of size h along the imaginary axis gives f(x + ih) = f(x) + ih f'(x) + O(h**2), and its imaginary
    part is h f'(x) with nothing subtracted, so that h may be as small as one likes: W. Squire and G. Trapp,
    "Using Complex Variables to Estimate Derivatives of Real Functions" (1998),
    https://doi.org/10.1137/S003614459631241X. `abs`, `maximum` and comparisons are not analytic.

    Returns an array of x's shape. Raises ValueError where f(x) and df differ in shape, and TypeError where f
    returns real numbers, because it has then lost the step on its way.
    """
    point = np.array(x, dtype=np.complex128)
    weights = np.asarray(df, dtype=np.float64)
    gradient = np.empty(point.shape)
    for index in np.ndindex(point.shape):
        ahead = point.copy()
        ahead[index] += 1j * _COMPLEX_STEP
        value = _value(f, ahead, weights)
        if not np.iscomplexobj(value):
            raise TypeError("f returned real numbers: something in it drops the imaginary part")
        gradient[index] = np.sum(weights * value.imag) / _COMPLEX_STEP
    return gradient


def relative_error(a: ArrayLike, b: ArrayLike) -> float:
    """The largest of |a - b| / max(1e-8, |a| + |b|) over all entries: 0 where they agree, at most 1.

    A NaN or an infinity on either side gives inf: then `error < limit` is false and `error > limit` is true,
    whereas with NaN both would be false. Raises ValueError where the shapes differ, since broadcasting would
    hide it, and where there is nothing to compare.
    """
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if left.shape != right.shape:
        raise ValueError(f"the shapes {left.shape} and {right.shape} differ")
    if left.size == 0:
        raise ValueError("there is nothing to compare in an empty array")
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        return float("inf")
    return float(np.max(np.abs(left - right) / np.maximum(1e-8, np.abs(left) + np.abs(right))))


def _value(f: Function, x: NDArray[Any], df: NDArray[np.float64]) -> NDArray[Any]:
    value = np.asarray(f(x))
    if value.shape != df.shape:
        raise ValueError(f"f(x) has the shape {value.shape} and df has {df.shape}: df needs f(x)'s")
    return value
