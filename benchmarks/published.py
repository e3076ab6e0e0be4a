"""Backward passes as they were published, each with the arrays that it makes: rocking5566's gist of four forms.

https://gist.github.com/rocking5566/57baa55f38c2c07346bdc7660fcfd19a puts them side by side: the ten steps after F.
Kratzert (2016), the form that K. Zakka derived (2016), the gist's own and one under the name qianfeng. They are
written with this course's names; notebook 05 compares what they compute.
"""

from __future__ import annotations

import numpy as np

from bnlib.norms.staged import Array, Cache

Gradients = tuple[Array, Array, Array]


def kratzert(dout: Array, cache: Cache) -> Gradients:
    """The ten steps. Its arrays of ones are float64, and so is what comes after them."""
    xhat, gamma, xmu, ivar, sqrtvar, *_ = cache
    n = len(dout)
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    divar = (dxhat * xmu).sum(axis=0)
    dxmu1 = dxhat * ivar
    dvar = -0.5 * divar / sqrtvar**3
    dsq = np.ones(dout.shape) * dvar / n
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -(dxmu1 + dxmu2).sum(axis=0)
    dx2 = np.ones(dout.shape) * dmu / n
    return dx1 + dx2, dgamma, dbeta


def zakka(dout: Array, cache: Cache) -> Gradients:
    """The closed form with gamma inside the sums."""
    xhat, gamma, _, ivar, *_ = cache
    n, dxhat = len(dout), dout * gamma
    dx = ivar / n * (n * dxhat - dxhat.sum(axis=0) - xhat * (dxhat * xhat).sum(axis=0))
    return dx, (xhat * dout).sum(axis=0), dout.sum(axis=0)


def rocking5566(dout: Array, cache: Cache) -> Gradients:
    """The gist's own form, with its brackets: they make a list, and of dx an array with three axes."""
    xhat, gamma, _, ivar, *_ = cache
    n = len(dout)
    mean = (xhat * (xhat * dout).sum(axis=0) / n - dout).sum(axis=0)
    dx = (ivar * gamma / n) * [n * dout - xhat * (xhat * dout).sum(axis=0) + mean]
    return dx, (xhat * dout).sum(axis=0), dout.sum(axis=0)


def qianfeng(dout: Array, cache: Cache) -> Gradients:
    """The closed form from dgamma and dbeta."""
    xhat, gamma, _, ivar, *_ = cache
    n, dbeta, dgamma = len(dout), dout.sum(axis=0), (xhat * dout).sum(axis=0)
    return ivar / n * gamma * (n * dout - dbeta - xhat * dgamma), dgamma, dbeta
