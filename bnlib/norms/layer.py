"""Layer normalisation: batch normalization's arithmetic along the other axis, with cs231n's interface.

J. Ba, J. Kiros and G. Hinton, "Layer Normalization" (2016), https://arxiv.org/abs/1607.06450. Each row is
normalised over its own D features, so there is nothing to keep for later and no train or test mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .core import Array, batch, epsilon, normalize, normalize_backward, parameter, upstream

Cache = tuple[Array, Array, Array]


def layernorm_forward(
    x: Array, gamma: Array, beta: Array, ln_param: Mapping[str, Any]
) -> tuple[Array, Cache]:
    """Normalise each row of x (N, D), then scale by gamma and shift by beta, both (D,).

    `ln_param` holds "eps" (1e-5). Returns out (N, D) and the cache (xhat, gamma, ivar), ivar (N, 1). Raises
    ValueError for shapes that don't fit.
    """
    x = batch(x, "(N, D)")
    gamma, beta = parameter("gamma", gamma, x, x.shape[1:]), parameter("beta", beta, x, x.shape[1:])
    xhat, ivar = normalize(x, axis=1, eps=epsilon(ln_param))
    return gamma * xhat + beta, (xhat, gamma, ivar)


def layernorm_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Carry dout (N, D) back. Returns dx (N, D), dgamma (D,), dbeta (D,).

    gamma differs along the axis of the means, so it goes into them with dout and can't be pulled out.
    """
    xhat, gamma, ivar = cache
    dout = upstream(dout, xhat.shape)
    dx = normalize_backward(dout * gamma, xhat, ivar, axis=1)
    return dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
