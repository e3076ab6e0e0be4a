"""Exercises of notebook 01_forward: the nine steps of the forward pass in three parts, then as one layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import digits_batch
from ..norms import staged
from . import graphs
from .mistakes.forward import mistake as of_statistics
from .mistakes.forward_cache import mistake as of_the_cache
from .mistakes.normalisation import mistake as of_normalisation
from .mistakes.whole_forward import mistake as of_the_whole
from .spec import Case, Exercise

Array = NDArray[np.floating]

OFFSET = np.array([1.0, -2.0, 5.0])
# The columns' scales: ordinary, wide, and nearly constant (and near 0, where E[x^2] - mu^2 is right too).
SPREAD = np.array([1.0, 4.0, 1e-3])


def statistics(x: Array) -> tuple[Array, Array, Array, Array]:
    """Steps 1 to 4 for x (N, D). Returns mu (D,), xmu (N, D), sq (N, D), var (D,)."""
    mu = np.mean(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    return mu, xmu, sq, np.mean(sq, axis=0)


def normalize(xmu: Array, var: Array, eps: float) -> tuple[Array, Array, Array]:
    """Steps 5 to 7 for xmu (N, D) and var (D,). Returns sqrtvar (D,), ivar (D,), xhat (N, D)."""
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    return sqrtvar, ivar, xmu * ivar


def scale_shift(xhat: Array, gamma: Array, beta: Array) -> tuple[Array, Array]:
    """Steps 8 and 9 for xhat (N, D), gamma and beta (D,). Returns gammax and out, both (N, D)."""
    gammax = gamma * xhat
    return gammax, gammax + beta


def _inputs(rng: np.random.Generator) -> Iterator[tuple[str, NDArray[Any], float]]:
    """What every forward function here should stand: a phrase, x (N, D), some of it integer, and eps."""
    yield "5 rows and 3 features", OFFSET + rng.normal(size=(5, 3)), 1e-5
    yield "an eps about as large as the variance", 0.1 * rng.normal(size=(6, 4)), 1e-2
    yield "one feature that hardly varies", SPREAD * rng.normal(size=(7, 3)), 1e-5
    # A statistic over the wrong axis only raises where N and D differ; here it would broadcast.
    yield "as many rows as features, 4 of each", rng.normal(size=(4, 4)), 1e-3
    yield "whole numbers, stored as integers", rng.integers(-9, 10, size=(6, 4)), 1e-5
    yield "float32 numbers", (0.5 + rng.normal(size=(8, 3))).astype(np.float32), 1e-3
    yield "a single row", OFFSET + rng.normal(size=(1, 3)), 1e-5
    yield "a single feature", 3.0 + rng.normal(size=(6, 1)), 1e-5
    yield "a transposed view of an array", rng.normal(size=(3, 8)).T, 1e-5
    yield "a batch of 64 digits", digits_batch(64, seed=int(rng.integers(2**31)))[0], 1e-5


def _parameters(rng: np.random.Generator, x: NDArray[Any]) -> tuple[Array, Array]:
    """A gamma and a beta (D,) that are unlike 1, unlike 0 and unlike each other, in the precision of x."""
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    features: int = x.shape[1]
    signs = np.array([-1.0, 1.0])[rng.integers(2, size=features)]
    gamma: Array = signs * rng.uniform(0.5, 3.0, size=features)
    return gamma.astype(dtype), rng.normal(size=features).astype(dtype)


def _statistics_cases(rng: np.random.Generator) -> Iterator[Case]:
    for says, x, _ in _inputs(rng):
        yield Case(says, (x,))


def _normalize_cases(rng: np.random.Generator) -> Iterator[Case]:
    for says, x, eps in _inputs(rng):
        if x.dtype.kind == "f":
            _, xmu, _, var = statistics(x)
            yield Case(says, (xmu, var, eps))


def _scale_shift_cases(rng: np.random.Generator) -> Iterator[Case]:
    for says, x, eps in _inputs(rng):
        if x.dtype.kind == "f":
            _, xmu, _, var = statistics(x)
            yield Case(says, (normalize(xmu, var, eps)[2], *_parameters(rng, x)))


def _forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    for says, x, eps in _inputs(rng):
        yield Case(says, (x, *_parameters(rng, x), eps))


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        id="1.1",
        title="The statistics",
        asks="the mean of each feature, the centred batch, its squares and their mean (steps 1 to 4).",
        references={"statistics": statistics},
        returns=("mu", "xmu", "sq", "var"),
        cases=_statistics_cases,
        hints=(
            "Say each shape aloud before you write its line. Two of the four arrays have one entry for each "
            "feature, two are as large as the batch.",
            "Steps 1 and 4 are the same operation on different arrays. The axis that you give to `np.mean` "
            "is the one that disappears.",
            "`mu` is a mean of `x` over the rows, `xmu` a difference, `sq` a square entry by entry, and "
            "`var` a mean of `sq` over the rows. Divide by N, which is what a mean does, and not by N - 1.",
        ),
        section="Steps-1-to-4",
        mistakes=of_statistics.of("1.1"),
        graph=graphs.statistics,
        shapes={"mu": "(D,)", "xmu": "(N, D)", "sq": "(N, D)", "var": "(D,)"},
    ),
    Exercise(
        id="1.2",
        title="Normalise",
        asks="the root of variance plus `eps`, its inverse, and the normalised batch (steps 5 to 7).",
        references={"normalize": normalize},
        returns=("sqrtvar", "ivar", "xhat"),
        cases=_normalize_cases,
        hints=(
            "Read the formula of step 5 once more, and look at how far the root sign reaches.",
            "`eps` is added to the variance, and the root is taken of that sum. Step 6 turns a division into "
            "a multiplication, so that step 7 needs no division.",
            "`sqrtvar` is a root of a sum of two things, `ivar` is one divided by `sqrtvar`, and `xhat` is "
            "`xmu` multiplied by `ivar`, which NumPy repeats for every row.",
        ),
        section="Steps-5-to-7",
        mistakes=of_normalisation.of("1.2"),
        graph=graphs.normalize,
        shapes={"sqrtvar": "(D,)", "ivar": "(D,)", "xhat": "(N, D)"},
    ),
    Exercise(
        id="1.3",
        title="Scale and shift",
        asks="`xhat` scaled by `gamma`, and the result shifted by `beta` (steps 8 and 9).",
        references={"scale_shift": scale_shift},
        returns=("gammax", "out"),
        cases=_scale_shift_cases,
        hints=(
            "Which of the two comes first, the scaling or the shift? Would the other order give the same?",
            "`gamma` has one entry for each feature, and a feature is a column. What does NumPy do with an "
            "array of shape (D,) beside one of shape (N, D)?",
            "`gammax` is a product of two arrays entry by entry, with no matrix product in it. `out` is "
            "`gammax` with `beta` added.",
        ),
        section="Steps-8-and-9",
        mistakes=of_normalisation.of("1.3"),
        graph=graphs.scale_shift,
        shapes={"gammax": "(N, D)", "out": "(N, D)"},
    ),
    Exercise(
        id="1.4",
        title="The whole forward pass",
        asks="all nine steps in one function, and the `cache` (xhat, gamma, xmu, ivar, sqrtvar, var, eps).",
        references={"batchnorm_forward": staged.batchnorm_forward},
        returns=("out", "cache"),
        cases=_forward_cases,
        hints=(
            "You have written all nine lines already. What is new is that they stand under one another, and "
            "what is packed up at the end.",
            "Write the nine lines in the order of the steps, each with the name that the table gives to it. "
            "No line needs a name that comes later.",
            "`cache` is a tuple of seven: `xhat, gamma, xmu, ivar, sqrtvar, var, eps`, in this order. "
            "`gamma` and `eps` go in as they came.",
        ),
        section="The-whole-layer",
        mistakes=of_the_whole.of("1.4") + of_the_cache.of("1.4"),
        graph=graphs.nine_steps,
        shapes={"out": "(N, D)"},
        entries={"cache": ("xhat", "gamma", "xmu", "ivar", "sqrtvar", "var", "eps")},
    ),
)
