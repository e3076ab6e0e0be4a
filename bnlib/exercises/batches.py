"""The layer on batches that tell right from wrong: every array of it, forward and backward, by its name.

Exercises on a piece of the backward pass get what the layer itself would hand them. N unlike D shows a wrong
axis, gamma away from 1 a gamma that was lost or doubled, eps as large as the variance an eps in the wrong
place, a random upstream gradient whatever is wrong in the branch of the variance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import digits_batch
from ..norms import staged
from .spec import Case, Cases

Array = NDArray[np.floating]

# Every name of the layer with its value: arrays, eps, and the shape and cache that exercises ask for.
Layer = dict[str, Any]


def layers(rng: np.random.Generator) -> Iterator[tuple[str, Layer]]:
    """The layer on batches that tell right from wrong, each with the words that describe it."""
    yield "5 rows and 3 features", layer(rng, 5, 3, eps=0.3)
    yield "3 rows and 4 features, eps as large as the variance", layer(rng, 3, 4, eps=1.0)
    yield "6 rows and 2 features in float32", layer(rng, 6, 2, eps=0.05, dtype=np.float32)

    x = rng.normal(size=(5, 3)) * np.array([2.0, 1e-4, 0.5]) + np.array([3.0, 0.0, -1.0])
    yield "a column that is nearly constant", layer(rng, x=x, eps=1e-5)

    x = (rng.normal(size=(3, 7)) + 1.0).T
    yield "7 rows and 3 features, stored column after column", layer(rng, x=x, eps=0.3)
    yield "a single feature", layer(rng, 4, 1, eps=0.3)
    yield "a single row", layer(rng, 1, 3, eps=0.3)

    x, _ = digits_batch(32, seed=int(rng.integers(2**31)))
    yield "32 handwritten digits, many of whose pixels are always blank", layer(rng, x=x, eps=1e-3)


def layer(
    rng: np.random.Generator,
    n: int = 0,
    d: int = 0,
    *,
    eps: float,
    x: Array | None = None,
    dtype: type[np.floating] = np.float64,
) -> Layer:
    """The layer's record for a batch x (N, D), random if not given, and a random upstream gradient."""
    if x is None:
        x = rng.normal(size=(n, d)) * rng.uniform(0.5, 2.0, d) + rng.normal(size=d)
    # No entry of gamma near 1: there a gamma that was forgotten would not show.
    width = x.shape[1:]
    gamma = rng.choice([-1.0, 1.0], width) * rng.uniform(1.5, 2.5, width)
    beta = rng.normal(size=width)
    # Laid out in memory as x is, so that the case of a transposed array is one all the way.
    dout = np.empty_like(x, dtype=dtype)
    dout[...] = rng.normal(size=x.shape)

    return record(x.astype(dtype), gamma.astype(dtype), beta.astype(dtype), eps, dout)


def record(x: Array, gamma: Array, beta: Array, eps: float, dout: Array) -> Layer:
    """Every value of the layer by its name, on the way forward and on the way back."""
    _, cache = staged.batchnorm_forward(x, gamma, beta, eps)
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    dbeta, dgammax = staged.step9(dout)
    dgamma, dxhat = staged.step8(dgammax, xhat, gamma)
    divar, dxmu1 = staged.step7(dxhat, xmu, ivar)
    dsqrtvar = staged.step6(divar, sqrtvar)
    dvar = staged.step5(dsqrtvar, var, eps)
    dsq = staged.step4(dvar, dout.shape)
    dxmu2 = staged.step3(dsq, xmu)
    dx1, dmu = staged.step2(dxmu1, dxmu2)
    dx2 = staged.step1(dmu, dout.shape)
    return {**locals(), "shape": dout.shape}


def _column(terms: Array) -> float:
    """The size of a sum over rows: its largest column sum if no two terms cancelled."""
    return float(np.max(np.sum(np.abs(terms), axis=0)))


# Sums may cancel, and then rounding is as large as their terms allow; products and powers measure themselves.
SCALES: Mapping[str, Callable[[Layer], float]] = {
    "dbeta": lambda v: _column(v["dout"]),
    "dgamma": lambda v: _column(v["dgammax"] * v["xhat"]),
    "divar": lambda v: _column(v["dxhat"] * v["xmu"]),
    "dmu": lambda v: _column(np.abs(v["dxmu1"]) + np.abs(v["dxmu2"])),
    "dx1": lambda v: float(np.max(np.abs(v["dxmu1"]) + np.abs(v["dxmu2"]))),
    "dx": lambda v: float(np.max(np.abs(v["dout"] * v["gamma"] * v["ivar"]))),
}


def cases_for(reference: Callable[..., Any], returns: tuple[str, ...]) -> Cases:
    """Cases for a function of `staged`, or of the same names: its parameters say what each case hands it."""
    code = reference.__code__
    parameters = code.co_varnames[: code.co_argcount]

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for says, values in layers(rng):
            scale = {name: SCALES[name](values) for name in returns if name in SCALES}
            yield Case(says, tuple(values[name] for name in parameters), scale)

    return cases
