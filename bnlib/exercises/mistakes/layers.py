"""A normalising layer with one thing wrong in it, forward or backward: what the mistakes of many exercises share.

An exercise names its axes and picks what is wrong by keyword. Without a keyword both functions are right.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .collect import Answer, Mistakes

Array = NDArray[Any]
Axes = tuple[int, ...]
Weight = float | Callable[[Any, Array], Any]
# What can be wrong, one below the other: a slug, the options that make it, what to say.
Rows = tuple[tuple[str, dict[str, Any], str], ...]

# What a deviation is divided by, from the variance and eps.
ROOTS: dict[str, Callable[[Array, Any], Array]] = {
    "right": lambda var, eps: np.sqrt(var + eps),
    "eps outside": lambda var, eps: np.sqrt(var) + eps,
    "no eps": lambda var, eps: np.sqrt(var),
    "own eps": lambda var, eps: np.sqrt(var + 1e-5),
    "no root": lambda var, eps: var + eps,
}

# What becomes of xhat, from gamma and beta.
OUTS: dict[str, Callable[[Array, Array, Any], Array]] = {
    "right": lambda xhat, gamma, beta: gamma * xhat + beta,
    "no gamma": lambda xhat, gamma, beta: xhat + beta,
    "no beta": lambda xhat, gamma, beta: gamma * xhat,
    "neither": lambda xhat, gamma, beta: xhat + 0 * gamma,
    "beta scaled": lambda xhat, gamma, beta: gamma * (xhat + beta),
    "swapped": lambda xhat, gamma, beta: beta * xhat + gamma,
}


class Kept(NamedTuple):
    """What a forward pass keeps; every array in a shape that broadcasts with the others."""

    xhat: Array
    gamma: Array
    xmu: Array
    root: Array
    var: Array
    eps: float


def add(mistake: Mistakes, exercise: str, rows: Rows, function: Answer, **also: Answer) -> None:
    """Add a table of what can be wrong to an exercise, made by one function that takes options."""
    for slug, wrong, says in rows:
        mistake.add(exercise, slug, says, partial(function, **wrong), **also)


def without_cache(mistake: Mistakes, exercise: str, forward: Answer, backward: Answer) -> None:
    """Add to the exercise of a backward pass that its forward pass keeps nothing for it."""
    mistake.add(
        exercise,
        "no-cache",
        f"`{forward.__name__}` keeps nothing for the way back. What will `{backward.__name__}` need to know?",
        backward,
        **{forward.__name__: lambda *inputs: (forward(*inputs)[0], None)},
    )


def per_n_minus_1(n: Any, batch: Array) -> Any:
    """The weight of a mean of n terms in which n - 1 stands for n."""
    return n / (n - 1)


def times_n(n: Any, batch: Array) -> Any:
    """The weight of a mean of n terms whose 1/n is lost."""
    return n


def over_n(n: Any, batch: Array) -> Any:
    """The weight of a term that is divided by n where nothing is averaged."""
    return 1 / n


def times_rows(n: Any, batch: Array) -> Any:
    """The weight of a mean over a whole array that is a sum divided by the number of its columns."""
    return len(batch)


def rows_for_n(n: Any, batch: Array) -> Any:
    """The weight of a mean of n terms that is divided by the length of the first axis."""
    return n / len(batch)


def columns_for_n(n: Any, batch: Array) -> Any:
    """The weight of a mean of n terms that is divided by the length of the second axis."""
    return n / batch.shape[1]


def forward(
    x: Array,
    gamma: Array,
    beta: Any,
    eps: float,
    axes: Axes,
    *,
    mean_over: Axes | None = None,
    var_over: Axes | None = None,
    centre: str = "both",
    var_weight: Weight = 1.0,
    root: str = "right",
    subtract: bool = False,
    out: str = "right",
) -> tuple[Array, Kept]:
    """Normalise x along `axes`, then scale and shift.

    `mean_over` and `var_over` replace the axes of a statistic. `centre` says where the mean is taken off:
    "both", "var" (in the variance alone), "xhat" (in the numerator alone) or "none".
    """
    x = np.asarray(x) if np.asarray(x).dtype.kind == "f" else np.asarray(x, dtype=np.float64)
    xmu = x - np.mean(x, axis=mean_over or axes, keepdims=True)
    measured = xmu if centre in ("both", "var") else x
    axes_of_var = var_over or axes
    n = np.float64(np.prod([x.shape[axis] for axis in axes_of_var]))
    var = np.mean(measured**2, axis=axes_of_var, keepdims=True) * _weight(var_weight, n, x)
    above = xmu if centre in ("both", "xhat") else x
    below = ROOTS[root](var, eps)
    xhat = above - below if subtract else above / below
    return OUTS[out](xhat, gamma, beta), Kept(xhat, gamma, above, below, var, eps)


def backward(
    dout: Array,
    kept: Kept,
    axes: Axes,
    over: Axes,
    *,
    straight: Weight = 1.0,
    mean: Weight = 1.0,
    share: Weight = 1.0,
    along: Axes | None = None,
    power: int = 3,
    root: str = "right",
    whole: int = 1,
    root_of_share: tuple[str, int] = ("right", 0),
    share_of: tuple[str, str] = ("xhat", "xhat"),
    gammas: tuple[int, int, int] = (1, 1, 1),
    outside: int = 0,
    alone: bool = False,
    dgamma: str = "sum",
    dbeta: str = "sum",
    factor: str = "xhat",
    in_dgamma: int = 0,
    in_dbeta: int = 0,
) -> tuple[Array, Array, Array]:
    """The gradients of x (dout's shape), gamma and beta, summed over the axes `over` as `collect` does.

    dx is ivar * (g - mean(g) - xhat * mean(g * xhat)) with g = dout * gamma, the means along `axes`. The three
    terms have the weights `straight`, `mean` and `share`, which may be functions of the number of terms in a
    mean and of dout, and gamma to the powers `gammas`, and once more `outside`. ivar, made with `root`, stands
    before the bracket to the power `whole`; on the path through the variance it has the `power` 3, and another
    root may stand there so many times (`root_of_share`). `alone` lets what stands before the
    bracket reach its first term only. `share_of` says what stands for the two xhat of the last term, `factor`
    what dgamma is summed with.
    """
    xhat, gamma, xmu, _, var, eps = kept
    axes_of_means = along or axes
    n = np.float64(np.prod([dout.shape[axis] for axis in axes_of_means]))
    right = 1 / ROOTS["right"](var, eps)
    before = (1 / ROOTS[root](var, eps)) ** whole
    name, times = root_of_share
    reaching = 1.0 if alone else before
    path = reaching * right ** (power - 3) * (1 / (ROOTS[name](var, eps) * right)) ** times
    first, second, third = (dout * gamma**exponent for exponent in gammas)
    dx = _weight(straight, n, dout) * first * before
    dx = dx - _weight(mean, n, dout) * np.mean(second, axis=axes_of_means, keepdims=True) * reaching
    factors = {"xhat": xhat, "xmu": xmu, "none": np.ones_like(xhat)}
    direction, measured = (factors[name] for name in share_of)
    along_xhat = np.mean(third * measured, axis=axes_of_means, keepdims=True)
    dx = dx - _weight(share, n, dout) * direction * along_xhat * path
    return (
        dx * gamma**outside,
        collect(dout * factors[factor] * gamma**in_dgamma, over, dgamma),
        collect(dout * gamma**in_dbeta, over, dbeta),
    )


def collect(terms: Array, over: Axes, how: str) -> Array:
    """Add terms up over the axes that they were broadcast to: "sum", or wrongly "mean", "other", "all", "no"."""
    others = tuple(axis for axis in range(terms.ndim) if axis not in over)
    match how:
        case "mean":
            return np.mean(terms, axis=over)
        case "other":
            return np.sum(terms, axis=others)
        case "all":
            return np.sum(terms)
        case "no":
            return terms.copy()
        case _:
            return np.sum(terms, axis=over)


def _weight(weight: Weight, n: Any, batch: Array) -> Any:
    return weight(n, batch) if callable(weight) else weight
