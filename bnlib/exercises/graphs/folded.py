"""The graphs of notebooks 05 to 07: several steps at once, a layer on its side, the test mode."""

from __future__ import annotations

import numpy as np

from ...diagnose import Piece
from .traced import GRADIENTS, Args, Array, piece_of


def normalise_var(args: Args) -> Piece:
    """From dxhat to var: steps 7, 6 and 5."""

    def steps(xmu: Array, var: Array) -> Array:
        sqrtvar = np.sqrt(var)
        ivar = 1.0 / sqrtvar
        xhat = xmu * ivar
        return xhat

    dxhat, xmu, ivar = args
    # eps is in var here, where no gradient notices it.
    return piece_of(steps, (xmu, 1.0 / ivar**2), {"xhat": dxhat}, {"dvar": "var"})


def normalise_mu(args: Args) -> Piece:
    """From dxhat to mu, straight through xmu."""

    def steps(x: Array, mu: Array, ivar: Array) -> Array:
        xmu = x - mu
        xhat = xmu * ivar
        return xhat

    dxhat, ivar = args
    inputs = np.zeros(dxhat.shape), np.zeros(dxhat.shape[1:]), ivar
    return piece_of(steps, inputs, {"xhat": dxhat}, {"dmu": "mu"})


def scale(args: Args) -> Piece:
    """b = gamma * xhat, with the centred xc and sigma; gamma's own value has no part in its gradient."""

    def steps(xc: Array, sigma: Array, gamma: Array) -> Array:
        xhat = xc / sigma
        b = gamma * xhat
        return b

    stub, xc, sigma = args
    return piece_of(steps, (xc, sigma, np.ones_like(sigma)), {"b": stub}, {"dgamma": "gamma"})


def features_first(args: Args) -> Piece:
    """The nine steps lying on their side: x (D, N), gamma and beta (D, 1)."""

    def steps(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
        mu = np.mean(x, axis=1, keepdims=True)
        xmu = x - mu
        sq = xmu**2
        var = np.mean(sq, axis=1, keepdims=True)
        sqrtvar = np.sqrt(var + eps)
        ivar = 1.0 / sqrtvar
        xhat = xmu * ivar
        gammax = gamma * xhat
        out = gammax + beta
        return out

    dout, (_, gamma, xmu, _, _, _, eps) = args
    piece = piece_of(steps, (xmu, gamma, np.zeros_like(gamma)), {"out": dout}, GRADIENTS, eps=eps)
    d, n = dout.shape
    return Piece(piece.graph, piece.seeds, piece.gradients, sizes={"N": n, "D": d})


def test_mode(args: Args) -> Piece:
    """The layer in test mode, where the statistics are constants."""

    def steps(x: Array, gamma: Array, beta: Array, sqrtvar: Array) -> Array:
        xhat = x / sqrtvar
        gammax = gamma * xhat
        out = gammax + beta
        return out

    dout, (xhat, gamma, running_var, eps) = args
    sqrtvar = np.sqrt(running_var + eps)
    inputs = xhat * sqrtvar, gamma, np.zeros_like(gamma), sqrtvar
    return piece_of(steps, inputs, {"out": dout}, GRADIENTS)
