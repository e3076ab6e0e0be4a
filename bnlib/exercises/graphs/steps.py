"""The graphs of notebook 03: one step at a time, then all of them."""

from __future__ import annotations

import numpy as np

from ...diagnose import Piece
from ...norms import staged
from .traced import GRADIENTS, Args, Array, piece_of


def step9(args: Args) -> Piece:
    """out = gammax + beta."""

    def step(gammax: Array, beta: Array) -> Array:
        out = gammax + beta
        return out

    (dout,) = args
    inputs = np.zeros(dout.shape), np.zeros(dout.shape[1:])
    return piece_of(step, inputs, {"out": dout}, {"dbeta": "beta", "dgammax": "gammax"})


def step8(args: Args) -> Piece:
    """gammax = gamma * xhat."""

    def step(xhat: Array, gamma: Array) -> Array:
        gammax = gamma * xhat
        return gammax

    dgammax, xhat, gamma = args
    return piece_of(step, (xhat, gamma), {"gammax": dgammax}, {"dgamma": "gamma", "dxhat": "xhat"})


def step7(args: Args) -> Piece:
    """xhat = xmu * ivar."""

    def step(xmu: Array, ivar: Array) -> Array:
        xhat = xmu * ivar
        return xhat

    dxhat, xmu, ivar = args
    return piece_of(step, (xmu, ivar), {"xhat": dxhat}, {"divar": "ivar", "dxmu1": "xmu"})


def step6(args: Args) -> Piece:
    """ivar = 1 / sqrtvar."""

    def step(sqrtvar: Array) -> Array:
        ivar = 1.0 / sqrtvar
        return ivar

    divar, sqrtvar = args
    piece = piece_of(step, (sqrtvar,), {"ivar": divar}, {"dsqrtvar": "sqrtvar"})
    return Piece(piece.graph, piece.seeds, piece.gradients, sizes={"D": len(sqrtvar)})


def step5(args: Args) -> Piece:
    """sqrtvar = sqrt(var + eps)."""

    def step(var: Array, eps: float) -> Array:
        sqrtvar = np.sqrt(var + eps)
        return sqrtvar

    dsqrtvar, var, eps = args
    piece = piece_of(step, (var,), {"sqrtvar": dsqrtvar}, {"dvar": "var"}, eps=eps)
    return Piece(piece.graph, piece.seeds, piece.gradients, sizes={"D": len(var)})


def step4(args: Args) -> Piece:
    """var = mean(sq), from dvar and the shape."""

    def step(sq: Array) -> Array:
        var = np.mean(sq, axis=0)
        return var

    dvar, shape = args
    return piece_of(step, (np.zeros(shape),), {"var": dvar}, {"dsq": "sq"})


def step3(args: Args) -> Piece:
    """sq = xmu**2."""

    def step(xmu: Array) -> Array:
        sq = xmu**2
        return sq

    dsq, xmu = args
    return piece_of(step, (xmu,), {"sq": dsq}, {"dxmu2": "xmu"})


def step2(args: Args) -> Piece:
    """xmu = x - mu, which is used twice."""

    def step(x: Array, mu: Array) -> tuple[Array, Array]:
        xmu = x - mu
        sq = +xmu
        xhat = +xmu
        return sq, xhat

    dxmu1, dxmu2 = args
    inputs = np.zeros(dxmu1.shape), np.zeros(dxmu1.shape[1:])
    return piece_of(step, inputs, {"xhat": dxmu1, "sq": dxmu2}, {"dx1": "x", "dmu": "mu"})


def step1(args: Args) -> Piece:
    """mu = mean(x), from dmu and the shape."""

    def step(x: Array) -> Array:
        mu = np.mean(x, axis=0)
        return mu

    dmu, shape = args
    return piece_of(step, (np.zeros(shape),), {"mu": dmu}, {"dx2": "x"})


def step0(args: Args) -> Piece:
    """x, which is used twice."""

    def step(x: Array) -> tuple[Array, Array]:
        mu = +x
        xmu = +x
        return mu, xmu

    dx1, dx2 = args
    return piece_of(step, (np.zeros(dx1.shape),), {"xmu": dx1, "mu": dx2}, {"dx": "x"})


def layer(args: Args) -> Piece:
    """The nine steps, from dout and the cache of 1.4; whatever further arguments there are don't matter."""
    dout, (_, gamma, xmu, _, _, _, eps) = args[:2]
    # The gradient is the same wherever the columns' means are.
    inputs = xmu, gamma, np.zeros_like(gamma)
    return piece_of(staged.batchnorm_forward, inputs, {"out": dout}, GRADIENTS, eps=eps)


def layer_dx(args: Args) -> Piece:
    """The nine steps, of which only dx is asked."""
    piece = layer(args)
    return Piece(piece.graph, piece.seeds, {"dx": "x"}, sizes=piece.sizes)
