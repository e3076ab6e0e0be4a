"""What goes wrong in 1.2 and 1.3: the root, the inversion and the product, then scale and shift."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()
add = mistake.add


def right_root(var: Any, eps: Any) -> Any:
    """Step 5 as it should be."""
    return np.sqrt(var + eps)


def normalize(
    root: Callable[[Any, Any], Any] = right_root,
    invert: Callable[[Any, Any, Any], Any] = lambda s, var, eps: 1.0 / s,
    last: Callable[[Any, Any, Any, Any], Any] | None = None,
) -> Any:
    """Steps 5 to 7 with one of them replaced; `last` makes xhat from xmu, sqrtvar, var and eps."""

    def make(xmu: Any, var: Any, eps: Any) -> Any:
        sqrtvar = root(var, eps)
        ivar = invert(sqrtvar, var, eps)
        return sqrtvar, ivar, xmu * ivar if last is None else last(xmu, sqrtvar, var, eps)

    return make


# 1.2 --------------------------------------------------------------------------------------------------------

add(
    "1.2",
    "eps-outside-root",
    "`eps` was added to the root, after it had been taken. For a constant feature that leaves `eps` itself, "
    "where the paper leaves its root. How far does the root sign reach in step 5?",
    normalize(lambda var, eps: np.sqrt(var) + eps),
)
add(
    "1.2",
    "eps-outside-root",
    "Two roots were added, that of `var` and that of `eps`. Is the root of 9 + 16 the same as 3 + 4?",
    normalize(lambda var, eps: np.sqrt(var) + np.sqrt(eps)),
)
add(
    "1.2",
    "eps-forgotten",
    "`eps` is nowhere in the result. What does `ivar` become for a pixel that is blank in every image?",
    normalize(lambda var, eps: np.sqrt(var)),
)
add(
    "1.2",
    "eps-forgotten",
    "`sqrtvar` has its `eps`, `ivar` was made from the variance without it. Step 6 needs one array only: "
    "which?",
    normalize(invert=lambda s, var, eps: 1.0 / np.sqrt(var)),
)
add(
    "1.2",
    "eps-forgotten",
    "`sqrtvar` and `ivar` are right, and then `xhat` was divided by a root without `eps`. Why compute `ivar` "
    "if step 7 doesn't use it?",
    normalize(last=lambda xmu, s, var, eps: xmu / np.sqrt(var)),
)
add(
    "1.2",
    "eps-twice",
    "`eps` comes in twice, under the root and again when `sqrtvar` is inverted. What is `sqrtvar` already "
    "safe from?",
    normalize(invert=lambda s, var, eps: 1.0 / (s + eps)),
)
for own in (1e-5, 1e-8):
    add(
        "1.2",
        "hard-coded",
        f"The numbers are those of an `eps` of {own:g}, whatever the caller passes. Where does your function "
        "get its `eps` from?",
        normalize(lambda var, eps, own=own: np.sqrt(var + own)),  # type: ignore[misc]
    )
add(
    "1.2",
    "divided-by-variance",
    "No root was taken: `sqrtvar` is the variance plus `eps`, and so `xhat` was divided by that. If a feature "
    "is measured in metres, in what unit is its variance?",
    normalize(lambda var, eps: var + eps),
)
add(
    "1.2",
    "divided-by-variance",
    "`ivar` is one divided by the variance plus `eps`, although `sqrtvar` stood ready. What variance does "
    "`xhat` get like that, when it should be near 1?",
    normalize(invert=lambda s, var, eps: 1.0 / (var + eps)),
)
add(
    "1.2",
    "divided-by-variance",
    "`xhat` is `xmu` divided by the variance, not by its root. Double every entry of `x`: which of the two "
    "would leave `xhat` as it was?",
    normalize(last=lambda xmu, s, var, eps: xmu / (var + eps)),
)
add(
    "1.2",
    "power-precedence",
    "`sqrtvar` is half of variance plus `eps`. A power binds before a division in Python, so what does an "
    "exponent written as 1/2 without brackets mean?",
    normalize(lambda var, eps: (var + eps) / 2),
)
add(
    "1.2",
    "power-precedence",
    "`ivar` is half of what it should be. A power binds before a division in Python: what does an exponent written "
    "as -1/2 without brackets do, and how many halves does step 6 have?",
    normalize(invert=lambda s, var, eps: s**-1 / 2),
)
add(
    "1.2",
    "power-precedence",
    "`ivar` is one divided by twice the variance plus `eps`, with no root in it. In which order does Python take a "
    "power and a division, as in -1/2 without brackets?",
    normalize(invert=lambda s, var, eps: (var + eps) ** -1 / 2),
)
add(
    "1.2",
    "not-inverted",
    "`ivar` equals `sqrtvar`, so the multiplication of step 7 stretches what it should shrink. What is the i "
    "in `ivar` short for?",
    normalize(invert=lambda s, var, eps: s),
)
add(
    "1.2",
    "multiplied-not-divided",
    "`xhat` is `xmu` times `sqrtvar`, or divided by `ivar`, which is the same. A feature with a wide spread should "
    "come out narrower: does yours?",
    normalize(last=lambda xmu, s, var, eps: xmu * s),
)
add(
    "1.2",
    "deviation-subtracted",
    "`sqrtvar` was taken off `xmu`. That shifts a column and leaves its spread as it was: which operation "
    "changes a spread?",
    normalize(last=lambda xmu, s, var, eps: xmu - s),
)
add(
    "1.2",
    "sign-lost",
    "`sqrtvar` is the root of the variance minus `eps`, which for a blank pixel is the root of a negative "
    "number. What is `eps` there for?",
    normalize(lambda var, eps: np.sqrt(var - eps)),
)

# 1.3 --------------------------------------------------------------------------------------------------------

add(
    "1.3",
    "gamma-missing",
    "`gammax` is `xhat` unchanged: no `gamma` in it. Which of the two parameters lets the network choose the "
    "spread of a feature?",
    lambda xhat, gamma, beta: (xhat.copy(), xhat + beta),
)
add(
    "1.3",
    "gamma-missing",
    "`out` was made from `xhat`, past `gammax`. Step 9 starts from what step 8 has made: what was that?",
    lambda xhat, gamma, beta: (gamma * xhat, xhat + beta),
)
add(
    "1.3",
    "beta-missing",
    "`out` is `gammax` as it was, with nothing added. Which parameter has not been used yet?",
    lambda xhat, gamma, beta: (gamma * xhat, gamma * xhat),
)
add(
    "1.3",
    "beta-too-early",
    "`gammax` has `beta` in it already and `out` is the same array once more. The backward pass will need the "
    "product alone: which step makes it?",
    lambda xhat, gamma, beta: (gamma * xhat + beta, gamma * xhat + beta),
)
add(
    "1.3",
    "beta-too-early",
    "`beta` was added twice, once in `gammax` and again in `out`. Which of the two is step 8, which step 9?",
    lambda xhat, gamma, beta: (gamma * xhat + beta, gamma * xhat + 2 * beta),
)
for scaled in (False, True):
    add(
        "1.3",
        "shift-before-scale",
        "The shift came before the scaling, so `beta` was multiplied by `gamma` as well. Where does the mean "
        "of a column end up then, and where should it be?",
        lambda xhat, gamma, beta, scaled=scaled: (
            gamma * (xhat + beta) if scaled else gamma * xhat,
            gamma * (xhat + beta),
        ),
    )
add(
    "1.3",
    "gamma-beta-swapped",
    "`beta` did the scaling and `gamma` the shifting. Both are (D,), so NumPy can't tell them apart: which of "
    "them stands in the product of the box?",
    lambda xhat, gamma, beta: (beta * xhat, beta * xhat + gamma),
)
add(
    "1.3",
    "gamma-twice",
    "`gammax` is right, and on the way to `out` it was multiplied by `gamma` once more. What is the only thing "
    "that happens in step 9?",
    lambda xhat, gamma, beta: (gamma * xhat, gamma * (gamma * xhat) + beta),
)
add(
    "1.3",
    "sign-lost",
    "`beta` was taken off where it should be added. Which way does a positive `beta` move the feature?",
    lambda xhat, gamma, beta: (gamma * xhat, gamma * xhat - beta),
)
add(
    "1.3",
    "sign-lost",
    "Only the size of `gamma` was used. A negative `gamma` is allowed: what does it do to a feature?",
    lambda xhat, gamma, beta: (np.abs(gamma) * xhat, np.abs(gamma) * xhat + beta),
)
add(
    "1.3",
    "matrix-product",
    "A matrix product of `xhat` and `gamma` adds up all features of a row into one number. Each feature should "
    "keep a column of its own: which product works entry by entry?",
    lambda xhat, gamma, beta: (xhat @ gamma, xhat @ gamma + beta),
)
add(
    "1.3",
    "matrix-product",
    "`gammax` has one number for each row: a matrix product mixed the features. Scaling shouldn't change the "
    "shape of `xhat`. Which kind of product leaves it alone?",
    lambda xhat, gamma, beta: (xhat @ gamma, gamma * xhat + beta),
)
add(
    "1.3",
    "layout-transposed",
    "`gamma` was stood up as a column, so NumPy wants one entry of it for each row. To what does an entry of "
    "`gamma` belong, an example or a feature?",
    lambda xhat, gamma, beta: (gamma[:, None] * xhat, gamma[:, None] * xhat + beta),
)
