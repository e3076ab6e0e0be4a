"""What makes an upstream gradient one that a check can trust: 4.4 is judged by properties, not by values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .spec import Case, NotStarted, WrongAnswer

Functions = Mapping[str, Callable[..., Any]]


def good_upstream(shape: tuple[int, ...], seed: int) -> NDArray[np.float64]:
    """An upstream gradient that a check can trust: normal numbers, the same for the same seed."""
    return np.random.default_rng(seed).normal(size=shape)


def run_good_upstream(functions: Functions, args: tuple[Any, ...]) -> str:
    """The word "trusted" where every property that a check needs is there; else WrongAnswer names one."""
    make = functions["good_upstream"]
    shape, seed = args
    dout = make(shape, seed)
    if dout is None:
        raise NotStarted("Not started yet: nothing comes back so far.")
    _refuse_form(dout, shape)
    _refuse_uniform(np.asarray(dout, dtype=np.float64))
    again, other = make(shape, seed), make(shape, seed + 1)
    if not np.array_equal(again, dout):
        raise WrongAnswer(
            "The same seed gave two different arrays. A check that fails has to be run again with the same "
            "numbers."
        )
    if np.array_equal(other, dout):
        raise WrongAnswer(
            "Two seeds gave the same array. What one upstream gradient hides, another should show."
        )
    return "trusted"


def _refuse_form(dout: Any, shape: tuple[int, ...]) -> None:
    if not isinstance(dout, np.ndarray):
        raise WrongAnswer(f"`dout` should be a NumPy array, and is of the type {type(dout).__name__}.")
    if dout.shape != shape:
        raise WrongAnswer(f"`dout` should have the shape {shape}, and has {dout.shape}.")
    if dout.dtype.kind != "f":
        raise WrongAnswer(f"`dout` should hold floating-point numbers, and holds {dout.dtype}.")
    if not np.isfinite(dout).all():
        raise WrongAnswer("`dout` holds entries that are no finite numbers.")


def _refuse_uniform(dout: NDArray[np.float64]) -> None:
    """Refuse what the layer takes for a gradient of zeros, and what makes two of its parts look alike."""
    size = float(np.max(np.abs(dout)))
    if not 1e-3 <= size <= 1e3:
        raise WrongAnswer(
            f"The largest entry of `dout` has the size {size:.3g}. Stay near 1: far from it, limits and "
            "rounding mean something else."
        )
    small = 1e-6 * size
    if dout.size > 1 and np.ptp(dout) <= small:
        raise WrongAnswer(
            "All entries of `dout` are the same. Then dx is 0, whatever the variance's branch does."
        )
    if dout.ndim < 2:
        if abs(dout.sum()) <= small:
            raise WrongAnswer("The entries of `dout` sum to 0, so a forgotten sum would not show.")
        return
    if dout.shape[0] > 1 and (np.ptp(dout, axis=0) <= small).any():
        raise WrongAnswer(
            "A column of `dout` has the same number in every row. What is constant in a column is taken off "
            "again by the mean, so dx is 0 there."
        )
    if (np.abs(dout.sum(axis=0)) <= small).any():
        raise WrongAnswer(
            "A column of `dout` sums to 0. Then dbeta is 0, and so is what comes through the mean."
        )
    if dout.shape[1] > 1 and (np.ptp(dout, axis=1) <= small).any():
        raise WrongAnswer(
            "A row of `dout` has the same number in every column, so columns could change places."
        )
    rows, columns = dout.mean(axis=0, keepdims=True), dout.mean(axis=1, keepdims=True)
    rest = dout - rows - columns + dout.mean(axis=(0, 1), keepdims=True)
    if min(dout.shape[:2]) > 1 and np.max(np.abs(rest)) <= small:
        raise WrongAnswer(
            "Every column of `dout` is the same but for a shift, so columns could change places."
        )


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Shapes of one to four axes, some with an axis of length 1, and seeds."""
    for says, shape in (
        ("5 rows and 3 columns", (5, 3)),
        ("as many rows as columns, 4 of each", (4, 4)),
        ("2 rows and 6 columns", (2, 6)),
        ("one column", (8, 1)),
        ("one row", (1, 4)),
        ("a vector", (7,)),
        ("64 rows and 64 columns", (64, 64)),
        ("images: 3 of them, 4 channels, 2 by 5 pixels", (3, 4, 2, 5)),
    ):
        yield Case(says, (shape, int(rng.integers(1, 2**31))))
    yield Case("the seed 0", ((5, 3), 0))
