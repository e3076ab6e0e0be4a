"""Batch normalization with the interface of Stanford's cs231n, assignment 2 (https://cs231n.github.io).

Shapes: x, out, dout, dx (N, D); gamma, beta, dgamma, dbeta, running_mean, running_var (D,).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, NamedTuple

import numpy as np

from . import staged
from .core import Array, batch, epsilon, normalize_backward, parameter, upstream

MOMENTUM = 0.9


class TrainCache(NamedTuple):
    """What a training call keeps: the seven arrays of `staged`, so that its steps can read it too."""

    xhat: Array
    gamma: Array
    xmu: Array
    ivar: Array
    sqrtvar: Array
    var: Array
    eps: float


class TestCache(NamedTuple):
    """What a test call keeps. The running variance was no function of this x."""

    xhat: Array
    gamma: Array
    running_var: Array
    eps: float


def batchnorm_forward(
    x: Array, gamma: Array, beta: Array, bn_param: MutableMapping[str, Any]
) -> tuple[Array, TrainCache | TestCache]:
    """Normalise each column of x (N, D), then scale by gamma and shift by beta, both (D,).

    `bn_param` holds "mode" ("train" or "test"), "eps" (1e-5), "momentum" (0.9), "running_mean" and
    "running_var" (D,) (both 0 at first). In train mode the statistics are those of the batch, with N in the
    variance, and each running statistic becomes momentum * running + (1 - momentum) * batch, a new array in
    `bn_param`. In test mode the running statistics are used and stay as they are.

    Returns out (N, D) and the cache for a backward pass. Raises ValueError for another mode, for shapes that
    don't fit and for a training batch without rows.
    """
    x = batch(x, "(N, D)")
    shape = x.shape[1:]
    gamma, beta = parameter("gamma", gamma, x, shape), parameter("beta", beta, x, shape)
    eps, momentum = epsilon(bn_param), float(bn_param.get("momentum", MOMENTUM))
    running_mean, running_var = (
        parameter(f"bn_param['{name}']", bn_param.get(name, np.zeros(shape)), x, shape)
        for name in ("running_mean", "running_var")
    )

    cache: TrainCache | TestCache
    match bn_param.get("mode"):
        case "train":
            if not len(x):
                raise ValueError("x has no rows, and a batch of none has no mean; leave out empty batches")
            mu = np.mean(x, axis=0)
            out, kept = staged.batchnorm_forward(x, gamma, beta, eps)
            cache = TrainCache(*kept)
            bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mu
            bn_param["running_var"] = momentum * running_var + (1 - momentum) * cache.var
        case "test":
            xhat = (x - running_mean) / np.sqrt(running_var + eps)
            out, cache = gamma * xhat + beta, TestCache(xhat, gamma, running_var, eps)
            bn_param.setdefault("running_mean", running_mean)
            bn_param.setdefault("running_var", running_var)
        case mode:
            raise ValueError(f"bn_param['mode'] is {mode!r}; set it to 'train' or to 'test'")
    return out, cache


def batchnorm_backward(dout: Array, cache: TrainCache | TestCache) -> tuple[Array, Array, Array]:
    """Carry dout (N, D) back through the nine steps, or through a test call where the cache is from one.

    Returns dx (N, D), dgamma (D,), dbeta (D,). Raises ValueError where dout has not the shape of out.
    """
    dout = upstream(dout, cache[0].shape)
    if isinstance(cache, TestCache):
        return batchnorm_backward_test(dout, cache)
    return staged.batchnorm_backward(dout, cache)


def batchnorm_backward_alt(dout: Array, cache: TrainCache | TestCache) -> tuple[Array, Array, Array]:
    """The same gradients as `batchnorm_backward`, with dx in one line: see `core.normalize_backward`."""
    dout = upstream(dout, cache[0].shape)
    if isinstance(cache, TestCache):
        return batchnorm_backward_test(dout, cache)
    xhat, gamma, _, ivar, *_ = cache
    dx = normalize_backward(dout * gamma, xhat, ivar, axis=0)
    return dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)


def batchnorm_backward_test(
    dout: Array, cache: TestCache | tuple[Array, Array, Array, float]
) -> tuple[Array, Array, Array]:
    """Carry dout (N, D) back through a test call, where the statistics are constants: each column is scaled.

    The cache is (xhat, gamma, running_var, eps). Returns dx (N, D), dgamma (D,), dbeta (D,).
    """
    xhat, gamma, running_var, eps = cache
    dx = dout * gamma / np.sqrt(running_var + eps)
    return dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
