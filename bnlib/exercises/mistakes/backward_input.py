"""What goes wrong in steps 2 and 0 of notebook 03: where contributions meet, at xmu and at x."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()
add = mistake.add

Two = Callable[[Any, Any], Any]


def both(a: Any, b: Any) -> Any:
    """The sum of two contributions."""
    return a + b


def minus_rows(total: Any) -> Any:
    """What a subtraction and a broadcast make of the gradient of xmu."""
    return -np.sum(total, axis=0)


def centring(x: Two = both, mu: Two = both, gather: Callable[[Any], Any] = minus_rows) -> Any:
    """Step 2 with the gradient of xmu put together by `x` for dx1 and by `mu` for dmu, and `gather` for dmu."""
    return lambda dxmu1, dxmu2: (x(dxmu1, dxmu2), gather(mu(dxmu1, dxmu2)))


# 3.2, xmu = x - mu ------------------------------------------------------------------------------------------

add(
    "3.2",
    "assigned-not-added",
    "`dx1` and `dmu` were made from `dxmu2` alone, as if it had taken the place of `dxmu1`. `xmu` was used twice: "
    "what happens to what came back from the first use?",
    centring(lambda a, b: b.copy(), lambda a, b: b),
)
add(
    "3.2",
    "assigned-not-added",
    "`dx1` is `dxmu2` alone, while `dmu` knows of both. Does `x` feel less of `xmu` than `mu` does?",
    centring(lambda a, b: b.copy()),
)
add(
    "3.2",
    "contribution-lost",
    "`dxmu2` is missing from `dx1`. `dmu` doesn't show it, since a column of `dxmu2` sums to 0: which way through "
    "the graph has been cut off?",
    centring(lambda a, b: a.copy()),
)
add(
    "3.2",
    "contribution-lost",
    "`dmu` was made from `dxmu2` alone, whose columns sum to 0, so nothing is left of it. What is the whole "
    "gradient of `xmu`?",
    centring(mu=lambda a, b: b),
)
add(
    "3.2",
    "sign-lost",
    "`dmu` has the wrong sign. `mu` was taken off: if it rises, what does every entry of `xmu` do?",
    centring(gather=lambda total: np.sum(total, axis=0)),
)
add(
    "3.2",
    "sign-swapped",
    "The minus went to `x` and not to `mu`. Which of the two stands behind the minus sign in step 2?",
    centring(lambda a, b: -(a + b), gather=lambda total: np.sum(total, axis=0)),
)
add(
    "3.2",
    "sign-swapped",
    "`dx1` has a minus that belongs to `dmu` alone. If `x` rises, does `xmu` fall?",
    centring(lambda a, b: -(a + b)),
)
add(
    "3.2",
    "mean-for-sum",
    "`dmu` is a mean over the rows. That `mu` was made by a mean is the business of step 1. Here it was copied "
    "into N rows: what gathers them?",
    centring(gather=lambda total: -np.mean(total, axis=0)),
)
add(
    "3.2",
    "not-summed",
    "`dmu` still has N rows. Every row had the same `mu` taken off, so how many numbers are there in its gradient?",
    centring(gather=lambda total: -total),
)
add(
    "3.2",
    "no-axis",
    "`dmu` is one number for all features. Which axis did `mu` not have?",
    centring(gather=lambda total: -np.sum(total)),
)
add(
    "3.2",
    "wrong-axis",
    "`dmu` was summed over the features of each row. It should match `mu`: an entry for what?",
    centring(gather=lambda total: -np.sum(total, axis=1)),
)
add(
    "3.2",
    "subtracted-not-added",
    "`dxmu2` was taken off `dxmu1`. The minus of step 2 is about `x` and `mu`; what two uses of `xmu` send back "
    "is another matter. How do contributions to one node combine?",
    centring(lambda a, b: a - b, lambda a, b: a - b),
)
add(
    "3.2",
    "averaged-not-added",
    "The two contributions were averaged. Each reports a full effect of its own: if you spend 3 here and 5 there, "
    "what have you spent?",
    centring(lambda a, b: (a + b) / 2, lambda a, b: (a + b) / 2),
)
add(
    "3.2",
    "divided-by-n",
    "`dx1` was divided by the number of rows. The 1/N of the mean comes in step 1, on the other way: what does a "
    "subtraction do to the gradient of `x`?",
    centring(lambda a, b: (a + b) / len(a)),
)

# 3.0, x went two ways ---------------------------------------------------------------------------------------

add(
    "3.0",
    "assigned-not-added",
    "`dx` is `dx2` alone: the second contribution has taken the place of the first. What should it have done "
    "instead?",
    lambda dx1, dx2: dx2.copy(),
)
add(
    "3.0",
    "contribution-lost",
    "`dx` is `dx1` alone. That would be the gradient if `mu` were a constant. Which arrow out of `x` is missing?",
    lambda dx1, dx2: dx1.copy(),
)
add(
    "3.0",
    "averaged-not-added",
    "You took the mean of the two contributions. `x` acts by both ways at once: is its effect their average?",
    lambda dx1, dx2: (dx1 + dx2) / 2,
)
add(
    "3.0",
    "subtracted-not-added",
    "`dx2` was taken off `dx1`. The minus sign of the centring is inside `dx2` by now: what happens to "
    "contributions at a fan-out?",
    lambda dx1, dx2: dx1 - dx2,
)
add(
    "3.0",
    "multiplied-not-added",
    "The contributions were multiplied. Factors belong to steps that follow one another; these two ways lie side "
    "by side. What does one do with them?",
    lambda dx1, dx2: dx1 * dx2,
)
add(
    "3.0",
    "summed-too-much",
    "`dx` was added up over the rows as well. Was `x` copied into anything, or does each row have entries of its "
    "own?",
    lambda dx1, dx2: np.sum(dx1 + dx2, axis=0),
)
