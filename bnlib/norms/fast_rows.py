"""The layers along rows as fast as memory allows: layer normalisation and RMSNorm, each block of rows in one go.

Nothing has to be known of other rows, so x and dout are read once. `fast` says what all its functions have in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .blocks import Block, Plan
from .core import EPS, batch, epsilon, parameter, upstream
from .machine import Array, Workspace


class KeptRows(NamedTuple):
    """The cache of the layers along rows: xhat is (x - means...) * inverse; the latter are (N, 1)."""

    x: Array
    gamma: Array
    means: tuple[Array, ...]
    inverse: Array


def layernorm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    ln_param: Mapping[str, Any],
    *,
    out: Array | None = None,
    workspace: Workspace | None = None,
    threads: int | None = None,
) -> tuple[Array, KeptRows]:
    """What `bnlib.norms.layernorm_forward` does, for x (N, D), gamma and beta (D,). Returns out and the cache."""
    x = floats(x)
    beta = parameter("beta", beta, x, x.shape[1:])
    return _rows_forward(x, gamma, beta, epsilon(ln_param), out, workspace, threads)


def layernorm_backward(
    dout: Array,
    cache: KeptRows,
    *,
    out: Array | None = None,
    workspace: Workspace | None = None,
    threads: int | None = None,
) -> tuple[Array, Array, Array]:
    """Carry dout (N, D) back. Returns dx (N, D), dgamma (D,), dbeta (D,)."""
    return _rows_backward(dout, cache, out, workspace, threads)


def rmsnorm_forward(
    x: Array,
    gamma: Array,
    eps: float = EPS,
    *,
    out: Array | None = None,
    workspace: Workspace | None = None,
    threads: int | None = None,
) -> tuple[Array, KeptRows]:
    """What `bnlib.norms.rmsnorm_forward` does, for x (N, D) and gamma (D,). Returns out and the cache."""
    return _rows_forward(floats(x), gamma, None, float(eps), out, workspace, threads)


def rmsnorm_backward(
    dout: Array,
    cache: KeptRows,
    *,
    out: Array | None = None,
    workspace: Workspace | None = None,
    threads: int | None = None,
) -> tuple[Array, Array]:
    """Carry dout (N, D) back. Returns dx (N, D) and dgamma (D,)."""
    return _rows_backward(dout, cache, out, workspace, threads)[:2]


def _rows_forward(
    x: Array,
    gamma: Array,
    beta: Array | None,
    eps: float,
    out: Array | None,
    workspace: Workspace | None,
    threads: int | None,
) -> tuple[Array, KeptRows]:
    """Each block of rows from beginning to end; with `beta` there is a mean to take off, else there is none."""
    gamma, out, space = parameter("gamma", gamma, x, x.shape[1:]), target(out, x), workspace or Workspace()
    inverse, *means = np.empty((1 if beta is None else 3, len(x), 1), x.dtype)

    def work(block: Block, thread: int) -> None:
        for rows in block.pieces(x):
            xhat, target = x[rows], out[rows]
            for mean in means:  # the second is what rounding left of the first
                mean[rows] = np.add.reduce(xhat, axis=1, keepdims=True) / x.shape[1]
                xhat = np.subtract(xhat, mean[rows], out=target)
            squares = np.multiply(xhat, xhat, out=space.like(xhat, thread))
            mean_square = np.add.reduce(squares, axis=1, keepdims=True) / x.shape[1]
            np.divide(1.0, np.sqrt(mean_square + eps), out=inverse[rows])
            np.multiply(xhat, inverse[rows], out=target)
            np.multiply(target, gamma, out=target)
            if beta is not None:
                np.add(target, beta, out=target)

    Plan(x, workspace, threads, whole_rows=True).walk(work, each=2)
    return out, KeptRows(x, gamma, tuple(means), inverse)


def _rows_backward(
    dout: Array, kept: KeptRows, out: Array | None, workspace: Workspace | None, threads: int | None
) -> tuple[Array, Array, Array]:
    """dx of each block of rows in one go; dgamma and dbeta are sums over all of them."""
    x, gamma, means, inverse = kept
    dout, space = like(dout, x), workspace or Workspace()
    dx, plan = target(out, x, dout), Plan(x, workspace, threads, whole_rows=True)
    found = np.zeros((len(plan.blocks), 2, x.shape[1]))

    def work(block: Block, thread: int) -> None:
        for rows in block.pieces(x):
            xhat, above, target = x[rows], dout[rows], dx[rows]
            mine = space.like(xhat, thread)
            for mean in means:
                xhat = np.subtract(xhat, mean[rows], out=mine)
            xhat = np.multiply(xhat, inverse[rows], out=mine)
            found[block.number, 0] += np.einsum("ij,ij->j", above, xhat)
            found[block.number, 1] += np.add.reduce(above, axis=0)
            np.multiply(above, gamma, out=target)
            products = np.multiply(target, xhat, out=space.like(xhat, -1 - thread))
            np.multiply(xhat, np.add.reduce(products, axis=1, keepdims=True) / x.shape[1], out=xhat)
            if means:
                np.subtract(target, np.add.reduce(target, axis=1, keepdims=True) / x.shape[1], out=target)
            np.subtract(target, xhat, out=target)
            np.multiply(target, inverse[rows], out=target)

    plan.walk(work, each=2)
    dgamma, dbeta = np.add.reduce(found, axis=0).astype(x.dtype)
    return dx, dgamma, dbeta


def floats(x: ArrayLike) -> Array:
    """x (N, D) in float32 or float64."""
    array = batch(np.asarray(x), "(N, D)")
    if not array.size:
        raise ValueError(f"x has the shape {array.shape}: there is nothing in it to normalise")
    if array.dtype.kind == "c":
        raise ValueError("x has complex numbers; these layers take real ones")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def like(dout: ArrayLike, x: Array) -> Array:
    """dout in the shape and precision of x."""
    array = upstream(np.asarray(dout), x.shape)
    return array if array.dtype == x.dtype else array.astype(x.dtype)


def target(out: Array | None, *read: Array) -> Array:
    """The array for a result like the first of those that are read, apart from all of them."""
    x = read[0]
    if out is None:
        return np.empty(x.shape, x.dtype)
    if out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError(f"out is {out.dtype} of the shape {out.shape}; it has to be {x.dtype} of {x.shape}")
    for array in read:
        if np.may_share_memory(out, array):
            raise ValueError("out overlaps an array that is read; give it memory of its own")
    return out
