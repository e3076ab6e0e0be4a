"""The graphs of notebooks 00 and 01, with a name for every array."""

from __future__ import annotations

import numpy as np

from ...norms import staged
from .traced import Array, forward


def _center(x: Array) -> Array:
    mu = np.mean(x, axis=0)
    xmu = x - mu
    return xmu


def _statistics(x: Array) -> tuple[Array, ...]:
    mu = np.mean(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = np.mean(sq, axis=0)
    return mu, xmu, sq, var


def _normalize(xmu: Array, var: Array, eps: float) -> tuple[Array, ...]:
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    return sqrtvar, ivar, xhat


def _scale_shift(xhat: Array, gamma: Array, beta: Array) -> tuple[Array, ...]:
    gammax = gamma * xhat
    out = gammax + beta
    return gammax, out


center = forward(_center, ("xmu",))
statistics = forward(_statistics, ("mu", "xmu", "sq", "var"))
normalize = forward(_normalize, ("sqrtvar", "ivar", "xhat"))
scale_shift = forward(_scale_shift, ("gammax", "out"))
nine_steps = forward(staged.batchnorm_forward, ("out",))
