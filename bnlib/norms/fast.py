"""The layers for (N, D) as fast as memory allows in plain NumPy, with cs231n's interface.

What costs time is how often arrays come from memory. So batch normalization walks through its arrays twice, for
the sums and for the result, in blocks that stay in the cache (see `blocks`), and the layers along rows, which are
in `fast_rows`, once. The cache keeps x and not xhat: leave x as it is until the way back.

The functions take float32 and float64 of any strides, and other real numbers as float64; results are in the
precision of x. `out` is an array for the result of shape (N, D), `workspace` a `Workspace` to be used again (batch
normalization needs one only where means are large), and `threads` how many there are, in place of a choice by
size. They raise ValueError for empty arrays, for shapes that don't fit and for an `out` that overlaps what is read.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from math import gcd
from typing import Any, NamedTuple

import numpy as np

from .batch import MOMENTUM
from .blocks import SUMS, Block, Plan, one_block
from .core import epsilon, parameter
from .fast_rows import (
    floats,
    layernorm_backward,
    layernorm_forward,
    like,
    rmsnorm_backward,
    rmsnorm_forward,
    target,
)
from .machine import Array, Workspace

__all__ = [
    "Workspace",
    "batchnorm_backward",
    "batchnorm_forward",
    "layernorm_backward",
    "layernorm_forward",
    "rmsnorm_backward",
    "rmsnorm_forward",
]

# The part of a mean square that the squared mean may make up: no digits are lost where the rest is a fifth or more.
_SHARE = 0.8


class Kept(NamedTuple):
    """Batch normalization's cache: xhat is (source - centre - rest) * ivar, or `source` where `rest` is None."""

    source: Array
    gamma: Array
    ivar: Array
    centre: Array | None = None
    rest: Array | None = None
    constant: bool = False  # the statistics were not those of x


def batchnorm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    bn_param: MutableMapping[str, Any],
    *,
    out: Array | None = None,
    workspace: Workspace | None = None,
    threads: int | None = None,
) -> tuple[Array, Kept]:
    """What `bnlib.norms.batchnorm_forward` does, for x (N, D), gamma and beta (D,). Returns out and the cache."""
    x, mode, eps = floats(x), bn_param.get("mode"), epsilon(bn_param)
    if mode not in ("train", "test"):
        raise ValueError(f"bn_param['mode'] is {mode!r}; set it to 'train' or to 'test'")
    shape, running = x.shape[1:], []
    gamma, beta = parameter("gamma", gamma, x, shape), parameter("beta", beta, x, shape)
    for name in ("running_mean", "running_var"):
        given = bn_param.get(name)
        running.append(
            np.zeros_like(gamma) if given is None else parameter(f"bn_param['{name}']", given, x, shape)
        )
    out = target(out, x)
    if mode == "train" and one_block(x):
        mu, var, kept = _small_forward(x, gamma, beta, eps, out)
    else:
        plan, (mu, var), near = Plan(x, workspace, threads), running, False
        if mode == "train":
            mu, var, near = _moments(x, out, plan)
        ivar, centre = 1.0 / np.sqrt(var + eps), None if near else mu.astype(x.dtype)
        rest = mu if centre is None else mu - centre
        kept = Kept(x, gamma, ivar, centre, rest, mode == "test")
        scale = gamma * ivar
        _affine(kept, scale, beta - scale * rest, out, plan)
    momentum = float(bn_param.get("momentum", MOMENTUM))
    for name, old, new in zip(("running_mean", "running_var"), running, (mu, var), strict=True):
        if mode == "train":
            bn_param[name] = (momentum * old + (1 - momentum) * new).astype(x.dtype, copy=False)
        else:
            bn_param.setdefault(name, old)
    return out, kept


def batchnorm_backward(
    dout: Array,
    cache: Kept | tuple[Any, ...],
    *,
    out: Array | None = None,
    workspace: Workspace | None = None,
    threads: int | None = None,
) -> tuple[Array, Array, Array]:
    """Carry dout (N, D) back. Returns dx (N, D), dgamma (D,), dbeta (D,). The staged form's cache will do too."""
    if not isinstance(cache, Kept) and len(cache) != 7:
        raise ValueError(
            f"this cache has {len(cache)} entries; it has to be from the fast or the staged forward pass"
        )
    kept = cache if isinstance(cache, Kept) else Kept(cache[0], cache[1], cache[3])
    source, gamma, ivar, _, rest, constant = kept
    dout = like(dout, source)
    dx, n = target(out, source, dout), len(source)
    if rest is None and one_block(source):
        return _small_backward(dout, kept, dx)
    plan = Plan(source, workspace, threads)
    dbeta, dgamma = _sums(source, kept.centre, dout, dx, plan)
    slope = dgamma / n
    if rest is not None:
        dgamma = (dgamma - rest * dbeta) * ivar
        slope = dgamma / n * ivar
    mean = dbeta / n if rest is None else dbeta / n - rest * slope
    _gradient(dout, kept, None if constant else (slope, mean), gamma * ivar, dx, plan)
    return dx, dgamma.astype(dx.dtype), dbeta.astype(dx.dtype)


def _small_forward(x: Array, gamma: Array, beta: Array, eps: float, out: Array) -> tuple[Array, Array, Kept]:
    """All of x as one block. Here xhat is kept: the way back is shorter from it, and memory is no matter."""
    mu = np.add.reduce(x, axis=0) / len(x)
    xhat = np.subtract(x, mu)
    rest = np.add.reduce(xhat, axis=0) / len(x)
    xhat -= rest
    var = np.add.reduce(np.multiply(xhat, xhat, out=out), axis=0) / len(x)
    ivar = 1.0 / np.sqrt(var + eps)
    xhat *= ivar
    np.multiply(xhat, gamma, out=out)
    np.add(out, beta, out=out)
    return mu + rest, var, Kept(xhat, gamma, ivar)


def _small_backward(dout: Array, kept: Kept, dx: Array) -> tuple[Array, Array, Array]:
    """The closed form without new arrays."""
    source, n = kept.source, len(dx)
    dbeta = np.add.reduce(dout, axis=0)
    dgamma = np.add.reduce(np.multiply(dout, source, out=dx), axis=0)
    np.multiply(source, dgamma / n, out=dx)
    np.subtract(dout, dx, out=dx)
    np.subtract(dx, dbeta / n, out=dx)
    np.multiply(dx, kept.gamma * kept.ivar, out=dx)
    return dx, dgamma, dbeta


def _moments(x: Array, room: Array, plan: Plan) -> tuple[Array, Array, bool]:
    """Mean and variance of each column, in float64, and whether the means are near 0.

    One walk gives both, from the sums of x and of its squares, where that costs few digits, which shows in the
    sums. Else a second one sums about the means found, and corrects them. Source: T. Chan, G. Golub and
    R. LeVeque, "Algorithms for computing the sample variance: analysis and recommendations" (1983).
    """
    mu, square = _sums(x, None, None, room, plan) / len(x)
    # Infinite squares may only be too large for the precision; what is not a number fails the comparison.
    if np.all(mu**2 <= _SHARE * square) and np.all(np.isfinite(square)):
        return mu, square - mu**2, True
    about = mu.astype(x.dtype)
    rest, square = _sums(x, about, None, room, plan) / len(x)
    return about + rest, np.maximum(square - rest**2, 0.0), False


def _sums(source: Array, centre: Array | None, dout: Array | None, room: Array, plan: Plan) -> Array:
    """Over the rows, the sums of dout and of dout * moved, where `moved` is source - centre: (2, D) in float64.

    Without a dout, `moved` stands in its place.
    """
    d, last = source.shape[1], plan.blocks[-1]
    found = np.zeros((last.number + 1, 2, plan.blocks[0].fold * d), source.dtype)
    rows = plan.spread(source.dtype, centre)

    def work(block: Block, thread: int) -> None:
        moved, (centre,) = block.of(source), rows[block.kind]
        if centre is not None:
            # A workspace stays in the cache; without one there is room where the result will be.
            mine = plan.space.like(moved, thread) if plan.space else block.of(room)
            moved = np.subtract(moved, centre, out=mine)
        above = moved if dout is None else block.of(dout)
        sums, products = found[block.number, :, block.place]
        # Several sums at first, see `SUMS`; what they come to is added at once, for less to add at the end.
        shape = gcd(SUMS, len(above)), -1, len(sums)
        above, moved = above.reshape(shape), moved.reshape(shape)
        # The longer calculation first: it hides more of the way from memory.
        np.add.reduce(np.einsum("ijk,ijk->ik", above, moved), axis=0, out=products)
        np.add.reduce(np.add.reduce(above, axis=1), axis=0, out=sums)

    plan.walk(work)
    return np.add.reduce(found.reshape(len(found), 2, -1, d), axis=(0, 2), dtype=np.float64)


def _affine(kept: Kept, scale: Array, shift: Array, out: Array, plan: Plan) -> None:
    """out = (source - centre) * scale + shift, in the order that finds the last blocks in the cache still."""
    rows = plan.spread(out.dtype, kept.centre, scale, shift)

    def work(block: Block, thread: int) -> None:
        centre, scale, shift = rows[block.kind]
        source, target = block.of(kept.source), block.of(out)
        if centre is not None:
            source = np.subtract(source, centre, out=target)
        np.multiply(source, scale, out=target)
        np.add(target, shift, out=target)
        block.put(target, out)

    plan.walk(work, back=True)


def _gradient(
    dout: Array, kept: Kept, share: tuple[Array, Array] | None, scale: Array, dx: Array, plan: Plan
) -> None:
    """dx = (dout - (source - centre) * slope - mean) * scale; without the `share`, slope and mean, dout * scale."""
    rows = plan.spread(dx.dtype, kept.centre, scale, *(share or ()))

    def work(block: Block, thread: int) -> None:
        (centre, scale, *share), above, target = rows[block.kind], block.of(dout), block.of(dx)
        if share:
            slope, mean = share
            source = block.of(kept.source)
            if centre is not None:
                source = np.subtract(source, centre, out=target)
            np.multiply(source, slope, out=target)
            np.subtract(above, target, out=target)
            above = np.subtract(target, mean, out=target)
        np.multiply(above, scale, out=target)
        block.put(target, dx)

    plan.walk(work, back=True)
