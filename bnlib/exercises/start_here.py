"""Exercises of notebook 00_start_here: one warm-up, the first two steps of the layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..data import digits_batch
from . import graphs
from .mistakes.start_here import mistake
from .spec import Case, Exercise


def center(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Take each column's mean off the columns of x (N, D). Returns xmu (N, D)."""
    return x - np.mean(x, axis=0)


def _cases(rng: np.random.Generator) -> Iterator[Case]:
    offset = np.array([1.0, -2.0, 5.0])
    yield Case("5 rows and 3 features", (offset + rng.normal(size=(5, 3)),))
    # A mean over the wrong axis only raises where N and D differ; here it would broadcast.
    yield Case("as many rows as features, 4 of each", (rng.normal(size=(4, 4)),))
    yield Case("whole numbers, stored as integers", (rng.integers(-9, 10, size=(6, 4)),))
    yield Case("float32 numbers", ((0.5 + rng.normal(size=(7, 2))).astype(np.float32),))
    yield Case("a single row", (offset + rng.normal(size=(1, 3)),))
    yield Case("a single feature", (3.0 + rng.normal(size=(6, 1)),))
    yield Case("a transposed view of an array", (rng.normal(size=(3, 8)).T,))
    yield Case("a batch of 32 digits", (digits_batch(32, seed=int(rng.integers(2**31)))[0],))


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        id="0.1",
        title="Centre the columns",
        asks="take each feature's own mean off its column of `x`, so that every column of `xmu` has mean 0.",
        references={"center": center},
        returns=("xmu",),
        cases=_cases,
        hints=(
            "A row of `x` is one image, a column is one feature. Along which of the two do you have to walk "
            "to meet every value of one feature?",
            "`np.mean` takes an `axis`. The axis that you name is the one that disappears from the shape. "
            "Which one has to disappear for D numbers to be left, one for each feature?",
            "With one mean for each column, an array of shape (D,), subtract it from `x` as if it were a "
            "number. NumPy repeats it for every row.",
        ),
        section="Your-first-exercise",
        mistakes=mistake.of("0.1"),
        graph=graphs.center,
        shapes={"xmu": "(N, D)"},
    ),
)
