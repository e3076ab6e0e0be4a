"""What goes wrong in 3.10 behind step 7: a slope, a share of 1/N or a sign, or two names of the cache mixed up."""

from __future__ import annotations

import numpy as np

from ...norms import staged
from .backward_whole import Step, backward
from .collect import Mistakes

mistake = Mistakes()


def add(slug: str, says: str, *wrong: str, **steps: Step) -> None:
    """A mistake of 3.10; see `backward` for what it takes."""
    mistake.add("3.10", slug, says, backward(*wrong, **steps))


# The branch of the variance ---------------------------------------------------------------------------------

add(
    "sign-lost",
    "The branch of the variance comes back with the wrong sign: a minus was lost on the way, or `dxmu2` was taken "
    "off where contributions are added. Which of the steps 7 to 3 has a minus?",
    "the sign of the inversion lost",
)
add(
    "square-lost",
    "`dsqrtvar` was divided by `sqrtvar` once and not twice. Compare with what you wrote in 3.6: what is the "
    "power of s in the slope of 1/s?",
    "the inversion's square lost",
)
add(
    "wrong-power",
    "In the branch of the variance `sqrtvar` divides once too often: in step 6, or in step 7, if `xhat` stands there "
    "for `xmu`. Which powers did you have in 3.7, 3.6 and 3.5?",
    "a power too many in the inversion",
)
add(
    "wrong-power",
    "Step 5 multiplied by the root where it should divide by it. Which way does the slope of a root go as "
    "`var` grows?",
    "times the root",
)
add(
    "half-lost",
    "The branch of the variance is twice too strong. Where in the steps 6 to 3 is there a one half?",
    "the root's half lost",
)
add(
    "two-lost",
    "The branch of the variance is half of what it should be. What did differentiating a square leave in front?",
    "the square's 2 lost",
)
add(
    "eps-forgotten",
    "The way back took its root without `eps`, the way forward had it. It shows where the variance is small: "
    "which of the cached arrays has it inside already?",
    "eps lost on the way back",
)
add(
    "eps-outside-root",
    "Going back, `eps` was added to the root and not under it. Which function are you differentiating then?",
    step5=lambda g, var, eps: 0.5 * g / (np.sqrt(var) + eps),
)
add(
    "one-over-n-lost",
    "The branch of the variance is N times too strong. There are two means in the forward pass: which one has "
    "kept its 1/N, and which hasn't?",
    "no 1/N for the variance",
)
add(
    "one-over-n-lost",
    "What comes through the mean is N times too strong. What share of `dmu` does one row get?",
    "no 1/N for the mean",
)
add(
    "one-over-n-lost",
    "Neither of the two means has its 1/N on the way back. Where did you use N at all?",
    "no 1/N for the variance",
    "no 1/N for the mean",
)
add(
    "n-minus-1",
    "Both means were undone with N - 1, and both were taken with N. Whose backward pass is this?",
    "N - 1 for the variance",
    "N - 1 for the mean",
)
add(
    "n-minus-1",
    "The variance divides by N - 1 going back, by N going forward. Would a gradient check notice it with 1000 "
    "rows, and with 5?",
    "N - 1 for the variance",
)
add(
    "n-minus-1",
    "Step 1 was undone with N - 1. How many rows share one `mu`?",
    "N - 1 for the mean",
)
add(
    "d-for-n",
    "The number of columns was used where the number of rows belongs, in steps 4 and 1. In which order does "
    "`dout.shape` give the two?",
    step4=lambda g, shape: staged.step4(g, shape) * (shape[0] / shape[1]),
    step1=lambda g, shape: staged.step1(g, shape) * (shape[0] / shape[1]),
)

# The way through the mean, and the cache --------------------------------------------------------------------

add(
    "sign-lost",
    "What comes through the mean has lost its minus, so the columns of `dx` don't sum to 0. What did the forward pass "
    "do with `mu`, and what happens where `dx1` and `dx2` meet?",
    "the sign of dmu lost",
)
add(
    "mean-for-sum",
    "What comes through the mean is N times too weak: `dmu` is a mean over the rows, or step 1 divided twice. How many "
    "times did the forward pass divide by N on its way to `mu`?",
    "dmu is a mean",
)
add(
    "cache-order",
    "It computes as if `ivar` and `sqrtvar` had changed places when the cache was unpacked. In which order were "
    "the seven packed?",
    unpack=lambda xhat, gamma, xmu, ivar, sqrtvar, var, eps: (xhat, gamma, xmu, sqrtvar, ivar, var, eps),
)
add(
    "cache-order",
    "It computes as if `xhat` and `xmu` had changed places when the cache was unpacked. Which of the two comes "
    "first in it?",
    unpack=lambda xhat, gamma, xmu, ivar, sqrtvar, var, eps: (xmu, gamma, xhat, ivar, sqrtvar, var, eps),
)
