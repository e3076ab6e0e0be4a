"""A backward pass that keeps every gradient on its way, and thirty ways of getting one of its steps wrong.

`record` runs the nine steps of `bnlib.norms.staged` and writes down what each one makes. `MISTAKES` replaces
one step at a time by a wrong one. A gradient check can be tried on them, and a bug hunt needs a few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .norms import staged

Array = NDArray[np.floating]
Step = Callable[..., Any]

# The order in which a backward pass makes its gradients, from out to x.
ORDER = (
    "dbeta",
    "dgammax",
    "dgamma",
    "dxhat",
    "divar",
    "dxmu1",
    "dsqrtvar",
    "dvar",
    "dsq",
    "dxmu2",
    "dx1",
    "dmu",
    "dx2",
    "dx",
)


def record(dout: Array, cache: staged.Cache, mistake: str | None = None) -> dict[str, Array]:
    """Carry dout (N, D) back through the nine steps and keep every gradient by its name, in the order made.

    `mistake`, a key of `MISTAKES`, does one step wrongly; all after it go on with what it made, as they would
    in a program. Raises KeyError for a mistake that isn't there.
    """
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    step = {f"step{i}": getattr(staged, f"step{i}") for i in range(10)}
    if mistake is not None:
        step.update(MISTAKES[mistake])
    dbeta, dgammax = step["step9"](dout)
    dgamma, dxhat = step["step8"](dgammax, xhat, gamma)
    divar, dxmu1 = step["step7"](dxhat, xmu, ivar)
    dsqrtvar = step["step6"](divar, sqrtvar)
    dvar = step["step5"](dsqrtvar, var, eps)
    dsq = step["step4"](dvar, dout.shape)
    dxmu2 = step["step3"](dsq, xmu)
    dx1, dmu = step["step2"](dxmu1, dxmu2)
    dx2 = step["step1"](dmu, dout.shape)
    dx = step["step0"](dx1, dx2)
    made = locals()
    return {name: made[name] for name in ORDER}


def wrong_backward(mistake: str) -> Callable[[Array, staged.Cache], tuple[Array, Array, Array]]:
    """A `batchnorm_backward(dout, cache) -> dx, dgamma, dbeta` that makes one of the `MISTAKES`."""

    def batchnorm_backward(dout: Array, cache: staged.Cache) -> tuple[Array, Array, Array]:
        made = record(dout, cache, mistake)
        return made["dx"], made["dgamma"], made["dbeta"]

    return batchnorm_backward


def suspect(number: int, dout: Array, cache: staged.Cache) -> dict[str, Array]:
    """The record of one of three backward passes with one wrong step each; ValueError for no 1, 2 or 3."""
    if number not in (1, 2, 3):
        raise ValueError(f"there are the suspects 1, 2 and 3, and no {number!r}")
    return record(dout, cache, _HUNTED[number - 1])


def _tall(row: Array, n: int) -> Array:
    return np.broadcast_to(row, (n, *row.shape)).copy()


# What is wrong, in words, and the step that does it. Signatures are those of `staged`.
MISTAKES: Mapping[str, Mapping[str, Step]] = {
    "dbeta is a mean": {"step9": lambda d: (d.mean(0), d.copy())},
    "dout is divided by N": {"step9": lambda d: (d.sum(0), d / len(d))},
    "dgamma is a mean": {"step8": lambda d, xhat, gamma: ((d * xhat).mean(0), d * gamma)},
    "dgamma lacks xhat": {"step8": lambda d, xhat, gamma: (d.sum(0), d * gamma)},
    "gamma in dgamma": {"step8": lambda d, xhat, gamma: (gamma * (d * xhat).sum(0), d * gamma)},
    "dxhat lacks gamma": {"step8": lambda d, xhat, gamma: ((d * xhat).sum(0), d.copy())},
    "gamma twice in dxhat": {"step8": lambda d, xhat, gamma: ((d * xhat).sum(0), d * gamma**2)},
    "divar is a mean": {"step7": lambda d, xmu, ivar: ((d * xmu).mean(0), d * ivar)},
    "divar of xhat, not of xmu": {"step7": lambda d, xmu, ivar: ((d * xmu * ivar).sum(0), d * ivar)},
    "divar lacks xmu": {"step7": lambda d, xmu, ivar: (d.sum(0), d * ivar)},
    "dxmu1 lacks ivar": {"step7": lambda d, xmu, ivar: ((d * xmu).sum(0), d.copy())},
    "dxmu1 divided by ivar": {"step7": lambda d, xmu, ivar: ((d * xmu).sum(0), d / ivar)},
    "dxmu1 lost": {"step7": lambda d, xmu, ivar: ((d * xmu).sum(0), np.zeros_like(d))},
    "the sign of the inversion lost": {"step6": lambda d, s: d / s**2},
    "the inversion's square lost": {"step6": lambda d, s: -d / s},
    "a power too many in the inversion": {"step6": lambda d, s: -d / s**3},
    "the root's half lost": {"step5": lambda d, var, eps: d / np.sqrt(var + eps)},
    "eps lost on the way back": {"step5": lambda d, var, eps: 0.5 * d / np.sqrt(var)},
    "times the root": {"step5": lambda d, var, eps: 0.5 * d * np.sqrt(var + eps)},
    "no 1/N for the variance": {"step4": lambda d, shape: _tall(d, shape[0])},
    "N - 1 for the variance": {"step4": lambda d, shape: _tall(d / (shape[0] - 1), shape[0])},
    "the square's 2 lost": {"step3": lambda d, xmu: d * xmu},
    "dxmu2 lost": {"step3": lambda d, xmu: np.zeros_like(xmu)},
    "dxmu2 overwrites dxmu1": {"step2": lambda a, b: (b, -b.sum(0))},
    "the sign of dmu lost": {"step2": lambda a, b: (a + b, (a + b).sum(0))},
    "dmu is a mean": {"step2": lambda a, b: (a + b, -(a + b).mean(0))},
    "dmu lost": {"step2": lambda a, b: (a + b, np.zeros(a.shape[1], a.dtype))},
    "no 1/N for the mean": {"step1": lambda d, shape: _tall(d, shape[0])},
    "N - 1 for the mean": {"step1": lambda d, shape: _tall(d / (shape[0] - 1), shape[0])},
    "dx2 overwrites dx1": {"step0": lambda a, b: b.copy()},
}

# One that turns a sign, one that changes every entry by the same factor, one that shows in few columns only.
_HUNTED = ("the sign of dmu lost", "N - 1 for the variance", "eps lost on the way back")
