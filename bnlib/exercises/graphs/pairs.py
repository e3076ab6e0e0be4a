"""The graphs of notebooks 09 and 11: a forward pass and its backward pass; without dout, the forward pass alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...diagnose import Piece
from ...norms import staged
from .traced import GRADIENTS, Args, Array, piece_of


def batch_pair(args: Args) -> Piece:
    """Batch normalization in training."""
    return _pair(staged.batchnorm_forward, args, eps=args[3].get("eps", 1e-5))


def layer_pair(args: Args) -> Piece:
    """Layer normalisation."""

    def layernorm(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
        mu = np.mean(x, axis=1, keepdims=True)
        xmu = x - mu
        var = np.mean(xmu**2, axis=1, keepdims=True)
        ivar = 1.0 / np.sqrt(var + eps)
        xhat = xmu * ivar
        gammax = gamma * xhat
        out = gammax + beta
        return out

    return _pair(layernorm, args, eps=args[3].get("eps", 1e-5))


def spatial_pair(args: Args) -> Piece:
    """Batch normalization of images, each channel over all images and pixels."""

    def spatial(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
        mu = np.mean(x, axis=(0, 2, 3), keepdims=True)
        xmu = x - mu
        var = np.mean(xmu**2, axis=(0, 2, 3), keepdims=True)
        ivar = 1.0 / np.sqrt(var + eps)
        xhat = xmu * ivar
        gammax = gamma.reshape(1, -1, 1, 1) * xhat
        out = gammax + beta.reshape(1, -1, 1, 1)
        return out

    return _pair(spatial, args, eps=args[3].get("eps", 1e-5))


def group_pair(args: Args) -> Piece:
    """Group normalisation of images."""

    def group(x: Array, gamma: Array, beta: Array, G: int, eps: float) -> Array:
        n, c, h, w = x.shape
        groups = x.reshape(n, G, c // G, h, w)
        mu = np.mean(groups, axis=(2, 3, 4), keepdims=True)
        xmu = groups - mu
        var = np.mean(xmu**2, axis=(2, 3, 4), keepdims=True)
        ivar = 1.0 / np.sqrt(var + eps)
        xhat = (xmu * ivar).reshape(n, c, h, w)
        gammax = gamma * xhat
        out = gammax + beta
        return out

    x, gamma, beta, count, options, *dout = args
    return _pair(group, (x, gamma, beta, options, *dout), G=count, eps=options.get("eps", 1e-5))


def rms_pair(args: Args) -> Piece:
    """RMSNorm."""

    def rmsnorm(x: Array, gamma: Array, eps: float) -> Array:
        ms = np.mean(x**2, axis=1, keepdims=True)
        irms = 1.0 / np.sqrt(ms + eps)
        xhat = x * irms
        out = gamma * xhat
        return out

    x, gamma, eps, *dout = args
    return _pair(rmsnorm, (x, gamma, None, None, *dout), eps=eps)


def _pair(function: Callable[..., Any], args: Args, **constants: Any) -> Piece:
    x, gamma, beta, _, *dout = args
    inputs = (x, gamma) if beta is None else (x, gamma, beta)
    gradients = {
        name: node for name, node in GRADIENTS.items() if node in ("x", "gamma", "beta")[: len(inputs)]
    }
    seeds = {"out": dout[0]} if dout else {}
    piece = piece_of(function, inputs, seeds, gradients if dout else {}, **constants)
    sizes = dict(piece.sizes)
    if x.ndim == 4:
        n, c, h, w = x.shape
        sizes = {"N": n, "C": c, "N*H*W": n * h * w}
    return Piece(piece.graph, piece.seeds, piece.gradients, values={"out": "out"}, sizes=sizes)
