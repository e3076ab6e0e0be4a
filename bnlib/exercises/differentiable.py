"""What exercise 4.1 differentiates: functions that a numeric gradient can stumble over, each with its case.

They stand here by name, so that another process can be told which one is meant; the grader's worker makes them
anew from their text, so none of them needs more than NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..gradcheck import numeric_gradient
from .spec import Case

Array = NDArray[Any]


def cube(x: Array) -> Array:
    """Entry by entry, with a third derivative, so that the size of the step shows in the answer."""
    return x**3


def itself(x: Array) -> Array:
    """Hands back the very array that it got: whoever keeps two results must copy the first."""
    return x


def transposed(x: Array) -> Array:
    """A view of the array that it got."""
    return x.T


def sines_of_columns(x: Array) -> Array:
    """x (N, D) to (D,): every entry of a column has a part in one number."""
    return np.sum(np.sin(x), axis=0)


def many_uses(x: Array) -> Array:
    """x is used three times, and every entry of a column moves the whole column of the result."""
    return x * np.mean(x, axis=0) + x**2


def normalised(x: Array) -> Array:
    """Batch normalization with a gamma, a beta and an eps that are written down here."""
    d = x.shape[1]
    xmu = x - np.mean(x, axis=0)
    xhat = xmu / np.sqrt(np.mean(xmu**2, axis=0) + 0.3)
    return np.linspace(1.5, 2.5, d) * xhat + np.linspace(-1.0, 1.0, d)


def in_float32(x: Array) -> Array:
    """Works in float32 and returns float32, whatever it gets, as a network does."""
    small = np.asarray(x, dtype=np.float32)
    return np.exp(small) * small


def _centred(f: Callable[[Array], Array], x: Array, h: float, rng: np.random.Generator) -> tuple[Any, ...]:
    value = np.asarray(f(x))
    return f, x, rng.normal(size=value.shape), h


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """A function, an x of some dtype and shape, a random df and a step, for each thing that can go wrong."""

    def case(says: str, f: Callable[[Array], Array], x: Array, h: float = 1e-5, room: float = 1e3) -> Case:
        args = _centred(f, x, h, rng)
        if x.dtype == np.float32:
            args = (*args[:2], args[2].astype(np.float32), h)
        # Rounding is divided by h on its way into the answer, so it is far above that of a formula.
        return Case(says, args, {"dx": room * float(np.max(np.abs(numeric_gradient(*args))))})

    yield case("the cubes of 4 rows and 3 columns", cube, rng.normal(size=(4, 3)))
    yield case("a large step, h = 0.1", cube, rng.normal(size=(3, 2)), 0.1, 1.0)
    yield case("a step of h = 0.5, and a vector", cube, rng.normal(size=4), 0.5, 1.0)
    yield case("a result with one number for each column", sines_of_columns, rng.normal(size=(4, 3)))
    yield case("a function that uses x three times", many_uses, 1.0 + rng.normal(size=(5, 3)))
    yield case("a function that hands back the array that it got", itself, rng.normal(size=(3, 2)))
    yield case(
        "a function that hands back a view of the array that it got", transposed, rng.normal(size=(2, 4))
    )
    yield case("an x that is a transposed view", sines_of_columns, rng.normal(size=(3, 5)).T)
    yield case("whole numbers, stored as integers", many_uses, rng.integers(1, 9, size=(4, 3)))
    x = rng.uniform(2.0, 4.0, size=(4, 2)).astype(np.float32)
    yield case("an x in float32, where adding 1e-5 rounds", cube, x, room=1.0)
    yield case("a function that returns float32", in_float32, rng.normal(size=(3, 2)), 0.01, 1e6)
    yield case("batch normalization of 5 rows and 3 features", normalised, rng.normal(size=(5, 3)))
    yield case("an x of three axes", cube, rng.normal(size=(2, 3, 2)))
