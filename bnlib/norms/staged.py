"""Batch normalization in nine small steps, forward and backward: the form that the course teaches.

The forward pass is the algorithm box of Ioffe and Szegedy, "Batch Normalization" (2015),
https://arxiv.org/abs/1502.03167, with the names of F. Kratzert, "Understanding the backward pass through
Batch Normalization Layer" (2016), https://kratzert.github.io. Shapes: x, xmu, sq, xhat, gammax, out (N, D);
gamma, beta, mu, var, sqrtvar, ivar (D,); eps a number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Cache = tuple[Array, Array, Array, Array, Array, Array, float]


def batchnorm_forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Cache]:
    """Normalise each column of x (N, D) over its N rows, then scale by gamma and shift by beta, both (D,).

    Returns out (N, D) and the cache (xhat, gamma, xmu, ivar, sqrtvar, var, eps).
    """
    mu = np.mean(x, axis=0)  # step 1
    xmu = x - mu  # step 2
    sq = xmu**2  # step 3
    var = np.mean(sq, axis=0)  # step 4
    sqrtvar = np.sqrt(var + eps)  # step 5
    ivar = 1.0 / sqrtvar  # step 6
    xhat = xmu * ivar  # step 7
    gammax = gamma * xhat  # step 8
    out = gammax + beta  # step 9
    return out, (xhat, gamma, xmu, ivar, sqrtvar, var, eps)


def batchnorm_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Carry dout (N, D) back through the nine steps.

    Returns dx (N, D), dgamma (D,) and dbeta (D,).
    """
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    dbeta, dgammax = step9(dout)
    dgamma, dxhat = step8(dgammax, xhat, gamma)
    divar, dxmu1 = step7(dxhat, xmu, ivar)
    dsqrtvar = step6(divar, sqrtvar)
    dvar = step5(dsqrtvar, var, eps)
    dsq = step4(dvar, dout.shape)
    dxmu2 = step3(dsq, xmu)
    dx1, dmu = step2(dxmu1, dxmu2)
    dx2 = step1(dmu, dout.shape)
    return step0(dx1, dx2), dgamma, dbeta


def step9(dout: Array) -> tuple[Array, Array]:
    """out = gammax + beta: beta was broadcast over the rows, so its gradient is summed over them."""
    return np.sum(dout, axis=0), dout.copy()


def step8(dgammax: Array, xhat: Array, gamma: Array) -> tuple[Array, Array]:
    """gammax = gamma * xhat: multiplication swaps; gamma was broadcast. Returns dgamma (D,), dxhat (N, D)."""
    return np.sum(dgammax * xhat, axis=0), dgammax * gamma


def step7(dxhat: Array, xmu: Array, ivar: Array) -> tuple[Array, Array]:
    """xhat = xmu * ivar. Returns divar (D,) and dxmu1 (N, D), the first of xmu's two contributions."""
    return np.sum(dxhat * xmu, axis=0), dxhat * ivar


def step6(divar: Array, sqrtvar: Array) -> Array:
    """ivar = 1 / sqrtvar. Returns dsqrtvar (D,)."""
    return -divar / sqrtvar**2


def step5(dsqrtvar: Array, var: Array, eps: float) -> Array:
    """sqrtvar = sqrt(var + eps). Returns dvar (D,)."""
    return 0.5 * dsqrtvar / np.sqrt(var + eps)


def step4(dvar: Array, shape: tuple[int, int]) -> Array:
    """var = mean(sq, axis=0): each of the N rows gets 1/N of dvar. Returns dsq (N, D)."""
    return np.broadcast_to(dvar / shape[0], shape).copy()


def step3(dsq: Array, xmu: Array) -> Array:
    """sq = xmu**2. Returns dxmu2 (N, D), the second contribution to xmu."""
    return 2.0 * xmu * dsq


def step2(dxmu1: Array, dxmu2: Array) -> tuple[Array, Array]:
    """xmu = x - mu, after the two contributions have met. Returns dx1 (N, D) and dmu (D,)."""
    dxmu = dxmu1 + dxmu2
    return dxmu, -np.sum(dxmu, axis=0)


def step1(dmu: Array, shape: tuple[int, int]) -> Array:
    """mu = mean(x, axis=0): each of the N rows gets 1/N of dmu. Returns dx2 (N, D)."""
    return np.broadcast_to(dmu / shape[0], shape).copy()


def step0(dx1: Array, dx2: Array) -> Array:
    """x went two ways, so its two contributions add up. Returns dx (N, D)."""
    return dx1 + dx2
