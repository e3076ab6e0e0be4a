"""What goes wrong in 1.4, the nine steps in one function; a cache that is packed wrongly is in `forward_cache`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()

Step = Callable[..., Any]
NAMES = ("xhat", "gamma", "xmu", "ivar", "sqrtvar", "var", "eps")


def as_asked(made: dict[str, Any]) -> tuple[Any, ...]:
    """The cache as it should be."""
    return tuple(made[name] for name in NAMES)


def forward(
    mean: Step = lambda a: np.mean(a, axis=0),
    square: Step = np.square,
    mean_of_squares: Step = lambda a: np.mean(a, axis=0),
    root: Step = lambda var, eps: np.sqrt(var + eps),
    last: Step = lambda xmu, s, var, eps: xmu * (1.0 / s),
    out: Step = lambda xhat, gamma, beta: gamma * xhat + beta,
    pack: Step = as_asked,
) -> Any:
    """The layer with some of its steps replaced; what follows a wrong step goes on with what that made.

    `pack` makes the cache from a dictionary of every array by its name.
    """

    def make(x: Any, gamma: Any, beta: Any, eps: Any) -> Any:
        mu = mean(x)
        xmu = x - mu
        sq = square(xmu)
        var = mean_of_squares(sq)
        sqrtvar = root(var, eps)
        ivar = 1.0 / sqrtvar
        xhat = last(xmu, sqrtvar, var, eps)
        return out(xhat, gamma, beta), pack(locals())

    return make


def add(slug: str, says: str, **steps: Step) -> None:
    """A mistake of 1.4 that replaces steps of `forward`."""
    mistake.add("1.4", slug, says, forward(**steps))


# The statistics ---------------------------------------------------------------------------------------------

add(
    "no-axis",
    "Mean and variance are single numbers for the whole batch. `out` still has the right shape, because a "
    "number broadcasts against anything. Which two steps should have left D numbers each?",
    mean=np.mean,
    mean_of_squares=np.mean,
)
add(
    "no-axis",
    "`mu` is one number for all features, so the columns of `xmu` aren't centred. What did step 1 do to the "
    "direction of the rows?",
    mean=np.mean,
)
add(
    "no-axis",
    "The means are right, but one variance serves all features. Do the columns of `out` spread the way "
    "`gamma` says?",
    mean_of_squares=np.mean,
)
add(
    "no-axis",
    "The sums over the whole batch were divided by N, as in the broken assignment that notebook 07 mends: one mean "
    "and one variance for all features. What did `np.sum` not know?",
    mean=lambda a: np.sum(a) / len(a),
    mean_of_squares=lambda a: np.sum(a) / len(a),
)
add(
    "statistics-wrong-axis",
    "Every row was normalised, not every column: mean and variance run over the features of one example. Which "
    "numbers of the batch should an entry be compared with?",
    mean=lambda a: np.mean(a, axis=1, keepdims=True),
    mean_of_squares=lambda a: np.mean(a, axis=1, keepdims=True),
)
add(
    "statistics-wrong-axis",
    "The mean was taken along the rows, which leaves N numbers where D columns wait for theirs. In which "
    "direction does the batch run?",
    mean=lambda a: np.mean(a, axis=1),
    mean_of_squares=lambda a: np.mean(a, axis=1),
)
add(
    "one-over-n-lost",
    "`mu` is the sum of its column. Check it on a column of equal numbers: what should be left after step 2?",
    mean=lambda a: np.sum(a, axis=0),
)
add(
    "one-over-n-lost",
    "`var` is the sum of the squares, so `xhat` shrinks as the batch grows. What turns a sum into a mean?",
    mean_of_squares=lambda a: np.sum(a, axis=0),
)
add(
    "n-minus-1",
    "The squares were divided by N - 1. R's `scale` does so; Ioffe and Szegedy's layer normalises the batch it "
    "has, and with a single row yours divides by 0. What is the mean of N squares?",
    mean_of_squares=lambda a: np.sum(a, axis=0) / (a.shape[0] - 1),
)


@mistake(
    "1.4",
    "not-centred",
    "The variance was measured around 0: it is the mean of the squares of `x`, whose mean had not been taken off. "
    "Which of your arrays does step 3 square?",
)
def _(x: Any, gamma: Any, beta: Any, eps: Any) -> Any:
    around_zero = np.mean(np.square(x), axis=0)
    return forward(mean_of_squares=lambda sq: around_zero)(x, gamma, beta, eps)


@mistake(
    "1.4",
    "name-reused",
    "`var` is a sum of squares divided by the mean, where the number of rows should divide. A question in notebook "
    "06 has the same slip: which name was given a second meaning?",
)
def _(x: Any, gamma: Any, beta: Any, eps: Any) -> Any:
    mu = np.mean(x, axis=0)
    return forward(mean_of_squares=lambda sq: np.sum(sq, axis=0) / mu)(x, gamma, beta, eps)


# The root and what is divided by it ------------------------------------------------------------------------

add(
    "eps-outside-root",
    "`eps` was added after the root. With a variance far above `eps` hardly anything changes, with a small one "
    "nearly everything does. What did you write in 1.2?",
    root=lambda var, eps: np.sqrt(var) + eps,
)
add(
    "eps-forgotten",
    "The layer works as if `eps` were 0. Try a column that is constant: what is 0 divided by 0?",
    root=lambda var, eps: np.sqrt(var),
)
add(
    "eps-forgotten",
    "`sqrtvar` has `eps` in it, and `xhat` was divided by another root that has none. How many roots does the "
    "layer take?",
    last=lambda xmu, s, var, eps: xmu / np.sqrt(var),
)
for own in (1e-5, 1e-8):
    add(
        "hard-coded",
        f"Whatever `eps` is passed, yours is {own:g}. Which line doesn't look at the argument?",
        root=lambda var, eps, own=own: np.sqrt(var + own),
    )
add(
    "divided-by-variance",
    "The root is missing: `sqrtvar` holds the variance plus `eps`. Which number of `xhat` would tell you, its "
    "mean or its spread?",
    root=lambda var, eps: var + eps,
)
add(
    "divided-by-variance",
    "`sqrtvar` is right, but `xhat` was divided by the variance itself. What is step 6 for?",
    last=lambda xmu, s, var, eps: xmu / (var + eps),
)
add(
    "power-precedence",
    "`sqrtvar` is half of variance plus `eps`, no root. In which order does Python do a power and a division?",
    root=lambda var, eps: (var + eps) / 2,
)
add(
    "deviation-subtracted",
    "`sqrtvar` was subtracted from `xmu`. Look at the fraction in the box again: what stands below the line?",
    last=lambda xmu, s, var, eps: xmu - s,
)
add(
    "multiplied-not-divided",
    "`xmu` was multiplied by `sqrtvar`, or divided by `ivar`, so wide features became wider. What was inverted in "
    "step 6, and how should it be used?",
    last=lambda xmu, s, var, eps: xmu * s,
)

# Scale and shift --------------------------------------------------------------------------------------------

add(
    "gamma-missing",
    "`gamma` takes no part in `out`. The cache is right, so look below step 7: how many steps are there?",
    out=lambda xhat, gamma, beta: xhat + beta,
)
add(
    "beta-missing",
    "`out` ends with the scaling. Which argument of your function has nothing to do so far?",
    out=lambda xhat, gamma, beta: gamma * xhat,
)
add(
    "shift-before-scale",
    "`beta` was added before `gamma` multiplied, and was scaled with the rest. With a `gamma` of 0, what "
    "should `out` be?",
    out=lambda xhat, gamma, beta: gamma * (xhat + beta),
)
add(
    "gamma-beta-swapped",
    "`gamma` and `beta` have changed places in the last two steps. Which one multiplies?",
    out=lambda xhat, gamma, beta: beta * xhat + gamma,
)
add(
    "matrix-product",
    "A matrix product of `xhat` with `gamma` mixes the features of a row, and D columns become one number. How "
    "many numbers should come out for each example?",
    out=lambda xhat, gamma, beta: xhat @ gamma + beta,
)
