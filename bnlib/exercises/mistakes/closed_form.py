"""What goes wrong in notebook 05: the two totals, the closed form, and the repair of a published one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .bracket import WRONG, closed, values
from .collect import Mistakes

mistake = Mistakes()
add = mistake.add


def rows(a: Any) -> Any:
    """The sum over the rows."""
    return np.sum(a, axis=0)


# 5.1, dvar = -ivar^3 / 2 * sum(dxhat * xmu) -----------------------------------------------------------------

add(
    "5.1",
    "sign-lost",
    "`dvar` lacks its minus. A larger variance makes `xhat` smaller: which of the steps 7, 6 and 5 knows that?",
    lambda dxhat, xmu, ivar: 0.5 * ivar**3 * rows(dxhat * xmu),
)
add(
    "5.1",
    "half-lost",
    "`dvar` is twice too large. The exponent -1/2 has two effects when you differentiate: the power changes, and "
    "what comes in front?",
    lambda dxhat, xmu, ivar: -(ivar**3) * rows(dxhat * xmu),
)
for power, says in (
    (2, "`ivar` has the power 2, which is step 6 alone. What does step 5 multiply by?"),
    (
        1,
        "`ivar` is there once. Steps 6 and 5 have slopes that both depend on the root: which powers of `ivar`?",
    ),
    (4, "`ivar` has the power 4: was `xhat` summed in the place of `xmu`, which has an `ivar` of its own?"),
    (
        1.5,
        "`ivar` has the power 3/2. It stands for a root in a denominator already: which power of `var` + `eps` is "
        "it?",
    ),
    (-1.5, "`ivar` has the power -3/2, the exponent of `var` + `eps`. Is `ivar` that sum?"),
    (
        -3,
        "`ivar` has a negative power. It has been turned over once already: does a large variance make this slope "
        "large or small?",
    ),
):
    add(
        "5.1",
        "wrong-power",
        says,
        lambda dxhat, xmu, ivar, power=power: -0.5 * ivar**power * rows(dxhat * xmu),
    )
add(
    "5.1",
    "mean-for-sum",
    "The products were averaged over the rows. There is no 1/N between `xhat` and `var`: where does the one of "
    "the variance come in, before `var` or behind it?",
    lambda dxhat, xmu, ivar: -0.5 * ivar**3 * np.mean(dxhat * xmu, axis=0),
)
add(
    "5.1",
    "not-summed",
    "`dvar` has a row for each example. The variance of a column stands in all of its rows: how many answers do "
    "you get about one number?",
    lambda dxhat, xmu, ivar: -0.5 * ivar**3 * dxhat * xmu,
)
add(
    "5.1",
    "no-axis",
    "The sum ran over all columns. Which columns of `dxhat` know about `var[0]`?",
    lambda dxhat, xmu, ivar: -0.5 * ivar**3 * np.sum(dxhat * xmu),
)
add(
    "5.1",
    "wrong-axis",
    "The sum ran along the rows and left one number for each example. In the formula the sum goes over m: what "
    "does m count?",
    lambda dxhat, xmu, ivar: np.sum(-0.5 * ivar**3 * dxhat * xmu, axis=1),
)
add(
    "5.1",
    "factor-lost",
    "`xmu` is not in your sum. How much does a row feel of the variance if it lies exactly on the mean?",
    lambda dxhat, xmu, ivar: -0.5 * ivar**3 * rows(dxhat),
)
add(
    "5.1",
    "summed-before-multiplying",
    "`dvar` is 0, but for rounding. The columns of `xmu` sum to 0, so what has to come first, the product or the "
    "sum?",
    lambda dxhat, xmu, ivar: -0.5 * ivar**3 * rows(dxhat) * rows(xmu),
)

# 5.2, dmu = -ivar * sum(dxhat) ------------------------------------------------------------------------------

add(
    "5.2",
    "sign-lost",
    "`dmu` has the wrong sign. Raise the mean and hold `x` fixed: where do the entries of `xhat` go?",
    lambda dxhat, ivar: ivar * rows(dxhat),
)
add(
    "5.2",
    "mean-for-sum",
    "`dmu` is a mean over the rows. The 1/N of `mu` belongs to the way from `mu` to `x`; how did `mu` get into the "
    "N rows of `xmu`?",
    lambda dxhat, ivar: -ivar * np.mean(dxhat, axis=0),
)
add(
    "5.2",
    "factor-lost",
    "`ivar` is missing. Between `mu` and `xhat` lies a scaling: what is the slope of `xhat` in `xmu`?",
    lambda dxhat, ivar: -rows(dxhat),
)
add(
    "5.2",
    "divided-not-multiplied",
    "The sum was divided by `ivar`. Which way was the scaling between `xmu` and `xhat`?",
    lambda dxhat, ivar: -rows(dxhat) / ivar,
)
add(
    "5.2",
    "wrong-power",
    "`ivar` is there squared. How often is it met on the way from `xhat` to `xmu`?",
    lambda dxhat, ivar: -(ivar**2) * rows(dxhat),
)
add(
    "5.2",
    "no-axis",
    "`dxhat` was summed over everything. Is there any way from `mu[0]` to the second column of `xhat`?",
    lambda dxhat, ivar: -ivar * np.sum(dxhat),
)
add(
    "5.2",
    "wrong-axis",
    "You have one number for each row. Is `mu` about an example, or about a feature?",
    lambda dxhat, ivar: np.sum(-dxhat * ivar, axis=1),
)
add(
    "5.2",
    "not-summed",
    "`dmu` still has N rows, one for each place where `mu` was subtracted. What is its gradient as one number for "
    "each feature?",
    lambda dxhat, ivar: -ivar * dxhat,
)

# 5.4, the published form ------------------------------------------------------------------------------------


def published(dy: Any, cache: Any) -> Any:
    """What stands in front of the bracket, and the terms inside it, as rocking5566 has them."""
    xhat, gamma, _, ivar, *_ = cache
    n = len(dy)
    along = xhat * rows(xhat * dy)
    return ivar * gamma / n, n * dy, along, rows(along / n - dy)


def repaired(combine: Callable[[Any, Any, Any, Any], Any]) -> Any:
    """A repair that puts these four together in its own way."""
    return lambda dy, cache: combine(*published(dy, cache))


def mend(slug: str, says: str, make: Callable[..., Any]) -> None:
    """A mistake of 5.4."""
    mistake.add("5.4", slug, says, make)


mend(
    "leading-one",
    "The square brackets are still there, so the result has an axis too many: (1, N, D). What do they make in "
    "Python, and which kind groups?",
    repaired(lambda front, a, b, c: front * np.array([a - b + c])),
)
mend(
    "brackets-dropped",
    "The brackets went and nothing took their place, so what stands in front multiplies the first term alone. To "
    "how many terms does it belong?",
    repaired(lambda front, a, b, c: front * a - b + c),
)
mend(
    "first-row-only",
    "You took the first row of the first axis and lost the others. What stands at index 0 of an array of shape "
    "(1, N, D), and of what it holds?",
    repaired(lambda front, a, b, c: (front * (a - b + c))[0]),
)
mend(
    "summed-too-much",
    "The additional axis was got rid of by a mean over the rows too. How many axes are one too many?",
    repaired(lambda front, a, b, c: np.mean(front * (a - b + c), axis=0)),
)
mend(
    "squeezed",
    "Every axis of length 1 has been taken out, which does the work until a batch has one row or one feature. Could "
    "the third axis not arise at all?",
    repaired(lambda front, a, b, c: np.squeeze(front * (a - b + c))),
)
mend(
    "mean-path-dropped",
    "The last sum was left out as a whole, and only a part of it is 0. Which of its two terms is the one that "
    "vanishes?",
    repaired(lambda front, a, b, c: front * (a - b)),
)
mend(
    "variance-path-dropped",
    "The term with `xhat` is gone. The one that is 0 looks like it, but stands inside another sum: which of the two "
    "depends on the row?",
    repaired(lambda front, a, b, c: front * (a + c)),
)
mend(
    "sign-lost",
    "The sign in front of the last sum has changed, but `dy` has its minus inside that sum. What did you move out "
    "of it?",
    repaired(lambda front, a, b, c: front * (a - b - c)),
)
mend(
    "gamma-missing",
    "The shape is mended, and `gamma` has got lost on the way. It stood in front of the bracket: is it still there?",
    lambda dy, cache: WRONG["gamma-missing", "everywhere"](values(dy, cache)),
)
mend(
    "gamma-twice",
    "`gamma` is in it twice now. Is your `dy` the upstream gradient, or `dxhat` already?",
    lambda dy, cache: WRONG["gamma-twice", "outside"](values(dy, cache)),
)
mend(
    "one-over-n-lost",
    "The result is N times too large. Which of the factors in front of the bracket has gone?",
    lambda dy, cache: len(dy) * closed()(values(dy, cache)),
)
