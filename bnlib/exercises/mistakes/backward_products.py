"""What goes wrong in steps 8 and 7 of notebook 03: a product twice, with a factor that was copied into every row.

Step 9 is in `backward`, steps 6 to 3 in `backward_variance`, 2 and 0 in `backward_input`, 3.10 in `backward_whole`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()
add = mistake.add


def rows(a: Any) -> Any:
    """The sum over the rows."""
    return np.sum(a, axis=0)


# 3.8, gammax = gamma * xhat ---------------------------------------------------------------------------------

add(
    "3.8",
    "mean-for-sum",
    "`dgamma` is N times too small: the products were averaged over the rows. With twice the batch, would "
    "raising `gamma` move the loss through more entries, or through as many?",
    lambda dgammax, xhat, gamma: (np.mean(dgammax * xhat, axis=0), dgammax * gamma),
)
add(
    "3.8",
    "wrong-axis",
    "`dgamma` was summed along each row, over the features. `gamma` has an entry for each feature: which axis "
    "must be left standing?",
    lambda dgammax, xhat, gamma: (np.sum(dgammax * xhat, axis=1), dgammax * gamma),
)
add(
    "3.8",
    "not-summed",
    "`dgamma` is the product for every entry, (N, D). One `gamma[d]` stood in N of them. What did you do in "
    "step 9 with `dbeta`?",
    lambda dgammax, xhat, gamma: (dgammax * xhat, dgammax * gamma),
)
add(
    "3.8",
    "no-axis",
    "`dgamma` is a single number, since the products of all columns were added together. How many numbers does "
    "`gamma` have?",
    lambda dgammax, xhat, gamma: (np.sum(dgammax * xhat), dgammax * gamma),
)
add(
    "3.8",
    "gamma-missing",
    "`dxhat` is `dgammax` unchanged. If `gamma` were 0, what could a change of `xhat` still do to the loss?",
    lambda dgammax, xhat, gamma: (rows(dgammax * xhat), dgammax.copy()),
)
add(
    "3.8",
    "gamma-twice",
    "`gamma` is in `dxhat` twice. Did `dgammax` bring one along already, or has it not met `gamma` yet?",
    lambda dgammax, xhat, gamma: (rows(dgammax * xhat), dgammax * gamma**2),
)
add(
    "3.8",
    "gamma-in-dgamma",
    "`dgamma` has a factor `gamma` too many; with `gamma` 1 you would never see it. The slope of `gamma * xhat` "
    "in `gamma`: does `gamma` stand in it?",
    lambda dgammax, xhat, gamma: (gamma * rows(dgammax * xhat), dgammax * gamma),
)
add(
    "3.8",
    "upstream-lost",
    "Every row of `dxhat` is `gamma`, the local derivative alone. What came from above, row by row?",
    lambda dgammax, xhat, gamma: (rows(dgammax * xhat), np.ones_like(dgammax) * gamma),
)
add(
    "3.8",
    "summed-too-much",
    "`dxhat` was added up over the rows too. `gamma` was copied into every row, `xhat` wasn't: which of the two "
    "needs a sum?",
    lambda dgammax, xhat, gamma: (rows(dgammax * xhat), rows(dgammax * gamma)),
)
add(
    "3.8",
    "not-swapped",
    "Each factor got the gradient times itself. Look at the formulas again: which factor is the slope for "
    "which?",
    lambda dgammax, xhat, gamma: (rows(dgammax * gamma), dgammax * xhat),
)
add(
    "3.8",
    "factor-lost",
    "`dgamma` is what `dbeta` was, a plain sum of the upstream gradient. A row whose `xhat` is 0 doesn't feel "
    "`gamma` at all: where is that in your sum?",
    lambda dgammax, xhat, gamma: (rows(dgammax), dgammax * gamma),
)
add(
    "3.8",
    "divided-not-multiplied",
    "`dgammax` was divided by `gamma` on its way to `xhat`. Going back is not undoing: if a step stretches by "
    "3, how much does the loss feel of a small move in front of it?",
    lambda dgammax, xhat, gamma: (rows(dgammax * xhat), dgammax / gamma),
)
add(
    "3.8",
    "summed-before-multiplying",
    "`dgamma` is 0, up to rounding: a column of `xhat` sums to 0, and `xhat` was summed before it was multiplied, or "
    "without that. What has to happen in each row first?",
    lambda dgammax, xhat, gamma: (rows(dgammax) * rows(xhat), dgammax * gamma),
)
add(
    "3.8",
    "summed-before-multiplying",
    "`dgammax` was summed before it met `xhat`, and `dgamma` has N rows. In which order do the product and the "
    "sum belong, if each row has an `xhat` of its own?",
    lambda dgammax, xhat, gamma: (rows(dgammax) * xhat, dgammax * gamma),
)
add(
    "3.8",
    "matrix-product",
    "`dgamma` is a D by D matrix. Somewhere in it stand the numbers you want, with many that pair one feature "
    "with another: where, and how do you make them alone?",
    lambda dgammax, xhat, gamma: (dgammax.T @ xhat, dgammax * gamma),
)
add(
    "3.8",
    "matrix-product",
    "A matrix product over the rows pairs every feature with every other one. Which of the D by D numbers "
    "belong to one feature alone?",
    lambda dgammax, xhat, gamma: (xhat.T @ dgammax, dgammax * gamma),
)

# 3.7, xhat = xmu * ivar -------------------------------------------------------------------------------------

add(
    "3.7",
    "mean-for-sum",
    "`divar` is a mean over the rows. `ivar` was computed with means, but here it was only copied into every "
    "row: what undoes a copying?",
    lambda dxhat, xmu, ivar: (np.mean(dxhat * xmu, axis=0), dxhat * ivar),
)
add(
    "3.7",
    "wrong-axis",
    "`divar` has a number for each row. Of the arrays of step 7, which one has an entry for each feature only, "
    "and how did it fill N rows?",
    lambda dxhat, xmu, ivar: (np.sum(dxhat * xmu, axis=1), dxhat * ivar),
)
add(
    "3.7",
    "not-summed",
    "`divar` is still (N, D). Step 8 had a factor that was copied into every row; which one is it here, and "
    "what happened to its gradient there?",
    lambda dxhat, xmu, ivar: (dxhat * xmu, dxhat * ivar),
)
add(
    "3.7",
    "no-axis",
    "All columns were added into one `divar`. Does the spread of one feature touch `xhat` of another?",
    lambda dxhat, xmu, ivar: (np.sum(dxhat * xmu), dxhat * ivar),
)
add(
    "3.7",
    "upstream-lost",
    "Every row of `dxmu1` is `ivar`. That is the slope of step 7: by what does the chain rule multiply it?",
    lambda dxhat, xmu, ivar: (rows(dxhat * xmu), np.ones_like(dxhat) * ivar),
)
add(
    "3.7",
    "summed-too-much",
    "`dxmu1` was added up over the rows, as `divar` has to be. Which of the two factors has rows of its own?",
    lambda dxhat, xmu, ivar: (rows(dxhat * xmu), rows(dxhat * ivar)),
)
add(
    "3.7",
    "not-swapped",
    "`xmu` and `ivar` have stayed with their own gradients. What is the slope of `xmu * ivar` in `xmu`?",
    lambda dxhat, xmu, ivar: (rows(dxhat * ivar), dxhat * xmu),
)
add(
    "3.7",
    "factor-lost",
    "`dxmu1` is `dxhat` unchanged. Where the data were divided by 10 going forward, how much of a change in "
    "`xmu` arrives at `xhat`?",
    lambda dxhat, xmu, ivar: (rows(dxhat * xmu), dxhat.copy()),
)
add(
    "3.7",
    "factor-lost",
    "`divar` is the sum of `dxhat` alone. A row that lies on the mean has an `xmu` of 0: does `ivar` make any "
    "difference to it?",
    lambda dxhat, xmu, ivar: (rows(dxhat), dxhat * ivar),
)
add(
    "3.7",
    "divided-not-multiplied",
    "`dxhat` was divided by `ivar`. The forward pass multiplied by it; does the gradient meet the same factor, "
    "or its inverse?",
    lambda dxhat, xmu, ivar: (rows(dxhat * xmu), dxhat / ivar),
)
add(
    "3.7",
    "xhat-for-xmu",
    "`divar` was made with `xhat`, that is, with `xmu` times `ivar`. What does the product of step 7 multiply "
    "`ivar` with?",
    lambda dxhat, xmu, ivar: (rows(dxhat * xmu * ivar), dxhat * ivar),
)
add(
    "3.7",
    "summed-before-multiplying",
    "`divar` is 0, up to rounding: `xmu` was summed before it was multiplied, or without that. What do the deviations "
    "from a mean sum to?",
    lambda dxhat, xmu, ivar: (rows(dxhat) * rows(xmu), dxhat * ivar),
)
for product in (lambda a, b: a.T @ b, lambda a, b: b.T @ a):
    add(
        "3.7",
        "matrix-product",
        "`divar` came out as a D by D matrix, every feature paired with every other. Which product keeps the "
        "features apart?",
        lambda dxhat, xmu, ivar, product=product: (product(dxhat, xmu), dxhat * ivar),
    )
add(
    "3.7",
    "sign-gained",
    "`divar` has a minus. There will be one further down, where `sqrtvar` is inverted: is there one in a "
    "product?",
    lambda dxhat, xmu, ivar: (-rows(dxhat * xmu), dxhat * ivar),
)
