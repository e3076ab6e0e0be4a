"""What goes wrong in steps 6, 5 and 3 of notebook 03: the slopes of the three functions behind the variance."""

from __future__ import annotations

import numpy as np

from .collect import Mistakes

mistake = Mistakes()
add = mistake.add

# 3.6, ivar = 1 / sqrtvar ------------------------------------------------------------------------------------

add(
    "3.6",
    "sign-lost",
    "The size is right and the sign is not. If `sqrtvar` grows a little, which way does `ivar` go?",
    lambda divar, sqrtvar: divar / sqrtvar**2,
)
add(
    "3.6",
    "square-lost",
    "`divar` was divided by `sqrtvar` once. Between `sqrtvar` 2 and 2.01, `ivar` falls by about a quarter for "
    "each 1 that `sqrtvar` gains: is yours a quarter or a half there?",
    lambda divar, sqrtvar: -divar / sqrtvar,
)
add(
    "3.6",
    "value-for-slope",
    "`divar` was multiplied by `ivar`, which is the same as dividing it by `sqrtvar`: that is the value of step 6. "
    "What comes back is multiplied by the slope: how steep is the curve of 1/s?",
    lambda divar, sqrtvar: divar / sqrtvar,
)
add(
    "3.6",
    "wrong-power",
    "`sqrtvar` has the power -3. Differentiating lowers the power of s by one: from which power did you start?",
    lambda divar, sqrtvar: -divar / sqrtvar**3,
)
add(
    "3.6",
    "wrong-power",
    "The square of `sqrtvar` was multiplied where it should divide. A wide feature has a large `sqrtvar`: does "
    "`ivar` change quickly there, or slowly?",
    lambda divar, sqrtvar: -divar * sqrtvar**2,
)
add(
    "3.6",
    "two-steps-at-once",
    "This is the gradient of `var`, the power -3/2 and the one half in one go. What is the input of step 6 alone, "
    "and which step comes after it?",
    lambda divar, sqrtvar: -0.5 * divar / sqrtvar**3,
)
add(
    "3.6",
    "doubled-not-squared",
    "`sqrtvar` was doubled where it should be squared; at 2 the two agree, elsewhere they don't. Which operator "
    "is the power?",
    lambda divar, sqrtvar: -divar / (2 * sqrtvar),
)
add(
    "3.6",
    "doubled-not-squared",
    "A 2 multiplies the result, and `sqrtvar` divides once. Was the 2 meant as an exponent?",
    lambda divar, sqrtvar: -divar / sqrtvar * 2,
)
add(
    "3.6",
    "integrated",
    "A logarithm is what 1/s comes from, not where it goes. Which of the two directions is differentiating?",
    lambda divar, sqrtvar: divar * np.log(sqrtvar),
)
add(
    "3.6",
    "upstream-lost",
    "This is the local derivative alone. What has come down to `ivar` from the loss?",
    lambda divar, sqrtvar: -1.0 / sqrtvar**2,
)

# 3.5, sqrtvar = sqrt(var + eps) -----------------------------------------------------------------------------

add(
    "3.5",
    "half-lost",
    "`dvar` is twice as large as it should be. A square of side 10 that gains 1 in area: by how much does its "
    "side grow?",
    lambda dsqrtvar, var, eps: dsqrtvar / np.sqrt(var + eps),
)
add(
    "3.5",
    "half-lost",
    "There is a 2 in `dvar` where its inverse belongs. The root grows more slowly than what stands under it: "
    "does your factor slow it down?",
    lambda dsqrtvar, var, eps: 2 * dsqrtvar / np.sqrt(var + eps),
)
add(
    "3.5",
    "eps-forgotten",
    "The slope was taken at `var` and not where the forward pass took its root. Where the variance is small "
    "that makes all the difference: what stood under the root?",
    lambda dsqrtvar, var, eps: 0.5 * dsqrtvar / np.sqrt(var),
)
add(
    "3.5",
    "eps-outside-root",
    "`eps` was added after the root was taken. Going back you need the very root of step 5: what was it the "
    "root of?",
    lambda dsqrtvar, var, eps: 0.5 * dsqrtvar / (np.sqrt(var) + eps),
)
add(
    "3.5",
    "hard-coded",
    "Your numbers belong to an `eps` of 0.00001, whatever is passed. Which argument has not been used?",
    lambda dsqrtvar, var, eps: 0.5 * dsqrtvar / np.sqrt(var + 1e-5),
)
add(
    "3.5",
    "wrong-power",
    "`dsqrtvar` was halved and divided by `var` plus `eps` itself, with no root. Which exponent did you mean, and "
    "did a division come after the power?",
    lambda dsqrtvar, var, eps: 0.5 * dsqrtvar / (var + eps),
)
add(
    "3.5",
    "power-precedence",
    "There are two halves in `dvar` and no root. What does Python make of an exponent -1/2 that has no brackets?",
    lambda dsqrtvar, var, eps: 0.5 * dsqrtvar * (var + eps) ** -1 / 2,
)
add(
    "3.5",
    "wrong-power",
    "The root multiplies where it should divide. Is the curve of a root steeper near 0 or far out?",
    lambda dsqrtvar, var, eps: 0.5 * dsqrtvar * np.sqrt(var + eps),
)
add(
    "3.5",
    "wrong-power",
    "The power of `var` plus `eps` is -1/4: a root was taken of the root. Which of the two ways to write it, with "
    "`np.sqrt` or with an exponent, did you want?",
    lambda dsqrtvar, var, eps: 0.5 * dsqrtvar * (var + eps) ** -0.25,
)
add(
    "3.5",
    "two-steps-at-once",
    "The power is -3/2 and there is a minus: that is the slope of `ivar` in `var`, with step 6 in it. Where has "
    "`dsqrtvar` been already?",
    lambda dsqrtvar, var, eps: -0.5 * dsqrtvar * (var + eps) ** -1.5,
)
add(
    "3.5",
    "two-steps-at-once",
    "The power of `var` plus `eps` is -3/2. That one has the inversion in it, which step 6 has done: what is the "
    "derivative of a root alone?",
    lambda dsqrtvar, var, eps: 0.5 * dsqrtvar * (var + eps) ** -1.5,
)
add(
    "3.5",
    "sign-gained",
    "`dvar` has the wrong sign. The minus of the way back stood in step 6: when `var` grows, what does its root "
    "do?",
    lambda dsqrtvar, var, eps: -0.5 * dsqrtvar / np.sqrt(var + eps),
)
add(
    "3.5",
    "upstream-lost",
    "This is the slope of the root and nothing more. By what does the chain rule multiply it?",
    lambda dsqrtvar, var, eps: 0.5 / np.sqrt(var + eps),
)
add(
    "3.5",
    "value-for-slope",
    "`dsqrtvar` was multiplied by the root itself, the value of step 5. What is the slope of the root?",
    lambda dsqrtvar, var, eps: dsqrtvar * np.sqrt(var + eps),
)

# 3.3, sq = xmu ** 2 -----------------------------------------------------------------------------------------

add(
    "3.3",
    "two-lost",
    "`dxmu2` is half of what it should be. At 3, a square grows by 6 for each 1: where is the rest?",
    lambda dsq, xmu: dsq * xmu,
)
add(
    "3.3",
    "value-for-slope",
    "`dsq` was multiplied by `sq`, the value of step 3. What is the slope of the parabola there, and what sign "
    "has it left of 0?",
    lambda dsq, xmu: dsq * xmu**2,
)
add(
    "3.3",
    "wrong-power",
    "The 2 came down and the square stayed. Which power of `xmu` is left when you differentiate?",
    lambda dsq, xmu: 2 * dsq * xmu**2,
)
add(
    "3.3",
    "upstream-lost",
    "The local derivative is right; what comes from above is missing. How much does the loss care about each "
    "square?",
    lambda dsq, xmu: 2.0 * xmu,
)
add(
    "3.3",
    "factor-lost",
    "`dsq` was doubled, and `xmu` isn't in it. Is a parabola equally steep everywhere?",
    lambda dsq, xmu: 2 * dsq,
)
add(
    "3.3",
    "one-over-n-twice",
    "There is a 1/N in `dxmu2` that step 4 has put into `dsq` already. Which mean would it belong to?",
    lambda dsq, xmu: 2 * dsq * xmu / len(xmu),
)
add(
    "3.3",
    "summed-too-much",
    "`dxmu2` was added up over the rows. Step 3 squares each entry by itself: was anything copied there?",
    lambda dsq, xmu: np.sum(2 * dsq * xmu, axis=0),
)
