"""What goes wrong in 3.10, the ten steps in one function: the parameters, and where ways part and meet.

The small steps behind, each with its slope, are in `backward_slopes`.
What goes wrong in a single step is written down in `bnlib.suspects` already, by what it is in words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...norms import staged
from ...suspects import MISTAKES
from .collect import Mistakes

mistake = Mistakes()

Step = Callable[..., Any]


def backward(*wrong: str, unpack: Step = lambda *cache: cache, **steps: Step) -> Step:
    """The whole pass with the wrong steps of `suspects` of these names, and with `steps` instead of others."""
    step = {f"step{i}": getattr(staged, f"step{i}") for i in range(10)}
    for name in wrong:
        step.update(MISTAKES[name])
    step.update(steps)

    def batchnorm_backward(dout: Any, cache: Any) -> Any:
        xhat, gamma, xmu, ivar, sqrtvar, var, eps = unpack(*cache)
        dbeta, dgammax = step["step9"](dout)
        dgamma, dxhat = step["step8"](dgammax, xhat, gamma)
        divar, dxmu1 = step["step7"](dxhat, xmu, ivar)
        dvar = step["step5"](step["step6"](divar, sqrtvar), var, eps)
        dxmu2 = step["step3"](step["step4"](dvar, dout.shape), xmu)
        dx1, dmu = step["step2"](dxmu1, dxmu2)
        return step["step0"](dx1, step["step1"](dmu, dout.shape)), dgamma, dbeta

    return batchnorm_backward


def add(slug: str, says: str, *wrong: str, **steps: Step) -> None:
    """A mistake of 3.10; see `backward` for what it takes."""
    mistake.add("3.10", slug, says, backward(*wrong, **steps))


# dbeta and dgamma -------------------------------------------------------------------------------------------

add(
    "mean-for-sum",
    "`dbeta` and `dgamma` are both means over the rows, N times too small. What was the reason for summing in "
    "steps 9 and 8, and does the loss come into it?",
    "dbeta is a mean",
    "dgamma is a mean",
)
add(
    "mean-for-sum",
    "`dbeta` is a mean over the rows. If the loss itself is a mean, its 1/N is inside `dout`: does it have to be "
    "divided by again?",
    "dbeta is a mean",
)
add(
    "mean-for-sum",
    "`dgamma` is N times too small, while `dbeta` is right. What did you do differently in the two sums?",
    "dgamma is a mean",
)
add(
    "wrong-axis",
    "`dbeta` and `dgamma` were summed along the rows. Which of the two shapes, (N,) or (D,), could be taken off "
    "`beta` in a training step?",
    step9=lambda dout: (np.sum(dout, axis=1), dout),
    step8=lambda g, xhat, gamma: (np.sum(g * xhat, axis=1), g * gamma),
)
add(
    "no-axis",
    "`dbeta` and `dgamma` are single numbers, sums over all features. How many parameters of each kind does the "
    "layer have?",
    step9=lambda dout: (np.sum(dout), dout),
    step8=lambda g, xhat, gamma: (np.sum(g * xhat), g * gamma),
)
add(
    "not-summed",
    "`dgamma` and `dbeta` still have a row for each example. What did steps 9 and 8 do after their products?",
    step9=lambda dout: (dout.copy(), dout),
    step8=lambda g, xhat, gamma: (g * xhat, g * gamma),
)
add(
    "gamma-in-dgamma",
    "`dgamma` has a factor `gamma` in it. Which of the two arrays of the cache is the slope of `gammax` in "
    "`gamma`?",
    "gamma in dgamma",
)
add(
    "factor-lost",
    "`dgamma` is the sum of `dout`, the same as `dbeta`. What was `gamma` multiplied with?",
    "dgamma lacks xhat",
)

# gamma and the two branches ---------------------------------------------------------------------------------

add(
    "gamma-missing",
    "`gamma` is missing from `dx`, which would go unseen if it were 1. Which step takes the gradient past the "
    "scaling?",
    "dxhat lacks gamma",
)
add(
    "gamma-twice",
    "`gamma` is in `dx` twice. `dgammax` and `dxhat` differ by one factor `gamma`: which of them did you hand to "
    "step 7?",
    "gamma twice in dxhat",
)
add(
    "statistics-constant",
    "Your `dx` is `dout` times `gamma` times `ivar`: mean and variance were taken for constants. Do they stay where "
    "they are when you move an entry of `x`?",
    "dxmu2 lost",
    "dmu lost",
)
add(
    "mean-path-dropped",
    "What comes to `x` through the mean is missing from `dx`; its columns should sum to 0, and yours don't. From "
    "what is `dmu` made, and where does it go after step 2?",
    "dmu lost",
)
add(
    "variance-path-dropped",
    "The way through the variance is missing: `dxmu2` never reached `dx`. What are steps 6, 5, 4 and 3 for, and "
    "where do they end?",
    "dxmu2 lost",
)
add(
    "assigned-not-added",
    "`dx` was made from `dxmu2` without `dxmu1`. Two gradients arrive at `xmu`, four steps apart: was the first "
    "still there when the second came?",
    "dxmu2 overwrites dxmu1",
)
add(
    "assigned-not-added",
    "`dx` is `dx2` alone: all its rows are the same. Where did `dx1` go in the last step?",
    "dx2 overwrites dx1",
)
add(
    "assigned-not-added",
    "`dx1` is `dxmu2` alone, though `dmu` was made from both contributions. What should `dx1` and `dmu` have in "
    "common?",
    step2=lambda a, b: (b, -np.sum(a + b, axis=0)),
)
add(
    "factor-lost",
    "`divar` is a sum of `dxhat` alone. Which factor of step 7 has not been used?",
    "divar lacks xmu",
)
add(
    "factor-lost",
    "`dxmu1` has no `ivar` in it. What is the slope of `xhat` in `xmu`?",
    "dxmu1 lacks ivar",
)
add(
    "divided-not-multiplied",
    "`dxmu1` was divided by `ivar`. Would a feature with a wide spread send back more or less than others?",
    "dxmu1 divided by ivar",
)
add(
    "mean-for-sum",
    "The branch of the variance is N times too weak: `divar` is a mean over the rows, or step 4 divided by N twice. In "
    "which step is there a mean, and in which only a copy?",
    "divar is a mean",
)
add(
    "no-axis",
    "The gradients of the statistics were summed over everything, `divar` and `dmu` alike. In a right pass, can "
    "one column of `dx` depend on another?",
    step7=lambda g, xmu, ivar: (np.sum(g * xmu), g * ivar),
    step2=lambda a, b: (a + b, -np.sum(a + b)),
    step4=lambda dvar, shape: np.ones(shape) * dvar / shape[0],
    step1=lambda dmu, shape: np.ones(shape) * dmu / shape[0],
)
