"""Batch and group normalisation of images (N, C, H, W), with cs231n's interface.

Group normalisation: Y. Wu and K. He, "Group Normalization" (2018), https://arxiv.org/abs/1803.08494. With one
group it is layer normalisation of an image, with a group for each channel instance normalisation.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

import numpy as np

from .batch import TestCache, TrainCache, batchnorm_backward_alt, batchnorm_forward
from .core import Array, batch, epsilon, normalize, normalize_backward, parameter, upstream

GroupCache = tuple[Array, Array, Array]

# In x as (N, G, C // G, H, W), what a group's statistics run over.
_WITHIN_GROUP = (2, 3, 4)


def spatial_batchnorm_forward(
    x: Array, gamma: Array, beta: Array, bn_param: MutableMapping[str, Any]
) -> tuple[Array, TrainCache | TestCache]:
    """Normalise each channel of x (N, C, H, W) over all images and pixels; gamma and beta (C,).

    Every pixel of every image is one more row of the layer for (N, D): same modes, same `bn_param`, whose
    running statistics are (C,). Returns out (N, C, H, W) and the cache. Raises ValueError as that layer does.
    """
    x = batch(x, "(N, C, H, W)")
    parameter("gamma", gamma, x, x.shape[1:2])
    parameter("beta", beta, x, x.shape[1:2])
    out, cache = batchnorm_forward(_rows(x), gamma, beta, bn_param)
    return _images(out, x.shape), cache


def spatial_batchnorm_backward(dout: Array, cache: TrainCache | TestCache) -> tuple[Array, Array, Array]:
    """Carry dout (N, C, H, W) back. Returns dx (N, C, H, W), dgamma (C,), dbeta (C,)."""
    dout = batch(dout, "(N, C, H, W)")
    dx, dgamma, dbeta = batchnorm_backward_alt(_rows(dout), cache)
    return _images(dx, dout.shape), dgamma, dbeta


def spatial_groupnorm_forward(
    x: Array, gamma: Array, beta: Array, G: int, gn_param: Mapping[str, Any]
) -> tuple[Array, GroupCache]:
    """Normalise each image's channels in G groups of C // G; gamma and beta (1, C, 1, 1).

    `gn_param` holds "eps" (1e-5). Returns out (N, C, H, W) and the cache (xhat, gamma, ivar) with ivar
    (N, G, 1, 1, 1), whose second length is the number of groups. Raises ValueError for shapes that don't fit
    and where G doesn't divide C.
    """
    x = batch(x, "(N, C, H, W)")
    channels = x.shape[1]
    gamma = parameter("gamma", gamma, x, (1, channels, 1, 1))
    beta = parameter("beta", beta, x, (1, channels, 1, 1))
    if G < 1 or channels % G:
        raise ValueError(f"{channels} channels don't fall into {G} groups of equal size; G has to divide C")
    xhat, ivar = normalize(_groups(x, G), axis=_WITHIN_GROUP, eps=epsilon(gn_param))
    xhat = xhat.reshape(x.shape)
    return gamma * xhat + beta, (xhat, gamma, ivar)


def spatial_groupnorm_backward(dout: Array, cache: GroupCache) -> tuple[Array, Array, Array]:
    """Carry dout (N, C, H, W) back. Returns dx (N, C, H, W), dgamma and dbeta (1, C, 1, 1)."""
    xhat, gamma, ivar = cache
    dout = upstream(dout, xhat.shape)
    groups = ivar.shape[1]
    dx = normalize_backward(_groups(dout * gamma, groups), _groups(xhat, groups), ivar, axis=_WITHIN_GROUP)
    dgamma = np.sum(dout * xhat, axis=(0, 2, 3), keepdims=True)
    return dx.reshape(dout.shape), dgamma, np.sum(dout, axis=(0, 2, 3), keepdims=True)


def _rows(images: Array) -> Array:
    """(N, C, H, W) as (N*H*W, C). The channel axis has to go last before, or channels would mix."""
    return np.moveaxis(images, 1, -1).reshape(-1, images.shape[1])


def _images(rows: Array, shape: tuple[int, ...]) -> Array:
    """(N*H*W, C) back as images of the given shape (N, C, H, W)."""
    n, c, h, w = shape
    return np.moveaxis(rows.reshape(n, h, w, c), -1, 1)


def _groups(images: Array, groups: int) -> Array:
    """(N, C, H, W) as (N, G, C // G, H, W): neighbouring channels form a group."""
    n, c, h, w = images.shape
    return images.reshape(n, groups, c // groups, h, w)
